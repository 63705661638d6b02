"""What the contracts would refuse at the next run: the same landing, into a folder thrown away."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from pipelines import contracts, landing, sources
from pipelines.settings import Home
from pipelines.shop import Shop


@dataclass(frozen=True)
class Breach:
    """One broken promise of one table of a file. `is_whole`: nothing of the table would land."""

    table: str
    column: str | None
    description: str
    rows: int
    is_whole: bool


class Rehearsal:
    """A landing nobody reads, filled file after file, so that repeated rows are known as repeated.

    Breaches stay with the file that brought the rows.
    """

    def __init__(self, shop: Shop, folder: Path) -> None:
        self._shop = shop
        self._home = Home(folder / shop.id)
        self._now = datetime.now(UTC)

    def land(self, extract: sources.Extract) -> tuple[Breach, ...]:
        """What of this file its contracts refuse, in the order of its tables."""
        found: list[Breach] = []

        def judge(files: Sequence[Path], table: str) -> contracts.Verdict:
            verdict = contracts.judge(files, table)
            found.extend(_breaches(table, verdict))
            return verdict

        prepared = landing.prepare(self._home, self._shop, extract, loaded_at=self._now)
        landing.land_file(self._home, prepared, judge=judge)
        return tuple(found)


@contextmanager
def rehearsal(shop: Shop) -> Iterator[Rehearsal]:
    """A rehearsal whose folder is gone afterwards."""
    with TemporaryDirectory(prefix="okaeri-check-") as folder:
        yield Rehearsal(shop, Path(folder))


def _breaches(table: str, verdict: contracts.Verdict) -> Iterator[Breach]:
    is_whole = not verdict.ok and verdict.bad_rows is None
    for failure in verdict.failed:
        yield Breach(table, failure.column, failure.description, failure.unexpected_count, is_whole)
