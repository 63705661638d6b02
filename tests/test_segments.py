"""A new segment is two files, and a feed says by which id and how fresh: no line of Python."""

import csv
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from pipelines import exports
from pipelines.actors import Actor
from pipelines.exports import Outcome
from pipelines.publish import publish
from pipelines.settings import DBT_PROJECT, Home
from pipelines.shop import Shop, load_shop
from tests.golden.rows import Book
from tests.publishing import RunStub, ShopStub
from tests.warehouse import AS_OF, PEPPER, run_dbt, write_landing

DAY = timedelta(days=1)

SHOP_YML = """\
id: tea
name: Tea and Sons
sender:
  name: Tea and Sons
  address: 東京都千代田区1-1
  stop_url: https://tea.example/stop
  contact: contact@tea.example
campaigns:
  - key: thanks
    segment: regulars
    steps:
      - {number: 1, delay_minutes: 0, measured_from: qualified}
destinations:
  - {key: mailer, profile: generic_utf8, country: JP, contract: 委託, basis: 購買者への案内}
"""

SQL = """\
with

persons as (

    select * from {{ ref('dim_persons') }}
    where order_count >= 2

),

qualified as (

    select
        shop_id,
        person_id,
        cast(last_ordered_on as string) as occurrence_key,
        last_ordered_at as qualified_at,
        last_ordered_on as counted_from_on,
        'ordered_again' as reason_code,
        'none' as content_source,
        order_count
    from persons

),

{{ segment_members('regulars', facts=['order_count']) }}

select * from members
"""

META = """\
version: 2

models:
  - name: seg_regulars
    description: One row per shop and person with two orders or more.
    config:
      meta:
        segment:
          title: {ja: 常連, en: Regulars}
          sentence: {ja: 2回以上買った人です。, en: People of two orders or more.}
          channel: email
          purpose: marketing
          cool_down: 24
          max_rows: 100
          stops_on_order: false
          columns: [order_count]
    columns:
"""
# The one contract, which every segment repeats before its own columns.
CONTRACT: Mapping[str, str] = {
    "shop_id": "string", "person_id": "string", "campaign_key": "string",
    "campaign_version": "bigint", "step_number": "bigint", "arm_key": "string",
    "channel": "string", "occurrence_key": "string", "dedupe_key": "string",
    "qualified_at": "timestamp", "due_at": "timestamp", "valid_until_at": "timestamp",
    "reason_code": "string", "is_held_out": "boolean", "content_source": "string",
    "order_count": "bigint",
}  # fmt: skip


@dataclass(frozen=True)
class Regulars:
    """A shop whose project holds one segment more than ours."""

    home: Home
    shop: Shop

    def ask(self, segment: str, *, send: bool) -> Outcome:
        """One request carried out."""
        asked = exports.request(
            self.home, self.shop, segment, "mailer", send=send,
            requested_by=Actor.at_terminal("test"), clock=AS_OF,
        )  # fmt: skip
        machine = exports.Machine("machine", "boot")
        return exports.run_request(self.home, self.shop, asked, clock=AS_OF, machine=machine)


@pytest.fixture(scope="module")
def regulars(tmp_path_factory: pytest.TempPathFactory) -> Regulars:
    folder = tmp_path_factory.mktemp("two_files")
    project = folder / "project"
    shutil.copytree(DBT_PROJECT, project, ignore=shutil.ignore_patterns("target", "logs"))
    columns = (
        f"      - {{name: {name}, data_type: {kind}, description: As every segment has it.}}\n"
        for name, kind in CONTRACT.items()
    )
    (project / "models" / "segments" / "seg_regulars.sql").write_text(SQL)
    (project / "models" / "segments" / "seg_regulars.yml").write_text(META + "".join(columns))
    home = Home(folder / "tea")
    home.warehouse.parent.mkdir(parents=True)
    (home.path / "pepper.key").write_bytes(PEPPER)
    write_landing(_rows(), folder / "landing")
    run_dbt(["run"], folder, landing=folder / "landing", warehouse=home.warehouse, project=project)
    shop_file = folder / "shop.yml"
    shop_file.write_text(SHOP_YML, encoding="utf-8")
    publish(
        home, shop=ShopStub("tea"), run=RunStub(as_of_at=AS_OF),
        manifest=folder / "target" / "manifest.json",
    )  # fmt: skip
    return Regulars(home, load_shop(shop_file))


def _rows() -> dict[str, list[dict[str, object]]]:
    """Three of two orders, one of them without consent, and one of one order."""
    book = Book("tea", timezone="Asia/Tokyo")
    book.campaign("thanks", segment="regulars", steps=(0,))
    for name, orders in (("anna", 2), ("ben", 3), ("carl", 2), ("dora", 1)):
        book.member(name, since=AS_OF - 90 * DAY, consents=name != "carl")
        for number in range(orders):
            book.order(name, AS_OF - (1 + 10 * number) * DAY)
    return dict(book.rows)


@pytest.mark.slow
def test_two_files_are_a_segment_that_is_planned_and_exported(regulars: Regulars) -> None:
    planned = regulars.ask("regulars", send=False)
    sent = regulars.ask("regulars", send=True)

    for outcome in (planned, sent):
        (counts,) = outcome.counts.values()
        assert {why: n for why, n in counts.items() if n} == {"handed_over": 2, "no_consent": 1}
    (batch,) = sent.batches
    assert batch.file is not None
    with batch.file.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert {(row["email"], row["order_count"]) for row in rows} == {
        ("anna@example.jp", "2"),
        ("ben@example.jp", "3"),
    }


@pytest.mark.slow
def test_a_campaign_may_be_asked_for_by_its_own_name(regulars: Regulars) -> None:
    assert set(regulars.ask("thanks", send=False).counts) == {"thanks/1/email"}


@pytest.mark.slow
def test_a_segment_nobody_wrote_is_refused_by_naming_those_that_are_there(
    regulars: Regulars,
) -> None:
    with pytest.raises(exports.ExportRefused, match=r"irregulars.*segments: .*regulars.*winback"):
        regulars.ask("irregulars", send=False)


FEEDS = sorted((DBT_PROJECT / "models" / "marts" / "feeds").glob("feed_*.yml"))


def test_there_is_a_feed_for_every_place_on_the_site() -> None:
    assert [file.stem.removeprefix("feed_onsite_") for file in FEEDS] == [
        "coordinate",
        "ranking",
        "top",
        "welcome",
    ]


@pytest.mark.parametrize("file", FEEDS, ids=lambda file: file.stem)
def test_every_feed_names_an_id_of_the_site_and_how_fresh_it_is(file: Path) -> None:
    (model,) = yaml.safe_load(file.read_text())["models"]
    columns = {column["name"]: column["data_type"] for column in model["columns"]}
    feed = model["config"]["meta"]["feed"]
    (key,) = [test["unique_key"] for test in model["data_tests"] if "unique_key" in test]

    assert list(columns)[:3] == ["shop_id", "visitor_kind", "visitor_id"]
    assert (columns["last_seen_at"], columns["as_of_at"]) == ("timestamp", "timestamp")
    assert key["arguments"]["columns"] == ["shop_id", *feed["key"]]
    assert {"ja", "en"} == set(feed["title"]) == set(feed["sentence"])
    assert feed["fresh_hours"] > 0
    # Whom an id belongs to is the shop's own knowledge; the site needs the id alone.
    assert "person_id" not in columns
