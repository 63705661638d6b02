"""A file judged again, the hand-over log, and the pools of codes, for a reader."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.text import Text

from pipelines.exports import Disclosure, Pool, Recheck
from pipelines.exports.masked import mask
from pipelines.report.export_words import tell
from pipelines.report.handed import counted
from pipelines.shop import Shop

_SHOWN = 20


def print_recheck(console: Console, found: Recheck, *, language: str) -> None:
    """How many must be dropped and why; the first of them masked."""
    said = tell("rechecked", language, persons=found.persons, dropped=len(found.dropped))
    _line(console, said, style="bold")
    if found.dropped:
        _line(console, f"  {counted(found.counts, language)}")
    for one in found.dropped[:_SHOWN]:
        address = "" if one.email is None else mask(one.email)
        _line(console, f"    {address} · {one.recipient_token} · {tell(one.reason, language)}")
    if len(found.dropped) > _SHOWN:
        _line(console, f"    {tell('recheck_more', language)}")


def print_disclosures(
    console: Console, shop: Shop, rows: Sequence[Disclosure], *, language: str
) -> None:
    """One paragraph per batch. Units: instants in the shop's zone."""
    if not rows:
        _line(console, tell("none", language))
    zone = ZoneInfo(shop.timezone)
    for row in rows:
        at = "" if row.handed_over_at is None else f"{row.handed_over_at.astimezone(zone):%F %H:%M}"
        who = tell("disclosed", language, persons=row.persons, destination=row.destination)
        _line(console, f"{at} {row.program}: {who}", style="bold")
        contract = "" if row.contract is None else tell(row.contract, language)
        grounds = (row.country, contract, row.basis, row.purpose)
        _line(console, f"  {' · '.join(part for part in grounds if part)}")
        _line(console, f"  {', '.join(row.columns)}")
        people = [name for name in (row.asked_by, row.released_by) if name]
        _line(console, f"  {row.batch_id} · {' → '.join(people)}")


def print_pools(console: Console, rows: Sequence[Pool], *, language: str) -> None:
    """One line per pool."""
    if not rows:
        _line(console, tell("none", language))
    for row in rows:
        counts = {"left": row.left, "given": row.given, "expired": row.expired}
        _line(console, tell("pool", language, pool=row.pool, **counts))


def _line(console: Console, text: str, *, style: str = "") -> None:
    console.print(Text(text, style=style), soft_wrap=True)
