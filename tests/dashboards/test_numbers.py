"""Five numbers of every page, picked at random, are those `okaeri sql` gives; another file, others."""

import datetime as dt
import random
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner

from dashboards.snapshot import Snapshot
from pipelines.cli import app as okaeri
from pipelines.publish import publish
from tests.dashboards.conftest import PAGES, Opener
from tests.dashboards.fixture import AS_OF, KINDS, models, publish_kind
from tests.publishing import ModelSpec, RunStub, ShopStub, manifest_of, write_build

# Three addresses of every page that can be narrowed.
VIEWS: dict[str, list[dict[str, str]]] = {
    "overview": [{}, {"view": "report"}, {"view": "report", "month": "2026-09"}],
    "cart_recovery": [
        {"period": "trailing_12"},
        {"period": "all", "only": "device.smartphone", "family": "previous"},
        {"period": "trailing_6", "tab": "rules"},
    ],
    "retention": [{}, {"view": "status"}, {"view": "intervals"}],
    "cohorts": [{}, {"variant": "classic", "show": "people"}, {"grain": "quarter"}],
    "customers": [{}, {"view": "moves"}, {"view": "score"}],
    "merchandising": [{"period": "all"}, {"view": "ranking"}, {"view": "pairs"}],
    "experiments": [{}, {"share": "20"}, {"months": "6"}],
}
FAST = {("cart_recovery", 0), ("merchandising", 0)}
SQUARE = [
    pytest.param(page, view, marks=() if (page, n) in FAST else pytest.mark.slow, id=f"{page}-{n}")
    for page in PAGES
    for n, view in enumerate(VIEWS.get(page, [{}]))
]
# Views with figures that grow with the shop; rates do not.
CHANGING = [
    ("overview", {}),
    ("cart_recovery", {"period": "trailing_12"}),
    ("retention", {"view": "status"}),
    ("cohorts", {"show": "people", "grain": "quarter"}),
    ("customers", {"view": "moves"}),
]
NUMBER = re.compile(r"(\d[\d,]*(?:\.\d+)?)\s*(%|ポイント|時間|分)?")
PICKED = 5


@dataclass(frozen=True)
class Asked:
    """One statement a page asked, and what the file answered."""

    statement: str
    values: list[Any]
    answer: pl.DataFrame

    def as_typed(self) -> str:
        """The statement as somebody would type it: its values in their places."""
        if "$1" in self.statement:
            return re.sub(
                r"\$(\d)", lambda found: literal(self.values[int(found[1]) - 1]), self.statement
            )
        pieces = self.statement.split("?")
        literals = [literal(value) for value in self.values] + [""]
        return "".join(p + v for p, v in zip(pieces, literals, strict=True))


@dataclass(frozen=True)
class Number:
    """A number on a page: where it stands, how it is written, in what unit."""

    place: str
    text: str
    unit: str

    def is_written(self, value: object) -> bool:
        """Whether this value is written so."""
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
            return False
        factor = {"%": 100, "ポイント": 100, "時間": 1 / 60}.get(self.unit, 1)
        decimals = len(self.text.partition(".")[2])
        factors = (
            (factor, 1) if self.unit == "時間" else (factor, 60) if self.unit == "分" else (factor,)
        )
        return any(f"{abs(float(value) * f):,.{decimals}f}" == self.text for f in factors)


def literal(value: object) -> str:
    """A bound value as SQL."""
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(literal, value)) + "]"
    if isinstance(value, dt.datetime):
        return f"timestamp '{value}'"
    if isinstance(value, dt.date):
        return f"date '{value}'"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return str(value)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Asked]:
    """Every statement that is asked from now on, beside its answer."""
    found: list[Asked] = []
    answer_of = Snapshot._rows
    Snapshot.ratio.cache_clear()
    Snapshot.metric.cache_clear()

    def listening(self: Snapshot, statement: str, values: Any) -> pl.DataFrame:
        answer = answer_of(self, statement, values)
        found.append(Asked(statement, list(values), answer))
        return answer

    monkeypatch.setattr(Snapshot, "_rows", listening)
    return found


