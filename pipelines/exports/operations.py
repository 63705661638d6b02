"""What a person does about exports by hand: look, decide a HOLD, adopt a ledger, render again."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Literal

from pipelines import requests, saved_segments, state
from pipelines.actors import Actor
from pipelines.exports import binding, ledger
from pipelines.exports.destinations import LocalFolder, outbox_by_name, outboxes
from pipelines.exports.errors import ExportRefused, FileNotFaithful, UnknownSegment
from pipelines.exports.exits import claimed_of
from pipelines.exports.ledger import BatchRow
from pipelines.exports.machine import Machine
from pipelines.exports.manifests import stem_of
from pipelines.exports.payload import Vault
from pipelines.exports.recovery import stranded
from pipelines.exports.render import RENDERER_VERSION, Layout, files_bytes
from pipelines.exports.rules import Rules
from pipelines.exports.saved import NEWSLETTER, Wish
from pipelines.exports.snapshot import published_segments
from pipelines.requests import Request
from pipelines.settings import Home
from pipelines.shop import Shop


def request(
    home: Home,
    shop: Shop,
    segment: str,
    destination: str,
    *,
    send: bool = False,
    as_of: str | None = None,
    requested_by: Actor,
    max_rows: int | None = None,
    slot: str | None = None,
    issue: str | None = None,
    clock: datetime | None = None,
) -> str:
    """Id of a new request: a dry run, unless `send` says otherwise.

    `segment` may be a campaign's key: its segment is meant; or a saved segment's: its newest
    version is meant, for the newsletter's `issue`, by default that of the snapshot's day.
    Raises: BadRequest for a bad id; UnknownSegment; ShopNotReady for an unknown destination or,
    when sending, one without country, contract or basis, or a shop without a sender.
    """
    requests.checked_id(segment, what="segment")
    requests.checked_id(destination, what="destination")
    rules = Rules.of(shop, home)
    found = rules.destination(destination)
    rules.profile(found)
    if send:
        rules.refuse_sending(found)
    wish = _wish(home, shop, segment)
    if issue is not None and wish.version is None:
        raise UnknownSegment(f"{segment!r} is no saved segment: it has no issues, leave it out")
    return requests.create(
        home, shop.id, segment=wish.segment, destination=destination, requested_by=requested_by,
        requested_at=rules.now(clock), dry_run=not send, as_of=as_of, max_rows=max_rows, slot=slot,
        segment_version=wish.version, issue=issue,
    )  # fmt: skip


def _wish(home: Home, shop: Shop, asked: str) -> Wish:
    saved = saved_segments.find(home, shop.id, asked)
    if saved is None:
        segment = _segment_of(home, shop, asked)
        if segment == NEWSLETTER:
            known = ", ".join(one.segment_key for one in saved_segments.all_of(home, shop.id))
            raise UnknownSegment(
                f"a newsletter goes to a saved segment; ask for one of: {known or 'none yet'} "
                "(okaeri segments save)"
            )
        return Wish(segment)
    if asked in {*published_segments(home), *(campaign.key for campaign in shop.campaigns)}:
        raise UnknownSegment(
            f"{asked!r} is a saved segment and one that is built in, or a campaign: save it under "
            "another key"
        )
    return Wish(asked, saved.version)


def _segment_of(home: Home, shop: Shop, asked: str) -> str:
    known = published_segments(home)
    if asked in known:
        return asked
    running = [c for c in shop.campaigns if c.is_active]
    mine = {c.segment for c in running if c.key == asked and c.segment in known}
    lost = sorted({c.segment for c in running if c.key == asked})
    if lost and not mine:
        raise UnknownSegment(
            f"campaign {asked!r} writes to segment {lost[0]!r}, which is not published; segments: "
            f"{', '.join(known) or 'none'}. Correct shop.yml, or add seg_{lost[0]}.sql and .yml"
        )
    if not mine:
        campaigns = ", ".join(sorted({c.key for c in running})) or "none"
        raise UnknownSegment(
            f"there is no segment or campaign {asked!r}; segments: {', '.join(known) or 'none'}; "
            f"campaigns: {campaigns}"
        )
    segment = min(mine)
    beside = sorted({c.key for c in running if c.segment == segment} - {asked})
    if beside:
        raise UnknownSegment(
            f"campaign {asked!r} shares its segment with {', '.join(beside)}: they leave "
            f"together; ask for the segment {segment!r}"
        )
    return segment


def open_requests(home: Home, *, now: datetime) -> list[Request]:
    """Requests that wait for a run, oldest first."""
    return requests.open_of(home, now=now)


def show(home: Home, request_id: str) -> tuple[Request, list[requests.MaskedPlan]]:
    """One request and its masked plans."""
    return requests.read(home, request_id), requests.plans_of(home, request_id)


def batches(home: Home) -> list[BatchRow]:
    """Every batch of the ledger, oldest first."""
    with state.reading(state.ledger_engine(home)) as connection:
        return ledger.batches(connection)


def batches_of(home: Home, asked: Request) -> list[BatchRow]:
    """The batches of one request, oldest first; none for a dry run."""
    if asked.dry_run:
        return []
    return [
        row
        for row in batches(home)
        if (row.shop_id, row.segment, row.destination, row.slot)
        == (asked.shop_id, asked.segment, asked.destination, asked.slot)
    ]


def rerender(home: Home, shop: Shop, batch_id: str, folder: Path) -> Path:
    """The file of a handed-over batch once more, elsewhere, byte for byte.

    Raises: FileNotFaithful if the bytes differ; ExportRefused if its cells were blanked since.
    """
    rules = Rules.of(shop, home)
    with state.reading(state.ledger_engine(home)) as connection:
        row = ledger.one(connection, batch_id)
        shares = claimed_of(connection, batch_id, vault=Vault(rules.pepper))
        cells = [line for claimed in shares for line in claimed["cells"].to_list()]
    if row.sha256 is None or row.renderer_version != RENDERER_VERSION:
        raise ExportRefused(f"{batch_id} is {row.state}, rendered by {row.renderer_version}")
    if len(cells) != row.nrows:
        raise ExportRefused(f"{batch_id}: {len(cells)} of {row.nrows} rows can still be read")
    layout = Layout.from_json(row.layout["file"])
    files = files_bytes(layout, cells)
    if hashlib.sha256(b"".join(files)).hexdigest() != row.sha256:
        raise FileNotFaithful(f"{batch_id} renders to other bytes than were handed over")
    copy = LocalFolder(folder)
    copy.prepare()
    if folder.resolve() == rules.folder(rules.destination(row.destination), home).resolve():
        raise ExportRefused("a re-render never goes into the outbox: a mailer would take it")
    names = [layout.name(f"{batch_id}-r{row.rev}", part) for part in range(1, len(files) + 1)]
    for name, data in zip(names, files, strict=True):
        copy.place(name, data)
    return folder / names[0]


def resolve(
    home: Home,
    shop: Shop,
    batch_id: str,
    verdict: Literal["delivered", "not-delivered"],
    *,
    actor: str,
    now: datetime,
) -> BatchRow:
    """Decide a batch on HOLD: it left, or it did not and its people are free again.

    Likewise an unfinished one whose destination is gone from shop.yml, which nothing else walks on.
    Its request is over with the last of its batches. Raises: ExportRefused if there is nothing to
    decide.
    """
    has_gone = {row.batch_id for row in stranded(home, shop)}
    with state.writing(state.ledger_engine(home)) as connection:
        row = ledger.one(connection, batch_id)
        if row.state != ledger.HOLD and batch_id not in has_gone:
            raise ExportRefused(f"{batch_id} is {row.state}; only a batch on HOLD is decided")
        if verdict == "delivered":
            if row.state in ledger.INSIDE:
                raise ExportRefused(f"{batch_id} is {row.state}: nothing of it has left")
            intent_at = row.intent_at or now
            ledger.move(
                connection, row, to=ledger.DELIVERED, actor=actor, at=now, intent_at=intent_at
            )
        else:
            ledger.release(connection, batch_id, reason="not_delivered")
            ledger.move(connection, row, to=ledger.VOID, actor=actor, at=now, fname=None)
        decided = ledger.one(connection, batch_id)
    _sweep(home, shop, row)
    _close(home, decided, actor=actor, now=now)
    return decided


def _sweep(home: Home, shop: Shop, row: BatchRow) -> None:
    # Elsewhere the next export does it; at a place shop.yml has forgotten there is none.
    if row.destination in {d.key for d in shop.destinations}:
        return
    left = outbox_by_name(Rules.of(shop, home), row.destination, home)
    if not left.staging.exists():
        return
    for name in left.staged_of(stem_of(row)):
        left.discard(name)


def _close(home: Home, row: BatchRow, *, actor: str, now: datetime) -> None:
    asked = [
        one
        for one in requests.all_of(home, row.shop_id)
        if one.request_state == "hold"
        and (one.segment, one.destination, one.slot) == (row.segment, row.destination, row.slot)
    ]
    for one in asked:
        mine = batches_of(home, one)
        if any(batch.state == ledger.HOLD for batch in mine):
            continue
        has_left = any(batch.state in ledger.HANDED for batch in mine)
        requests.move(
            home, one.request_id, to="done" if has_left else "cancelled", at=now,
            reason=one.reason, outcome=one.outcome, by=Actor.at_terminal(actor),
        )  # fmt: skip


def adopt(
    home: Home,
    shop: Shop,
    *,
    actor: str,
    now: datetime,
    machine: Machine | None = None,
    not_before: Mapping[str, datetime] | None = None,
) -> list[str]:
    """Take a restored or moved ledger over; ids of batches that now count as handed over.

    `not_before`: program, or `*` for every other one → whoever qualified before counts as handed
    over. Raises: WrongMachine for a ledger that was lost with its manifests, without such a date.
    """
    rules = Rules.of(shop, home)
    binding.refuse_other_secret(state.ledger_engine(home), rules.pepper)
    every = outboxes(rules, home)
    for outbox in every.values():
        outbox.prepare()
    return binding.adopt(
        state.ledger_engine(home), machine or Machine.this(), every, shop=shop, actor=actor,
        now=now, not_before=not_before,
    )  # fmt: skip
