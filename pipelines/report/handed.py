"""What an export did, in words: who is in the file, why the others are not, and what is next."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipelines import exports
from pipelines.exports import BatchResult, Outcome
from pipelines.report.export_words import tell
from pipelines.requests import MaskedPlan, Request, RequestEvent
from pipelines.shop import Shop

if TYPE_CHECKING:
    from pipelines.results import Unread


@dataclass(frozen=True)
class Shown:
    """One request with everything that is known of it."""

    request: Request
    plans: Sequence[MaskedPlan]
    batches: Sequence[exports.BatchRow]
    events: Sequence[RequestEvent] = ()


def print_export(console: Console, outcome: Outcome, *, language: str) -> None:
    """What one export did: people by reason, each file with its manifest, and what is next."""
    _line(console, tell("export", language, state=tell(outcome.state, language)), style="bold")
    if outcome.reason:
        _line(console, f"  {tell(outcome.reason, language)}")
    for program, counts in outcome.counts.items():
        said = counted(counts, language, is_plan=outcome.state == "planned")
        _line(console, f"  {program}: {said}")
    for batch in outcome.batches:
        _batch(console, batch, language)
    if outcome.state == "planned":
        _line(console, f"  {tell('dry_run', language)}")
        _line(console, f"  {tell('release_plan', language, request=outcome.request_id)}")
    if outcome.not_before is not None:
        _line(console, f"  {tell('not_before', language, at=outcome.not_before.isoformat())}")
    left = [batch for batch in outcome.batches if batch.rows]
    hint = outcome.import_hint.get(language)
    if left and outcome.encoding:
        _line(console, f"  {tell('encoding', language, encoding=outcome.encoding)}")
    if hint and left:
        _line(console, f"  {tell('import', language, hint=hint)}")
    if left and outcome.results:
        _line(console, f"  {tell('results', language, place=outcome.results)}")


def export_json(outcome: Outcome) -> str:
    """The same for a program."""
    return json.dumps(asdict(outcome), ensure_ascii=False, default=str)


def print_requests(console: Console, shop: Shop, rows: Sequence[Request], *, language: str) -> None:
    """One line per request. Units: instants in the shop's zone; fits a terminal of 100 columns."""
    if not rows:
        _line(console, tell("none", language))
        return
    table = Table(box=None, padding=(0, 1), pad_edge=False)
    # An id is copied and a state looked for: of the others, only names may break.
    for name in ("request", "asked_at", "segment", "destination", "state"):
        breaks = name in ("segment", "destination")
        table.add_column(tell(name, language), overflow="fold", no_wrap=not breaks)
    table.add_column(tell("rows", language), justify="right")
    zone = ZoneInfo(shop.timezone)
    for row in rows:
        state = tell(row.request_state, language)
        cells = (
            row.request_id, f"{row.requested_at.astimezone(zone):%m-%d %H:%M}", _named(row),
            row.destination, state, _persons(row),
        )  # fmt: skip
        table.add_row(*(Text(cell) for cell in cells))
    console.print(table)


def print_request(console: Console, shown: Shown, *, language: str) -> None:
    """One request: what was asked, what the plan says, its batches, and what a person has to do."""
    request = shown.request
    state = tell(request.request_state, language)
    kind = f" · {tell('dry', language)}" if request.dry_run else ""
    _line(console, f"{request.request_id}: {state}{kind}", style="bold")
    _line(console, f"  {_named(request)} → {request.destination} · {request.requested_by}")
    if request.reason:
        _line(console, f"  {tell(request.reason, language)}")
    for program, counts in counts_of(request).items():
        said = counted(counts, language, is_plan=request.request_state == "planned")
        _line(console, f"  {program}: {said}")
    for plan in shown.plans:
        _line(console, f"  {plan.program}: {tell('difference', language, **plan.difference)}")
        if plan.coupons:
            _line(console, f"    {tell('coupons', language, **plan.coupons)}")
        for row in plan.sample:
            _line(console, f"    {' · '.join(value for value in row.values() if value)}")
    if shown.batches:
        print_batches(console, shown.batches, language=language)
    for event in shown.events:
        at = f"{event.happened_at:%Y-%m-%dT%H:%MZ}"
        said = tell(event.event, language)
        said = f"{said} · {tell(event.detail, language)}" if event.detail else said
        told = {"at": at, "actor": event.actor, "role": event.role, "origin": event.origin}
        _line(console, f"    {tell('event', language, **told, event=said)}")
    if request.request_state == "waiting_for_approval":
        _line(console, f"  {tell('approve', language, request=request.request_id)}")
    if request.request_state == "planned":
        _line(console, f"  {tell('release_plan', language, request=request.request_id)}")


def print_batches(console: Console, rows: Sequence[exports.BatchRow], *, language: str) -> None:
    """Batches as they stand, and what to do about one on HOLD."""
    if not rows:
        _line(console, tell("none", language))
    for row in rows:
        said = tell("file", language, rows=row.nrows or 0, state=tell(row.state, language))
        _line(console, f"  {row.batch_id}: {said}")
        if row.state == "HOLD":
            _line(console, f"    {row.reason}")
            _line(console, f"    {tell('resolve', language, batch=row.batch_id)}")


def print_unread(console: Console, rows: "Sequence[Unread]", *, language: str) -> None:
    """Reports nobody could read: whose, where, why, and what to do about each."""
    if not rows:
        _line(console, tell("all_read", language))
    for one in rows:
        whose = one.destination or tell("every_destination", language)
        _line(console, f"  {one.file} → {whose}", style="bold")
        _line(console, f"    {one.said}")
        name = PurePath(one.file).name
        _line(console, f"    {tell('set_aside', language, name=name)}")


def counts_of(request: Request) -> Mapping[str, Mapping[str, int]]:
    """Program → people per reason, as the request's outcome has them."""
    found = (request.outcome or {}).get("counts")
    return found if isinstance(found, dict) else {}


def _named(request: Request) -> str:
    # Of a saved segment also which version, and which issue where one was named.
    version = "" if request.segment_version is None else f" v{request.segment_version}"
    issue = "" if request.issue is None else f" · {request.issue}"
    return f"{request.segment}{version}{issue}"


def _persons(request: Request) -> str:
    counts = counts_of(request)
    if not counts:
        return ""
    return f"{sum(found.get('handed_over', 0) for found in counts.values()):,}"


def counted(counts: Mapping[str, int], language: str, *, is_plan: bool = False) -> str:
    """People per outcome in words, those of the file first; of a plan nobody has left yet."""
    # The people of the file first, then the reasons, most people first.
    order = sorted(counts.items(), key=lambda item: (item[0] != "handed_over", -item[1], item[0]))
    due = {"handed_over": "to_hand_over"} if is_plan else {}
    parts = [f"{tell(due.get(reason, reason), language)} {n:,}" for reason, n in order if n]
    return " · ".join(parts) or tell("nobody", language)


def _batch(console: Console, batch: BatchResult, language: str) -> None:
    said = tell("file", language, rows=batch.rows or 0, state=tell(batch.state, language))
    _line(console, f"  {said}")
    for place in (*batch.files, *([batch.manifest] if batch.manifest else [])):
        _line(console, f"    {place}")
    if batch.state == "HOLD":
        _line(console, f"    {tell('resolve', language, batch=batch.batch_id)}")


def _line(console: Console, text: str, *, style: str = "") -> None:
    # Unwrapped, so that a path or a command can be copied; never read as markup.
    console.print(Text(text, style=style), soft_wrap=True)
