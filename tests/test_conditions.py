"""A saved segment's conditions: closed columns and operators, bound values, unknown is no answer."""

import datetime as dt
import json
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal

import duckdb
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines import conditions
from pipelines.canonical import TABLES
from pipelines.conditions import BadConditions, Basis, Kind, Operator
from pipelines.conditions.columns import column_of
from pipelines.conditions.tree import MAX_CONDITIONS, MAX_DEPTH
from pipelines.settings import DBT_PROJECT
from tests.asked import COLUMNS, TODAY, Row, fill, one, write

ASKED = dict(zip(COLUMNS, (
    Kind.CHOICE, Kind.TEXT, Kind.WHOLE, Kind.AMOUNT, Kind.MEASURE, Kind.FLAG, Kind.DATE, Kind.FLAG,
), strict=False))  # fmt: skip


def published(rows: Sequence[Row]) -> duckdb.DuckDBPyConnection:
    """A published file in memory, with these persons of shop `tea`."""
    connection = duckdb.connect()
    connection.execute("create table catalogue_models (model_name varchar)")
    connection.execute("insert into catalogue_models values ('seg_winback'), ('dim_persons')")
    write(connection, rows)
    return connection


def met(connection: duckdb.DuckDBPyConnection, document: object) -> set[str]:
    """Persons who meet the conditions."""
    basis = conditions.basis_of(connection)
    found = conditions.checked(document, basis.columns)
    people = conditions.members(connection, found, basis)
    assert conditions.count(connection, found, basis) == len(people)
    return set(people)


@pytest.fixture(scope="module")
def basis() -> Basis:
    return conditions.basis_of(published([]))


# --- the same answer as plain Python -------------------------------------------------------------

NAMES = ["東京都", "京都府", "大阪府", "x'; drop table dim_persons; --", "100%", "_"]
AMOUNTS = st.decimals(-20, 20, places=4) | st.sampled_from([Decimal(0), Decimal("10.5000")])
DATES = st.dates(TODAY - dt.timedelta(days=6), TODAY + dt.timedelta(days=3))
VALUES: Mapping[str, st.SearchStrategy[object]] = {
    "person_kind": st.sampled_from(["member", "guest"]),
    "prefecture": st.sampled_from(NAMES),
    "order_count": st.integers(-3, 3),
    "revenue_amount": AMOUNTS,
    "average_order_amount": AMOUNTS,
    "is_member": st.booleans(),
    "last_ordered_on": DATES,
}


def _column_value(name: str) -> st.SearchStrategy[object]:
    if name == "average_order_amount":
        return VALUES[name].map(float)
    return VALUES[name]


def persons() -> st.SearchStrategy[list[Row]]:
    unknown = {name: st.none() | _column_value(name) for name in VALUES if name != "person_kind"}
    kind = st.sampled_from(["member", "guest", "browser"])
    return st.lists(st.fixed_dictionaries({"person_kind": kind, **unknown}), max_size=6)


@st.composite
def leaves(draw: st.DrawFn) -> dict[str, object]:
    name = draw(st.sampled_from(sorted(VALUES)))
    operator = draw(st.sampled_from(conditions.OPERATORS[ASKED[name]]))
    pick = VALUES[name]
    if operator in (Operator.EMPTY, Operator.NOT_EMPTY):
        return {"column": name, "operator": str(operator)}
    if operator in (Operator.IN, Operator.NOT_IN):
        value: object = draw(st.lists(pick, min_size=1, max_size=3))
    elif operator is Operator.BETWEEN:
        value = sorted(draw(st.tuples(pick, pick)))  # type: ignore[type-var]
    elif operator in (Operator.WITHIN_LAST_DAYS, Operator.NOT_WITHIN_LAST_DAYS):
        value = draw(st.integers(1, 6))
    elif operator in (Operator.CONTAINS, Operator.NOT_CONTAINS, Operator.STARTS_WITH):
        value = draw(st.sampled_from(["京", "東", "都", "%", "_", "'"]))
    else:
        value = draw(pick)
    return {"column": name, "operator": str(operator), "value": value,
            "or_unknown": draw(st.booleans())}  # fmt: skip


