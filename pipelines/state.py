"""Engines, tables and migrations of the two state databases: `requests.db` and `ledger.db`.

Long for its tables: they stand in one place. A screen may write requests; the exporter alone writes
the ledger. Both run on SQLite by default and on PostgreSQL by URL, with the same DDL. Instants are
stored naive in UTC and leave here aware.

Invariant: the ledger is the only proof of who was written to. It is written with `synchronous=FULL`
in `BEGIN IMMEDIATE` transactions; with less, a power loss forgets a hand-off that happened.
"""

import hashlib
import os
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.types import TypeDecorator

from pipelines.settings import Home

# The newest revision of each database this code knows. A database beyond it is refused.
HEADS: Final = {"requests": "requests_0007", "ledger": "ledger_0006"}
# A million people are claimed in one transaction; whoever waits for it must not give up.
_SQLITE_TIMEOUT_SECONDS: Final = 600.0
# At so many pages a commit brings SQLite's log into its file: SQLite's own number.
_LOG_PAGES: Final = 1000
# A log worth a thread of its own: bringing less into the file takes no time.
_LARGE_BYTES: Final = 16 * 2**20


class StateTooNew(RuntimeError):
    """A state database was written by a newer version of this program."""


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant, stored naive. Raises: ValueError for a naive one."""

    impl = sa.DateTime
    cache_ok = True

    def process_bind_param(
        self,
        value: datetime | None,
        dialect: sa.Dialect,  # noqa: ARG002 - the base's signature
    ) -> datetime | None:
        """Naive UTC, as both databases hold it."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no zone; pass an aware instant")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(
        self,
        value: datetime | None,
        dialect: sa.Dialect,  # noqa: ARG002 - the base's signature
    ) -> datetime | None:
        """Aware UTC, as everything in Python holds it."""
        return None if value is None else value.replace(tzinfo=UTC)


def _text(name: str, *, key: bool = False, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, primary_key=key, nullable=null)


def _count(name: str, *, key: bool = False, null: bool = False) -> sa.Column[int]:
    # Without autoincrement=False PostgreSQL would turn a whole-number key into a sequence.
    return sa.Column(name, sa.BigInteger, primary_key=key, nullable=null, autoincrement=False)


def _number(name: str) -> sa.Column[int]:
    # SQLite counts up by itself only where the type is exactly INTEGER.
    kind = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    return sa.Column(name, kind, primary_key=True, autoincrement=True)


def _at(name: str, *, null: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, Instant, nullable=null)


REQUESTS: Final = sa.MetaData()

# One row per wish to hand a segment over. `dry_run` is true unless somebody said otherwise.
export_requests: Final = sa.Table(
    "export_requests", REQUESTS,
    _text("request_id", key=True), _text("shop_id"), _text("segment"), _text("destination"),
    _text("slot"), _text("as_of", null=True), sa.Column("dry_run", sa.Boolean, nullable=False),
    _count("max_rows", null=True), _text("request_state"), _text("reason", null=True),
    _text("requested_by"), _text("approved_by", null=True), _at("requested_at"),
    _at("not_before", null=True), _at("started_at", null=True), _at("finished_at", null=True),
    _count("attempt_count"),
    sa.Column("outcome", sa.JSON, nullable=True),
    # Of a saved segment alone: which version, and which issue of the newsletter.
    _count("segment_version", null=True), _text("issue", null=True),
    sa.Index("export_requests_by_state", "request_state", "requested_at"),
)  # fmt: skip

# One row per saved segment and version: closed columns and operators, judged by `conditions`.
# Append-only: a hand-over names the version it was made of. `digest` is that of the content.
saved_segments: Final = sa.Table(
    "saved_segments", REQUESTS,
    _text("shop_id", key=True), _text("segment_key", key=True), _count("version", key=True),
    _text("title_ja"), _text("title_en"), sa.Column("conditions", sa.JSON, nullable=False),
    _text("campaign_key", null=True), _text("digest"), _text("saved_by"), _at("saved_at"),
)  # fmt: skip

