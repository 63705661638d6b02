"""Nested JSON: arrays become rows, and what a stranger writes wrongly is told, not raised."""

import shutil
from pathlib import Path

import pytest

from pipelines.sources import MappingBroken, load_mapping, losses, read_mapping
from pipelines.sources.documents import parse_json
from tests.sources.reading import (
    assert_conserved,
    batch,
    mapping_of,
    read_bytes,
    rejected,
    rows,
    utc,
)

OTTO = Path(__file__).parents[2] / "examples" / "otto"
VISITS = b"""{"session": 7, "events": [{"aid": 1, "ts": 1659304800025, "type": "clicks"},\
 {"aid": 1, "ts": 1659304900000, "type": "orders"}, {"aid": 2, "ts": 1659304900000, "type": "orders"}]}
{"session": 8, "events": []}
"""
TOP = "key: m\nsystem: sys\ntitle: {ja: t, en: t}\nread: {format: ndjson}\n"
EVENT = """    columns:
      event_id: {id: [session, events.ts]}
      event_name: {const: Page Viewed}
      occurred_at: {from: events.ts, formats: [unix_ms]}
      is_bot: {const: false}
      product_name: events.type
"""


def events(shape: str, *, top: str = "", entry: str = "", more: str = ""):
    """A mapping of one table, events, with these steps after `explode`."""
    steps = f"    shape:\n      - explode: {{path: events}}\n{shape}"
    return mapping_of(f"{TOP}{top}tables:\n  - table: events\n{entry}{steps}{EVENT}{more}")


def test_the_otto_example_gives_orders_without_amounts_and_their_lines(tmp_path):
    extract = read_bytes(tmp_path, VISITS, load_mapping("events.yml", OTTO), name="f.jsonl")

    assert rows(extract, "orders", "order_id", "customer_id", "goods_amount", "row_no") == [
        ("otto:7:1659304900000", "otto:7", None, 1)
    ]
    assert rows(extract, "order_items", "order_item_id", "line_no", "line_amount") == [
        ("otto:7:1659304900000:1", 1, None), ("otto:7:1659304900000:2", 2, None),
    ]  # fmt: skip
    assert rows(extract, "events", "occurred_at")[0] == (utc("2022-07-31T22:00:00.025"),)
    assert {b.table: b.frame.height for b in extract.batches} == {
        "events": 3, "orders": 1, "order_items": 2, "customers": 2,
    }  # fmt: skip
    left_out = [n.rows for n in batch(extract, "orders").notes if n.reason == "not_this_table"]
    assert left_out == [1]
    assert losses(extract) == ()
    assert_conserved(extract)


GROUP = "      - group: {by: [session, events.ts], agg: {last: {max: '\"events.type\"'}}}\n"


@pytest.mark.parametrize(
    ("shape", "content"),
    [
        (GROUP, b'{"session": 7, "events": []}\n'),
        ('      - where: "\\"events.type\\" = \'none\'"\n' + GROUP, VISITS),
        ("      - derive: {by: events.ts}\n", b'{"session": 7, "events": null}\n'),
        ("      - count_up: {by: events.aid, as: turn}\n", b'{"session": 7}\n'),
        ("      - distinct: {by: [events.gone]}\n" + GROUP, b'{"session": 7, "events": []}\n'),
    ],
)
def test_steps_after_an_explode_that_gives_no_row_give_none_and_it_is_told(
    shape, content, tmp_path
):
    extract = read_bytes(tmp_path, content, events(shape), name="f.jsonl")

    assert batch(extract, "events").rows_read == 0
    [told] = losses(extract)
    assert (told.kind, told.table) == ("no_rows", "events")


def test_fields_of_elements_are_read_like_other_cells_and_answer_to_aliases(tmp_path):
    content = b'{"session": 7, "events": [{"time": 1659304800025, "type": "  ", "n": "x"}]}\n'
    mapping = events("", top="aliases: {events.ts: [events.time]}\n")

    extract = read_bytes(tmp_path, content, mapping, name="f.jsonl")

    # Blanks are nothing, as they are in a cell of a CSV.
    assert rows(extract, "events", "event_id", "product_name") == [("sys:7:1659304800025", None)]


def test_numbers_of_exploded_fields_can_be_summed_and_a_bad_one_rejects_its_group(tmp_path):
    content = b"""{"session": 7, "events": [{"ts": 1659304800000, "p": 1.5}, {"ts": 1659304800000, "p": 2}]}
{"session": 8, "events": [{"ts": 1659304800000, "p": "free"}]}
"""
    group = "      - group: {by: [session, events.ts], agg: {worth: {sum: '\"events.p\"'}}}\n"
    mapping = events(group, entry="    numbers: [events.p]\n", more="      value_amount: worth\n")

    extract = read_bytes(tmp_path, content, mapping, name="f.jsonl")

    assert [str(v) for (v,) in rows(extract, "events", "value_amount")] == ["3.5000"]
    assert rejected(extract, "events") == [(2, "bad_number", "events.p")]


