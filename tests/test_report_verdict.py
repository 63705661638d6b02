"""What a mailer's report would give, judged at once by the models of the published numbers."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines import contracts, landing, requests, sources
from pipelines.actors import Actor, NotAllowed, Origin, Role
from pipelines.cli import app
from pipelines.onboarding.report_verdict import ReportVerdict, judge_report
from pipelines.publish import publish
from pipelines.publish.manifest import report_code
from pipelines.requests import NoVerdict
from pipelines.settings import Home
from pipelines.shop import Shop, load_shop
from tests.compiled import manifest
from tests.publishing import PRIVATE, ModelSpec, RunStub, ShopStub, manifest_of, write_build

SHOPSERVE = "shopserve_report_csv"
GENERIC = "generic_mail_report_csv"
# 598 ÷ 1,020 = 58.63 %; 300 ÷ 900 = 33.33 %; the third mail opens more than it sent.
REPORT = """\
ステップ,送信数,到達数,開封数,クリック数,受注人数,開封率,集計日,備考
1通目,1020,1000,598,109,29,58.63,2026-11-10,a
2通目,x,900,300,20,3,33.33,2026-11-10,b
3通目,800,790,810,20,3,50.00,2026-11-10,c
"""


def compiled_nodes() -> dict[str, dict]:
    """The audit's models and their parents, with sources where a shop's folder has them."""
    nodes = {}
    for key, node in manifest()["nodes"].items():
        if node["resource_type"] == "model" and node["language"] == "sql":
            code = node["compiled_code"].replace("@landing/", "~/landing/")
            nodes[key] = {**node, "compiled_code": code}
    wanted = {code.name for code in report_code({"nodes": nodes})}
    return {key: node for key, node in nodes.items() if node["name"] in wanted}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A shop whose last run published what a report is judged by; September's report is landed."""
    folder = tmp_path_factory.mktemp("verdict")
    file = folder / "shop.yml"
    file.write_text(
        "id: small\nname: 小\ntimezone: Asia/Tokyo\ncurrency: JPY\n"
        'clock: "2026-11-20T06:05:00+09:00"\n'
        "sender: {name: 店, address: 東京都, stop_url: 'https://a.example/s', contact: a@a.example}\n"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OKAERI_HOME", str(folder / "data"))
        loaded = load_shop(file)
        home = Home(folder / "data" / "small")
        publish_code(home)
        september = folder / "9月.csv"
        september.write_text(REPORT.replace("2026-11-10", "2026-09-30").replace("x", "900"))
        extract = sources.extract_file(
            september, requests.uploaded_source(home, SHOPSERVE), zone="Asia/Tokyo", currency="JPY"
        )
        prepared = landing.prepare(
            home, loaded, extract, loaded_at=datetime(2026, 10, 1, tzinfo=UTC)
        )
        landing.land_file(home, prepared, judge=contracts.judge)
        yield loaded


def publish_code(home: Home) -> None:
    """A published file with the compiled SQL of the audit, as a run leaves it."""
    nodes = compiled_nodes()
    empty = [
        ModelSpec(node["name"], "select 'small' as shop_id", schema=node["schema"])
        for node in nodes.values()
    ]
    write_build(home, [*empty, *PRIVATE])
    file = manifest_of(home)
    written = json.loads(file.read_text())
    for key, node in nodes.items():
        told = {name: node[name] for name in ("compiled_code", "relation_name", "depends_on")}
        written["nodes"][key].update(told)
    file.write_text(json.dumps(written))
    publish(home, shop=ShopStub(id="small"), run=RunStub(), manifest=file)


def judged(shop: Shop, text: str, folder: Path, *, kind: str = SHOPSERVE) -> ReportVerdict:
    file = folder / "report.csv"
    file.write_text(text, encoding="utf-8")
    return judge_report(shop, file, kind=kind)


def test_a_report_is_told_at_once_which_row_stays_out_and_which_figure_does_not_hold(
    shop: Shop, tmp_path: Path
) -> None:
    found = judged(shop, REPORT, tmp_path)

    assert found.fits == (SHOPSERVE,)
    assert (found.rows_read, found.rows_taken, found.rows_left_out, found.rows_known) == (
        3,
        2,
        1,
        0,
    )
    (left_out,) = found.rejects
    assert (left_out.row, left_out.column, left_out.reason) == (3, "送信数", "bad_number")
    assert found.unused_headers == ("備考",)
    assert [(line["label"], line["sent_count"], line["open_count"]) for line in found.lines] == [
        ("1通目", 1020, 598), ("3通目", 800, 810),
    ]  # fmt: skip
    assert [
        (row["label"], row.get("identity_key", row.get("rate_key"))) for row in found.broken
    ] == [
        ("3通目", "opens_within_delivered"), ("3通目", "opens_within_sent"), ("3通目", "open_rate"),
    ]  # fmt: skip
    (good,) = [row for row in found.rates if row["label"] == "1通目"]
    # 598 ÷ 1,020 = 0.58627…
    assert (good["matched_denominator"], round(good["per_sent_value"], 4)) == ("sent", 0.5863)
    assert not found.is_good


def test_an_older_report_than_the_known_one_is_told_to_change_nothing(
    shop: Shop, tmp_path: Path
) -> None:
    home = Home(shop.folder / "data" / "small")
    before = {file: file.stat().st_mtime_ns for file in home.path.rglob("*") if file.is_file()}
    # August's first mail is older than September's; the fourth mail is nobody's yet.
    august = REPORT.replace("2026-11-10", "2026-08-31").replace("3通目", "4通目")
    august = august.replace("x", "900").replace("810", "400")

    found = judged(shop, august, tmp_path)

    assert found.rows_taken == 3
    assert found.unused_lines == ("1通目", "2通目")
    assert [line["label"] for line in found.lines] == ["4通目"]
    # 400 ÷ 800 = 50.00 %.
    assert found.is_good
    after = {file: file.stat().st_mtime_ns for file in home.path.rglob("*") if file.is_file()}
    assert after == before


def test_a_report_of_another_kind_is_refused_in_both_languages_and_its_kind_named(
    shop: Shop, tmp_path: Path
) -> None:
    found = judged(shop, "campaign,step,sent,opens,clicks\na,1,10,5,1\n", tmp_path)

    assert found.fits == (GENERIC,)
    assert found.refused is not None
    assert "必要な見出しがありません" in found.refused["ja"]
    assert "headers are missing" in found.refused["en"]
    assert not found.is_good


def test_before_the_first_run_only_the_taking_in_is_told(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OKAERI_HOME", str(tmp_path / "none"))

    found = judged(shop, REPORT.replace("x", "900"), tmp_path)

    assert (found.rows_taken, found.is_judged, found.lines) == (3, False, ())


def test_a_terminal_prints_the_same_and_ends_with_one(shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "11月.csv"
    file.write_text(REPORT)
    command = ["--lang", "ja", "audit", str(file), "--shop", str(shop.folder / "shop.yml")]

    done = CliRunner().invoke(app, command)

    assert done.exit_code == 1
    assert "読んだ行 3 = 取り込む 2 + 除外 1 + 既知 0" in done.output
    assert "! 3通目: opens_within_sent（810 > 800）" in done.output
    nothing = tmp_path / "nothing.csv"
    nothing.write_text("a,b\n1,2\n")
    refused = CliRunner().invoke(app, [*command[:3], str(nothing), *command[4:]])
    assert refused.exit_code == 2


def handed_in(shop: Shop, by: Role) -> tuple[Home, requests.Report, Actor]:
    home = Home(shop.folder / "data" / "small")
    exporter = Actor("anna@example.jp", Role.EXPORTER, Origin.DASHBOARD)
    report = requests.hand_in_report(
        home, "small", REPORT.encode(), kind=SHOPSERVE, file_name="11月.csv", by=exporter,
        at=datetime(2026, 11, 20, tzinfo=UTC),
    )  # fmt: skip
    return home, report, Actor("v@example.jp", by, Origin.DASHBOARD)


def test_a_viewer_is_told_nothing_of_a_report(shop: Shop) -> None:
    home, report, viewer = handed_in(shop, Role.VIEWER)

    with pytest.raises(NotAllowed):
        requests.verdict_of(home, report, shop_file=shop.folder / "shop.yml", by=viewer)


@pytest.mark.slow
def test_a_screen_asks_a_process_of_its_own_and_hears_the_same(shop: Shop) -> None:
    home, report, anna = handed_in(shop, Role.EXPORTER)
    file = shop.folder / "shop.yml"

    told = requests.verdict_of(home, report, shop_file=file, by=anna)

    assert (told["rows_read"], told["rows_taken"], told["rows_left_out"]) == (3, 2, 1)
    assert [row["label"] for row in told["rates"] if row["is_flagged"]] == ["3通目"]
    with pytest.raises(NoVerdict, match="no file"):
        requests.verdict_of(home, replace(report, sha256="0" * 64), shop_file=file, by=anna)
