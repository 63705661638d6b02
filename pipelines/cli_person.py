"""`okaeri person` and `okaeri looks`: one person's timeline, and who has looked at whom."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Final
from zoneinfo import ZoneInfo

import typer

from pipelines import publish, requests, settings
from pipelines.actors import Actor, Origin, Role
from pipelines.cli_exports import person as whoever_types
from pipelines.cli_exports import refusing
from pipelines.terminal import AsJson, ShopFile, console, operator, stop, the_shop

if TYPE_CHECKING:
    from pipelines.settings import Home
    from pipelines.shop import Shop

_BY_NUMBER: Final = (
    "select distinct person_id from fct_person_timeline"
    " where shop_id = $shop and entry_kind = $kind and (reference = $number or entry_key = $number)"
    " order by person_id"
)
_TIMELINE: Final = (
    "select * exclude (shop_id, person_id) from fct_person_timeline"
    " where shop_id = $shop and person_id = $person"
    " order by happened_at desc nulls last, entry_kind, entry_key"
)


def person(
    email: Annotated[str | None, typer.Option(help="Address of the person.")] = None,
    member: Annotated[str | None, typer.Option(help="Member id, as the shop shows it.")] = None,
    order: Annotated[str | None, typer.Option(help="Number of one of the orders.")] = None,
    shop: ShopFile = None,
    as_json: AsJson = False,
) -> None:
    """What happened to one person: orders, carts, messages sent and kept back, consent, stops."""
    _, loaded = the_shop(shop)
    given = {"email": email, "member": member, "order": order}
    (found_by, number), *more = [(by, value) for by, value in given.items() if value] or [("", "")]
    if more or not number:
        stop("give one of --email, --member and --order")
    home = settings.home_of(loaded.id)
    with refusing():
        mine = _person_of(home, loaded, found_by, number)
        # The machine's time, also of a shop whose clock stands still: somebody looks now.
        now = datetime.now(UTC)
        requests.look(home, loaded.id, mine, found_by=_word(found_by), by=whoever_types(), at=now)
        rows = _read(home, _TIMELINE, {"shop": loaded.id, "person": mine})
    if as_json:
        typer.echo(json.dumps({"person_id": mine, "entries": rows}, default=str))
        return
    from pipelines.report.query import print_rows

    console.print(mine, markup=False)
    print_rows(console, [_line(_local(row, loaded)) for row in rows])


def looks(shop: ShopFile = None, as_json: AsJson = False) -> None:
    """Who looked at which person, when and in which role; newest first."""
    from pipelines.report.query import print_rows

    _, loaded = the_shop(shop)
    # Whoever has a shell on the machine could read the file of it.
    reader = Actor(operator(), Role.ADMIN, Origin.TERMINAL)
    with refusing():
        seen = requests.looks_of(settings.home_of(loaded.id), loaded.id, by=reader)
    rows = [asdict(one) for one in seen]
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False, default=str))
    else:
        print_rows(console, [_local(row, loaded) for row in rows])


def _word(found_by: str) -> requests.FoundBy:
    return "email" if found_by == "email" else "order" if found_by == "order" else "member"


def _person_of(home: "Home", shop: "Shop", found_by: str, number: str) -> str:
    from pipelines import exports

    if found_by == "email":
        found = exports.person_by_email(home, shop, number)
        people = [] if found is None else [found]
    else:
        kind = "order" if found_by == "order" else "account"
        wanted = {"shop": shop.id, "kind": kind, "number": number.strip()}
        people = [str(row["person_id"]) for row in _read(home, _BY_NUMBER, wanted)]
    if not people:
        stop("nobody of this address or number; new members are known after the next okaeri run")
    if len(people) > 1:
        stop(f"{len(people)} people have this number; put its source before it, as in ec:101")
    return people[0]


def _read(home: "Home", query: str, values: Mapping[str, str]) -> list[dict[str, Any]]:
    try:
        with publish.open_published(home) as connection:
            found = connection.execute(query, values)
            names = [str(column[0]) for column in found.description or ()]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    except publish.PublishError as error:
        stop(str(error))


def _line(row: Mapping[str, Any]) -> dict[str, Any]:
    """When, what and how it stands; whatever else is known of it in one column."""
    first = ("happened_at", "entry_kind", "entry_state", "reference")
    more = [f"{name} {value}" for name, value in row.items() if name not in first and value]
    return {**{name: row[name] for name in first}, "more": ", ".join(more)}


def _local(row: Mapping[str, Any], shop: "Shop") -> dict[str, Any]:
    """The row with its instants on the shop's clock, to the minute; its keys are left out."""
    zone = ZoneInfo(shop.timezone)
    return {
        name: value.replace(tzinfo=value.tzinfo or UTC).astimezone(zone).strftime("%Y-%m-%d %H:%M")
        if isinstance(value, datetime)
        else value
        for name, value in row.items()
        if name not in ("entry_key", "currency", "shop_id")
    }
