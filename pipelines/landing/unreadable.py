"""Files that could not be read at all: booked and shelved, so that they are seen, once."""

import hashlib
import os
import stat
from datetime import datetime
from pathlib import Path
from typing import Final

import polars as pl

from pipelines.landing.batch import REFUSED, Batch, Decision, Entry, Landed, digest
from pipelines.landing.books import is_booked
from pipelines.landing.facts import ShopFacts
from pipelines.landing.gate import finish
from pipelines.landing.shelf import FILE_REFUSED, Reason, shelf_text
from pipelines.landing.store import locked, move, pending_folder, write_text
from pipelines.settings import Home

# Stands where a table's name stands: nobody knows which tables the file would have given.
WHOLE_FILE: Final = "file"
_CHUNK: Final = 1 << 20
_NOTHING_READ: Final = Entry(
    table=WHOLE_FILE,
    rows_read=0,
    rows_landed=0,
    rows_rejected=0,
    rows_duplicate=0,
    state="failed",
    reasons=((FILE_REFUSED, 0),),
)


def shelve_file(
    home: Home,
    shop: ShopFacts,
    path: Path,
    *,
    source_key: str,
    refusal: str,
    loaded_at: datetime,
) -> Landed:
    """What became of a file that was refused before a row of it was read: a note on the shelf.

    The same file refused for the same reason is noted once.
    """
    sha256, nbytes = _fingerprint(path)
    batch = Batch(
        batch_id=digest(source_key, path.name, sha256 or "", refusal),
        shop_id=shop.id,
        source=source_key,
        loaded_at=loaded_at,
        file_name=path.name,
        file_sha256=sha256,
        file_bytes=nbytes,
    )
    with locked(home):
        if is_booked(home, batch.batch_id):
            return Landed(batch.batch_id, is_new=False)
        nothing = pl.DataFrame(schema=REFUSED)
        reasons = [Reason(FILE_REFUSED, 0, refusal)]
        text = shelf_text(batch, WHOLE_FILE, reasons=reasons, refused=nothing, whole=True)
        draft = write_text(pending_folder(home, batch.batch_id) / f"{WHOLE_FILE}.json", text)
        target = home.rejected / batch.batch_id / draft.name
        decision = Decision(_NOTHING_READ, (move(home, draft, target),), nothing)
        return finish(home, batch, [decision])


def _fingerprint(path: Path) -> tuple[str | None, int | None]:
    """Sha256 and size of a plain file; nothing for a link, a pipe or a device: not read."""
    if not stat.S_ISREG(path.lstat().st_mode):
        return None, None
    hashed = hashlib.sha256()
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as stream:
        while chunk := stream.read(_CHUNK):
            hashed.update(chunk)
    return hashed.hexdigest(), path.stat().st_size