TREES = st.recursive(
    leaves(),
    lambda inner: st.builds(
        lambda key, parts: {key: parts},
        st.sampled_from(["all", "any"]), st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=6,
).filter(lambda tree: depth_of(tree) <= MAX_DEPTH)  # fmt: skip


def depth_of(part: Mapping[str, object]) -> int:
    inside = [*part.get("all", []), *part.get("any", [])]  # type: ignore[call-overload]
    return 1 + max(map(depth_of, inside)) if inside else 0


def plainly(part: Mapping[str, object], row: Row) -> bool:
    """The same question, answered without SQL and without the code under test."""
    if "all" in part:
        return all(plainly(one, row) for one in part["all"])  # type: ignore[attr-defined]
    if "any" in part:
        return any(plainly(one, row) for one in part["any"])  # type: ignore[attr-defined]
    have, value = row.get(str(part["column"])), part.get("value")
    if part["operator"] == "empty":
        return have is None
    if part["operator"] == "not_empty":
        return have is not None
    if have is None:
        return bool(part.get("or_unknown"))
    if isinstance(have, float):
        value = [float(v) for v in value] if isinstance(value, list) else float(value)  # type: ignore[arg-type]
    ago = (TODAY - have).days if isinstance(have, dt.date) else 0
    answers = {
        "equals": lambda: have == value,
        "not_equals": lambda: have != value,
        "in": lambda: have in value,
        "not_in": lambda: have not in value,
        "contains": lambda: value in have,
        "not_contains": lambda: value not in have,
        "starts_with": lambda: have.startswith(value),
        "less": lambda: have < value,
        "at_most": lambda: have <= value,
        "more": lambda: have > value,
        "at_least": lambda: have >= value,
        "between": lambda: value[0] <= have <= value[1],
        "before": lambda: have < value,
        "after": lambda: have > value,
        "within_last_days": lambda: 0 <= ago < value,
        "not_within_last_days": lambda: not 0 <= ago < value,
    }
    return bool(answers[str(part["operator"])]())


@pytest.fixture(scope="module")
def file() -> duckdb.DuckDBPyConnection:
    return published([])


@settings(deadline=None, max_examples=300)
@given(rows=persons(), tree=TREES)
def test_every_tree_finds_whom_plain_python_finds(file, rows, tree):
    fill(file, rows)
    expected = {
        f"p{number}"
        for number, row in enumerate(rows)
        if row["person_kind"] != "browser" and plainly(tree, row)
    }

    assert met(file, tree) == expected


@settings(deadline=None)
@given(tree=TREES)
def test_the_document_of_a_tree_is_the_same_tree_and_only_json(basis, tree):
    columns = basis.columns
    first = conditions.checked(tree, columns)

    again = conditions.checked(json.loads(json.dumps(first.document)), columns)

    assert again.document == first.document
    assert again.digest == first.digest
    assert conditions.where_of(again, today=TODAY) == conditions.where_of(first, today=TODAY)


# --- by hand -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("document", "expected"), [
    # Three persons: 2 orders, none, not known.
    (one("order_count", "not_equals", 2), {"p1"}),
    (one("order_count", "not_equals", 2, or_unknown=True), {"p1", "p2"}),
    (one("order_count", "not_in", [2, 3]), {"p1"}),
    (one("order_count", "empty"), {"p2"}),
    ({"any": [one("order_count", "equals", 2), one("order_count", "empty")]}, {"p0", "p2"}),
    # Known here, unknown there: neither "contains" nor its opposite knows p1's prefecture.
    (one("prefecture", "not_contains", "京"), {"p2"}),
    ({"all": []}, {"p0", "p1", "p2"}),
])  # fmt: skip
def test_what_is_not_known_matches_nothing_unless_asked_for(document, expected):
    rows = [
        {"order_count": 2, "prefecture": "東京都"},
        {"order_count": 0, "prefecture": None},
        {"order_count": None, "prefecture": "大阪府"},
    ]

    assert met(published(rows), document) == expected