# One row per request and program: what a run would hand over, masked, for the screen.
plans: Final = sa.Table(
    "plans", REQUESTS,
    _text("request_id", key=True), _text("program", key=True),
    sa.Column("counts", sa.JSON, nullable=False), sa.Column("sample", sa.JSON, nullable=False),
    sa.Column("difference", sa.JSON, nullable=False), _text("snapshot_id"), _at("planned_at"),
    sa.Column("coupons", sa.JSON, nullable=True),
)  # fmt: skip

# Append-only, and both databases hold it to that: who did what to a request, from where.
request_events: Final = sa.Table(
    "request_events", REQUESTS,
    _number("event_no"), _text("request_id"), _text("event"), _text("actor"), _text("role"),
    _text("origin"), _text("detail", null=True), _at("happened_at"),
    sa.Index("request_events_by_request", "request_id"),
)  # fmt: skip

# Append-only likewise: a batch's totals as somebody read them off the mailer's screen.
typed_totals: Final = sa.Table(
    "typed_totals", REQUESTS,
    _number("totals_no"), _text("shop_id"), _text("batch_id"),
    sa.Column("counts", sa.JSON, nullable=False), _text("actor"), _text("role"), _text("origin"),
    _at("typed_at"),
)  # fmt: skip

# Append-only too: a month as somebody read it off the shop's own screen. The amount is text, for
# SQLite knows no decimals.
typed_screen_months: Final = sa.Table(
    "typed_screen_months", REQUESTS,
    _number("screen_no"), _text("shop_id"), sa.Column("month_on", sa.Date, nullable=False),
    _count("order_count", null=True), _text("order_amount", null=True), _text("actor"),
    _text("role"), _text("origin"), _at("typed_at"),
)  # fmt: skip

# Append-only likewise: who looked at which person, by the pseudonym of the marts.
looks: Final = sa.Table(
    "looks", REQUESTS,
    _number("look_no"), _text("shop_id"), _text("person_id"), _text("found_by"), _text("actor"),
    _text("role"), _text("origin"), _at("looked_at"),
    sa.Index("looks_by_person", "shop_id", "person_id"),
)  # fmt: skip

# Append-only likewise: whom somebody stopped by hand or let be written to again (`block`, `lift`),
# and when the ledger knew (`done`, of the wish whose number it names).
person_block_events: Final = sa.Table(
    "person_block_events", REQUESTS,
    _number("event_no"), _text("shop_id"), _text("person_id"), _text("event"),
    _count("wish_no", null=True), _text("reason", null=True), _text("actor"), _text("role"),
    _text("origin"), _at("happened_at"),
    sa.Index("person_block_events_by_person", "shop_id", "person_id"),
)  # fmt: skip

# Append-only likewise: a mailer's report somebody handed in on a screen; its bytes lie in a folder.
uploaded_reports: Final = sa.Table(
    "uploaded_reports", REQUESTS,
    _number("upload_no"), _text("shop_id"), _text("sha256"), _text("kind"), _text("file_name"),
    _count("nbytes"), _text("actor"), _text("role"), _text("origin"), _at("uploaded_at"),
)  # fmt: skip

LEDGER: Final = sa.MetaData()