def test_unix_seconds_on_milliseconds_are_out_of_range_and_the_loss_is_told(tmp_path):
    mapping = events("").model_dump(mode="json", by_alias=True, exclude_unset=True)
    mapping["tables"][0]["columns"]["occurred_at"]["formats"] = ["unix_s"]

    extract = read_bytes(tmp_path, VISITS, type(events("")).model_validate(mapping), name="f.jsonl")

    assert rejected(extract, "events")[0] == (1, "out_of_range", "occurred_at")
    [told] = losses(extract)
    assert (told.kind, told.rows, told.of_rows) == ("mostly_rejected", 3, 3)
    assert (told.reason, told.column) == ("out_of_range", "occurred_at")


UNQUOTED = {
    "where": ("where: events.type = 'orders'", "where"),
    "step": ("shape: [{where: events.type = 'orders'}]", "shape.0.where"),
    "sum": ("shape: [{group: {by: [session], agg: {n: {max: events.ts}}}}]", "agg.n.max"),
    "count": ("shape: [{group: {by: [session], agg: {n: {count: events.ts}}}}]", "agg.n.count"),
}


@pytest.mark.parametrize("kind", UNQUOTED)
def test_a_dotted_header_without_quotes_is_told_with_its_place_and_cure(kind, tmp_path):
    line, place = UNQUOTED[kind]
    path = tmp_path / "own.yml"
    path.write_text(
        f"{TOP.replace('key: m', 'key: own')}tables:\n  - table: events\n    {line}\n{EVENT}"
    )

    with pytest.raises(MappingBroken) as told:
        read_mapping(path)

    says = str(told.value)
    assert "own.yml: line 7: tables.events." in says or "own.yml: line 8: tables.events." in says
    assert place in says
    assert 'is written "events.' in says


@pytest.mark.parametrize("where", ["type = orders", "type <> orders", "type in ('a', orders)"])
@pytest.mark.parametrize("as_step", [True, False])
def test_a_text_value_without_quotes_is_told_with_its_cure(where, as_step, tmp_path):
    line = f'      - where: "{where}"\n'
    mapping = events(line) if as_step else events("", entry=f'    where: "{where}"\n')

    with pytest.raises(MappingBroken, match="there is no header `orders`; text values take single"):
        read_bytes(
            tmp_path, b'{"session": 7, "type": "a", "events": []}\n', mapping, name="f.jsonl"
        )


def test_a_header_another_is_compared_with_may_be_absent_when_the_mapping_says_so(tmp_path):
    entry = '    where: "twin is null or session <> twin"\n'

    extract = read_bytes(
        tmp_path, VISITS, events("", top="optional_headers: [twin]\n", entry=entry), name="f.jsonl"
    )

    assert batch(extract, "events").rows_read == 3


def test_sql_that_does_not_fit_the_rows_names_file_and_table(tmp_path):
    mapping = events("      - group: {by: [session], agg: {n: {sum: '\"events.ts\" * 2'}}}\n")

    with pytest.raises(MappingBroken, match=r"m\.yml: tables\.events: .*under `numbers`"):
        read_bytes(tmp_path, VISITS, mapping, name="f.jsonl")


BROKEN = {
    "step": ("    shape: [{explod: {path: events}}]\n", r"line 7: tables\.events\.shape\.0\.explod: "
             r"explod is no key here; there are fill_down, .*where; did you mean explode\?"),
    "second": (f"{EVENT}  - table: events\n    filter: x\n", r"line 14: tables\.events#2\.filter: "
               r"filter is no key here; there are table, optional"),
}  # fmt: skip


@pytest.mark.parametrize("kind", BROKEN)
def test_an_error_names_the_table_its_line_and_the_keys_there_are(kind, tmp_path):
    lines, says = BROKEN[kind]
    path = tmp_path / "own.yml"
    path.write_text(
        f"{TOP.replace('key: m', 'key: own')}tables:\n  - table: events\n{lines}{EVENT}"
    )

    with pytest.raises(MappingBroken, match=says):
        read_mapping(path)


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1, "a": 2}', '{"a" : 1, "a":2}', '{"x": ":", "a": 1, "a": 2}',
        '[{"b": {"a": {"c": 1}, "a": 2}}]', '{"at": "10:00:00", "a": 1, "a": 1}',
        '{"a": "\\": ", "a": 2}',
    ],
)  # fmt: skip
def test_an_object_that_says_a_thing_twice_is_no_json(text):
    with pytest.raises(ValueError):
        parse_json(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": 10.50, "b": 12345678901234567890123}', {"a": "10.50", "b": "12345678901234567890123"}),
        ('{"at": "10:00", "u": "a\\": b", "n": null, "t": true}', {"at": "10:00", "u": 'a": b', "n": None, "t": True}),
        ('[{"": {"": []}}, ":"]', [{"": {"": []}}, ":"]),
    ],
)  # fmt: skip
def test_json_keeps_every_digit_and_colons_in_texts_do_no_harm(text, value):
    assert parse_json(text) == value


def test_a_mapped_amount_that_is_empty_throughout_refuses_the_file(tmp_path):
    shutil.copy(OTTO / "events.yml", tmp_path / "events.yml")
    text = (tmp_path / "events.yml").read_text()
    (tmp_path / "events.yml").write_text(
        text.replace("      source_status: {const: orders}\n",
                     "      source_status: {const: orders}\n      total_amount: events.price\n")
    )  # fmt: skip

    with pytest.raises(Exception, match="no order says what it is worth: total_amount"):
        read_bytes(tmp_path, VISITS, load_mapping("events.yml", tmp_path), name="f.jsonl")
