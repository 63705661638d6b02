"""Broken input, kind by kind: refused with a way out, or rejected with a count. None is silent."""

import gzip
import hashlib
import io
import json
import os
import random
import zipfile
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from pipelines.shop import load_shop
from pipelines.sources import FileRefused, extract_file, files_of, identity, sandbox
from pipelines.sources.files import Caps, open_file
from pipelines.sources.model import Read
from pipelines.sources.text import read_delimited
from tests.sources.reading import (
    assert_conserved,
    batch,
    mapping_of,
    read_bytes,
    read_file,
    rejected,
    rows,
)

ORDERS = """
key: orders
system: t
title: {ja: t, en: t}
read: {format: FORMAT}
tables:
  - table: orders
    columns:
      order_id: {id: id}
      order_number: name
      is_guest: {const: true}
      email: email
      ordered_at: at
      ordered_precision: {const: instant}
      source_status: {const: paid}
      currency: {const: JPY}
      refunded_amount: {const: 0}
      total_amount: amount
"""


def orders(form: str = "csv"):
    return mapping_of(ORDERS.replace("FORMAT", form))


HEADER = "id,email,at,amount,name\n"
GOOD = "1,a@x.jp,2026-05-14 10:00:00,100,山田\n2,b@x.jp,2026-05-14 11:00:00,256160,髙﨑①㈱\n"
PLAIN = (HEADER + GOOD).encode()


def packed(content: bytes) -> bytes:
    return gzip.compress(content)


