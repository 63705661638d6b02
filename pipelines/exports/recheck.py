"""A file that was handed over, judged again: who in it must not be written to any more, and why."""

import csv
import hashlib
import io
import os
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import polars as pl
import sqlalchemy as sa

from pipelines import state
from pipelines.exports import ledger
from pipelines.exports.errors import ExportRefused
from pipelines.exports.exits import Late, claimed_of, late_exits
from pipelines.exports.ledger import BatchRow
from pipelines.exports.masked import mask
from pipelines.exports.payload import Vault
from pipelines.exports.rules import Rules
from pipelines.exports.snapshot import open_snapshot
from pipelines.settings import Home
from pipelines.shop import Shop
from pipelines.state import batch, claim

_TOKEN: Final = re.compile(rb"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")


@dataclass(frozen=True)
class Dropped:
    """One person of the file who must not be written to. The address is None once it is erased."""

    batch_id: str
    recipient_token: str
    email: str | None
    reason: str


@dataclass(frozen=True)
class Recheck:
    """What became of a file's people. `persons`: those of them this ledger handed over."""

    persons: int
    dropped: tuple[Dropped, ...]

    @property
    def counts(self) -> Mapping[str, int]:
        """Reason → people, most first."""
        return dict(Counter(one.reason for one in self.dropped).most_common())

    def as_dict(self) -> dict[str, object]:
        """The same for a program, addresses masked."""
        rows = [
            {
                "batch_id": one.batch_id, "recipient_token": one.recipient_token,
                "email": None if one.email is None else mask(one.email), "reason": one.reason,
            }
            for one in self.dropped
        ]  # fmt: skip
        return {"persons": self.persons, "counts": dict(self.counts), "dropped": rows}


def recheck(home: Home, shop: Shop, file: Path, *, now: datetime) -> Recheck:
    """Everybody of the file, as of the snapshot and the ledger now.

    The people are known by the tokens in the file, whatever became of its columns since; a file
    that carries none by its bytes, as the ledger knows them. Raises: ExportRefused for a file
    nobody here handed over; SnapshotMissing.
    """
    try:
        data = file.read_bytes()
    except OSError as error:
        raise ExportRefused(f"{file} cannot be read: {error.strerror}") from error
    rules = Rules.of(shop, home)
    facts = open_snapshot(home, shop.id).facts(rules.pepper)
    persons, dropped = 0, []
    with state.reading(state.ledger_engine(home)) as connection:
        for row, tokens in _batches_in(connection, data, file=file):
            mine = [one for one in _claims_of(connection, row) if one.token in tokens]
            persons += len(mine)
            late = Late(row, rules, facts, now)
            stops = ledger.stops(connection, scope=late.scope, now=now)
            exits: dict[int, str] = {}
            emails: dict[int, str] = {}
            for claimed in claimed_of(connection, row.batch_id, vault=Vault(rules.pepper)):
                exits |= late_exits(late, claimed, stops)
                emails |= dict(claimed.select("ord", "email").iter_rows())
            for one in mine:
                reason = exits.get(one.ord) or one.gone
                if reason is not None:
                    email = emails.get(one.ord)
                    dropped.append(Dropped(row.batch_id, one.token, email, reason))
    return Recheck(persons, tuple(dropped))


def write_recall(found: Recheck, target: Path) -> None:
    """Write whom to drop with their addresses, for the mailer's suppression import; mode 0600.

    Raises: ExportRefused if the target exists already or cannot be written.
    """
    text = io.StringIO(newline="")
    rows = csv.writer(text, lineterminator="\r\n")
    rows.writerow(("email", "recipient_token", "batch_id", "reason"))
    for one in found.dropped:
        if one.email is not None:
            rows.writerow((one.email, one.recipient_token, one.batch_id, one.reason))
    try:
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise ExportRefused(f"{target} cannot be written: {error.strerror}") from error
    with os.fdopen(handle, "w", encoding="utf-8", newline="") as out:
        out.write(text.getvalue())


@dataclass(frozen=True)
class _Claim:
    ord: int
    token: str
    # Why nothing can be said of them by the gates any more: suppressed before, or erased since.
    gone: str | None


def _claims_of(connection: sa.Connection, row: BatchRow) -> Sequence[_Claim]:
    query = sa.select(
        claim.c.ord, claim.c.recipient_token, claim.c.st, claim.c.reason, claim.c.payload_enc
    ).where(claim.c.batch_id == row.batch_id, claim.c.recipient_token.is_not(None))
    return [
        _Claim(
            one.ord,
            one.recipient_token,
            one.reason or "erased" if one.st != "claimed" or one.payload_enc is None else None,
        )
        for one in connection.execute(query.order_by(claim.c.ord))
    ]


def _batches_in(
    connection: sa.Connection, data: bytes, *, file: Path
) -> list[tuple[BatchRow, frozenset[str]]]:
    tokens = {found.decode() for found in _TOKEN.findall(data)}
    ids = ledger.with_tokens(connection, pl.Series([*tokens], dtype=pl.String))
    if ids:
        return [(ledger.one(connection, i), frozenset(tokens)) for i in ids]
    sha256 = hashlib.sha256(data).hexdigest()
    known = ledger.batches(connection, batch.c.sha256 == sha256, batch.c.nrows > 0)
    if not known:
        raise ExportRefused(
            f"{file.name} is no file of this ledger: neither a recipient_token in it nor its bytes "
            "are known. Give the file as it was handed over"
        )
    row = known[-1]
    return [(row, frozenset(one.token for one in _claims_of(connection, row)))]
