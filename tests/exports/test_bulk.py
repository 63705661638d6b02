"""Many keys and many rows: the same answers as one at a time, on both databases."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from pipelines import state
from pipelines.exports import bulk
from pipelines.exports.payload import Payload, Vault
from pipelines.settings import Home
from pipelines.state import guard

AT = datetime(2026, 11, 10, 3, 0, 0, 123456, tzinfo=UTC)


def row(key: str, ord_: int = 0) -> dict[str, object]:
    return {
        "program": "p", "occurrence": "o", "key": key, "batch_id": "b", "ord": ord_,
        "claimed_at": AT,
    }  # fmt: skip


def test_rows_written_at_once_come_back_as_they_were(tmp_path: Path) -> None:
    engine = state.ledger_engine(Home(tmp_path))
    with state.writing(engine) as connection:
        bulk.insert_rows(connection, guard, [row(f"k{n}", n) for n in range(3)])
        bulk.insert_rows(connection, guard, [])
    with state.reading(engine) as connection:
        found = connection.execute(sa.select(guard).order_by(guard.c.ord)).all()

    assert [(r.key, r.ord, r.claimed_at) for r in found] == [
        ("k0", 0, AT), ("k1", 1, AT), ("k2", 2, AT),
    ]  # fmt: skip


def test_a_key_that_is_taken_is_refused_unless_it_may_be_left_out(tmp_path: Path) -> None:
    engine = state.ledger_engine(Home(tmp_path))
    with state.writing(engine) as connection:
        bulk.insert_rows(connection, guard, [row("k", 1)])
        bulk.insert_rows(connection, guard, [row("k", 2), row("l", 3)], ignore_taken=True)
        found = connection.execute(sa.select(guard.c.key, guard.c.ord)).all()
        with pytest.raises(sa.exc.IntegrityError):
            bulk.insert_rows(connection, guard, [row("k", 4)])

    assert sorted(tuple(r) for r in found) == [("k", 1), ("l", 3)]


def test_only_rows_of_the_asked_keys_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "_KEYS", 2)
    engine = state.ledger_engine(Home(tmp_path))
    query = sa.select(guard.c.key)
    with state.writing(engine) as connection:
        bulk.insert_rows(connection, guard, [row(f"k{n}'\"") for n in range(9)])
        asked = ["k1'\"", "k5'\"", "k8'\"", "gone"]
        found = [r.key for r in bulk.by_keys(connection, query, guard.c.key, asked)]
        none = list(bulk.by_keys(connection, query, guard.c.key, []))

    assert found == ["k1'\"", "k5'\"", "k8'\""]
    assert none == []


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


@pytest.mark.parametrize("cells", [
    ("a@example.jp", "", "山田"), ("one",), ("holds \x1e and \x1f", "b"), ('{"json":1}',),
])  # fmt: skip
def test_a_payload_opens_as_it_was_sealed(cells: tuple[str, ...]) -> None:
    vault = Vault(b"pepper")
    payload = Payload(cells, "a@example.jp", "s:1", ("k1", "k2"), AT)

    sealed = vault.seal(payload, batch_id="b", ord_=3)

    assert vault.open(sealed, batch_id="b", ord_=3) == payload
    assert vault.seal(payload, batch_id="b", ord_=3) == sealed


def test_a_payload_of_an_older_version_opens(monkeypatch: pytest.MonkeyPatch) -> None:
    vault = Vault(b"pepper")
    # Sealed as JSON, as ledgers before this version hold them.
    text = (
        '{"cells":["a@example.jp","茶"],"email":"a@example.jp","person_id":"s:1",'
        '"keys":["k"],"qualified_at":"2026-11-10T03:00:00.123456+00:00"}'
    )
    monkeypatch.setattr("pipelines.exports.payload._packed", lambda _payload: text)
    sealed = vault.seal(Payload((), "", "", (), AT), batch_id="b", ord_=0)

    assert vault.open(sealed, batch_id="b", ord_=0) == Payload(
        ("a@example.jp", "茶"), "a@example.jp", "s:1", ("k",), AT
    )
