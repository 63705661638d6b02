"""What a file may hold: exact cells exact, free text harmless, bytes readable by the importer."""

import codecs
import csv
import hashlib
import io
import itertools
import json
import random
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from dashboards.sentences import PAIRS
from pipelines import exports
from pipelines.exports import cells
from pipelines.exports.errors import FileNotFaithful, Unencodable
from pipelines.exports.gates import ORDER
from pipelines.exports.profile import Profile, ProfileColumn, load_profile, profiles
from pipelines.exports.refusals import REASON_OF, reason_of
from pipelines.exports.render import Layout, files_bytes
from pipelines.report import export_words
from tests.exports.shop_files import NOW, Person, SmallShop, small_shop

UTF8 = load_profile("generic_utf8")
CP932 = load_profile("generic_cp932")
EXCEL = load_profile("people_excel")


@pytest.fixture
def shop(tmp_path: Path) -> SmallShop:
    return small_shop(tmp_path)


@dataclass(frozen=True)
class Line:
    """One row, finished."""

    cells: tuple[str, ...]
    changes: list[str]
    refused: str | None


def line(profile: Profile, *, type_: str = "text", value: object, **changed: object) -> Line:
    column = ProfileColumn.model_validate({"label": "x", "from": "x", "type": type_})
    one = profile.model_copy(update={"columns": (column,), **changed})
    records = pl.DataFrame({"x": [value]})
    found = cells.Scribe.of(one, ["x"], ZoneInfo("Asia/Tokyo")).lines(records)
    changes = [change.removeprefix("x:") for change in found.changes]
    return Line(found.cells.row(0), changes, found.refused[0])


@pytest.mark.parametrize("key", profiles())
@pytest.mark.parametrize("value", [
    "a@example.jp", "https://a.example/?q=1&r=2:3", "0010001", "a, b; c\td", 'say "x"', "x" * 600,
    "idn@例え.jp", "<b>", "山田〜", "a\\b", "1000",
])  # fmt: skip
def test_a_text_by_itself_is_written_as_among_others(key: str, value: str) -> None:
    """Plain texts are never looked at one by one, and that changes none of them."""
    profile = load_profile(key)
    for column in profile.columns:
        if column.source and column.type != "json":
            one = profile.model_copy(update={"columns": (column,), "max_bytes_per_row": None})
            scribe = cells.Scribe.of(one, [], ZoneInfo("Asia/Tokyo"))
            given = [value, "b@example.jp", value]
            found = scribe.lines(pl.DataFrame({column.source: given}))
            by_itself = [cells._finished(text, column=column, profile=one) for text in given]

            assert found.cells["0"].to_list() == [text for text, _, _ in by_itself]
            assert sum(found.changes.values()) == sum(len(what) for _, what, _ in by_itself)
            assert found.refused.to_list() == [
                None if stop is None else f"{column.label}:{stop}" for _, _, stop in by_itself
            ]


@pytest.mark.parametrize("lead", [*"=+-@＝＋－＠", "\t=", "\r\n=", "\0="])
def test_free_text_of_a_machine_file_never_starts_a_formula(lead: str) -> None:
    found = line(UTF8, value=f"{lead}HYPERLINK(1)")

    assert found.cells == ("HYPERLINK(1)",)
    assert "dangerous_text" in found.changes


def test_a_profile_may_leave_a_dangerous_row_out() -> None:
    found = line(UTF8, value="=1+1", dangerous_text="reject")

    assert found.refused == "x:dangerous_text"


@pytest.mark.parametrize(("type_", "value"), [
    ("phone", "+819000000000"), ("number", "-500"), ("email", "a+b@example.jp"),
    ("url", "https://a.example/?q=＝1"), ("code", "-x-"), ("date", "2026-11-10"),
])  # fmt: skip
def test_exact_cells_of_a_machine_file_are_never_altered(type_: str, value: str) -> None:
    found = line(UTF8, type_=type_, value=value)

    assert (found.cells, found.changes, found.refused) == ((value,), [], None)


def test_an_exact_cell_with_a_line_end_leaves_its_row_out() -> None:
    assert line(UTF8, type_="url", value="https://a.example/\r\nx").refused == "x:control_character"