# Five persons p0 … p4 with 0 … 4 orders, bought on 16 … 20 November, living as written.
LIVES = ["東京都", "京都府", "大阪府", "東京", "北海道"]


@pytest.mark.parametrize(("column", "operator", "value", "expected"), [
    ("order_count", "equals", 2, "2"), ("order_count", "not_equals", 2, "0134"),
    ("order_count", "in", [0, 4, 9], "04"), ("order_count", "not_in", [0, 4, 9], "123"),
    ("order_count", "less", 2, "01"), ("order_count", "at_most", 2, "012"),
    ("order_count", "more", 2, "34"), ("order_count", "at_least", 2, "234"),
    ("order_count", "between", [1, 3], "123"), ("order_count", "between", [2, 2], "2"),
    ("revenue_amount", "at_most", "2.5", "012"), ("revenue_amount", "less", "2.0001", "012"),
    ("average_order_amount", "more", 1.5, "234"), ("average_order_amount", "at_least", 2, "234"),
    ("prefecture", "contains", "京", "013"), ("prefecture", "not_contains", "京", "24"),
    ("prefecture", "starts_with", "京", "1"), ("prefecture", "equals", "東京", "3"),
    ("last_ordered_on", "equals", "2026-11-18", "2"),
    ("last_ordered_on", "not_equals", "2026-11-18", "0134"),
    ("last_ordered_on", "before", "2026-11-18", "01"),
    ("last_ordered_on", "after", "2026-11-18", "34"),
    ("last_ordered_on", "between", ["2026-11-17", "2026-11-18"], "12"),
    ("is_member", "equals", True, "024"), ("is_member", "equals", False, "13"),
    ("is_member", "not_empty", None, "01234"), ("is_member", "empty", None, ""),
])  # fmt: skip
def test_every_operator_finds_its_side_and_its_limit(column, operator, value, expected):
    rows = [
        {"order_count": n, "revenue_amount": n, "average_order_amount": n, "prefecture": lives,
         "last_ordered_on": dt.date(2026, 11, 16 + n), "is_member": n % 2 == 0}
        for n, lives in enumerate(LIVES)
    ]  # fmt: skip

    assert met(published(rows), one(column, operator, value)) == {f"p{n}" for n in expected}


@pytest.mark.parametrize(("days", "expected"), [
    (1, {"today"}), (2, {"today", "yesterday"}), (7, {"today", "yesterday", "six_ago"}),
])  # fmt: skip
def test_the_last_days_end_with_the_shops_today_and_hold_that_many_dates(days, expected):
    # Today is 20 November. Of the last 7 dates the first is the 14th; the 13th is outside.
    on = {"today": 20, "yesterday": 19, "six_ago": 14, "seven_ago": 13, "tomorrow": 21}
    rows = [{"last_ordered_on": dt.date(2026, 11, day)} for day in on.values()]
    names = dict(zip((f"p{n}" for n in range(len(on))), on, strict=True))

    within = met(published(rows), one("last_ordered_on", "within_last_days", days))
    outside = met(published(rows), one("last_ordered_on", "not_within_last_days", days))

    assert {names[person] for person in within} == expected
    assert within | outside == set(names)
    assert not within & outside


def test_a_browser_nobody_has_named_is_in_no_segment():
    rows = [{"person_kind": "browser"}, {"person_kind": "guest"}, {"shop_id": "coffee"}]
    rows += [{"shop_id": "wine"}]

    assert met(published(rows), {"all": []}) == {"p1"}


def test_the_overlap_of_two_is_who_meets_both():
    connection = published([{"order_count": n, "is_member": n > 1} for n in range(4)])
    basis = conditions.basis_of(connection)
    many = conditions.checked(one("order_count", "at_least", 1), basis.columns)
    members = conditions.checked(one("is_member", "equals", True), basis.columns)

    assert conditions.count(connection, many, basis) == 3
    assert conditions.count(connection, many, basis, also=members) == 2