def zipped(*contents: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, content in enumerate(contents):
            archive.writestr(f"part{number}.csv", content)
    return buffer.getvalue()


REFUSED = {
    "empty file": (b"", "f.csv", "empty"),
    "archive of an empty file": (packed(b""), "f.csv.gz", "empty file"),
    "cp932 declared as utf-8": (PLAIN.decode().encode("cp932"), "f.csv", "not utf-8"),
    "utf-16 without declaration": (PLAIN.decode().encode("utf-16"), "f.csv", "UTF-16"),
    "NUL in the text": (PLAIN.replace(b"a@x", b"a\x00x"), "f.csv", "NUL"),
    "sep= line": (b"sep=,\n" + PLAIN, "f.csv", "sep="),
    "CR-only line ends": (PLAIN.replace(b"\n", b"\r"), "f.csv", "CR only"),
    "unbalanced quote": (PLAIN.replace(b"100", b'"100'), "f.csv", "quotation"),
    "text after a closed quote": (PLAIN.replace(b"100", b'"1"00'), "f.csv", "quotation"),
    "cell of 5 MB": (PLAIN.replace(b"100", b"1" * 5_000_000), "f.csv", "longer than any cell"),
    "doubled header in use": (
        PLAIN.replace(b"at,amount,name", b"at,amount,email"), "f.csv", "twice",
    ),
    "wrong delimiter": (PLAIN.replace(b",", b";"), "f.csv", "headers are missing"),
    "mostly ragged rows": (
        (HEADER + "1,2\n" * 3).encode(), "f.csv", "another number of cells",
    ),
    "truncated gz": (packed(PLAIN * 400)[:-200], "f.csv.gz", "cut or damaged"),
    "gz with flipped bytes": (
        packed(PLAIN)[:30] + b"\xff\x00\xff" + packed(PLAIN)[33:], "f.csv.gz", "cut or damaged",
    ),
    "truncated zip": (zipped(PLAIN)[:-30], "f.zip", "cut or damaged"),
    "zip of two files": (zipped(PLAIN, PLAIN), "f.zip", "holds 2 files"),
    "gz bomb": (packed(b"x" * 40_000_000), "f.csv.gz", "expands to more"),
    "zip bomb": (zipped(b"x" * 40_000_000), "f.zip", "expands to more"),
}  # fmt: skip


@pytest.mark.parametrize("kind", REFUSED)
def test_a_file_that_cannot_be_trusted_is_refused_whole_and_says_what_to_do(kind, tmp_path):
    content, name, says = REFUSED[kind]
    encoding = "utf-8" if "utf-8" in kind else None

    with pytest.raises(FileRefused, match=says) as refusal:
        read_bytes(tmp_path, content, orders(), name=name, encoding=encoding)

    assert refusal.value.what_to_do
    assert "a@x.jp" not in str(refusal.value)


REJECTED = {
    "short row": (PLAIN + b"3,c@x.jp\n", [(4, "ragged_row", None)]),
    "long row": (PLAIN + b"3,c@x.jp,2026-05-14 12:00:00,1,x,y\n", [(4, "ragged_row", None)]),
    "cut in the last row": (
        PLAIN + b"3,c@x.jp,2026-05-14 12:0", [(4, "truncated_row", None)],
    ),
    "last amount may be cut": (
        PLAIN + b"3,c@x.jp,2026-05-14 12:00:00,2561,na", [(4, "no_final_newline", None)],
    ),
    "amount in words": (
        PLAIN + "3,c@x.jp,2026-05-14 12:00:00,百円,x\n".encode(),
        [(4, "bad_number", "total_amount")],
    ),
    "impossible date": (
        PLAIN + b"3,c@x.jp,2026-02-30 12:00:00,5,x\n", [(4, "bad_date", "ordered_at")],
    ),
    "year 9999": (
        PLAIN + b"3,c@x.jp,9999-01-01 00:00:00,5,x\n", [(4, "out_of_range", "ordered_at")],
    ),
    "no id": (
        PLAIN + b",c@x.jp,2026-05-14 12:00:00,5,x\n", [(4, "missing_required", "order_id")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", REJECTED)
def test_a_bad_row_is_rejected_with_its_number_and_the_others_are_taken(kind, tmp_path):
    content, expected = REJECTED[kind]

    extract = read_bytes(tmp_path, content, orders())

    assert rejected(extract, "orders") == expected
    assert batch(extract, "orders").frame.height == 2
    assert batch(extract, "orders").rows_read == 3
    assert_conserved(extract)


def test_row_numbers_are_those_of_an_editor_even_behind_line_breaks_in_quotes(tmp_path):
    content = PLAIN + b'3,c@x.jp,2026-05-14 12:00:00,1,"two\nlines"\n\n4,d@x.jp,never,1,x\n'

    extract = read_bytes(tmp_path, content, orders())

    assert rows(extract, "orders", "row_no") == [(2,), (3,), (4,)]
    assert rejected(extract, "orders") == [(7, "bad_date", "ordered_at")]
    assert rows(extract, "orders", "order_number")[2] == ("two lines",)


def test_rejected_values_are_shown_by_shape_only(tmp_path):
    content = PLAIN + "3,canary@x.jp,昨日 12時,5,山田\n".encode()

    told = batch(read_bytes(tmp_path, content, orders()), "orders").rejects.row(0, named=True)

    assert told["value_masked"] == "xx 99x"
    assert "canary" not in told["raw_masked"]
    assert "山田" not in told["raw_masked"]


READABLE = {
    "utf-8": (PLAIN, "f.csv", {}, "utf-8"),
    "utf-8 with BOM": (b"\xef\xbb\xbf" + PLAIN, "f.csv", {}, "utf-8"),
    "cp932 by auto": (PLAIN.decode().encode("cp932"), "f.csv", {}, "cp932"),
    "cp932 declared": (PLAIN.decode().encode("cp932"), "f.csv", {"encoding": "cp932"}, "cp932"),
    "utf-16 declared": (PLAIN.decode().encode("utf-16"), "f.csv", {"encoding": "utf-16"}, "utf-16"),
    "CRLF": (PLAIN.replace(b"\n", b"\r\n"), "f.csv", {}, "utf-8"),
    "semicolons": (PLAIN.replace(b",", b";"), "f.csv", {"delimiter": ";"}, "utf-8"),
    "gz": (packed(PLAIN), "f.csv.gz", {}, "utf-8"),
    "zip": (zipped(PLAIN), "f.zip", {}, "utf-8"),
    "headers in other order": (
        "name,amount,at,email,id,surplus\n"
        "山田,100,2026-05-14 10:00:00,a@x.jp,1,?\n"
        "髙﨑①㈱,256160,2026-05-14 11:00:00,b@x.jp,2,?\n".encode(), "f.csv", {}, "utf-8",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", READABLE)
def test_every_supported_dress_of_a_file_gives_the_same_rows(kind, tmp_path):
    content, name, options, encoding = READABLE[kind]

    extract = read_bytes(tmp_path, content, orders(), name=name, **options)

    assert extract.encoding == encoding
    assert extract.rows_raw == 2
    assert extract.sha256 == hashlib.sha256(content).hexdigest()
    assert extract.nbytes == len(content)
    assert [(i, n, str(a)) for i, n, a in rows(extract, "orders", "order_id", "order_number", "total_amount")] == [
        ("t:1", "山田", "100.0000"),
        ("t:2", "髙﨑①㈱", "256160.0000"),
    ]  # fmt: skip


def test_two_encodings_in_one_file_are_refused_instead_of_guessed(tmp_path):
    mixed = PLAIN * 3 + "9,z@x.jp,2026-05-14 10:00:00,1,髙\n".encode("cp932")

    with pytest.raises(FileRefused, match="mixes UTF-8"):
        read_bytes(tmp_path, mixed, orders())


def test_leading_zeros_stay(tmp_path):
    extract = read_bytes(tmp_path, PLAIN.replace(b"1,a@", b"007,a@"), orders())

    assert rows(extract, "orders", "order_id")[0] == ("t:007",)


def test_header_alone_gives_no_rows_and_no_error(tmp_path):
    extract = read_bytes(tmp_path, HEADER.encode(), orders())

    assert extract.rows_raw == 0
    assert batch(extract, "orders").rows_read == 0


def test_a_missing_final_newline_may_be_declared_harmless(tmp_path):
    text = ORDERS.replace("FORMAT", "csv, final_newline: optional")

    extract = read_bytes(tmp_path, PLAIN.rstrip(b"\n"), mapping_of(text))

    assert batch(extract, "orders").frame.height == 2


def test_json_and_ndjson_keep_numbers_as_written_and_reject_what_is_no_object(tmp_path):
    first = {"id": "1", "at": "2026-05-14T10:00:00Z", "amount": 100, "email": "a@x.jp"}
    lines = (
        json.dumps(first) + '\n{"id":"2","at":"2026-05-14T10:00:00Z","amount":0.10}\n[1]\n{"id"\n'
    )

    array = read_bytes(tmp_path, json.dumps([first]).encode(), orders("json"), name="a.json")
    extract = read_bytes(tmp_path, lines.encode(), orders("ndjson"), name="b.ndjson")

    assert [str(a) for (a,) in rows(array, "orders", "total_amount")] == ["100.0000"]
    assert [str(a) for (a,) in rows(extract, "orders", "total_amount")] == ["100.0000", "0.1000"]
    assert rejected(extract, "orders") == [(3, "bad_json", None), (4, "bad_json", None)]
    assert_conserved(extract)


@pytest.mark.parametrize(
    "content",
    [b'[{"id": 1', b'{"a": 1}', b'[{"id": 1, "id": 2}]', b"[" * 200_000, b"[1, 2"],
    ids=["cut", "no array", "a key twice", "endless depth", "cut numbers"],
)
def test_json_that_is_not_whole_is_refused(content, tmp_path):
    text = ORDERS.replace("FORMAT", "json, records: orders") if content == b'{"a": 1}' else None
    mapping = mapping_of(text) if text else orders("json")

    with pytest.raises(FileRefused):
        read_bytes(tmp_path, content, mapping, name="a.json")


def test_excel_cells_come_as_text_and_a_cut_workbook_is_refused(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["id", "email", "at", "amount", "name"])
    book.active.append(["007", "a@x.jp", "2026-05-14 10:00:00", 100, "山田"])
    book.save(tmp_path / "f.xlsx")

    extract = read_file(tmp_path / "f.xlsx", orders("excel"))

    assert rows(extract, "orders", "order_id", "row_no") == [("t:007", 2)]
    whole = (tmp_path / "f.xlsx").read_bytes()
    with pytest.raises(FileRefused, match="cut or damaged"):
        read_bytes(tmp_path, whole[:-400], orders("excel"), name="g.xlsx")


def parquet_bytes() -> bytes:
    frame = pl.DataFrame(
        {
            "id": [str(n) for n in range(500)],
            "email": [f"p{n}@x.jp" for n in range(500)],
            "at": ["2026-05-14 10:00:00"] * 500,
            "amount": range(500),
            "who": [{"name": f"人{n}"} for n in range(500)],
        }
    )
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue()


def test_parquet_comes_as_text_with_dotted_headers(tmp_path):
    mapping = mapping_of(ORDERS.replace("FORMAT", "parquet").replace(": name", ": who.name"))

    extract = read_bytes(tmp_path, parquet_bytes(), mapping, name="f.parquet")

    assert rows(extract, "orders", "order_id", "order_number")[7] == ("t:7", "人7")


def test_a_cut_parquet_file_is_refused(tmp_path):
    with pytest.raises(FileRefused, match="cut or damaged"):
        read_bytes(tmp_path, parquet_bytes()[:-100], orders("parquet"), name="f.parquet")


def test_flipped_bytes_in_parquet_are_found_by_the_checksum_beside_it(tmp_path):
    """Parquet has no checksum of its own that every writer makes: the file beside it is one."""
    whole, dice = parquet_bytes(), random.Random(26)
    (tmp_path / "f.parquet.sha256").write_text(f"{hashlib.sha256(whole).hexdigest()}  f.parquet\n")

    for _ in range(60):
        place = dice.randrange(len(whole) - 8)
        flipped = bytes(b ^ 0xFF for b in whole[place : place + 8])
        with pytest.raises(FileRefused, match="is not what"):
            read_bytes(
                tmp_path,
                whole[:place] + flipped + whole[place + 8 :],
                orders("parquet"),
                name="f.parquet",
            )


def test_links_pipes_and_folders_are_refused_without_being_opened(tmp_path):
    (tmp_path / "real.csv").write_bytes(PLAIN)
    (tmp_path / "link.csv").symlink_to(tmp_path / "real.csv")
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "folder.csv").mkdir()

    for name, says in (("link", "symbolic"), ("pipe", "regular"), ("folder", "regular")):
        with pytest.raises(FileRefused, match=says):
            read_file(tmp_path / f"{name}.csv", orders())


def test_caps_hold_for_rows_and_columns(tmp_path):
    read = Read.model_validate({"format": "csv"})
    path = tmp_path / "wide.csv"
    path.write_text(",".join(f"c{n}" for n in range(30)) + "\n")
    with pytest.raises(FileRefused, match="30 columns"):
        read_delimited(open_file(path), read, caps=Caps(columns=20))
    path.write_text("a\n" + "1\n" * 100_001)
    with pytest.raises(FileRefused, match="over 60,000 rows"):
        read_delimited(open_file(path), read, caps=Caps(rows=60_000))
    with pytest.raises(FileRefused, match="over 1,000 bytes"):
        open_file(path, caps=Caps(stored=1_000))


def test_names_with_glob_characters_are_read_literally(tmp_path):
    for name, number in (("a[1].csv", 1), ("a1.csv", 2), ("x*.csv", 3), ("xy.csv", 4)):
        content = HEADER + f"{number},a@x.jp,2026-05-14 10:00:00,100,n\n"
        (tmp_path / name).write_text(content)
    listed = ["a[1].csv", "x*.csv", "a*.csv", "none*.csv"]
    sources = "".join(
        f'  - {{key: s{i}, files: "{f}", mapping: generic_orders_csv}}\n'
        for i, f in enumerate(listed)
    )
    (tmp_path / "shop.yml").write_text(f"id: t\nname: t\nsources:\n{sources}")
    shop = load_shop(tmp_path / "shop.yml")

    found = [[p.name for p in files_of(shop, source)] for source in shop.sources]

    assert found == [["a[1].csv"], ["x*.csv"], ["a1.csv", "a[1].csv"], []]
    extract = read_file(tmp_path / "x*.csv", orders())
    assert rows(extract, "orders", "order_id") == [("t:3",)]


def test_fixed_width_blanks_and_patterns_all_give_cells(tmp_path):
    ways = {
        "whitespace: true, header: true": " id   at        amount\n 001 20260514   11.50\n",
        "fields: [{name: id, start: 1, width: 3}, {name: at, start: 4, width: 8}, {name: amount, start: 12, width: 6}]": "00120260514 11.50\n",
        r"pattern: '^(?P<id>\d+) \[(?P<at>\d+)\] (?P<amount>\S+)$'": "001 [20260514] 11.50\n",
    }
    for how, text in ways.items():
        mapping = mapping_of(
            ORDERS.replace("FORMAT", f"fixed, {how}")
            .replace("ordered_at: at", 'ordered_at: {from: at, formats: ["%Y%m%d"]}')
        )  # fmt: skip

        extract = read_bytes(tmp_path, text.encode(), mapping, name="f.txt")

        assert [(i, str(a), t.isoformat()) for i, a, t in rows(extract, "orders", "order_id", "total_amount", "ordered_at")] == [
            ("t:001", "11.5000", "2026-05-13T15:00:00")
        ]  # fmt: skip


def test_reading_again_gives_the_same_extract_and_another_mapping_another_version(tmp_path):
    path = Path(tmp_path / "f.csv")
    path.write_bytes(PLAIN)

    first, second = read_file(path, orders()), read_file(path, orders())
    other = read_file(path, orders(), zone="UTC")

    assert first.mapping_version == second.mapping_version != other.mapping_version
    assert first.batches[0].frame.equals(second.batches[0].frame)


def test_a_file_is_known_again_without_reading_its_rows(tmp_path):
    (tmp_path / "shop.yml").write_text(
        "id: t\nname: t\ntimezone: Europe/Berlin\ncurrency: EUR\n"
        "sources:\n  - {key: s, files: f.csv.gz, mapping: generic_orders_csv, zone: UTC}\n"
    )
    shop = load_shop(tmp_path / "shop.yml")
    path = tmp_path / "f.csv.gz"
    path.write_bytes(packed(b"order_id,ordered_at,total_amount\n1,2026-05-14 10:00:00,5\n"))

    extract = extract_file(path, shop.sources[0], zone=shop.timezone, currency=shop.currency)

    assert identity(path, shop.sources[0], shop=shop) == (extract.sha256, extract.mapping_version)


def test_a_csv_cut_anywhere_never_gives_a_row_that_was_not_in_it(tmp_path):
    """Every byte length of one file: refused, or only whole rows of the whole file are taken."""
    columns = ("order_id", "email", "ordered_at", "total_amount", "order_number")
    whole = set(rows(read_bytes(tmp_path, PLAIN, orders()), "orders", *columns))

    taken = refused = 0
    for length in range(len(PLAIN)):
        try:
            extract = read_bytes(tmp_path, PLAIN[:length], orders())
        except FileRefused:
            refused += 1
            continue
        assert set(rows(extract, "orders", *columns)) <= whole
        assert_conserved(extract)
        taken += batch(extract, "orders").frame.height

    # At least every cut within the header.
    assert refused >= len(HEADER)
    assert taken > 0


def test_a_json_document_of_one_long_line_is_no_endless_line(tmp_path):
    event = {"id": "1", "at": "2026-05-14T10:00:00Z", "amount": 1, "note": "x" * 900_000}
    content = json.dumps([event | {"id": str(n)} for n in range(20)]).encode()

    extract = read_bytes(tmp_path, content, orders("json"), name="a.json")

    assert batch(extract, "orders").frame.height == 20


@pytest.mark.parametrize("note", ["x" * 1_000_001, "a\x00b"], ids=["too long", "NUL"])
@pytest.mark.parametrize("form", ["json", "parquet"])
def test_wild_cells_are_refused_in_every_format(form, note, tmp_path):
    record = {"id": "1", "at": "2026-05-14T10:00:00Z", "amount": "1", "name": note}
    buffer = io.BytesIO(json.dumps([record]).encode())
    if form == "parquet":
        pl.DataFrame([record]).write_parquet(buffer := io.BytesIO())

    with pytest.raises(FileRefused, match=r"name: (a cell is longer|it holds NUL)"):
        read_bytes(tmp_path, buffer.getvalue(), orders(form), name=f"f.{form}")


def test_a_parser_that_dies_takes_nobody_with_it(tmp_path, monkeypatch):
    """The child is given a hundredth of a second, in which nothing can be read."""
    monkeypatch.setattr(sandbox, "_SECONDS", 0.01)

    with pytest.raises(FileRefused, match="more memory or time"):
        read_bytes(tmp_path, parquet_bytes(), orders("parquet"), name="f.parquet")