# One row per file handed over or about to be: one program and campaign version of one request.
batch: Final = sa.Table(
    "batch", LEDGER,
    _text("batch_id", key=True), _text("shop_id"), _text("program"), _text("campaign_key"),
    _count("campaign_version"), _count("step_number"), _text("channel"), _text("segment"),
    _text("destination"), _text("slot"), _count("part"), _text("snapshot_id"),
    _text("input_digest"), _count("rev"), _text("state"), _text("sha256", null=True),
    _count("nbytes", null=True), _count("nrows", null=True), _text("fname", null=True),
    _text("boot_id", null=True),
    _text("profile"), _text("renderer_version"), _text("reason", null=True),
    # Header and dialect of the file: with the encrypted cells they give the same bytes again.
    sa.Column("layout", sa.JSON, nullable=False),
    _text("removed_sha256", null=True), _text("suppress_sha256", null=True),
    _at("created_at"), _at("intent_at", null=True), _at("expires_at", null=True),
    sa.UniqueConstraint("fname", name="batch_fname"),
    sa.Index("batch_by_destination", "destination", "state"),
    sa.Index("batch_by_program", "program", "created_at"),
)  # fmt: skip

# One row per person of a batch, held-out ones included; they are never rendered.
claim: Final = sa.Table(
    "claim", LEDGER,
    _text("batch_id", key=True), _count("ord", key=True), _text("occurrence"),
    _text("dedupe_key"), _text("person_key"), _text("email_hash", null=True),
    _text("recipient_token", null=True), _text("arm"), _text("coupon_code", null=True),
    _at("due_at", null=True), _at("valid_until_at", null=True),
    sa.Column("payload_enc", sa.LargeBinary, nullable=True), _text("st"),
    _text("reason", null=True), _text("removed_in", null=True), _at("claimed_at"),
    sa.ForeignKeyConstraint(["batch_id"], ["batch.batch_id"], name="claim_batch"),
    sa.CheckConstraint("st in ('claimed', 'suppressed', 'released', 'held_out')", name="claim_st"),
)  # fmt: skip

# Where the claim of each token stands: results name nothing else. A table that lies by its key and
# is written in its order; an index of the claims would be, a million times, at another place.
recipient: Final = sa.Table(
    "recipient", LEDGER,
    _text("recipient_token", key=True), _text("batch_id"), _count("ord"),
    sqlite_with_rowid=False,
)  # fmt: skip

# One row per occurrence and person whose arm was recorded. The first record wins for ever. The key
# begins with the person: they are looked up by it, and a table that lies by its key needs no index.
arm_record: Final = sa.Table(
    "arm_record", LEDGER,
    _text("person_key", key=True), _text("campaign", key=True), _count("version", key=True),
    _text("occurrence", key=True), _text("email_hash", null=True), _text("arm"),
    _at("eligible_at"), _at("recorded_at"),
    # Taken over from another ledger's files: it counts, and is not given back as this one's.
    sa.Column("is_foreign", sa.Boolean, nullable=False, server_default=sa.false()),
    sqlite_with_rowid=False,
)  # fmt: skip

# Two rows per claim (person, e-mail): the unique key that makes a second hand-off impossible. The
# claim may be another ledger's, which is why the instant stands here too. `message_on`: the shop's
# date of the message, which caps across programs are counted from; null where none is sent.
guard: Final = sa.Table(
    "guard", LEDGER,
    _text("key", key=True), _text("program", key=True), _text("occurrence", key=True),
    _text("batch_id"), _count("ord"), _at("claimed_at"),
    sa.Column("message_on", sa.Date, nullable=True),
    sqlite_with_rowid=False,
)  # fmt: skip

# One row per occurrence and person the plan left out, with the newest reason.
gated: Final = sa.Table(
    "gated", LEDGER,
    _text("program", key=True), _text("occurrence", key=True), _text("person_key", key=True),
    _text("campaign_key"), _count("campaign_version"), _count("step_number"),
    _text("email_hash", null=True), _text("reason"), _at("first_at"), _at("last_at"),
)  # fmt: skip

# One row per key, channel, scope and reason that may not be written to.
suppression: Final = sa.Table(
    "suppression", LEDGER,
    _text("key", key=True), _text("channel", key=True), _text("scope", key=True),
    _text("reason", key=True), _text("source"), _at("started_at"), _at("ended_at", null=True),
)  # fmt: skip