@pytest.mark.parametrize("lead", list("=+-@＝＋－＠"))
def test_a_file_for_people_guards_every_formula(lead: str) -> None:
    assert line(EXCEL, value=f"{lead}1").cells == (f"'{lead}1",)
    assert line(EXCEL, type_="phone", value=f"{lead}81").cells == (f"'{lead}81",)
    assert line(EXCEL, type_="number", value="-500").cells == ("-500",)


@pytest.mark.parametrize(("given", "written"), [
    ("髙﨑①㈱～", "髙﨑①㈱～"), ("〜", "～"), ("−5", "－5"), ("￥15,003", "￥15,003"),
    ("¥15,003", "￥15,003"), ("café", "cafe"), ("♥", "☆"),
])  # fmt: skip
def test_cp932_text_comes_back_as_it_was_meant(given: str, written: str) -> None:
    text = "品" + given

    found = line(CP932, value=text)

    assert found.cells[0].encode("cp932").decode("cp932") == "品" + written
    assert found.refused is None


@pytest.mark.parametrize("text", ["𠮷野家", "お茶🍵"])
def test_what_cp932_lacks_follows_the_profiles_policy(text: str) -> None:
    replaced = line(CP932, value=text)
    skipped = line(CP932, value=text, unencodable="skip")

    assert "〓" in replaced.cells[0]
    assert replaced.changes == ["unencodable"]
    assert skipped.refused == "x:unencodable"
    with pytest.raises(Unencodable, match="column x"):
        line(CP932, value=text, unencodable="fail")


def test_an_exact_cell_is_never_replaced_by_another_sign() -> None:
    assert line(CP932, type_="url", value="https://a.example/🍵").refused == "x:unencodable"
    assert line(CP932, type_="url", value="https://a.example/〜").refused == "x:unencodable"


def test_text_is_cut_at_a_character_and_a_link_never(shop: SmallShop) -> None:
    cut = line(UTF8, value="茶" * 10, max_bytes_per_cell=16)

    assert cut.cells == ("茶" * 5,)
    assert cut.changes == ["cut"]
    link = line(UTF8, type_="url", value="https://a.example/long", max_bytes_per_cell=16)
    assert link.refused == "x:too_long"


@pytest.mark.parametrize(("address", "leaves"), [
    (" a@example.jp ", "a@example.jp"), ("ａ@example.jp", "a@example.jp"),
    ("a.b+c@ex-ample.co.jp", "a.b+c@ex-ample.co.jp"), ("a@日本.jp", "a@日本.jp"),
    ("=a@example.jp", None), ("+a@example.jp", None), ("a@b", None), ("a b@example.jp", None),
    ('a"@example.jp', None), ("a@example..jp", None), ("a,b@example.jp", None), (None, None),
    ("a\r\n@example.jp", None), ("a" * 65 + "@example.jp", None),
])  # fmt: skip
def test_only_an_address_a_mailer_takes_may_leave(address: str | None, leaves: str | None) -> None:
    assert cells.deliverable(address) == leaves


def test_a_forged_name_makes_no_second_row(shop: SmallShop) -> None:
    shop.publish([Person("s:1", "a@example.jp", name='x","y"\r\n"evil@example.jp","z')])

    (batch,) = shop.send().batches

    assert batch.file is not None
    rows = list(csv.reader(io.StringIO(batch.file.read_bytes().decode(), newline="")))
    assert len(rows) == 2
    assert len(rows[0]) == len(rows[1])
    assert rows[1][1] == 'x","y" "evil@example.jp","z'


@pytest.mark.parametrize(("changed", "cell"), [
    # Read as two lines, as a second column, as a quote that never ends.
    ({"quoting": "none", "newline": "\n"}, "x\rforged"), ({"quoting": "none"}, "x,forged"),
    ({"quoting": "none"}, '"x'), ({"encoding": "cp932"}, "〜"),
])  # fmt: skip
def test_bytes_that_read_as_other_cells_are_never_sealed(
    changed: dict[str, object], cell: str
) -> None:
    columns = [ProfileColumn.model_validate({"label": n, "from": n}) for n in ("a", "b")]
    layout = Layout.of(UTF8.model_copy(update=changed), columns)

    with pytest.raises((FileNotFaithful, UnicodeEncodeError)):
        files_bytes(layout, [("plain", "plain"), (cell, "plain")])