def test_of_those_who_meet_them_so_many_may_be_written_to():
    rows = [{"order_count": n, "is_mailable": n != 2} for n in range(4)]
    connection = published(rows)
    basis = conditions.basis_of(connection)
    many = conditions.checked(one("order_count", "at_least", 1), basis.columns)

    assert conditions.mailable(connection, many, basis) == 2


def test_columns_types_and_kinds_come_from_the_published_file(basis: Basis):
    assert {name: column.kind for name, column in basis.columns.items()} == ASKED
    assert basis.columns["order_count"].labels == {"ja": "注文回数", "en": "Orders"}
    assert (basis.shop_id, basis.today, basis.segments) == ("tea", TODAY, ("winback",))


def test_what_does_not_say_otherwise_is_behaviour(basis: Basis):
    silent = conditions.checked(one("prefecture", "equals", "東京都"), basis.columns)
    spoken = conditions.checked(
        {"all": [one("prefecture", "equals", "東京都"), one("order_count", "more", 1)]},
        basis.columns,
    )

    assert not silent.is_behavioural
    assert spoken.is_behavioural


def test_choices_are_the_closed_values_else_what_the_shops_people_have():
    connection = published(
        [{"prefecture": "東京都"}, {"prefecture": "大阪府"}, {"prefecture": "大阪府"},
         {"prefecture": "沖縄県", "person_kind": "browser"}, {"prefecture": None}]
    )  # fmt: skip
    basis = conditions.basis_of(connection)

    assert conditions.choices(connection, basis.columns["prefecture"], basis) == (
        "大阪府",
        "東京都",
    )
    assert conditions.choices(connection, basis.columns["person_kind"], basis) == (
        "member",
        "guest",
    )


def test_an_older_file_is_refused_with_what_to_do():
    with pytest.raises(conditions.BasisMissing, match="another version"):
        conditions.basis_of(duckdb.connect())
    connection = published([])
    connection.execute("update catalogue_columns set meta = '{}'")

    with pytest.raises(conditions.BasisMissing, match="okaeri run"):
        conditions.basis_of(connection)


# --- what is refused -----------------------------------------------------------------------------

EVIL = 'order_count" = 0 or 1=1; drop table dim_persons; --'


@pytest.mark.parametrize("document", [
    one(EVIL, "equals", 1),
    one("order_count", EVIL, 1),
    one("order_count", "equals", EVIL),
    one("order_count", "in", [1, EVIL]),
    one("person_kind", "equals", EVIL),
    one("last_ordered_on", "before", EVIL),
    one("last_ordered_on", "within_last_days", EVIL),
    one("is_member", "equals", EVIL),
    {EVIL: [one("order_count", "equals", 1)]},
    {"all": [one("order_count", "equals", 1)], EVIL: []},
    {"all": EVIL},
    EVIL,
])  # fmt: skip
def test_sql_in_any_place_of_a_tree_is_refused(basis: Basis, document):
    with pytest.raises(BadConditions):
        conditions.checked(document, basis.columns)


@pytest.mark.parametrize("text", [EVIL, "'); attach '/etc/passwd' as x; --", "\\", "\x00?", "%"])
def test_sql_as_a_text_value_is_only_text(text):
    connection = published([{"prefecture": text}, {"prefecture": "東京都"}])

    assert met(connection, one("prefecture", "equals", text)) == {"p0"}
    assert met(connection, one("prefecture", "contains", text)) == {"p0"}
    where = conditions.where_of(
        conditions.checked(
            one("prefecture", "in", [text]), conditions.basis_of(connection).columns
        ),
        today=TODAY,
    )
    assert text not in where.text.replace("%", "") or text == "%"
    assert where.values == (text,)
    assert connection.execute("select count(*) from dim_persons").fetchone() == (2,)


