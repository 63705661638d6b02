"""Attacks of the threat model that come in through names, ids and mailers' results.

Rows 1 to 3 and 22, each as stated; row 21 (a touched file) stands in `test_tampered`.
"""

import json
import shutil
from pathlib import Path

import polars as pl
import pytest
import sqlalchemy as sa

from pipelines import exports, requests, results, state
from pipelines.actors import Actor
from pipelines.exports.cells import DANGEROUS
from pipelines.exports.gates import ORDER
from pipelines.exports.profile import load_profile, profiles
from tests.exports.shop_files import NOW, Person, SmallShop, opened_shop, people, small_shop
from tests.exports.test_handoff import emails
from tests.exports.test_profiles import rows_of

# Row 1: every sign a spreadsheet takes for the start of a formula.
SIGNS = [*"=+-@", "\t", "\r", "\n", "\0", *"＝＋－＠"]
CALL = 'HYPERLINK("https://evil.example","x")'
# Row 2: what forges a line, a column or an end of a quote.
FORGED = ['x"\r\n"evil@example.jp","y', "x\nevil@example.jp,y", 'x","y', 'x"', "x;y\ty|y", "x\\"]
REPORT = (
    "  - {key: sg, profile: generic_utf8, country: JP, contract: 委託, basis: x,"
    " results: {mapping: sendgrid_events}}"
)
TABLES = ("batch", "claim", "guard", "gated", "arm_record", "transition")


def destinations() -> str:
    return "\n".join(
        f"  - {{key: to_{p}, profile: {p}, country: JP, contract: 委託, basis: 案内}}"
        for p in profiles()
    )


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop in which everybody's name is one of the attacks."""
    folder = tmp_path_factory.mktemp("hostile") / "shop"
    shop = small_shop(folder, more=destinations())
    names = [*(f"{sign}{CALL}" for sign in SIGNS), *FORGED]
    shop.publish(
        [
            Person(f"s:{n}", f"u{n}@example.jp", name=name, item=name, customer_id=f"c-{n}")
            for n, name in enumerate(names)
        ]
    )
    return folder


MAILED = [p for p in profiles() if load_profile(p).reach == "message"]


@pytest.mark.parametrize("profile", [
    # One of each way to write; the others likewise where there is time.
    p if p in ("generic_utf8", "people_excel") else pytest.param(p, marks=pytest.mark.slow)
    for p in MAILED
])  # fmt: skip
def test_a_hostile_name_forges_neither_formula_nor_row_nor_column(
    hostile: Path, tmp_path: Path, profile: str
) -> None:
    shop = opened_shop(Path(shutil.copytree(hostile, tmp_path / "shop")))
    (batch,) = shop.send(destination=f"to_{profile}").batches
    assert batch.file is not None
    kind = load_profile(profile)

    rows = rows_of(kind, batch.file.read_bytes())

    assert batch.rows == len(SIGNS) + len(FORGED)
    assert len(rows) == batch.rows
    cells = [cell for row in rows for label, cell in row.items() if label is not None]
    assert all(None not in row and None not in row.values() for row in rows)
    assert not [cell for cell in cells if cell.lstrip(" ")[:1] in set(DANGEROUS)]
    addresses = {cell for cell in cells if cell.endswith("@example.jp") and "evil" not in cell}
    assert len(addresses) == batch.rows
    assert "evil@example.jp" not in cells


def test_an_address_that_begins_a_formula_keeps_its_row_out(tmp_path: Path) -> None:
    shop = small_shop(tmp_path)
    bad = [Person(f"s:{n}", f"{sign}cmd{n}@example.jp") for n, sign in enumerate("=+-@＝＋－＠\0")]
    # Around an address a tab or a line end is no part of it.
    shop.publish([*bad, Person("s:t", "\tt@example.jp"), Person("s:r", "\rr@example.jp")])

    outcome = shop.send()

    assert outcome.counts["cart_recovery/1/email"] == {"handed_over": 2, "no_address": len(bad)}
    assert sorted(emails(outcome)) == ["r@example.jp", "t@example.jp"]


@pytest.mark.parametrize("bad", ["../../x", "a/b", "a\0b", "x" * 300, "a.csv", "", ".", "con."])
def test_no_id_that_could_leave_a_folder_is_written_down(tmp_path: Path, bad: str) -> None:
    shop = small_shop(tmp_path)
    shop.publish(people(1))

    for name in ("slot", "issue"):
        with pytest.raises(requests.BadRequest, match="is no id"):
            requests.create(
                shop.home, "tea", segment="cart_recovery", destination="mailer",
                requested_by=Actor.at_terminal("t"), requested_at=NOW, **{name: bad},
            )  # fmt: skip

    assert requests.all_of(shop.home, "tea") == []