SIGNS = [
    "", "a", '"', '""', '"a', 'a"b', ",", ";", "\t", " ", "a,b", "\r", "\n", "\r\n", "\ufeff", "茶", "#c",
    "0", "\\", "'", "\u2028", "NULL", "=1", "x" * 50,
]  # fmt: skip


@pytest.mark.parametrize("quoting", ["minimal", "all", "none"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
@pytest.mark.parametrize("width", [1, 3])
def test_every_mixture_of_signs_is_written_as_by_the_csv_module_or_refused(
    quoting: str, encoding: str, width: int
) -> None:
    seed = random.Random(f"{quoting}{encoding}{width}")
    codec = encoding.removesuffix("-sig")
    for delimiter, newline in itertools.product(",\t;", ["\r\n", "\n"]):
        columns = [
            ProfileColumn.model_validate({"label": f"c{n}", "from": "x"}) for n in range(width)
        ]
        changed = {"quoting": quoting, "encoding": encoding, "delimiter": delimiter}
        layout = Layout.of(UTF8.model_copy(update={**changed, "newline": newline}), columns)
        how = {"delimiter": delimiter, "quoting": getattr(csv, f"QUOTE_{quoting.upper()}")}
        for _ in range(30):
            rows = [tuple(seed.choices(SIGNS, k=width)) for _ in range(seed.randint(1, 6))]
            try:
                written = io.StringIO(newline="")
                csv.writer(written, lineterminator=newline, **how).writerows([layout.labels, *rows])
                again = csv.reader(io.StringIO(written.getvalue(), newline=""), strict=True, **how)
                is_faithful = [tuple(row) for row in again][1:] == rows
                expected = written.getvalue().encode(codec) if is_faithful else None
            except (csv.Error, UnicodeEncodeError):
                expected = None
            if expected is None:
                with pytest.raises((FileNotFaithful, UnicodeEncodeError)):
                    files_bytes(layout, rows)
            else:
                mark = codecs.BOM_UTF8 if encoding == "utf-8-sig" else b""
                assert files_bytes(layout, rows) == (mark + expected,)


def test_an_unencodable_row_is_left_out_before_it_is_claimed(tmp_path: Path) -> None:
    shop = small_shop(tmp_path)
    bad = Person("s:🍵", "b@example.jp")
    shop.publish([Person("s:1", "a@example.jp"), bad])

    outcome = shop.send(destination="sjis")

    # The cart link of the second person carries a sign cp932 lacks; links are never altered.
    assert outcome.counts["cart_recovery/1/email"] == {"handed_over": 1, "unencodable": 1}
    claims = exports.ledger_tables(shop.home, shop.shop)["export_claims"]
    assert claims.height == 1


def test_a_cp932_file_reads_as_windows_would(shop: SmallShop) -> None:
    shop.publish([Person("s:1", "a@example.jp", name="髙橋 〜花子〜", item="𠮷野の茶")])

    (batch,) = shop.send(destination="sjis").batches

    assert batch.file is not None
    assert batch.manifest is not None
    text = batch.file.read_bytes().decode("cp932")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert rows[0]["メールアドレス"] == "a@example.jp"
    assert rows[0]["氏名"] == "髙橋 ～花子～"
    assert rows[0]["item_1_name"] == "〓野の茶"
    changes = json.loads(batch.manifest.read_text())["layout"]["changes"]
    assert changes == {"item_1_name:unencodable": 1}


def test_listmonk_reads_its_three_columns(shop: SmallShop) -> None:
    shop.publish([Person("s:1", "a@example.jp", name='山田 "花" 子, 様', item="緑茶")])

    (batch,) = shop.send(destination="listmonk").batches

    assert batch.file is not None
    text = batch.file.read_bytes().decode("utf-8")
    (row,) = csv.DictReader(io.StringIO(text, newline=""))
    assert list(row) == ["email", "name", "attributes"]
    assert row["name"] == '山田 "花" 子, 様'
    attributes = json.loads(row["attributes"])
    assert attributes["item_1_name"] == "緑茶"
    assert attributes["item_1_price"] == "15003"
    assert attributes["batch_id"] == batch.batch_id
    assert "person_id" not in attributes
    assert "arm_key" not in attributes


def test_a_file_for_people_opens_as_utf8_in_excel(shop: SmallShop) -> None:
    shop.publish([Person("s:1", "a@example.jp", name="=cmd|' /C calc'!A0")])

    (batch,) = shop.send(destination="excel").batches

    assert batch.file is not None
    data = batch.file.read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    (row,) = csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    assert row["name"].startswith("'=cmd")
    assert row["phone"] == "'+81-90-0000-0000"
    assert row["postal_code"] == "001-0001"


def test_instants_are_written_in_the_shops_zone(shop: SmallShop) -> None:
    found = line(UTF8, type_="instant", value=NOW - timedelta(hours=11))

    assert found.cells == ("2026-11-10T01:00:00+09:00",)


def test_a_profile_cuts_a_large_file_into_parts(
    shop: SmallShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = UTF8.model_copy(update={"max_rows_per_file": 2})
    monkeypatch.setattr("pipelines.exports.rules.load_profile", lambda key: small)
    held = Person("s:h", "h@example.jp", arm="holdout", is_held_out=True)
    shop.publish([*[Person(f"s:{n}", f"u{n}@example.jp") for n in range(5)], held])

    outcome = shop.send()

    (batch,) = outcome.batches
    assert batch.rows == 5
    assert batch.manifest is not None
    manifest = json.loads(batch.manifest.read_text())
    assert [file["rows"] for file in manifest["files"]] == [2, 2, 1]
    assert [Path(file).name for file in batch.files] == [
        f"{batch.batch_id}-r0.csv", f"{batch.batch_id}-r0-p2.csv", f"{batch.batch_id}-r0-p3.csv",
    ]  # fmt: skip
    found = []
    for listed, file in zip(manifest["files"], batch.files, strict=True):
        data = Path(file).read_bytes()
        assert hashlib.sha256(data).hexdigest() == listed["sha256"]
        assert len(data) == listed["nbytes"]
        rows = list(csv.DictReader(io.StringIO(data.decode(), newline="")))
        found += [row["email"] for row in rows]
    assert sorted(found) == [f"u{n}@example.jp" for n in range(5)]
    whole = b"".join(Path(file).read_bytes() for file in batch.files)
    assert hashlib.sha256(whole).hexdigest() == batch.sha256


def test_equal_cells_are_equal_bytes_whatever_the_order_of_reading(tmp_path: Path) -> None:
    some = [Person(f"s:{n}", f"u{n}@example.jp") for n in range(9)]
    files = []
    for name, order in (("a", some), ("b", some[::-1])):
        shop = small_shop(tmp_path / name)
        shop.publish(order)
        (batch,) = shop.run(shop.ask(slot="tick")).batches
        assert batch.file is not None
        files.append(batch.file.read_bytes())

    assert files[0] == files[1]


def test_a_changed_recipient_changes_the_file(tmp_path: Path) -> None:
    files = []
    for name, person in (
        ("a", Person("s:1", "a@example.jp")),
        ("b", Person("s:1", "b@example.jp")),
    ):
        shop = small_shop(tmp_path / name)
        shop.publish([replace(person, occurrence="cart")])
        (batch,) = shop.run(shop.ask(slot="tick")).batches
        assert batch.file is not None
        files.append(batch.file.read_bytes())

    assert files[0] != files[1]


@pytest.mark.parametrize("address", [
    "foo..bar@docomo.ne.jp", "foo.@docomo.ne.jp", ".foo@docomo.ne.jp", "a...b@ezweb.ne.jp",
])  # fmt: skip
def test_a_carriers_address_with_stray_dots_leaves_where_the_importer_takes_it(
    address: str,
) -> None:
    strict = line(UTF8, type_="email", value=address, address_rule="rfc")
    loose = line(UTF8, type_="email", value=address, address_rule="loose")

    assert cells.deliverable(address) == address
    assert strict.refused == "x:stray_dot"
    assert reason_of(strict.refused) == "address_refused"
    assert (loose.cells, loose.refused) == ((address,), None)


def test_dots_in_their_place_are_no_stray_ones() -> None:
    assert (
        line(UTF8, type_="email", value="a.b.c@ex-ample.co.jp", address_rule="rfc").refused is None
    )


def test_every_reason_has_words_on_the_terminal_and_on_the_screen() -> None:
    for reason in ORDER:
        assert reason in export_words.REASONS
        assert f"reason.{reason}" in PAIRS
    assert {*REASON_OF.values()} <= {*ORDER}
