"""The rejected shelf: refused rows, and beside them why and what to do."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from pipelines.canonical import COUNT, TEXT
from pipelines.landing.batch import Batch
from pipelines.settings import Home

# More than this nobody reads one by one; all of them stand in the table `rejects`.
SHOWN: Final = 1000
FILE_REFUSED: Final = "file_refused"
SHELF: Final = pl.Schema(
    {
        "batch_id": TEXT,
        "source": TEXT,
        "file_name": TEXT,
        "entity": TEXT,
        "is_whole_table": pl.Boolean(),
        "reason_code": TEXT,
        "rows_refused": COUNT,
        "description": TEXT,
        "what_to_do": TEXT,
        "folder": TEXT,
    }
)


@dataclass(frozen=True)
class Reason:
    """One reason for refusing rows of a table."""

    code: str
    rows: int
    description: str

    @property
    def what_to_do(self) -> str:
        """The next step of whoever looks after the shop's files."""
        if self.code.startswith("contract:"):
            return (
                "Correct these rows in the shop's file, or the mapping if it reads them wrongly, "
                "and run again: a corrected file is a new batch."
            )
        if self.code == FILE_REFUSED:
            return "Put a whole, readable file in its place; nothing of this one was read."
        if self.code == "no_exchange_rate":
            return (
                "Add the missing rate under exchange_rates in shop.yml, then import the file anew."
            )
        return (
            "Look at the named row and column of the file; correct the file, or teach the mapping "
            "that value, and run again."
        )


def shelf_text(
    batch: Batch, table: str, *, reasons: Sequence[Reason], refused: pl.DataFrame, whole: bool
) -> str:
    """JSON that stands beside refused rows. Values are masked; row numbers are the file's own."""
    return json.dumps(
        {
            "batch_id": batch.batch_id,
            "source": batch.source,
            "file_name": batch.file_name,
            "table": table,
            "is_whole_table": whole,
            "rows_refused": refused.height,
            "reasons": [
                {
                    "code": reason.code,
                    "rows": reason.rows,
                    "description": reason.description,
                    "what_to_do": reason.what_to_do,
                }
                for reason in reasons
            ],
            "rows_shown": min(refused.height, SHOWN),
            "rows": [
                {
                    "file": batch.file_name,
                    "row": row["row_no"],
                    "column": row["column_name"],
                    "reason": row["reason_code"],
                    "value": row["value_masked"],
                    "raw": row["raw_masked"],
                }
                for row in refused.head(SHOWN).to_dicts()
            ],
        },
        ensure_ascii=False,
        indent=2,
    )


def rejected(home: Home) -> pl.DataFrame:
    """What lies on the shelf. Shape: SHELF, one row per batch, table and reason."""
    rows = []
    for path in sorted(home.rejected.glob("*/*.json")):
        told = json.loads(path.read_text(encoding="utf-8"))
        rows += [
            {
                "batch_id": told["batch_id"],
                "source": told["source"],
                "file_name": told["file_name"],
                "entity": told["table"],
                "is_whole_table": told["is_whole_table"],
                "reason_code": reason["code"],
                "rows_refused": reason["rows"],
                "description": reason["description"],
                "what_to_do": reason["what_to_do"],
                "folder": str(path.parent),
            }
            for reason in told["reasons"]
        ]
    return pl.DataFrame(rows, schema=SHELF)
