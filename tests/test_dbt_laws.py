"""The laws of the dbt project: references, grains, contracts, determinism, portable SQL.

Read from dbt's manifest, from the text of the models, and from sqlglot. A model
may break a law only by a line of `EXCEPTIONS`, with its reason; a line nobody needs is an error too.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import pytest
import sqlglot
from sqlglot import exp

from tests import compiled

# Layer → the layers it may read. Nothing points back.
MAY_READ: Final = {
    "staging": {"source"},
    "intermediate": {"staging", "intermediate"},
    "marts": {"staging", "intermediate", "marts"},
    "segments": {"marts"},
}
# (law, model, detail) → why it stands. The list may only shrink.
EXCEPTIONS: Final = {
    ("references", "stg_*", "int_run__as_of"): "what is newest depends on what the run knows",
    ("order", "int_cart_observations__changed", "cart_state"): "one instant's sights differ in it",
    ("order", "int_cart_observations__changed", "observed_at"): "a cart is seen once at an instant",
    ("order", "int_orders__cohort_cells", "day_on"): "a shop has each day once",
    ("order", "dim_person_phases", "changed_at"): "changes of one instant are added up before",
    ("order", "fct_person_tendencies", "dimension_value"): "each value stands once",
    (
        "order",
        "int_motivation__signals",
        "occurred_on",
    ): "the days of a person are made distinct before",
    (
        "order",
        "int_orders__order_days",
        "ordered_on",
    ): "the days of a person are made distinct before",
    ("order", "int_persons__mailable_days", "day_on"): "a shop has each day once",
    ("order", "int_recovery__newest_reports", "as_of_at"): "a report line has each date once",
    ("order", "rpt_report_audit", "matched_denominator"): "counted by it: each stands once",
}

CLOCKS: Final = re.compile(
    r"\b(current_timestamp|current_date|current_time|localtimestamp|now\s*\(|today\s*\(|random\s*\("
    r"|rand\s*\(|uuid\s*\(|gen_random_uuid|getdate|get_current_timestamp)",
    re.IGNORECASE,
)
# What only one engine understands, or understands in its own way.
UNPORTABLE: Final = {
    "qualify": r"\bqualify\b",
    "asof": r"\basof\b",
    "lambda": r"->",
    "double colon": r"::",
    "using": r"\busing\s*\(",
    "list function": r"\b(list_\w+|array_\w+|unnest|list|struct_pack|string_agg|list_agg)\s*\(",
    "zone": r"\b(at\s+time\s+zone|timezone\s*\(|timestamptz|convert_timezone)",
    "_at to date": r"cast\s*\(\s*[\w.]*_at\s+as\s+date\s*\)|\bdate\s*\(\s*[\w.]*_at\s*\)"
    r"|date_trunc\s*\(\s*'day'",
    "interval": r"\binterval\b",
    "date function": r"\b(date_diff|datediff|date_sub|datesub|date_add|dateadd|to_days|to_minutes"
    r"|to_hours|to_months|to_seconds|epoch\w*|strftime|strptime)\s*\(",
    "right join": r"\bright\s+(outer\s+)?join\b",
}
# Windows whose result depends on the order of equal rows.
ORDERED: Final = (exp.RowNumber, exp.Lag, exp.Lead, exp.FirstValue, exp.LastValue, exp.Ntile)
# A position is a number handed out in a total order before; versions stand after their key.
UNIQUE_ENDINGS: Final = ("_id", "_key", "_hash", "_no", "_number", "position", "campaign_version")


# A Python model may draw lots from a generator seeded by its rows, and read no clock.
UNSEEDED: Final = re.compile(
    r"\b(datetime\.|time\.|date\.today|import random|from random|uuid|secrets|default_rng\(\s*\)"
    r"|np\.random\.(?!Generator\b|PCG64\(\w|SeedSequence\(\w))"
)


@dataclass(frozen=True)
class Model:
    """One model: `code` is its text without comments, `compiled` what dbt would run."""

    name: str
    layer: str
    description: str
    code: str
    compiled: str
    parents: tuple[tuple[str, str], ...]
    tests: frozenset[str]
    is_enforced: bool
    columns: dict[str, str]
    is_python: bool = False


@pytest.fixture(scope="session")
def manifest() -> dict[str, Any]:
    """The manifest, compiled without a warning."""
    return compiled.manifest()


@pytest.fixture(scope="session")
def models(every_model: list[Model]) -> list[Model]:
    """Every SQL model of the project, sorted by name."""
    return [model for model in every_model if not model.is_python]


@pytest.fixture(scope="session")
def every_model(manifest: dict[str, Any]) -> list[Model]:
    """Every model of the project, SQL and Python, sorted by name."""
    tests: dict[str, set[str]] = {}
    for node in manifest["nodes"].values():
        if node["resource_type"] == "test" and node.get("attached_node"):
            name = node["test_metadata"]["name"]
            tests.setdefault(node["attached_node"], set()).add(name)
    found = [
        Model(
            name=node["name"],
            layer=node["fqn"][1],
            description=node["description"],
            code=_without_comments(node["raw_code"]),
            compiled=node["compiled_code"],
            parents=tuple(_parents(node, manifest)),
            tests=frozenset(tests.get(key, ())),
            is_enforced=bool(node["config"]["contract"]["enforced"]),
            columns={name: c["description"] for name, c in node["columns"].items()},
            is_python=node["language"] == "python",
        )
        for key, node in manifest["nodes"].items()
        if node["resource_type"] == "model"
    ]
    return sorted(found, key=lambda model: model.name)


def _parents(node: dict[str, Any], manifest: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """(layer, name) of everything a node reads."""
    for key in node["depends_on"]["nodes"]:
        if key.startswith("source."):
            yield "source", manifest["sources"][key]["name"]
        else:
            parent = manifest["nodes"][key]
            yield parent["fqn"][1], parent["name"]


def _without_comments(code: str) -> str:
    """The text with jinja comments and SQL line comments blanked out."""
    return re.sub(r"--[^\n]*", "", re.sub(r"\{#.*?#\}", "", code, flags=re.DOTALL))


def _excepted(law: str, model: str, detail: str) -> bool:
    name = "stg_*" if model.startswith("stg_") and law == "references" else model
    return (law, name, detail) in EXCEPTIONS


def _back_references(model: Model) -> Iterator[tuple[str, str, str]]:
    for layer, name in model.parents:
        if layer not in MAY_READ[model.layer]:
            yield "references", model.name, name


def _loose_windows(model: Model) -> Iterator[tuple[str, str, str]]:
    """Windows that number or look at single rows without a unique last sort key."""
    for window in sqlglot.parse_one(model.compiled, read="duckdb").find_all(exp.Window):
        order = window.args.get("order")
        if not isinstance(window.this, ORDERED) and window.args.get("spec") is None:
            continue
        last = order.expressions[-1].this.name if order else ""
        if not last.endswith(UNIQUE_ENDINGS):
            yield "order", model.name, last


def _unportable(model: Model) -> Iterator[tuple[str, str, str]]:
    for detail, pattern in UNPORTABLE.items():
        if re.search(pattern, model.code, re.IGNORECASE):
            yield "portable", model.name, detail


def _broken(found: Iterator[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    return [each for each in found if not _excepted(*each)]


def test_no_model_reads_a_later_layer(every_model: list[Model]) -> None:
    broken = [each for model in every_model for each in _broken(_back_references(model))]

    assert broken == []


def test_only_staging_reads_sources(every_model: list[Model]) -> None:
    readers = [m.name for m in every_model if any(layer == "source" for layer, _ in m.parents)]

    assert readers
    assert all(name.startswith("stg_") for name in readers)


def test_every_model_says_what_one_row_is(every_model: list[Model]) -> None:
    silent = [m.name for m in every_model if not m.description.startswith("One row per")]

    assert silent == []


def test_every_model_has_its_key_tested(every_model: list[Model]) -> None:
    untested = [m.name for m in every_model if "unique_key" not in m.tests]

    assert untested == []


def test_every_mart_and_segment_keeps_a_contract(models: list[Model]) -> None:
    shown = [m for m in models if m.layer in ("marts", "segments")]

    loose = [m.name for m in shown if not m.is_enforced or not m.columns]

    assert shown
    assert loose == []


def test_every_column_of_a_mart_or_segment_is_described(models: list[Model]) -> None:
    shown = [m for m in models if m.layer in ("marts", "segments")]

    silent = [f"{m.name}.{c}" for m in shown for c, text in m.columns.items() if not text.strip()]

    assert silent == []


def _repeats_its_name(name: str, text: str) -> bool:
    """Whether a description has no word that the column's name has not."""
    words = set(re.findall(r"[a-z0-9]+", text.lower())) - {"the", "a", "of", "its", "this", "per"}
    known = set(name.split("_"))
    return {word.removesuffix("s") for word in words} <= {word.removesuffix("s") for word in known}


