"""Many keys and many rows: the same answers as one at a time, on both databases."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from sqlalchemy.dialects import postgresql

from pipelines import state
from pipelines.exports import bulk
from pipelines.exports.payload import Vault
from pipelines.state import batch, claim, guard
from tests.exports.databases import Database
from tests.exports.shop_files import small_shop

BATCH = {
    "batch_id": "b", "shop_id": "tea", "program": "p", "campaign_key": "p", "campaign_version": 1,
    "step_number": 1, "channel": "email", "segment": "s", "destination": "d", "slot": "x",
    "part": 0, "snapshot_id": "x", "input_digest": "x", "rev": 0, "state": "CLAIMED",
    "profile": "x", "renderer_version": "1", "layout": {},
    "created_at": datetime(2026, 11, 10, tzinfo=UTC),
}  # fmt: skip
AT = datetime(2026, 11, 10, 3, 0, 0, 123456, tzinfo=UTC)


def rows(*keys: str, first: int = 0) -> pl.DataFrame:
    """Guards of these keys, numbered on."""
    return pl.DataFrame({"key": keys}, schema={"key": pl.String}).select(
        pl.lit("p").alias("program"), pl.lit("o").alias("occurrence"), "key",
        pl.lit("b").alias("batch_id"), pl.int_range(first, first + pl.len()).alias("ord"),
        pl.lit(AT.replace(tzinfo=None)).alias("claimed_at"),
    )  # fmt: skip


def ledger_of(database: Database, folder: Path) -> sa.Engine:
    return state.ledger_engine(small_shop(folder).home)


# All in one statement; and a few in each of several.
@pytest.mark.parametrize("values", [bulk._VALUES, 12])
def test_rows_written_at_once_come_back_as_they_were(
    values: int, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "_VALUES", values)
    engine = ledger_of(database, tmp_path)
    query = sa.select(guard).order_by(guard.c.ord)
    with state.writing(engine) as connection:
        bulk.insert(connection, guard, rows("k0", "k1", "k2"))
        bulk.insert(connection, guard, rows())
    with state.reading(engine) as connection:
        found = connection.execute(query).all()
        columns = bulk.frame(connection, query)

    assert [(r.key, r.ord, r.claimed_at) for r in found] == [
        ("k0", 0, AT), ("k1", 1, AT), ("k2", 2, AT),
    ]  # fmt: skip
    assert columns.drop("message_on").equals(rows("k0", "k1", "k2").select(columns.columns[:-1]))


def test_every_kind_of_value_comes_back_as_it_was(database: Database, tmp_path: Path) -> None:
    engine = ledger_of(database, tmp_path)
    given = pl.DataFrame({
        "batch_id": ["b", "b"], "ord": [0, 1], "occurrence": ["o", "o"], "dedupe_key": ["d", "d"],
        "person_key": ["p", "茶'\\"], "arm": ["send", "send"], "st": ["claimed", "held_out"],
        "payload_enc": [b"\x00\xff'\\", None], "claimed_at": [AT.replace(tzinfo=None)] * 2,
    })  # fmt: skip
    guards = rows("k", "l").with_columns(pl.Series("message_on", [AT.date(), None]))
    with state.writing(engine) as connection:
        connection.execute(sa.insert(batch).values(**BATCH))
        bulk.insert(connection, claim, given)
        bulk.insert(connection, guard, guards)
        asked = sa.select(*(claim.c[name] for name in given.columns)).order_by(claim.c.ord)
        found = bulk.frame(connection, asked)
        held = bulk.frame(connection, sa.select(guard).order_by(guard.c.ord))

    assert found.equals(given)
    assert held.equals(guards.select(held.columns))


def test_a_key_that_is_taken_is_refused_unless_it_may_be_left_out(
    database: Database, tmp_path: Path
) -> None:
    engine = ledger_of(database, tmp_path)
    with state.writing(engine) as connection:
        bulk.insert(connection, guard, rows("k", first=1))
        bulk.insert(connection, guard, rows("k", "l", first=2), ignore_taken=True)
        bulk.insert(connection, guard, rows("l", "m", first=7), newer=("batch_id", "ord"))
        found = connection.execute(sa.select(guard.c.key, guard.c.ord)).all()
    with pytest.raises(sa.exc.IntegrityError), state.writing(engine) as connection:
        bulk.insert(connection, guard, rows("k", first=4))

    assert sorted(tuple(r) for r in found) == [("k", 1), ("l", 7), ("m", 8)]


def test_only_rows_of_the_asked_keys_are_found(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "_KEYS", 2)
    engine = ledger_of(database, tmp_path)
    query = sa.select(guard.c.key)
    with state.writing(engine) as connection:
        bulk.insert(connection, guard, rows(*(f"k{n}'\"" for n in range(9))))
        asked = pl.Series(["k1'\"", "k5'\"", "k8'\"", "gone", "k1'\""])
        found = bulk.by_keys(connection, query, guard.c.key, asked)["key"]
        none = bulk.by_keys(connection, query, guard.c.key, asked.head(0))

    assert sorted(found) == ["k1'\"", "k5'\"", "k8'\""]
    assert none.is_empty()


def test_the_asked_keys_are_named_with_their_table_on_postgresql() -> None:
    class Connection:
        dialect = postgresql.dialect()

    listed = bulk._listed(Connection, ["k"])  # type: ignore[arg-type]
    text = str(
        sa.select(guard.c.key).where(guard.c.key.in_(listed)).compile(dialect=Connection.dialect)
    )

    # A bare name would mean the outer table's own column there: everybody would be found.
    assert "SELECT given.value" in text
    assert "AS given" in text


PLAIN = ["a@example.jp", "", "山田"]


@pytest.mark.parametrize("others", [["k1", "k2"], ["k1"], []])
@pytest.mark.parametrize("cells", [
    PLAIN, ["one"], ["holds \x1e and \x1f", "b"], ['{"json":1}'],
])  # fmt: skip
def test_a_payload_opens_as_it_was_sealed(cells: list[str], others: list[str]) -> None:
    vault = Vault(b"pepper")
    kept = pl.DataFrame({
        "ord": [3], "email": ["a@example.jp"], "person_id": ["s:1"],
        "qualified_at": [AT.replace(tzinfo=None)],
        "other_keys": pl.Series([others], dtype=pl.List(pl.String)),
    })  # fmt: skip
    payloads = kept.hstack([pl.Series(str(n), [cell]) for n, cell in enumerate(cells)])

    sealed = vault.seal(payloads, batch_id="b")
    stored = pl.DataFrame([kept["ord"], sealed])
    opened = vault.open(stored, batch_id="b")

    assert opened.equals(kept.with_columns(pl.Series("cells", [cells])).select(opened.columns))
    assert vault.cells(stored, batch_id="b").to_list() == [cells]
    assert vault.seal(payloads, batch_id="b").equals(sealed)
    for opens in (vault.open, vault.cells):
        with pytest.raises(InvalidTag):
            opens(stored.with_columns(ord=4), batch_id="b")


def test_a_payload_of_an_older_version_opens_beside_one_of_today() -> None:
    """Sealed as JSON, as ledgers before this version hold them."""
    old = (
        '{"cells":["a@example.jp","茶"],"email":"a@example.jp","person_id":"s:1",'
        '"keys":["k"],"qualified_at":"2026-11-10T03:00:00.123456+00:00"}'
    )
    new = "1\x1eb@example.jp\x1es:2\x1e2026-11-10T03:00:00+00:00\x1ek\x1fl\x1eone\x1f"

    vault, texts = Vault(b"pepper"), enumerate([old, new])
    sealed = [vault._cipher.encrypt(text.encode(), [b"b|%d" % n]) for n, text in texts]
    stored = pl.DataFrame({"ord": [0, 1], "payload_enc": sealed})

    found = vault.open(stored, batch_id="b").drop("ord").rows()

    at = AT.replace(tzinfo=None)
    assert found == [
        ("a@example.jp", "s:1", at, ["k"], ["a@example.jp", "茶"]),
        ("b@example.jp", "s:2", at.replace(microsecond=0), ["k", "l"], ["one", ""]),
    ]
    assert vault.cells(stored, batch_id="b").to_list() == [row[-1] for row in found]
