"""A mailer's report that somebody hands in on a screen: kept as a file, taken in by the next run.

Nothing is parsed here. The file is named by its content, whatever it was called, so that no name
leads anywhere; the street reads it as it reads every other file: in a process of its own, capped.
"""

import glob
import hashlib
import os
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from pipelines import state
from pipelines.actors import Actor, Role
from pipelines.requests.model import BadRequest
from pipelines.settings import Home
from pipelines.shop import Source

# Mappings a report may be read by; both fill the mailers' totals and nothing else.
REPORT_KINDS: Final = ("shopserve_report_csv", "generic_mail_report_csv")
# A report has a line per mail: a hundredth of this.
REPORT_BYTES: Final = 5 << 20
_NAME_CHARS: Final = 120


@dataclass(frozen=True)
class Report:
    """One report that was handed in. `file_name` is what the person's file was called."""

    shop_id: str
    sha256: str
    kind: str
    file_name: str
    nbytes: int
    actor: str
    uploaded_at: datetime

    @property
    def stored_name(self) -> str:
        """Name of the file as it lies and as the books of landing have it."""
        return f"{self.sha256}.csv"


def hand_in_report(
    home: Home, shop_id: str, data: bytes, *, kind: str, file_name: str, by: Actor, at: datetime
) -> Report:
    """The report, kept under its own hash for the next run; the same bytes again lie there once.

    Raises: NotAllowed; BadRequest for another kind of report, an empty or too large file, or bytes
    that are no text.
    """
    by.must_be(Role.EXPORTER, to="hand in a report")
    if kind not in REPORT_KINDS:
        raise BadRequest(f"{kind[:80]!r} is no kind of report; give one of: {REPORT_KINDS}")
    if not 0 < len(data) <= REPORT_BYTES:
        raise BadRequest(f"the report has {len(data):,} bytes; at most {REPORT_BYTES:,} are read")
    if b"\0" in data:
        raise BadRequest("the report is no text; save it as CSV")
    report = Report(
        shop_id, hashlib.sha256(data).hexdigest(), kind, _plain(file_name), len(data), by.name, at
    )
    _keep(home, report, data)
    row = {f.name: getattr(report, f.name) for f in fields(Report)}
    with state.writing(state.requests_engine(home)) as connection:
        connection.execute(
            state.uploaded_reports.insert().values(**row, role=str(by.role), origin=str(by.origin))
        )
    return report


def uploaded_source(home: Home, kind: str) -> Source:
    """The source that reads what was handed in as one kind of report."""
    folder = home.uploads / kind
    return Source(key=f"uploaded_{kind}", files=f"{glob.escape(str(folder))}/*.csv", mapping=kind)


def reports_of(home: Home, shop_id: str) -> list[Report]:
    """Reports that were handed in, newest first, each content once."""
    table = state.uploaded_reports
    query = sa.select(table).where(table.c.shop_id == shop_id).order_by(table.c.upload_no)
    with state.reading(state.requests_engine(home)) as connection:
        rows = connection.execute(query).mappings().all()
    newest = {
        (row["sha256"], row["kind"]): Report(**{f.name: row[f.name] for f in fields(Report)})
        for row in rows
    }
    return sorted(newest.values(), key=lambda one: one.uploaded_at, reverse=True)


def _plain(name: str) -> str:
    # For people to know it again; never a path.
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(char for char in last if char.isprintable())[:_NAME_CHARS] or "report.csv"


def _keep(home: Home, report: Report, data: bytes) -> None:
    folder = home.uploads / report.kind
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    waiting = folder / f".{report.stored_name}.{os.getpid()}"
    handle = os.open(waiting, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
    # A run that looks meanwhile sees the whole file or none.
    waiting.replace(folder / report.stored_name)
