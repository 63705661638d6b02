"""`okaeri coupons`: codes in, and how many each pool still has."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from pipelines import settings
from pipelines.cli_exports import person, print_json, refusing, say
from pipelines.terminal import AsJson, ShopFile, console, now_of, the_shop

coupons_app = typer.Typer(no_args_is_help=True, help="Codes that campaigns give, one per person.")


@coupons_app.command("import")
def import_codes(
    file: Annotated[
        Path, typer.Argument(help="One code per line; after a comma its last day, if it has one.")
    ],
    campaign: Annotated[str, typer.Option("--campaign", help="Campaign whose arm names the pool.")],
    pool: Annotated[
        str | None, typer.Option("--pool", help="Which one, where its arms name several.")
    ] = None,
    shop: ShopFile = None,
    as_json: AsJson = False,
) -> None:
    """Add codes to a campaign's pool: all of the file, or none."""
    from pipelines import exports

    _, loaded = the_shop(shop)
    with refusing():
        found = exports.import_codes(
            settings.home_of(loaded.id), loaded, file, campaign=campaign, pool=pool, by=person(),
            now=now_of(loaded),
        )  # fmt: skip
    say("coupons_imported", asdict(found), as_json=as_json, **asdict(found))


@coupons_app.command("list")
def list_pools(shop: ShopFile = None, as_json: AsJson = False) -> None:
    """Every pool: codes left, given out, expired."""
    from pipelines import exports
    from pipelines.report import rechecked

    _, loaded = the_shop(shop)
    with refusing():
        found = exports.pools(settings.home_of(loaded.id), loaded, now=now_of(loaded))
    if as_json:
        print_json([asdict(row) for row in found])
    else:
        rechecked.print_pools(console, found, language=settings.language())