def test_no_description_only_repeats_the_name(models: list[Model]) -> None:
    shown = [m for m in models if m.name.startswith(("rpt_", "fct_"))]

    empty = [
        f"{m.name}.{c}" for m in shown for c, t in m.columns.items() if _repeats_its_name(c, t)
    ]

    assert empty == []


@pytest.mark.parametrize(
    ("name", "text", "is_empty"),
    [
        ("order_count", "Orders.", True),
        ("order_count", "The count of orders", True),
        ("order_count", "Orders credited after a touch.", False),
    ],
)
def test_an_empty_description_is_found(name: str, text: str, is_empty: bool) -> None:
    assert _repeats_its_name(name, text) == is_empty


@pytest.fixture(scope="session")
def reports(manifest: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Every `rpt_` node of the manifest, by name."""
    nodes = manifest["nodes"].values()
    return {
        node["name"]: node
        for node in nodes
        if node["resource_type"] == "model" and node["name"].startswith("rpt_")
    }


@pytest.fixture(scope="session")
def receipts(reports: dict[str, dict[str, Any]]) -> dict[tuple[str, str], dict[str, Any]]:
    """`config.meta.metric` of every column that has one, by report and column."""
    return {
        (report, name): column["config"]["meta"]["metric"]
        for report, node in reports.items()
        for name, column in node["columns"].items()
        if "metric" in column["config"].get("meta", {})
    }


def test_every_rate_and_share_of_a_report_has_a_receipt(
    reports: dict[str, dict[str, Any]], receipts: dict[tuple[str, str], dict[str, Any]]
) -> None:
    rates = {
        (report, name)
        for report, node in reports.items()
        for name in node["columns"]
        if name.endswith(("_rate", "_share", "_per_person_amount", "_per_orderer_amount"))
    }

    assert len(rates) > 30
    assert rates - set(receipts) == set()


def test_every_receipt_names_columns_of_its_own_table(
    reports: dict[str, dict[str, Any]], receipts: dict[tuple[str, str], dict[str, Any]]
) -> None:
    missing = [
        (*place, part)
        for place, metric in receipts.items()
        for part in ("numerator", "denominator", "maturity")
        if metric.get(part, "shop_id") not in reports[place[0]]["columns"]
    ]

    assert missing == []


def test_every_receipt_says_what_it_counts(
    receipts: dict[tuple[str, str], dict[str, Any]], reports: dict[str, dict[str, Any]],
    manifest: dict[str, Any],
) -> None:  # fmt: skip
    settings = manifest["nodes"]["model.okaeri.int_run__settings"]["columns"]
    silent = []
    for (report, column), metric in receipts.items():
        known_windows = {None, *settings, *reports[report]["columns"]}
        is_quotient = metric.get("kind", "quotient") in {"quotient", "change"}
        has_parts = {"numerator", "denominator"} <= set(metric)
        told = {"unit", "format", "is_additive", "description_ja"} <= set(metric)
        if not told or is_quotient != has_parts or metric.get("window") not in known_windows:
            silent.append((report, column))

    assert silent == []


def test_every_restated_report_is_watched_by_its_own_key(
    reports: dict[str, dict[str, Any]], manifest: dict[str, Any]
) -> None:
    watched = {
        manifest["nodes"][key]["name"]
        for key in manifest["nodes"]["model.okaeri.fct_published_cells"]["depends_on"]["nodes"]
        if manifest["nodes"][key]["name"].startswith("rpt_")
    }
    told = {
        report: node["config"]["meta"]["restated"]
        for report, node in reports.items()
        if "restated" in node["config"]["meta"]
    }
    keys = {
        manifest["nodes"][test["attached_node"]]["name"]: test["test_metadata"]["kwargs"]["columns"]
        for test in manifest["nodes"].values()
        if test["resource_type"] == "test"
        and test.get("attached_node")
        and test["test_metadata"]["name"] == "unique_key"
    }

    assert set(told) == watched
    assert {r: ["shop_id", *about["key"]] for r, about in told.items()} == {
        report: keys[report] for report in told
    }
    assert [
        (report, part)
        for report, about in told.items()
        for part in ("month", "mature")
        if about.get(part, "shop_id") not in reports[report]["columns"]
    ] == []


def test_what_hides_small_cells_names_its_persons_and_their_split(
    reports: dict[str, dict[str, Any]],
) -> None:
    told = {
        report: node["config"]["meta"]["hide_small"]
        for report, node in reports.items()
        if "hide_small" in node["config"]["meta"]
    }

    assert told
    for report, about in told.items():
        assert {about["persons"], *about["split"]} <= set(reports[report]["columns"]), report


def test_no_model_reads_a_clock_or_draws_lots(models: list[Model]) -> None:
    broken = {m.name: found.group() for m in models if (found := CLOCKS.search(m.code))}

    assert broken == {}


def test_python_models_stand_below_the_contracts_and_draw_no_unseeded_lots(
    every_model: list[Model],
) -> None:
    scripts = [model for model in every_model if model.is_python]

    assert scripts
    assert {model.layer for model in scripts} == {"intermediate"}
    assert {m.name: found.group() for m in scripts if (found := UNSEEDED.search(m.code))} == {}


@pytest.mark.parametrize(
    "code",
    ["np.random.default_rng()", "np.random.normal(size=3)", "datetime.now()", "import random"],
)
def test_an_unseeded_draw_is_found(code: str) -> None:
    assert UNSEEDED.search(code)


def test_every_window_has_a_unique_last_sort_key(models: list[Model]) -> None:
    broken = [each for model in models for each in _broken(_loose_windows(model))]

    assert broken == []


def test_nothing_that_one_engine_alone_understands_stands_in_a_model(models: list[Model]) -> None:
    broken = [each for model in models for each in _broken(_unportable(model))]

    assert broken == []


def test_every_model_reads_as_spark_sql(models: list[Model]) -> None:
    broken: dict[str, str] = {}
    for model in models:
        try:
            sqlglot.parse_one(model.compiled, read="spark", error_level=sqlglot.ErrorLevel.RAISE)
        except sqlglot.errors.ParseError as error:
            broken[model.name] = str(error).splitlines()[0]

    assert broken == {}


def test_every_exception_is_still_needed(models: list[Model]) -> None:
    used = {
        (law, "stg_*" if law == "references" and name.startswith("stg_") else name, detail)
        for model in models
        for found in (_back_references(model), _loose_windows(model), _unportable(model))
        for law, name, detail in found
    }

    assert set(EXCEPTIONS) - used == set()


@pytest.mark.parametrize(
    ("sql", "law"),
    [
        ("select cast(sent_at as date) as sent_on from messages", "_at to date"),
        ("select x::int as x from messages", "double colon"),
        ("select sent_at + interval 1 day as due_at from messages", "interval"),
        ("select * from messages qualify true", "qualify"),
        ("select * from messages inner join steps using (step_number)", "using"),
    ],
)
def test_the_search_finds_what_it_is_for(sql: str, law: str) -> None:
    model = Model("m", "marts", "", sql, sql, (), frozenset(), is_enforced=False, columns={})

    assert [detail for _, _, detail in _unportable(model)] == [law]


def test_a_window_over_equal_instants_is_found() -> None:
    sql = "select row_number() over (partition by shop_id order by sent_at) as n from messages"
    model = Model("m", "marts", "", sql, sql, (), frozenset(), is_enforced=False, columns={})

    assert list(_loose_windows(model)) == [("order", "m", "sent_at")]
