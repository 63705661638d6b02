"""The two state databases: one schema in code and on disk, and no weaker promise than written."""

import hashlib
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from threading import Thread

import polars as pl
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext

from pipelines import migrations, requests, state
from pipelines.actors import Actor
from pipelines.exports import ledger
from pipelines.migrations import upgrade
from pipelines.settings import Home
from tests.exports.databases import Database
from tests.exports.postgres import Server, environment
from tests.exports.shop_files import small_shop

NOW = datetime(2026, 11, 10, 3, 0, tzinfo=UTC)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "tea")


def test_the_migrations_make_exactly_the_tables_of_the_code(home: Home) -> None:
    pairs = [
        (state.requests_engine(home), state.REQUESTS),
        (state.ledger_engine(home), state.LEDGER),
    ]

    for engine, tables in pairs:
        with engine.connect() as connection:
            assert compare_metadata(MigrationContext.configure(connection), tables) == []


def test_the_ledger_is_written_through_to_the_disk(home: Home) -> None:
    with state.ledger_engine(home).connect() as connection:
        found = {
            name: connection.exec_driver_sql(f"pragma {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }

    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_what_a_statement_was_given_is_not_told_with_its_error(home: Home) -> None:
    row = {"key": "canary-key", "erased_at": NOW}

    with (
        pytest.raises(sa.exc.IntegrityError) as refused,
        state.writing(state.ledger_engine(home)) as connection,
    ):
        connection.execute(state.erased.insert(), [row, row])

    assert "canary-key" not in str(refused.value)


def test_a_writer_holds_the_lock_from_its_first_statement(home: Home) -> None:
    engine = state.ledger_engine(home)
    impatient = sa.create_engine(home.ledger_url, connect_args={"timeout": 0})

    with (
        state.writing(engine),
        impatient.connect() as second,
        pytest.raises(sa.exc.OperationalError, match="locked"),
    ):
        second.exec_driver_sql("begin immediate")


def test_a_failed_transaction_leaves_nothing(home: Home) -> None:
    engine = state.ledger_engine(home)

    def write_twice() -> None:
        with state.writing(engine) as connection:
            for _ in range(2):
                connection.execute(state.erased.insert().values(key="k", erased_at=NOW))

    with pytest.raises(sa.exc.IntegrityError):
        write_twice()

    with state.reading(engine) as connection:
        assert connection.execute(sa.select(state.erased)).all() == []


def test_what_a_large_transaction_left_in_the_log_is_brought_into_the_file_beside_the_rest(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state, "_LARGE_BYTES", 2**20)
    engine, file = state.ledger_engine(home), home.path / "ledger.db"
    before = file.stat().st_size

    def write(key: str, **settles: bool) -> None:
        with state.writing(engine, **settles) as connection:
            # More pages than SQLite leaves in its log.
            rows = [{"key": f"{key}{n:04d}" * 400, "erased_at": NOW} for n in range(4000)]
            connection.execute(state.erased.insert(), rows)

    write("a", settles=False)
    assert file.stat().st_size == before
    with state.settling(engine):
        with state.writing(engine, settles=False) as connection:
            connection.execute(state.erased.insert().values(key="beside", erased_at=NOW))
        with state.reading(engine) as connection:
            count = connection.execute(sa.select(sa.func.count()).select_from(state.erased))
            assert count.scalar() == 4001
    settled = file.stat().st_size
    assert settled > before + 2**20
    write("b")
    assert file.stat().st_size > settled


def test_two_claims_of_one_person_cannot_both_be_written(home: Home) -> None:
    row = {
        "program": "p",
        "occurrence": "o",
        "key": "k",
        "batch_id": "b",
        "ord": 0,
        "claimed_at": NOW,
    }

    with state.writing(state.ledger_engine(home)) as connection:
        connection.execute(state.guard.insert().values(row))
        with pytest.raises(sa.exc.IntegrityError):
            connection.execute(state.guard.insert().values({**row, "batch_id": "c"}))


def test_a_database_of_a_newer_version_is_refused(home: Home) -> None:
    engine = state.ledger_engine(home)
    with state.writing(engine) as connection:
        connection.execute(sa.text("update alembic_version set version_num = 'ledger_9999'"))

    with pytest.raises(state.StateTooNew, match="newer version"):
        state.ledger_engine(home)


def test_an_upgrade_of_the_newest_schema_changes_nothing_and_keeps_a_backup(home: Home) -> None:
    engine = state.ledger_engine(home)
    with state.writing(engine) as connection:
        connection.execute(state.erased.insert().values(key="k", erased_at=NOW))

    upgrade(engine, "ledger")

    with state.reading(engine) as connection:
        assert connection.execute(sa.select(state.erased.c.erased_at)).scalar() == NOW
    backup = home.path / f"ledger.db.before-{state.HEADS['ledger']}"
    copy = sa.create_engine(f"sqlite:///{backup}")
    with copy.connect() as connection:
        assert connection.execute(sa.text("select count(*) from erased")).scalar() == 1


def test_an_instant_is_stored_in_utc_and_a_naive_one_refused(home: Home) -> None:
    tokyo = NOW.astimezone(timezone(timedelta(hours=9)))
    with state.writing(state.ledger_engine(home)) as connection:
        connection.execute(state.erased.insert().values(key="k", erased_at=tokyo))
        raw = connection.execute(sa.text("select erased_at from erased")).scalar()
        with pytest.raises(sa.exc.StatementError, match="no zone"):
            connection.execute(
                state.erased.insert().values(key="n", erased_at=NOW.replace(tzinfo=None))
            )

    assert raw == "2026-11-10 03:00:00.000000"


def ask(home: Home, **more: object) -> str:
    wish = {
        "segment": "winback",
        "destination": "mailer",
        "requested_by": Actor.at_terminal("a"),
        "requested_at": NOW,
    }
    return requests.create(home, "tea", **{**wish, **more})  # type: ignore[arg-type]


def test_a_request_is_a_dry_run_unless_said_otherwise(home: Home) -> None:
    assert requests.read(home, ask(home)).dry_run is True
    assert requests.read(home, ask(home, dry_run=False)).dry_run is False


def test_open_requests_come_oldest_first_and_finished_ones_not_at_all(home: Home) -> None:
    late = ask(home, requested_at=NOW + timedelta(minutes=1))
    early = ask(home)
    done = ask(home)
    requests.move(home, done, to="running", at=NOW)
    requests.move(home, done, to="done", at=NOW)

    assert [r.request_id for r in requests.open_of(home, now=NOW)] == [early, late]
    assert len(requests.all_of(home, "tea")) == 3
    assert requests.all_of(home, "coffee") == []


@pytest.mark.parametrize(("path", "to"), [
    ([], "done"), (["running", "done"], "running"), (["cancelled"], "open"),
    (["running", "planned"], "done"),
])  # fmt: skip
def test_a_request_moves_only_where_it_may(home: Home, path: list[str], to: str) -> None:
    request_id = ask(home)
    for step in path:
        requests.move(home, request_id, to=step, at=NOW)

    with pytest.raises(requests.BadMove, match=to):
        requests.move(home, request_id, to=to, at=NOW)


def test_a_request_nobody_made_is_named(home: Home) -> None:
    with pytest.raises(requests.BadRequest, match="no request"):
        requests.read(home, "req-none")
    with pytest.raises(requests.BadRequest, match="at least 1"):
        ask(home, max_rows=0)


@pytest.fixture
def shared(database: Database, tmp_path: Path) -> Home:
    """A home on either database."""
    assert database
    return Home(tmp_path / "tea")


def test_both_databases_have_exactly_the_tables_of_the_code(shared: Home) -> None:
    for engine, tables in (
        (state.requests_engine(shared), state.REQUESTS),
        (state.ledger_engine(shared), state.LEDGER),
    ):
        with engine.connect() as connection:
            assert compare_metadata(MigrationContext.configure(connection), tables) == []
        assert state.weakness(engine) is None


def test_a_reader_sees_one_state_of_the_ledger_while_another_writes(shared: Home) -> None:
    engine = state.ledger_engine(shared)
    count = sa.select(sa.func.count()).select_from(state.erased)

    with state.reading(engine) as reader:
        before = reader.execute(count).scalar()
        with state.writing(engine) as writer:
            writer.execute(state.erased.insert().values(key="k", erased_at=NOW))
        during = reader.execute(count).scalar()
    with state.reading(engine) as reader:
        after = reader.execute(count).scalar()

    assert (before, during, after) == (0, 0, 1)


def test_a_writer_waits_for_the_one_before_it(shared: Home) -> None:
    engine, seen = state.ledger_engine(shared), []

    def second() -> None:
        with state.writing(engine) as writer:
            seen.append(writer.execute(sa.select(state.erased.c.key)).scalar())

    with state.writing(engine) as writer:
        waiting = Thread(target=second)
        waiting.start()
        writer.execute(state.erased.insert().values(key="k", erased_at=NOW))
        waiting.join(timeout=0.2)
        assert waiting.is_alive()
    waiting.join()

    assert seen == ["k"]


def test_a_claim_keeps_nobody_from_asking(shared: Home) -> None:
    with state.writing(state.ledger_engine(shared)):
        assert requests.read(shared, ask(shared)).request_state == "open"


@pytest.mark.slow
@pytest.mark.postgres
def test_a_destination_on_postgresql_is_locked_against_other_hosts(server: Server) -> None:
    with environment(server.fresh()) as urls:
        engine = state.engine_of(urls["OKAERI_LEDGER_URL"])
        # 8 bytes of the name's digest, as another host would compute them.
        key = int.from_bytes(hashlib.sha256(b"tea/mailer").digest()[:8], signed=True)
        ask = sa.text("select pg_try_advisory_lock(:key)")

        with state.locked(engine, "tea/mailer"), engine.connect() as other:
            assert other.execute(ask, {"key": key}).scalar() is False
        with engine.connect() as other:
            assert other.execute(ask, {"key": key}).scalar() is True
        engine.dispose()


# A ledger as the first version wrote it: two persons handed over, one of them held out, and the
# second without an address.
FIRST = """
insert into batch (
    batch_id, shop_id, program, campaign_key, campaign_version, step_number, channel, segment,
    destination, slot, part, snapshot_id, input_digest, rev, state, profile, renderer_version,
    layout, created_at
) values (
    'b', 'tea', 'c/1/email', 'c', 1, 1, 'email', 's', 'd', 'x', 0, 'x', 'x', 0, 'DELIVERED', 'p',
    '1', '{}', '2026-11-10 03:00:00.000000'
);
insert into claim (
    batch_id, ord, occurrence, dedupe_key, person_key, email_hash, recipient_token, arm, st,
    claimed_at
) values
    ('b', 0, 'o', 'c/1/email/o', 'p0', 'e0', 't0', 'send', 'claimed',
    '2026-11-10 03:00:00.000000'),
    ('b', 1, 'o', 'c/1/email/o', 'p1', null, null, 'holdout', 'held_out',
    '2026-11-10 03:00:00.000000');
insert into guard (program, occurrence, key, batch_id, ord) values
    ('c/1/email', 'o', 'p0', 'b', 0), ('c/1/email', 'o', 'e0', 'b', 0),
    ('c/1/email', 'o', 'p1', 'b', 1);
insert into frequency (key, channel, day, batch_id, ord) values
    ('p0', 'email', '2026-11-11', 'b', 0), ('e0', 'email', '2026-11-11', 'b', 0);
insert into arm_record (
    campaign, version, occurrence, person_key, email_hash, arm, eligible_at, recorded_at
) values ('c', 1, 'o', 'p0', 'e0', 'send', '2026-11-10 01:00:00.000000', '2026-11-10 02:00:00.000000')
"""


def test_a_ledger_of_the_first_version_keeps_guards_messages_arms_and_tokens(
    database: Database, tmp_path: Path
) -> None:
    shop = small_shop(tmp_path)
    database.lose(shop)
    engine = state.engine_of(shop.home.ledger_url)
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent / "ledger"))
    with state.writing(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "ledger_0001")
        for statement in FIRST.split(";"):
            connection.execute(sa.text(statement))

    state.ledger_engine(shop.home)

    g = state.guard.c
    with state.reading(engine) as connection:
        guards = sa.select(g.key, g.program, g.occurrence, g.ord, g.claimed_at, g.message_on)
        found = connection.execute(guards.order_by(g.ord, g.key)).all()
        arm = connection.execute(sa.select(state.arm_record)).one()
        tokens = pl.Series(["gone", "t0"])
        assert ledger.with_tokens(connection, tokens) == ["b"]
        assert ledger.keys_by_token(connection, tokens) == {"t0": ("p0", "e0")}
    place = ("c/1/email", "o")
    day = date(2026, 11, 11)
    assert [tuple(row) for row in found] == [
        ("e0", *place, 0, NOW, day), ("p0", *place, 0, NOW, day), ("p1", *place, 1, NOW, None),
    ]  # fmt: skip
    assert (arm.person_key, arm.arm, arm.eligible_at, arm.is_foreign) == (
        "p0", "send", NOW - timedelta(hours=2), False
    )  # fmt: skip