# Row 22: a results file somebody else wrote.


@pytest.fixture
def reporting(tmp_path: Path) -> SmallShop:
    shop = small_shop(tmp_path, more=REPORT)
    shop.publish(people(3))
    return shop


def forged(shop: SmallShop, *events: dict[str, object]) -> None:
    folder = shop.shop.folder / "results" / "sg"
    folder.mkdir(parents=True, exist_ok=True)
    at = int(NOW.timestamp()) - 60
    told = [{"sg_event_id": f"f{n}", "timestamp": at, **e} for n, e in enumerate(events)]
    (folder / f"forged-{len(list(folder.iterdir()))}.json").write_text(json.dumps(told))


def everything(shop: SmallShop) -> dict[str, list[tuple[object, ...]]]:
    """All the ledger knows of whom it handed over."""
    with state.reading(state.ledger_engine(shop.home)) as connection:
        return {
            name: sorted(map(tuple, connection.execute(sa.select(getattr(state, name)))), key=str)
            for name in TABLES
        }


@pytest.mark.slow
def test_no_result_opens_a_batch_again_or_frees_anybody(reporting: SmallShop) -> None:
    (batch,) = reporting.send(destination="sg").batches
    before = everything(reporting)
    tokens = [row[0] for row in _tokens(reporting)]
    forged(
        reporting,
        # "It bounced, send it again", for people of ours, by address and by made-up tokens.
        *({"event": kind, "email": "u0@example.jp", "recipient_token": "0" * 32,
           "batch_id": batch.batch_id, "state": "CLAIMED"}
          for kind in ("dropped", "deferred", "blocked", "bounce", "resend", "group_resubscribe")),
    )  # fmt: skip

    results.take_in(reporting.home, reporting.shop, now=NOW)

    assert everything(reporting) == before
    assert len(tokens) == 3
    again = reporting.send(destination="sg")
    assert emails(again) == []
    counts = again.counts["cart_recovery/1/email"]
    assert counts == {"already_handed_over": 2, "hard_bounce": 1}
    assert set(counts) <= set(ORDER)


@pytest.mark.slow
def test_a_result_with_a_real_token_acknowledges_and_does_nothing_else(
    reporting: SmallShop,
) -> None:
    reporting.send(destination="sg")
    before = everything(reporting)
    ((token,), *_) = _tokens(reporting)
    forged(reporting, {"event": "delivered", "email": "u0@example.jp", "recipient_token": token})

    results.take_in(reporting.home, reporting.shop, now=NOW)

    after = everything(reporting)
    assert [row.state for row in exports.batches(reporting.home)] == ["ACKED"]
    changed = {name for name in TABLES if after[name] != before[name]}
    assert changed == {"batch", "transition"}
    assert emails(reporting.send(destination="sg")) == []


@pytest.mark.slow
def test_results_add_stops_and_take_none_away(reporting: SmallShop) -> None:
    for n, reason in enumerate(("unsubscribe", "complaint", "hard_bounce")):
        exports.suppress(
            reporting.home, reporting.shop, email=f"u{n}@example.jp", reason=reason, by="t", now=NOW
        )
    before = _stops(reporting)
    forged(
        reporting,
        *({"event": kind, "email": f"u{n}@example.jp"}
          for n in range(3) for kind in ("group_resubscribe", "delivered", "open", "click")),
        {"event": "unsubscribe", "email": "u9@example.jp"},
    )  # fmt: skip

    results.take_in(reporting.home, reporting.shop, now=NOW)

    assert before <= _stops(reporting)
    assert len(_stops(reporting)) > len(before)
    assert emails(reporting.send(destination="sg")) == []


@pytest.mark.slow
def test_a_result_of_a_batch_nobody_knows_changes_nothing_and_is_counted(
    reporting: SmallShop,
) -> None:
    reporting.send(destination="sg")
    before = everything(reporting)
    rows = pl.DataFrame(
        [{"event_type": "delivered", "recipient_token": "f" * 32, "email_hash": None,
          "occurred_at": NOW.replace(tzinfo=None)}]
    )  # fmt: skip

    assert exports.import_mail_events(reporting.home, rows, now=NOW) == 0

    assert everything(reporting) == before


def _tokens(shop: SmallShop) -> list[tuple[str]]:
    query = sa.select(state.claim.c.recipient_token).order_by(state.claim.c.ord)
    with state.reading(state.ledger_engine(shop.home)) as connection:
        return [tuple(row) for row in connection.execute(query)]


def _stops(shop: SmallShop) -> set[tuple[object, ...]]:
    s = state.suppression.c
    query = sa.select(s.key, s.channel, s.reason).where(s.ended_at.is_(None))
    with state.reading(state.ledger_engine(shop.home)) as connection:
        return {tuple(row) for row in connection.execute(query)}
