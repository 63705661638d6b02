"""A shop whose mart differs from the oracle, cut down to the rows that matter.

    python -m tests.shrink fct_recovery_outcomes 42

Rows are taken out, half a table at a time and then fewer, as long as the difference stays. The SQL
is the compiled project's, run in memory: only what reads a changed table is built again.
"""

import itertools
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import replace as changed
from datetime import UTC
from functools import lru_cache
from pathlib import Path
from typing import Final

from tests.compiled import marts_of, project, rebuild
from tests.oracle import shops
from tests.oracle.marts import MARTS, Fact, difference, relation_of, said
from tests.oracle.world import World

Rows = dict[str, list[dict[str, object]]]
# Without these there is no shop and no run to look at.
KEPT: Final = frozenset({"shops", "runs", "shop_days"})
# Rows of the shop are numbered from here on: what every landing holds besides is not to be touched.
FIRST: Final = 1_000_000


@lru_cache
def columns_of(mart: str) -> list[str]:
    """Columns the oracle knows of a mart: those of the first generated shop with a row of it."""
    for number in itertools.count():
        rows = MARTS[mart][1](World(shops.shop(number).known()))
        if rows:
            return list(rows[0])
    raise AssertionError("there is always a next shop")


class DiffersError(AssertionError):
    """A mart and the oracle differ; the message shows the first rows that do."""

    def __init__(self, mart: str, shop: shops.Shop, rows: tuple[Fact | None, Fact | None]) -> None:
        super().__init__(f"{mart}, shop {shop.shop_id}\n{said(rows)}")
        self.mart = mart
        self.shop = shop


class Shrinker:
    """One shop in memory, from which rows can be taken on trial."""

    def __init__(
        self, shop: shops.Shop, mart: str, *, folder: Path, replace: Mapping[str, str]
    ) -> None:
        self.mart, self.replace = mart, dict(replace)
        self.rows: Rows = {
            table: [{**row, "row_no": number} for number, row in enumerate(given, start=FIRST)]
            for table, given in shop.tables.items()
        }
        self.shop = changed(shop, tables=self.rows)
        self.warehouse = marts_of(
            self.rows,
            folder=folder,
            only=[mart],
            replace=self.replace,
            as_of=shops.AS_OF.replace(tzinfo=UTC),
        )

    def difference(self, rows: Rows) -> tuple[Fact | None, Fact | None] | None:
        """First rows that differ in the shop with only these rows; it is afterwards as before."""
        expected = MARTS[self.mart][1](World(changed(self.shop, tables=rows).known()))
        self.warehouse.execute("begin")
        try:
            touched = [table for table in self.rows if len(rows[table]) < len(self.rows[table])]
            for table in touched:
                left = [row["row_no"] for row in rows[table]]
                self.warehouse.execute(
                    f"delete from landing.{table}"
                    " where row_no >= ? and not list_contains(?, row_no)",
                    [FIRST, left],
                )
            rebuild(self.warehouse, replace=self._again(touched))
            return difference(self.mart, expected, self._built())
        finally:
            self.warehouse.execute("rollback")

    def _again(self, tables: list[str]) -> dict[str, str]:
        """Models that read the tables, with their own SQL or what stands in for it."""
        models = project().models
        wanted = project().with_ancestors([self.mart])
        names = [f"stg_{table}" for table in tables if f"stg_{table}" in wanted]
        return {name: self.replace.get(name, models[name].code) for name in names} | self.replace

    def _built(self) -> list[Fact]:
        columns = columns_of(self.mart)
        found = self.warehouse.execute(f"select {', '.join(columns)} from {relation_of(self.mart)}")
        return [dict(zip(columns, row, strict=True)) for row in found.fetchall()]


def shrink(
    shop: shops.Shop, mart: str, *, folder: Path, replace: Mapping[str, str] | None = None
) -> tuple[Rows, tuple[Fact | None, Fact | None]] | None:
    """The rows that are left and the rows of the mart that differ; None where nothing differs.

    `replace` gives some models another SQL, as in `tests.compiled.marts_of`.
    """
    trial = Shrinker(shop, mart, folder=folder, replace=replace or {})
    rows = {table: list(given) for table, given in trial.rows.items()}
    found = trial.difference(rows)
    if found is None:
        return None
    is_smaller = True
    while is_smaller:
        is_smaller = False
        for table in sorted(rows, key=lambda name: -len(rows[name])):
            if table in KEPT:
                continue
            size = max(len(rows[table]) // 2, 1)
            while size and rows[table]:
                start = 0
                while start < len(rows[table]):
                    less = rows | {table: rows[table][:start] + rows[table][start + size :]}
                    still = trial.difference(less)
                    if still is None:
                        start += size
                    else:
                        rows, found, is_smaller = less, still, True
                size //= 2
    return rows, found


def told(rows: Rows, found: tuple[Fact | None, Fact | None]) -> str:
    """What is left of a shop, as rows to copy into a test, and what differs."""
    lines = [
        f"{table}: { {name: value for name, value in row.items() if value is not None} }"
        for table, given in rows.items()
        for row in given
    ]
    return "\n".join([*lines, said(found)])


def main(mart: str, number: str) -> None:
    """Prints what is left of the generated shop of that number."""
    with tempfile.TemporaryDirectory() as folder:
        left = shrink(shops.shop(int(number)), mart, folder=Path(folder))
    print("nothing differs" if left is None else told(*left))


if __name__ == "__main__":
    main(*sys.argv[1:])