# One row per code of a pool, for ever: a code is one person's, also where its batch was given up.
coupon: Final = sa.Table(
    "coupon", LEDGER,
    _text("code", key=True), _text("pool"), _at("expires_at", null=True), _text("imported_by"),
    _at("imported_at"), _text("batch_id", null=True), _count("ord", null=True),
    _text("person_key", null=True), _text("email_hash", null=True), _at("taken_at", null=True),
    sa.Index("coupon_by_pool", "pool", "taken_at"),
    sa.Index("coupon_by_person", "person_key"),
    sa.Index("coupon_by_address", "email_hash"),
)  # fmt: skip

erased: Final = sa.Table("erased", LEDGER, _text("key", key=True), _at("erased_at"))

# Append-only: one row per change of a batch's state.
transition: Final = sa.Table(
    "transition", LEDGER,
    _number("transition_no"),
    _text("batch_id"), _text("from_state", null=True), _text("to_state"), _count("rev"),
    _text("actor"), _text("run_id", null=True), _at("changed_at"),
    sa.Index("transition_by_batch", "batch_id"),
)  # fmt: skip

# One row: which machine this ledger belongs to. Another one must be adopted by a person.
meta: Final = sa.Table(
    "meta", LEDGER,
    _count("meta_no", key=True), _count("schema_version"), _text("instance_id"),
    _text("machine_id"), _count("epoch"), _text("paused_reason", null=True), _at("created_at"),
    _at("adopted_at", null=True),
    # Since when hand-overs are missing from here and from the manifests: programs need a date.
    _at("lost_at", null=True),
)  # fmt: skip

# One row per program (or `*`) of a lost ledger: whoever qualified before may have been handed over.
not_before: Final = sa.Table(
    "not_before", LEDGER,
    _text("program", key=True), _at("not_before_at"), _text("set_by"), _at("set_at"),
)  # fmt: skip


