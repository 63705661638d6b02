"""`okaeri`: init · check · run · up · sql · audit · segments · exports · coupons · person."""

import json
import logging
import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.logging import RichHandler

from pipelines import settings
from pipelines.cli_audit import audit
from pipelines.cli_batches import batches_app
from pipelines.cli_coupons import coupons_app
from pipelines.cli_exports import exports_app, recover_at_start
from pipelines.cli_person import looks, person
from pipelines.cli_segments import segments_app
from pipelines.terminal import DONE, FAILED, AsJson, ShopFile, console, errors, stop, the_shop

if TYPE_CHECKING:
    from pipelines.exports import Outcome
    from pipelines.runner import RunResult
    from pipelines.shop import Shop

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__, rich_markup_mode=None)
app.add_typer(segments_app, name="segments")
exports_app.add_typer(batches_app)
app.add_typer(exports_app, name="exports")
app.add_typer(coupons_app, name="coupons")
app.command()(audit)
app.command()(person)
app.command()(looks)


class Format(StrEnum):
    """How a result is printed."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


@app.callback()
def main(
    lang: Annotated[str | None, typer.Option(help="ja or en; default: LANG.")] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Every step.")] = False,
) -> None:
    """Retention and cart recovery for online shops."""
    if lang:
        settings.export_environment({"OKAERI_LANG": lang})
    # Our own lines only: what dbt, Dagster and Great Expectations say goes into the run's log.
    log = logging.getLogger("okaeri")
    log.addHandler(RichHandler(console=errors, show_path=False, show_level=False, markup=False))
    log.setLevel(logging.DEBUG if verbose else logging.INFO)
    log.propagate = False


@app.command()
def init(
    folder: Annotated[
        Path, typer.Argument(help="Folder with the files your shop exports.")
    ] = Path(),
    defaults: Annotated[
        bool, typer.Option("--yes", help="Ask nothing, take the defaults.")
    ] = False,
) -> None:
    """Look at a folder of exports and write a commented shop.yml."""
    from pipelines import onboarding

    asks = not defaults and sys.stdin.isatty()
    try:
        written = onboarding.init(folder, answers=None, interactive=asks, console=console)
    except (onboarding.OnboardingRefused, settings.HomeUnusable) as refusal:
        stop(str(refusal))
    console.print(f"okaeri check --shop {written}", style="bold", markup=False)


@app.command()
def check(shop: ShopFile = None, as_json: AsJson = False) -> None:
    """Say what is wrong, preview each source, and what each page will show."""
    from pipelines import onboarding

    _, loaded = the_shop(shop)
    raise typer.Exit(onboarding.check(loaded, console=console, as_json=as_json))


@app.command()
def run(
    shop: ShopFile = None,
    demo: Annotated[bool, typer.Option("--demo", help="The demo shop, made at first use.")] = False,
    as_of: Annotated[
        str | None, typer.Option(help="Build as of this instant, with offset. Default: now.")
    ] = None,
    known_at: Annotated[
        str | None,
        typer.Option(help="Know only what was loaded by this instant; published beside the rest."),
    ] = None,
    replaces: Annotated[
        bool,
        typer.Option("--publish", help="Let an earlier --as-of replace the live numbers."),
    ] = False,
    full_refresh: Annotated[
        bool, typer.Option("--full-refresh", help="Rebuild everything.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Land, check, build, publish. Exit 1: a check failed and the last good numbers stay up."""
    from pipelines import runner, sources

    shop_file, loaded = the_shop(runner.demo_shop() if demo else shop)
    try:
        result = runner.run_street(
            shop_file, as_of=as_of, known_at=known_at, full_refresh=full_refresh, replaces=replaces
        )
    except (ValueError, sources.MappingBroken, settings.HomeUnusable) as error:
        stop(str(error))
    settings.remember_shop(shop_file, shop_id=loaded.id)
    hands_off = demo and result.success and not result.is_replay
    _tell(loaded, result, runner.hand_off_due(loaded) if hands_off else [], as_json=as_json)
    raise typer.Exit(DONE if result.success else FAILED)


def _tell(shop: "Shop", result: "RunResult", handed: "Sequence[Outcome]", *, as_json: bool) -> None:
    """What a run did, printed for a reader or for a program."""
    from pipelines import report

    if as_json:
        files = [file for outcome in handed for batch in outcome.batches for file in batch.files]
        typer.echo(json.dumps({**result.as_dict(), "handed_over": files}, ensure_ascii=False))
    else:
        report.print_run(console, shop, result=result, handed=handed, language=settings.language())


@app.command()
def up(
    shop: ShopFile = None,
    port: Annotated[int, typer.Option(help="Port of the dashboards.")] = 8501,
    dagster_port: Annotated[int, typer.Option(help="Port of Dagster's pages.")] = 3000,
    address: Annotated[
        str, typer.Option(help="Where the dashboards listen; others than this machine's: login.")
    ] = "127.0.0.1",
    host: Annotated[
        list[str] | None, typer.Option("--host", help="Name people call the dashboards by.")
    ] = None,
    user_header: Annotated[
        str | None,
        typer.Option("--user-header", help="Header in which a proxy on this machine names people."),
    ] = None,
) -> None:
    """Web server, daemon and dashboards, until Ctrl-C. Without a login on this machine alone."""
    from pipelines import screens, services
    from pipelines.report.words import say

    shop_file, loaded = the_shop(shop)
    wish = screens.Screens(port, address, tuple(host or ()), user_header, settings.login())
    try:
        screens.check(wish, loaded)
    except screens.ScreensRefused as refusal:
        stop(str(refusal))
    settings.remember_shop(shop_file, shop_id=loaded.id)
    recover_at_start(loaded)
    greeting = say(
        "up" if wish.is_open else "up_known", settings.language(),
        port=port, dagster=dagster_port, shop=loaded.name, address=address,
    )  # fmt: skip
    raise typer.Exit(
        services.serve(loaded, wish, console=console, dagster_port=dagster_port, greeting=greeting)
    )


@app.command()
def sql(
    query: Annotated[str, typer.Argument(help="One select over the published tables.")],
    shop: ShopFile = None,
    format: Annotated[Format, typer.Option(help="How to print it.")] = Format.TABLE,  # noqa: A002
    replay: Annotated[
        bool, typer.Option("--replay", help="What the last run that looked back has published.")
    ] = False,
) -> None:
    """Read the published file, and only it."""
    from pipelines import report

    _, loaded = the_shop(shop)
    try:
        report.print_query(console, loaded, query, style=format.value, is_replay=replay)
    except report.QueryRefused as error:
        stop(str(error))


if __name__ == "__main__":
    app()