@pytest.mark.parametrize(("document", "said"), [
    (one("orders", "equals", 1),
     "all[1]: there is no column 'orders' to ask about; allowed: average_order_amount,"),
    (one("email", "equals", "a@b.example"), "there is no column 'email'"),
    (one("last_ordered_at", "before", "2026-01-01"), "there is no column 'last_ordered_at'"),
    ({"all": [one("order_count", "equals", 1), {"any": [one("order_count", "contains", "1")]}]},
     "all[2].any[1] order_count: 'contains' cannot be asked of a whole column; allowed: equals,"),
    (one("average_order_amount", "equals", 1), "cannot be asked of a measure column"),
    (one("is_member", "not_equals", True), "cannot be asked of a flag column; allowed: equals, empty"),
    (one("order_count", "equals", "2"), "order_count equals: '2' is no value of it: it takes whole"),
    (one("order_count", "equals", True), "'True' is no value of it"),
    (one("order_count", "equals", 2.0), "'2.0' is no value of it"),
    (one("order_count", "equals", 10**13), "it takes whole numbers"),
    (one("order_count", "equals"), "'None' is no value of it"),
    (one("revenue_amount", "at_least", "1.00001"), "numbers of at most four decimals"),
    (one("revenue_amount", "at_least", "NaN"), "numbers of at most four decimals"),
    (one("revenue_amount", "at_least", float("inf")), "numbers of at most four decimals"),
    (one("revenue_amount", "at_least", "1e400"), "numbers of at most four decimals"),
    (one("person_kind", "equals", "browser"), "'browser' is no value of it; allowed: member, guest"),
    (one("last_ordered_on", "before", "20261120"), "it takes dates as 2026-11-20"),
    (one("last_ordered_on", "before", "2026-02-30"), "it takes dates as 2026-11-20"),
    (one("last_ordered_on", "within_last_days", 0), "a whole number of days, 1 to"),
    (one("order_count", "between", [3, 1]), "two values, the smaller one first"),
    (one("order_count", "between", [1]), "two values, the smaller one first"),
    (one("order_count", "in", []), "takes a list of values"),
    (one("order_count", "in", "12"), "takes a list of values"),
    (one("order_count", "in", list(range(501))), "at most 500 values"),
    (one("order_count", "empty", 1), "takes no value"),
    (one("order_count", "empty", or_unknown=True), "or_unknown says nothing beside"),
    (one("prefecture", "equals", ""), "it takes text of at most 200"),
    (one("prefecture", "equals", "x" * 201), "it takes text of at most 200"),
    (one("order_count", "equals", 1, negate=True), "all[1].negate: extra inputs"),
    ({"column": "order_count"}, "operator: field required"),
    ({"any": []}, "any: a group of nothing"),
    ({"all": [{"all": []}]}, "all[1].all: a group of nothing"),
    ({"all": {"any": []}}, "all: input should be a valid list"),
    ([], "all[1]: is no condition; allowed: {column, operator, value, or_unknown}, {all: […]}"),
])  # fmt: skip
def test_a_mistake_is_named_with_its_place_and_what_is_allowed(basis: Basis, document, said):
    with pytest.raises(BadConditions) as refused:
        conditions.checked(document, basis.columns)

    assert said in str(refused.value)


def test_every_mistake_is_named_at_once(basis: Basis):
    document = {"all": [one("nope", "equals", 1), one("order_count", "like", 1)]}

    with pytest.raises(BadConditions) as refused:
        conditions.checked(document, basis.columns)

    assert [problem.place for problem in refused.value.problems] == ["all[1]", "all[2] order_count"]


def test_a_tree_too_large_or_too_deep_is_refused_before_it_is_walked(basis: Basis):
    deep: dict[str, object] = one("order_count", "equals", 1)
    for _ in range(100_000):
        deep = {"all": [deep]}
    wide = {"any": [one("order_count", "equals", n) for n in range(MAX_CONDITIONS + 1)]}

    with pytest.raises(BadConditions, match="groups deep"):
        conditions.checked(deep, basis.columns)
    with pytest.raises(BadConditions, match=f"more than {MAX_CONDITIONS}"):
        conditions.checked(wide, basis.columns)
    while isinstance(deep.get("all"), list):  # taken apart, as its own end would recurse
        deep = deep.pop("all")[0]  # type: ignore[index]


