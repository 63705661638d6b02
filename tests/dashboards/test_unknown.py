"""A shop that lacks orders, carts or mail results reads that it is not known, and never 0."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pipelines.publish import publish
from tests.dashboards.conftest import PAGES, Opener, shown
from tests.dashboards.fixture import AS_OF, KINDS, OF_ORDERS, models, publish_kind
from tests.publishing import ModelSpec, RunStub, ShopStub, manifest_of, write_build

# Zero of anything that was never told, in either way of writing it.
ZERO = re.compile(r"(?<![\d,.])(?:￥0|0(?:\.0)?%|0(?:件|人|通|円))(?!\d)")
# Two shops more to publish: for where there is time.
pytestmark = pytest.mark.slow
# Pages whose every figure is made of what that shop lacks.
LACKING = {
    "nothing": [page for page in PAGES if page not in {"exports", "segments", "data_health"}],
    "no_orders": ["retention", "cohorts", "customers"],
    "no_carts": ["overview", "cart_recovery", "experiments"],
}
SQUARE = [(kind, page) for kind, pages in LACKING.items() for page in pages]


def without_rows(spec: ModelSpec) -> ModelSpec:
    return spec if spec.frame is None else replace(spec, frame=spec.frame.clear())


@pytest.fixture(scope="module")
def lacking(published: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> None:
    """Two more shops: one without anything, and one that knows carts and mails and no order."""
    for name in ("nothing", "no_orders"):
        folder = tmp_path_factory.mktemp(name)
        home = publish_kind(folder, "demo")
        found = models(KINDS["demo"])
        marts = [spec for spec in found if spec.schema == "marts" and spec.name.startswith("rpt_")]
        emptied = {spec.name for spec in marts if name == "nothing" or spec.name in OF_ORDERS}
        emptied -= {"rpt_source_freshness"}
        segments = {spec.name for spec in found if spec.schema == "segments"}
        gone = emptied | segments | {"dim_person_phases", "dim_persons"}
        write_build(home, [without_rows(s) if s.name in gone else s for s in found])
        publish(home, shop=ShopStub(), run=RunStub(as_of_at=AS_OF), manifest=manifest_of(home))
        published[name] = folder


def cards(app: AppTest) -> list[tuple[str, str]]:
    """Label and number of every card."""
    bodies = [str(element.proto.body) for element in app.get("html")]
    return [
        pair
        for body in bodies
        for pair in re.findall(r'class="label">(.*?)</div><div class="main[^"]*">(.*?)<', body)
    ]


@pytest.mark.parametrize(("kind", "page"), SQUARE)
def test_what_no_source_told_is_not_zero(
    opened: Opener, lacking: None, kind: str, page: str
) -> None:
    app = opened(page, kind=kind)

    text = shown(app)
    assert [found.group() for found in ZERO.finditer(text)] == []
    assert [pair for pair in cards(app) if ZERO.fullmatch(pair[1])] == []
    assert "—" in text or "まだ" in text or "ません" in text