@cache
def engine_of(url: str) -> sa.Engine:
    """The one engine of a database in this process."""
    # What a statement was given stays out of the text of its error: Dagster keeps that.
    engine = sa.create_engine(url, connect_args=_connect_args(url), hide_parameters=True)
    if engine.dialect.name != "sqlite":
        return engine

    @sa.event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: object) -> None:
        # The driver's own transaction handling hides BEGIN; it is switched off and sent by us.
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        writes = connection.get_execution_options().get("okaeri_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _connect_args(url: str) -> dict[str, object]:
    return {"timeout": _SQLITE_TIMEOUT_SECONDS} if url.startswith("sqlite") else {}


@contextmanager
def writing(engine: sa.Engine, *, settles: bool = True) -> Iterator[sa.Connection]:
    """One transaction that holds the write lock from its first statement, committed at the end.

    `settles`: false for a large one, whose commit leaves it in SQLite's log; see `settling`.
    """
    options = engine.execution_options(okaeri_write=True)
    with options.connect() as connection, connection.begin():
        if engine.dialect.name == "sqlite":
            pages = _LOG_PAGES if settles else 0
            connection.exec_driver_sql(f"pragma wal_autocheckpoint={pages}")
        else:
            # Claims of different destinations read and write the same caps: one at a time. By
            # schema, so that nobody who asks for something waits for a claim.
            mine = "hashtextextended('okaeri/' || current_schema(), 0)"
            connection.execute(sa.text(f"select pg_advisory_xact_lock({mine})"))
        yield connection


@contextmanager
def settling(engine: sa.Engine) -> Iterator[None]:
    """Bring what was left in SQLite's log into its file, beside what is done inside.

    Nothing rests on it: what is in the log is as safe as what is in the file, and is read as well.
    """
    log = Path(f"{engine.url.database}-wal")
    is_large = log.is_file() and log.stat().st_size >= _LARGE_BYTES
    if engine.dialect.name != "sqlite" or not is_large:
        yield
        return
    with ThreadPoolExecutor(max_workers=1) as thread:
        settled = thread.submit(_settle, engine)
        yield
        settled.result()


def _settle(engine: sa.Engine) -> None:
    # Outside of a transaction, and beside whoever reads and writes. Where the disk is full it stays
    # in the log, as it does when SQLite fails at this by itself; the next transaction tries again.
    with closing(engine.raw_connection()) as connection, suppress(sqlite3.OperationalError):
        connection.cursor().execute("pragma wal_checkpoint(passive)")


@contextmanager
def reading(engine: sa.Engine) -> Iterator[sa.Connection]:
    """One consistent view, without a lock."""
    options = engine
    if engine.dialect.name == "postgresql":
        # By default each statement there sees what was committed before it.
        options = engine.execution_options(isolation_level="REPEATABLE READ")
    with options.connect() as connection, connection.begin():
        yield connection


@contextmanager
def locked(engine: sa.Engine, name: str) -> Iterator[None]:
    """A PostgreSQL database's lock of that name to oneself, over several transactions.

    The server frees it when the connection dies. On SQLite, which has none, nothing: it is used on
    one machine, where a lock on a file does the same.
    """
    if engine.dialect.name != "postgresql":
        yield
        return
    key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
    # Outside of a transaction: an open one would keep rows from being cleaned up meanwhile.
    alone = engine.execution_options(isolation_level="AUTOCOMMIT")
    with alone.connect() as connection:
        connection.execute(sa.text("select pg_advisory_lock(:key)"), {"key": key})
        try:
            yield
        finally:
            connection.execute(sa.text("select pg_advisory_unlock(:key)"), {"key": key})


def weakness(engine: sa.Engine) -> str | None:
    """Why a commit of this database could be forgotten in a power cut, None if it could not."""
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            found = {
                name: connection.exec_driver_sql(f"show {name}").scalar()
                for name in ("fsync", "synchronous_commit")
            }
            weak = [f"{name}={value}" for name, value in found.items() if value == "off"]
        else:
            level = int(str(connection.exec_driver_sql("pragma synchronous").scalar()))
            journal = str(connection.exec_driver_sql("pragma journal_mode").scalar())
            # 2 is FULL; a journal in memory or none at all undoes nothing after a crash.
            weak = [f"synchronous={level}"] if level < 2 else []
            weak += [f"journal_mode={journal}"] if journal in ("memory", "off") else []
    return ", ".join(weak) or None


def requests_engine(home: Home) -> sa.Engine:
    """Engine of the requests database, brought to the newest schema."""
    home.path.mkdir(parents=True, exist_ok=True)
    return _migrated(home.requests_url, "requests")


def ledger_engine(home: Home) -> sa.Engine:
    """Engine of the ledger, brought to the newest schema. For the exporter alone.

    A file is readable by its owner alone, so that a dashboard of another user cannot read it.
    """
    home.path.mkdir(parents=True, exist_ok=True)
    place = sa.make_url(home.ledger_url)
    if place.get_backend_name() == "sqlite" and place.database:
        _for_its_owner_alone(Path(place.database))
    return _migrated(home.ledger_url, "ledger")


def _for_its_owner_alone(file: Path) -> None:
    # What SQLite keeps beside it takes over its mode. A file that is there is never opened here:
    # closing it again would drop the locks this process holds on it.
    if file.exists():
        if file.stat().st_mode & 0o077:
            file.chmod(0o600)
        return
    with suppress(FileExistsError):
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))


def _migrated(url: str, database: str) -> sa.Engine:
    engine = engine_of(url)
    if _revision(engine) != HEADS[database]:
        # Imported here: a dashboard that finds the newest schema need not pay for alembic.
        from pipelines.migrations import upgrade

        upgrade(engine, database)
    return engine


def _revision(engine: sa.Engine) -> str | None:
    with reading(engine) as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        found: str | None = connection.execute(
            sa.text("select version_num from alembic_version")
        ).scalar()
        return found