# --- words ---------------------------------------------------------------------------------------


def test_conditions_read_back_as_one_sentence(basis: Basis):
    document = {"all": [
        one("order_count", "at_least", 2),
        {"any": [one("prefecture", "in", ["東京都", "大阪府"]), one("is_member", "equals", True)]},
        one("revenue_amount", "between", ["1000", "12345.5"], or_unknown=True),
        one("person_kind", "equals", "guest"),
    ]}  # fmt: skip
    found = conditions.checked(document, basis.columns)

    assert conditions.sentence(found, "en") == (
        "Orders is at least 2 and (Prefecture is one of 大阪府, 東京都 or Has an account is yes)"
        " and Revenue is from 1,000 to 12,345.5 (or not known) and person_kind is guest"
    )
    assert conditions.sentence(found, "ja") == (
        "注文回数が2以上、かつ（都道府県が大阪府・東京都のいずれか、または会員であるがはい）"
        "、かつ購入金額が1,000から12,345.5まで（不明も含む）、かつperson_kindがゲスト"
    )
    assert conditions.sentence(conditions.checked({"all": []}, basis.columns), "ja") == "全員"


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("operator", list(Operator))
def test_every_operator_has_its_word_in_both_languages(operator, language):
    assert conditions.word_of(operator, language)


MANY, TOKYO = one("order_count", "at_least", 2), one("prefecture", "equals", "東京都")
EITHER = {"any": [MANY, TOKYO]}


@pytest.mark.parametrize(("before", "after", "added", "removed", "is_joined_otherwise"), [
    ({"all": [MANY, TOKYO]}, {"all": [TOKYO, MANY]}, (), (), False),
    (MANY, {"all": [MANY, TOKYO]}, ("Prefecture is 東京都",), (), False),
    ({"all": [MANY, TOKYO]}, one("order_count", "at_least", 3), ("Orders is at least 3",),
     ("Orders is at least 2", "Prefecture is 東京都"), False),
    ({"all": [MANY, TOKYO]}, EITHER, (), (), True),
    # One condition alone is joined to nothing.
    (MANY, {"any": [MANY]}, (), (), False),
    (MANY, {**MANY, "or_unknown": True}, ("Orders is at least 2 (or not known)",),
     ("Orders is at least 2",), False),
    (MANY, {"all": [MANY, MANY]}, ("Orders is at least 2",), (), False),
    (MANY, {"all": [MANY, EITHER]},
     ("(Orders is at least 2 or Prefecture is 東京都)",), (), False),
])  # fmt: skip
def test_what_a_version_changes_is_what_came_and_what_went(
    basis: Basis, before, after, added, removed, is_joined_otherwise
):
    old, new = (conditions.checked(one, basis.columns) for one in (before, after))

    found = conditions.changes(old, new, "en")

    assert found == conditions.Changes(added, removed, is_joined_otherwise)
    assert bool(found) == bool(added or removed or is_joined_otherwise)


def test_equal_wishes_are_the_same_text_whatever_their_order(basis: Basis):
    first = conditions.checked(one("order_count", "in", [3, 1, 1, 2]), basis.columns)
    second = conditions.checked(
        {"all": [one("order_count", "in", [1, 2, 3], or_unknown=False)]}, basis.columns
    )

    assert first.digest == second.digest
    assert first.document == {"all": [
        {"column": "order_count", "operator": "in", "value": [1, 2, 3]}
    ]}  # fmt: skip


# --- what the project's own persons may be asked -------------------------------------------------

# --- published segments beside conditions --------------------------------------------------------


@pytest.fixture
def beside_winback() -> duckdb.DuckDBPyConnection:
    """Four persons, of whom p0, p1 and the browser p3 stand in a segment of this shop."""
    kinds = ("member", "member", "guest", "browser")
    people: list[Row] = [
        {"order_count": n, "person_kind": kind, "is_mailable": n == 1}
        for n, kind in enumerate(kinds)
    ]
    connection = published(people)
    connection.execute("create table seg_winback (shop_id varchar, person_id varchar)")
    connection.execute(
        "insert into seg_winback values ('tea', 'p0'), ('tea', 'p1'), ('tea', 'p1'), ('tea', 'p3'),"
        " ('rice', 'p2')"
    )
    return connection


