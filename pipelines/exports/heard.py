"""What a shop's outboxes tell of hand-overs, held against the ledger that should know of them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from pipelines.exports.destinations import LocalFolder
from pipelines.exports.errors import Tampered
from pipelines.state import batch


@dataclass(frozen=True)
class Pause:
    """Why a ledger hands nothing over until somebody adopts it."""

    reason: str
    # Whether hand-overs are missing from the ledger and from the manifests.
    is_lost: bool = False


@dataclass(frozen=True)
class Heard:
    """One outbox: whose it is, why that cannot be believed, what was sealed there."""

    outbox: LocalFolder
    owner: Mapping[str, object]
    doubt: str | None
    stems: tuple[str, ...]

    @classmethod
    def of(cls, outbox: LocalFolder) -> "Heard":
        """What lies there now."""
        doubt, owner = None, {}
        try:
            found = outbox.read_owner() or {}
            owner = {name: value for name, value in found.items() if name != "seal"}
        except Tampered as error:
            doubt = str(error)
        return cls(outbox, owner, doubt, outbox.manifest_stems())

    def is_of_another(self, found: sa.Row[Any]) -> bool:
        """Whether another ledger hands over here."""
        return bool(self.owner.get("instance_id", found.instance_id) != found.instance_id)

    def is_ahead_of(self, found: sa.Row[Any]) -> bool:
        """Whether more was handed over here than the ledger knows of."""
        return self.is_of_another(found) or self._number("epoch") > found.epoch

    def has_lost_manifests(self) -> bool:
        """Whether fewer lie here than were written down."""
        return self._number("manifests") > len(self.stems)

    def _number(self, name: str) -> int:
        return int(str(self.owner.get(name, 0)))


def doubt_of(
    connection: sa.Connection,
    found: sa.Row[Any],
    heard: Sequence[Heard],
    reported: Collection[str],
) -> Pause | None:
    """What the outboxes tell that this ledger, of this machine, knows nothing of."""
    known = known_batches(connection)
    unknown = [(one.outbox, stem) for one in heard for stem in unknown_of(known, one.stems)]
    forged = [(outbox, stem) for outbox, stem in unknown if is_forged(outbox, stem)]
    if forged:
        first = forged[0][0].manifests / f"{forged[0][1]}.json"
        return Pause(
            f"{len(forged)} manifests were written or changed by somebody else than this shop's "
            f"exporter (first: {first})",
            True,
        )
    told = {_batch_and_rev(stem)[0] for one in heard for stem in one.stems}
    ahead = [one for one in heard if one.is_ahead_of(found)]
    if set(reported) - known.keys() - told or any(one.has_lost_manifests() for one in ahead):
        return Pause("files were handed over of which neither ledger nor manifests tell", True)
    if unknown:
        return Pause(
            f"{len(unknown)} files were sealed that this ledger does not know (a restored copy)"
        )
    return _doubt_of_owners(found, heard)


def _doubt_of_owners(found: sa.Row[Any], heard: Sequence[Heard]) -> Pause | None:
    for one in heard:
        if one.is_of_another(found):
            return Pause(
                f"another ledger hands over into {one.outbox.root}: a second host, or this ledger "
                "is new because the old one was lost"
            )
        if one.doubt is not None:
            return Pause(
                f"{one.doubt}. Nobody can tell whether this ledger knows of all that left; if it "
                "is a restored copy, adopt it with --not-before DATE"
            )
    if any(one.is_ahead_of(found) for one in heard):
        return Pause("the ledger is older than what was handed over last (a restored copy)")
    return None


def known_batches(connection: sa.Connection) -> Mapping[str, int]:
    """Batch the ledger has heard of → its revision."""
    query = sa.select(batch.c.batch_id, batch.c.rev)
    return {row.batch_id: row.rev for row in connection.execute(query)}


def unknown_of(known: Mapping[str, int], stems: Iterable[str]) -> list[str]:
    """Manifests of batches the ledger has not heard of, or knows at an earlier revision only."""
    found = [(*_batch_and_rev(stem), stem) for stem in stems]
    # A later revision holds the people an earlier one had lost: it must be taken in last.
    return [stem for batch_id, rev, stem in sorted(found) if known.get(batch_id, -1) < rev]


def _batch_and_rev(stem: str) -> tuple[str, int]:
    batch_id, _, rev = stem.rpartition("-r")
    # A name that is none of ours is of no batch, and of no revision the ledger could know.
    return (batch_id, int(rev)) if rev.isdecimal() else (stem, 0)


def is_forged(outbox: LocalFolder, stem: str) -> bool:
    """Whether a manifest bears no seal of this shop's."""
    try:
        outbox.read_manifest(stem)
    except Tampered:
        return True
    return False
