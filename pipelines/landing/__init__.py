"""Canonical tables as append-only Parquet: what the shop's systems said, batch by whole batch.

Raw files are archived by their sha256; a batch waits in `landing/_pending` until every table of it
is judged, then lies in `landing/<table>/month=YYYY-MM/<batch>.parquet`, what was refused in
`rejected/<batch>/`. Nothing here is ever changed in place.
"""

from pipelines.landing.batch import (
    Batch,
    Decision,
    Entry,
    Landed,
    Pending,
    PreparedFile,
    batch_id_of,
)
from pipelines.landing.books import batches, batches_of, conservation, watermarks
from pipelines.landing.errors import (
    ConservationBroken,
    LandingDamaged,
    LandingError,
    NotLocked,
    RawChanged,
    UnknownColumns,
)
from pipelines.landing.gate import accept, decide, finish, shelve
from pipelines.landing.intake import (
    Run,
    already_landed,
    land_file,
    land_run,
    land_settings,
    new_run,
    pending,
    prepare,
    write_rows,
)
from pipelines.landing.shelf import rejected
from pipelines.landing.store import (
    archive_raw,
    damaged,
    ensure_all_tables,
    landed_files,
    locked,
    read_table,
)
from pipelines.landing.unreadable import shelve_file

__all__ = [
    "Batch",
    "ConservationBroken",
    "Decision",
    "Entry",
    "Landed",
    "LandingDamaged",
    "LandingError",
    "NotLocked",
    "Pending",
    "PreparedFile",
    "RawChanged",
    "Run",
    "UnknownColumns",
    "accept",
    "already_landed",
    "archive_raw",
    "batch_id_of",
    "batches",
    "batches_of",
    "conservation",
    "damaged",
    "decide",
    "ensure_all_tables",
    "finish",
    "land_file",
    "land_run",
    "land_settings",
    "landed_files",
    "locked",
    "new_run",
    "pending",
    "prepare",
    "read_table",
    "rejected",
    "shelve",
    "shelve_file",
    "watermarks",
    "write_rows",
]