def test_a_published_segment_is_counted_once_per_person_and_without_browsers(beside_winback):
    basis = conditions.basis_of(beside_winback)

    assert conditions.count(beside_winback, "winback", basis) == 2
    assert conditions.mailable(beside_winback, "winback", basis) == 1


def test_conditions_overlap_with_a_published_segment(beside_winback):
    basis = conditions.basis_of(beside_winback)
    asked = {"column": "order_count", "operator": "at_least", "value": 1}
    found = conditions.checked(asked, basis.columns)

    assert conditions.count(beside_winback, found, basis) == 2
    assert conditions.count(beside_winback, found, basis, also="winback") == 1
    assert conditions.count(beside_winback, "winback", basis, also=found) == 1


@pytest.mark.parametrize("name", ["persons", 'winback" --', "dim_persons", ""])
def test_only_a_segment_of_the_file_can_be_counted(beside_winback, name):
    with pytest.raises(KeyError):
        conditions.count(beside_winback, name, conditions.basis_of(beside_winback))


PERSONS = DBT_PROJECT / "models" / "marts" / "core" / "dim_persons.yml"
TYPES = {
    "string": "VARCHAR", "bigint": "BIGINT", "boolean": "BOOLEAN", "double": "DOUBLE",
    "date": "DATE", "timestamp": "TIMESTAMP", "decimal(18, 4)": "DECIMAL(18,4)",
    "decimal(18, 6)": "DECIMAL(18,6)",
}  # fmt: skip
JAPANESE = re.compile(r"[ぁ-んァ-ヶ一-龠々]")


@pytest.fixture(scope="module")
def written() -> dict[str, dict]:
    """Columns of `dim_persons` as they are described, by name."""
    (model,) = yaml.safe_load(PERSONS.read_text(encoding="utf-8"))["models"]
    return {column["name"]: column for column in model["columns"]}


def said_of(column: dict) -> dict | None:
    return column.get("config", {}).get("meta", {}).get("condition")


def test_every_column_that_may_be_asked_about_can_be_and_has_two_names(written):
    asked = {name: said for name, column in written.items() if (said := said_of(column))}

    assert len(asked) > 40
    for name, said in asked.items():
        made = column_of(name, TYPES[written[name]["data_type"]], said=said, description="")
        assert made is not None, f"{name}: an instant has its date beside it, ask for that"
        assert set(said) <= {"ja", "en", "behavioural", "search", "values"}, name
        assert JAPANESE.search(said["ja"]), name
        assert not JAPANESE.search(said["en"]), name
        assert all(JAPANESE.search(v["ja"]) and v["en"] for v in said.get("values", {}).values())


def test_closed_values_are_those_the_model_allows(written):
    compared = 0
    for name, column in written.items():
        allowed = [
            test["accepted_values"]["arguments"]["values"]
            for test in column.get("data_tests", [])
            if "accepted_values" in test
        ]
        if (said := said_of(column)) and allowed:
            compared += 1
            # A browser is nobody to write to, so nobody can choose it.
            assert set(said.get("values", {})) == set(allowed[0]) - {"browser"}, name

    landed = {c.name: set(c.allowed) for c in TABLES["customers"].columns if c.allowed}
    for name in ("member_state", "sex"):
        assert set(said_of(written[name])["values"]) == landed[name]
    assert compared >= 2


def test_neither_addresses_nor_keys_can_be_asked_about(written):
    personal = {c.name for table in TABLES.values() for c in table.columns if c.pii}
    asked = {name for name, column in written.items() if said_of(column)}

    assert personal
    assert not asked & personal
    assert not {name for name in asked if name.endswith(("_id", "_key", "_hash", "_at"))}
