"""`okaeri segments`: what may be asked of people, who is meant now, and saving it by a name."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
import yaml

from pipelines import conditions, requests, saved_segments, settings
from pipelines.settings import Home
from pipelines.shop import Shop
from pipelines.state import StateTooNew
from pipelines.terminal import FAILED, AsJson, ShopFile, console, now_of, operator, stop, the_shop

if TYPE_CHECKING:
    import duckdb

segments_app = typer.Typer(no_args_is_help=True, help="Saved segments: named conditions on people.")

Conditions = Annotated[
    str, typer.Argument(help="A YAML or JSON file, or the JSON itself: {column, operator, value}.")
]
Key = Annotated[str, typer.Argument(help="Key of the saved segment: a-z 0-9 _ -.")]


@contextmanager
def _asking(file: Path | None) -> Iterator[tuple[Shop, Home, "duckdb.DuckDBPyConnection"]]:
    """The shop, its home and its published file; a refusal is printed and ends the program."""
    from pipelines import publish

    _, shop = the_shop(file)
    home = settings.home_of(shop.id)
    known = (
        conditions.BadConditions, conditions.BasisMissing, requests.BadRequest, StateTooNew,
        publish.PublishError,
    )  # fmt: skip
    try:
        with publish.open_published(home) as connection:
            yield shop, home, connection
    except known as error:
        stop(str(error), code=FAILED)


def _document(given: str) -> object:
    """What somebody typed or wrote into a file, as plain lists and values."""
    is_typed = given.lstrip().startswith(("{", "["))
    try:
        text = given if is_typed else Path(given).read_text(encoding="utf-8")
        return yaml.safe_load(text)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        stop(f"conditions {given[:80]!r} cannot be read: {' '.join(str(error).split())}")


@segments_app.command()
def columns(shop: ShopFile = None, as_json: AsJson = False) -> None:
    """What may be asked of people: columns, operators and closed values."""
    from pipelines.report import saved

    with _asking(shop) as (_, _, connection):
        basis = conditions.basis_of(connection)
    if as_json:
        found = [{**asdict(c), "operators": c.operators} for c in basis.columns.values()]
        typer.echo(json.dumps(found, ensure_ascii=False))
    else:
        saved.print_columns(console, basis, language=settings.language())


@segments_app.command()
def count(asked: Conditions, shop: ShopFile = None, as_json: AsJson = False) -> None:
    """How many people conditions mean now, in the published file."""
    from pipelines.report import saved

    language = settings.language()
    with _asking(shop) as (_, _, connection):
        basis = conditions.basis_of(connection)
        found = conditions.checked(_document(asked), basis.columns)
        counted = saved.counted(connection, found, basis, language=language)
    if as_json:
        typer.echo(json.dumps(asdict(counted), ensure_ascii=False))
    else:
        saved.print_count(console, counted, language=language)


@segments_app.command()
def save(
    key: Key,
    asked: Conditions,
    title: Annotated[str, typer.Option("--title", help="Its name on the screens.")],
    title_en: Annotated[
        str | None, typer.Option("--title-en", help="In English, where --title is Japanese.")
    ] = None,
    campaign: Annotated[
        str | None, typer.Option("--campaign", help="Which newsletter campaign, if several run.")
    ] = None,
    shop: ShopFile = None,
    as_json: AsJson = False,
) -> None:
    """Save conditions under a key: a new version, unless nothing changed."""
    from pipelines.report import saved

    language = settings.language()
    with _asking(shop) as (loaded, home, connection):
        basis = conditions.basis_of(connection)
        row = saved_segments.save(
            home, basis, key=key, title_ja=title, title_en=title_en or title,
            conditions=_document(asked), campaign_key=campaign, saved_by=operator(),
            saved_at=now_of(loaded),
        )  # fmt: skip
        found = conditions.checked(row.conditions, basis.columns)
        counted = saved.counted(connection, found, basis, language=language)
    if as_json:
        both = {**asdict(row), "persons": counted.persons, "mailable": counted.mailable}
        typer.echo(json.dumps(both, ensure_ascii=False, default=str))
    else:
        saved.print_saved(console, loaded, row, counted, language=language)


@segments_app.command("list")
def list_saved(shop: ShopFile = None, as_json: AsJson = False) -> None:
    """Saved segments, each with its newest version and its people now."""
    from pipelines.report import saved

    with _asking(shop) as (loaded, home, connection):
        rows = saved_segments.all_of(home, loaded.id)
        if as_json:
            typer.echo(json.dumps([asdict(row) for row in rows], ensure_ascii=False, default=str))
        else:
            basis = conditions.basis_of(connection)
            saved.print_list(console, connection, rows, basis=basis, language=settings.language())


@segments_app.command()
def show(key: Key, shop: ShopFile = None, as_json: AsJson = False) -> None:
    """Every version of one saved segment, oldest first."""
    from pipelines.report import saved

    with _asking(shop) as (loaded, home, connection):
        saved_segments.read(home, loaded.id, key)
        rows = saved_segments.versions_of(home, loaded.id, key)
        basis = conditions.basis_of(connection)
    if as_json:
        typer.echo(json.dumps([asdict(row) for row in rows], ensure_ascii=False, default=str))
    else:
        saved.print_versions(console, loaded, rows, basis=basis, language=settings.language())