def cells(app: AppTest) -> Iterator[tuple[str, str]]:
    """Place and text of every card and every cell of a table."""
    assert not app.exception, app.exception
    for number, element in enumerate(app.get("html")):
        body = str(element.proto.body)
        for card in re.findall(r'class="label">(.*?)</div><div class="main[^"]*">(.*?)<', body):
            yield f"card {card[0]}", card[1]
        tiles = re.findall(r'<dt>(.*?)</dt><dd><span class="main[^"]*">(.*?)</span>', body)
        yield from ((f"tile {place} {name}", said) for place, (name, said) in enumerate(tiles))
        for line, row in enumerate(re.findall(r"<tr[^>]*>(.*?)</tr>", body)):
            written = re.findall(r'<td[^>]*><span class="main[^"]*">(.*?)</span>', row)
            for column, text in enumerate(written):
                yield f"table {number} row {line} column {column}", text


def numbers(app: AppTest) -> list[Number]:
    """Every number large enough that it is not met by chance. A date or a range is none."""
    return [
        Number(place, found.group(1), found.group(2) or "")
        for place, text in cells(app)
        if not re.search(r"\d[/:]\d|\(\d\)|[「」]", text)
        if (found := NUMBER.search(text)) and len(re.sub(r"\D", "", found.group(1))) > 1
    ]


def sources(number: Number, asked: list[Asked]) -> list[tuple[Asked, str]]:
    """Statements and columns that answered with this number."""
    return [
        (one, column)
        for one in asked
        for column in one.answer.columns
        if any(number.is_written(value) for value in one.answer[column].to_list())
    ]


@pytest.fixture(scope="module")
def beside(published: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same published files in another folder: a file open in this process stays as locked."""
    folder = tmp_path_factory.mktemp("beside")
    return Path(shutil.copytree(published["demo"], folder / "homes"))


def typed(beside: Path, statement: str) -> list[float]:
    """Numbers `okaeri sql` prints for a statement."""
    given = CliRunner(env={"OKAERI_HOME": str(beside)}).invoke(
        okaeri, ["sql", statement, "--format", "csv"]
    )
    assert given.exit_code == 0, (statement, given.output, given.exception)
    return [float(text) for text in re.findall(r"-?\d+(?:\.\d+)?(?:e-?\d+)?", given.output)]


@pytest.mark.parametrize(("page", "view"), SQUARE)
def test_five_numbers_of_a_page_are_what_okaeri_sql_gives(
    opened: Opener, asked: list[Asked], beside: Path, page: str, view: dict[str, str]
) -> None:
    shown = numbers(opened(page, **view))
    picked = random.Random(f"{page}{view}").sample(shown, min(PICKED, len(shown)))

    assert picked
    strangers = [number for number in picked if not sources(number, asked)]
    assert strangers == []
    found = [(number, sources(number, asked)[0][0].as_typed()) for number in picked]
    wrong = [
        (number, statement)
        for number, statement in found
        if not any(map(number.is_written, typed(beside, statement)))
    ]

    assert wrong == []


def tripled(spec: ModelSpec) -> ModelSpec:
    """The model with three times as many of everything and three times the money."""
    if spec.frame is None or spec.schema != "marts":
        return spec
    many = [
        name
        for name, kind in spec.frame.schema.items()
        if kind.is_numeric() and re.search(r"(_count|_amount|_value)$", name)
    ]
    frame = spec.frame.with_columns((pl.col(c) * 3).cast(spec.frame.schema[c]) for c in many)
    return replace(spec, frame=frame)


@pytest.mark.slow
@pytest.mark.parametrize(("page", "view"), CHANGING)
def test_the_numbers_of_a_page_change_with_the_file(
    tmp_path: Path,
    published: dict[str, Path],
    opened: Opener,
    asked: list[Asked],
    page: str,
    view: dict[str, str],
) -> None:
    published["changing"] = tmp_path
    home = publish_kind(tmp_path, "demo")
    app = opened(page, kind="changing", **view)
    counted = [
        number
        for number in numbers(app)
        if any(
            re.search(r"(_count|_amount|_value)\)?$", c.strip('"'))
            for _, c in sources(number, asked)
        )
        and number.unit == ""
    ]
    write_build(home, [tripled(spec) for spec in models(KINDS["demo"])])
    publish(home, shop=ShopStub(), run=RunStub(as_of_at=AS_OF), manifest=manifest_of(home))

    after = {number.place: number for number in numbers(app.run())}
    picked = random.Random(page).sample(counted, min(PICKED, len(counted)))

    grown = {
        number.place: (number.text, after[number.place].text)
        for number in picked
        if after[number.place].unit == ""
        and abs(as_float(after[number.place]) / as_float(number) - 3) > 0.1
    }
    assert picked
    assert grown == {}


def as_float(number: Number) -> float:
    return float(number.text.replace(",", ""))
