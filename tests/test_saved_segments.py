"""Saved segments: versions in the state database, and the same hand-over as any other segment."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from typer.testing import CliRunner, Result

from pipelines import conditions, exports, requests, saved_segments, state, terminal
from pipelines.actors import Actor
from pipelines.cli import app
from pipelines.conditions import BadConditions, Basis
from pipelines.exports.errors import ConditionsOutdated, NewsletterStopped, UnknownSegment
from pipelines.migrations import upgrade
from pipelines.requests import BadRequest
from pipelines.settings import Home
from pipelines.shop import load_shop
from tests import asked
from tests.asked import one
from tests.exports.shop_files import NOW, PEPPER, SHOP_YML, Person, SmallShop

TODAY = date(2026, 11, 10)
CAMPAIGN = """  - key: newsletter
    version: 1
    segment: newsletter
    steps:
      - {number: 1, delay_minutes: 0, measured_from: qualified, validity_hours: 1, cool_down_hours: 1}
    arms:
      - {key: send, share_bp: 9000}
      - {key: holdout, share_bp: 1000, is_holdout: true}
"""
MANY = one("order_count", "at_least", 2)
TOKYO = one("prefecture", "equals", "東京都")


@dataclass
class NewsletterShop(SmallShop):
    """A small shop whose published file holds `seg_newsletter` and what conditions are asked of."""

    known: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    more_campaigns: Sequence[str] = ()
    unbuilt: Sequence[str] = ()

    def _write_public(self, connection, people, sales, closed, inquiries, meta, received) -> None:
        said = {"stops_on_order": False, "needs_content": False, "behavioural": False, **meta}
        super()._write_public(connection, people, sales, closed, inquiries, said, received)
        connection.execute("drop table dim_persons")
        rows = [
            {"person_id": p.person_id, "open_inquiry_count": int(p.person_id in inquiries),
             "order_count": 0, "is_mailable": p.consent, **self.known.get(p.person_id, {})}
            for p in people
        ]  # fmt: skip
        browser = {"person_kind": "browser", "order_count": 9, "prefecture": "東京都"}
        asked.write(connection, [*rows, {"person_id": "s:browser", **browser}], today=TODAY)
        for name in self.unbuilt:
            connection.execute("delete from catalogue_columns where column_name = ?", [name])
        for campaign in self.more_campaigns:
            connection.execute(
                "insert into seg_newsletter select * replace (? as campaign_key,"
                " ? || '/1/email/' || occurrence_key as dedupe_key) from seg_newsletter"
                " where campaign_key = 'newsletter'",
                [campaign, campaign],
            )

    @property
    def file(self) -> duckdb.DuckDBPyConnection:
        path = self.home.published / f"{self.published[-1]}.duckdb"
        return duckdb.connect(str(path), read_only=True)

    @property
    def basis(self) -> Basis:
        with self.file as connection:
            return conditions.basis_of(connection)

    def save(self, key: str, document: object, **more) -> saved_segments.SavedSegment:
        wish = {"title_ja": "常連", "title_en": "Regulars", "saved_by": "tester", "saved_at": NOW}
        return saved_segments.save(
            self.home, self.basis, key=key, conditions=document, **{**wish, **more}
        )

    def live(self, document: object) -> int:
        with self.file as connection:
            basis = conditions.basis_of(connection)
            return conditions.count(connection, conditions.checked(document, basis.columns), basis)

    def request(self, key: str, *, send: bool = True, **more) -> str:
        return exports.request(
            self.home, self.shop, key, "mailer", send=send,
            requested_by=Actor.at_terminal("t"), clock=NOW, **more,
        )  # fmt: skip

    def hand_over(self, key: str, **more) -> exports.Outcome:
        return self.run(self.request(key, **more))


@pytest.fixture
def shop(tmp_path: Path) -> NewsletterShop:
    return newsletter_shop(tmp_path)


def newsletter_shop(folder: Path, *, campaigns: str = CAMPAIGN) -> NewsletterShop:
    text = SHOP_YML.format(pepper=PEPPER, more="").replace("caps:\n", f"{campaigns}caps:\n")
    (folder / "shop.yml").write_text(text, encoding="utf-8")
    return NewsletterShop(
        Home(folder / "tea"), load_shop(folder / "shop.yml"), "newsletter", "marketing"
    )


def reader(number: int, **more) -> Person:
    """A person the newsletter could go to; today's issue is its occurrence."""
    made = Person(
        f"s:{number}", f"u{number}@example.jp", occurrence="2026-11-10", content_source="none",
        qualified_at=NOW - timedelta(hours=12), due_at=NOW - timedelta(hours=12),
    )  # fmt: skip
    return replace(made, **more)


def emails(outcome: exports.Outcome) -> set[str]:
    found: list[str] = []
    for batch in outcome.batches:
        if batch.file is not None:
            text = io.StringIO(batch.file.read_bytes().decode(), newline="")
            found += [row["email"] for row in csv.DictReader(text)]
    assert len(found) == len(set(found))
    return set(found)


# --- versions ------------------------------------------------------------------------------------


def test_every_change_is_a_new_version_and_saving_the_same_again_is_none(shop):
    shop.publish([reader(0)])

    first = shop.save("regulars", MANY)
    again = shop.save("regulars", {"all": [{**MANY, "or_unknown": False}]}, saved_by="other")
    renamed = shop.save("regulars", MANY, title_en="Loyal")
    asked_otherwise = shop.save("regulars", TOKYO)
    back = shop.save("regulars", MANY)

    assert [one.version for one in (first, again, renamed, asked_otherwise, back)] == [
        1,
        1,
        2,
        3,
        4,
    ]
    assert again == first
    assert back.digest == first.digest
    assert saved_segments.versions_of(shop.home, "tea", "regulars") == [
        first, renamed, asked_otherwise, back
    ]  # fmt: skip
    assert saved_segments.read(shop.home, "tea", "regulars", version=3) == asked_otherwise
    assert first.conditions == {"all": [
        {"column": "order_count", "operator": "at_least", "value": 2}
    ]}  # fmt: skip


def test_the_list_holds_the_newest_of_each_and_of_this_shop_alone(shop):
    shop.publish([])
    shop.save("tokyo", TOKYO)
    shop.save("regulars", MANY)
    newest = shop.save("regulars", TOKYO, title_ja="東京")
    other = replace(shop.basis, shop_id="coffee")
    saved_segments.save(
        shop.home, other, key="beans", title_ja="豆", title_en="Beans", conditions={"all": []},
        saved_by="t", saved_at=NOW,
    )  # fmt: skip

    found = saved_segments.all_of(shop.home, "tea")

    assert [(one.segment_key, one.version) for one in found] == [("regulars", 2), ("tokyo", 1)]
    assert (newest.title("ja"), newest.title("en")) == ("東京", "Regulars")
    with pytest.raises(BadRequest, match="no saved segment 'beans'; saved: regulars, tokyo"):
        saved_segments.read(shop.home, "tea", "beans")
    with pytest.raises(BadRequest, match="no version 7 of saved segment"):
        saved_segments.read(shop.home, "tea", "tokyo", version=7)


def test_two_who_save_at_once_make_two_versions(shop):
    shop.publish([])
    basis = shop.basis
    state.requests_engine(shop.home)

    def save(number: int) -> int:
        return saved_segments.save(
            shop.home, basis, key="tokyo", title_ja=f"東京{number}", title_en="Tokyo",
            conditions=TOKYO, saved_by="t", saved_at=NOW,
        ).version  # fmt: skip

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(save, range(16))) == list(range(1, 17))


@pytest.mark.parametrize(("key", "more", "said"), [
    ("newsletter", {}, "built in; save it under another key"),
    ("../../etc", {}, "is no id"),
    ("a'; drop table saved_segments; --", {}, "is no id"),
    ("regulars", {"title_ja": " "}, "a title has 1 to 100"),
    ("regulars", {"title_en": "x" * 101}, "a title has 1 to 100"),
    ("regulars", {"campaign_key": "../x"}, "is no id"),
])  # fmt: skip
def test_a_segment_that_cannot_be_saved_says_why_and_leaves_nothing(shop, key, more, said):
    shop.publish([])

    with pytest.raises(BadRequest, match=said):
        shop.save(key, MANY, **more)
    with pytest.raises(BadConditions):
        shop.save("regulars", one("email", "equals", "a@example.jp"))

    assert saved_segments.all_of(shop.home, "tea") == []


def test_what_was_saved_before_the_second_language_is_kept(tmp_path):
    home = Home(tmp_path / "tea")
    home.path.mkdir()
    engine = sa.create_engine(home.requests_url)
    config = Config()
    folder = Path(state.__file__).parent / "migrations" / "requests"
    config.set_main_option("script_location", str(folder))
    with engine.connect() as connection, connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, "requests_0001")
        connection.execute(
            sa.text(
                "insert into saved_segments values"
                " ('tea', 'old', 1, '古い', '{\"all\": []}', 'somebody', '2026-01-01 00:00:00')"
            )
        )

    upgrade(engine, "requests")

    (kept,) = saved_segments.all_of(home, "tea")
    assert (kept.title_ja, kept.title_en, kept.conditions) == ("古い", "古い", {"all": []})
    assert kept.digest == ""


# --- the live count and the plan -----------------------------------------------------------------

READERS = [
    reader(0), reader(1),
    reader(2, consent=False),
    reader(3, email=None),
    reader(4, block_reason="hard_bounce"),
    reader(5, arm="holdout", is_held_out=True),
    reader(6, block_reason="profiling_opt_out"),
    reader(7, valid_until_at=NOW - timedelta(minutes=1)),
    reader(8), reader(9),
]  # fmt: skip
KNOWN = {
    f"s:{n}": {"order_count": n % 4, "prefecture": "東京都" if n < 7 else "大阪府"}
    for n in range(10)
}
TREES = {
    "everybody": {"all": []},
    "many": MANY,
    "tokyo": TOKYO,
    "both": {"all": [MANY, TOKYO]},
    "either": {"any": [MANY, TOKYO]},
    "nobody": one("order_count", "at_least", 99),
    "unknown": one("last_ordered_on", "empty"),
}


@pytest.mark.parametrize("name", TREES)
def test_the_live_count_is_who_is_handed_over_plus_every_reason(shop, name):
    shop.known = KNOWN
    shop.publish(READERS, inquiries=["s:8"])
    shop.save("list", TREES[name])

    outcome = shop.hand_over("list", send=False)

    counted = {
        f"s:{n}" for n in range(10)
        if name in ("everybody", "unknown")
        or {"many": n % 4 >= 2, "tokyo": n < 7, "both": n % 4 >= 2 and n < 7,
            "either": n % 4 >= 2 or n < 7, "nobody": False}[name]
    }  # fmt: skip
    (counts,) = outcome.counts.values()
    assert shop.live(TREES[name]) == len(counted)
    assert sum(counts.values()) == len(counted)
    assert counts["not_due"] == 0


def test_every_reason_of_a_saved_segment_is_counted_by_hand(shop):
    shop.known = KNOWN
    shop.publish(READERS, inquiries=["s:8"])
    shop.save("list", {"all": []})
    shop.save("behaviour", one("order_count", "at_least", 0))

    plain = shop.hand_over("list", send=False).counts["newsletter/1/email"]
    behavioural = shop.hand_over("behaviour", send=False).counts["newsletter/1/email"]

    # Ten people: 0, 1, 6, 9 are free; of conditions on behaviour 6 wants to hear nothing.
    assert plain == {
        "handed_over": 4, "no_consent": 1, "no_address": 1, "hard_bounce": 1, "held_out": 1,
        "stale": 1, "open_inquiry": 1, "not_due": 0,
    }  # fmt: skip
    assert behavioural == {**plain, "handed_over": 3, "profiling_opt_out": 1}


# --- handed over ---------------------------------------------------------------------------------


def test_only_who_meets_the_conditions_leaves_and_nobody_twice_for_one_issue(shop):
    shop.known = KNOWN
    shop.publish([reader(n) for n in range(10)])
    shop.save("many", MANY)
    shop.save("tokyo", TOKYO)

    first = shop.hand_over("many", issue="autumn")
    other = shop.hand_over("tokyo", issue="autumn")
    again = shop.hand_over("many", issue="autumn")
    named = {(batch.program, batch.segment) for batch in exports.batches(shop.home)}

    assert emails(first) == {f"u{n}@example.jp" for n in (2, 3, 6, 7)}
    assert emails(other) == {f"u{n}@example.jp" for n in (0, 1, 4, 5)}
    assert other.counts == {"newsletter/1/email": {"already_handed_over": 3, "handed_over": 4}}
    assert emails(again) == set()
    assert again.counts == {"newsletter/1/email": {"already_handed_over": 4}}
    assert named == {("newsletter/1/email", "many"), ("newsletter/1/email", "tokyo")}


def test_another_issue_goes_to_the_same_people(shop):
    shop.known = KNOWN
    shop.publish([reader(n) for n in range(4)])
    shop.save("tokyo", TOKYO)

    todays = shop.hand_over("tokyo")
    named = shop.hand_over("tokyo", issue="2026-11-10")
    request = shop.request("tokyo", issue="winter")
    winter = shop.run(request, at=NOW + timedelta(hours=2))

    assert len(emails(todays)) == 4
    assert emails(named) == set()  # the day's own issue goes by its date
    assert emails(winter) == emails(todays)


def test_a_hand_over_names_the_version_and_the_issue_it_was_made_of(shop):
    shop.known = KNOWN
    shop.publish([reader(n) for n in range(4)])
    saved = shop.save("list", MANY)
    request = shop.request("list", issue="autumn")
    newer = shop.save("list", TOKYO)

    outcome = shop.run(request)

    made_of = {"version": 1, "digest": saved.digest, "issue": "autumn"}
    (batch,) = exports.batches(shop.home)
    manifest = json.loads(outcome.batches[0].manifest.read_text())
    assert emails(outcome) == {"u2@example.jp", "u3@example.jp"}
    assert batch.layout["saved_segment"] == made_of
    assert manifest["layout"]["saved_segment"] == made_of
    assert manifest["segment"] == "list"
    assert {claim["dedupe_key"] for claim in manifest["claims"]} == {"newsletter/1/email/autumn"}
    asked_for = requests.read(shop.home, request)
    assert (asked_for.segment_version, asked_for.issue) == (1, "autumn")
    assert newer.version == 2


def test_who_stops_meeting_the_conditions_is_listed_as_gone_and_other_segments_do_not_count(shop):
    shop.known = KNOWN
    shop.publish([reader(n) for n in range(4)])
    shop.save("many", MANY)
    shop.save("tokyo", TOKYO)
    shop.hand_over("many", issue="one")
    shop.known = {**KNOWN, "s:3": {"order_count": 0, "prefecture": "東京都"}}
    shop.publish([reader(n) for n in range(4)])

    other = shop.hand_over("tokyo", issue="two")
    later = shop.run(shop.request("many", issue="three"), at=NOW + timedelta(hours=2))

    assert not list(shop.outbox().glob(f"{other.batches[0].batch_id}.removed.csv"))
    (gone,) = shop.outbox().glob(f"{later.batches[0].batch_id}.removed.csv")
    assert [row["email"] for row in csv.DictReader(io.StringIO(gone.read_text()))] == [
        "u3@example.jp"
    ]


def test_an_order_since_takes_nobody_out_of_a_newsletter(shop):
    shop.known = KNOWN
    shop.publish([reader(0)], sales={"s:0": NOW - timedelta(hours=1)})
    shop.save("tokyo", TOKYO)

    assert emails(shop.hand_over("tokyo")) == {"u0@example.jp"}


def test_a_shop_without_a_newsletter_campaign_sends_by_the_strict_rules(tmp_path):
    shop = newsletter_shop(tmp_path, campaigns="")
    shop.known = KNOWN
    shop.publish([reader(0), reader(1, consent=False)])
    shop.save("tokyo", TOKYO)

    outcome = shop.hand_over("tokyo")

    assert outcome.counts == {"newsletter/1/email": {"handed_over": 1, "no_consent": 1}}
    assert exports.batches(shop.home)[0].expires_at is not None


def test_a_saved_segment_leaves_as_the_campaign_it_names(shop):
    shop.known = KNOWN
    shop.more_campaigns = ["monthly"]
    shop.publish([reader(0), reader(1)])
    shop.save("unsaid", TOKYO)
    shop.save("said", TOKYO, campaign_key="monthly")
    shop.save("gone", TOKYO, campaign_key="weekly")

    outcome = shop.hand_over("said")

    assert outcome.counts == {"monthly/1/email": {"handed_over": 2}}
    with pytest.raises(NewsletterStopped, match="monthly, newsletter all send newsletters: save"):
        shop.hand_over("unsaid")
    with pytest.raises(NewsletterStopped, match="no campaign 'weekly' of segment newsletter runs"):
        shop.hand_over("gone")


def test_a_saved_segment_of_nobody_writes_a_header_for_its_own_campaign(tmp_path):
    monthly = CAMPAIGN.replace("key: newsletter", "key: monthly")
    shop = newsletter_shop(tmp_path, campaigns=monthly + CAMPAIGN)
    shop.more_campaigns = ["monthly"]
    shop.publish([reader(0)])
    shop.save("nobody", one("order_count", "at_least", 99), campaign_key="newsletter")

    outcome = shop.hand_over("nobody")

    assert outcome.counts == {"newsletter/1/email": {}}
    assert [batch.rows for batch in outcome.batches] == [0]


def test_a_stopped_newsletter_is_refused_instead_of_empty(shop):
    shop.publish([])
    shop.save("tokyo", TOKYO)

    with pytest.raises(NewsletterStopped, match=r"runs: start one in shop\.yml"):
        shop.hand_over("tokyo")


def test_conditions_a_later_build_cannot_answer_are_refused_by_name(shop):
    shop.known = KNOWN
    shop.publish([reader(0)])
    shop.save("many", MANY)
    request = shop.request("many")
    shop.unbuilt = ["order_count"]
    shop.publish([reader(0)])

    with pytest.raises(ConditionsOutdated, match=r"many version 1 .*no column 'order_count'"):
        shop.run(request)
    assert requests.read(shop.home, request).request_state == "failed"


def test_the_whole_newsletter_cannot_be_asked_for(shop):
    shop.publish([reader(0)])
    shop.save("tokyo", TOKYO)

    with pytest.raises(UnknownSegment, match="goes to a saved segment; ask for one of: tokyo"):
        shop.request("newsletter")


def test_an_issue_belongs_to_a_saved_segment_alone(tmp_path):
    carts = SmallShop(Home(tmp_path / "tea"), newsletter_shop(tmp_path).shop)
    carts.publish([])

    with pytest.raises(
        UnknownSegment, match="'cart_recovery' is no saved segment: it has no issues"
    ):
        carts.ask(issue="autumn")


def test_a_key_that_came_to_mean_two_things_is_refused(shop):
    shop.publish([reader(0)])
    shop.save("winback", TOKYO)

    with pytest.raises(UnknownSegment, match="is a saved segment and one that is built in, or a"):
        shop.request("winback")


@pytest.mark.parametrize("issue", ["../x", "Autumn 2026", "a'b", ""])
def test_an_issue_is_an_id(shop, issue):
    shop.publish([reader(0)])
    shop.save("tokyo", TOKYO)

    with pytest.raises(BadRequest, match=r"issue .* is no id"):
        shop.request("tokyo", issue=issue)


# --- on the terminal -----------------------------------------------------------------------------


@pytest.fixture
def okaeri(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The command line beside a shop of ten readers; gives what it prints."""
    monkeypatch.setenv("OKAERI_HOME", str(tmp_path))
    monkeypatch.setattr(terminal.console, "width", 200)
    shop = newsletter_shop(tmp_path)
    shop.known = KNOWN
    shop.publish(READERS)

    def typed(*words: str, code: int = 0, lang: str = "en") -> Result:
        done = CliRunner().invoke(
            app, ["--lang", lang, *words, "--shop", str(tmp_path / "shop.yml")]
        )
        assert done.exit_code == code, f"{done.output}\n{done.exception!r}"
        return done

    typed.folder = tmp_path  # type: ignore[attr-defined]
    return typed


def test_a_segment_is_asked_about_saved_listed_and_handed_over(okaeri):
    file = okaeri.folder / "regulars.yml"
    file.write_text("all:\n  - {column: order_count, operator: at_least, value: 2}\n")

    counted = okaeri("segments", "count", str(file)).stdout
    saved = okaeri("segments", "save", "regulars", str(file), "--title", "常連").stdout
    again = json.loads(
        okaeri("segments", "save", "regulars", json.dumps(MANY), "--title", "常連", "--json").stdout
    )
    plan = okaeri("exports", "request", "regulars", "--to", "mailer", "--issue", "autumn").stdout

    # Of the readers 2, 3, 6 and 7 have two orders or more; 2 has not consented.
    assert counted.startswith("Orders is at least 2\n  4 persons, 3 of them mailable\n")
    assert "nobody who objects to profiling is written to" in counted
    assert "saved regulars, version 1" in saved
    assert "Next: okaeri exports request regulars --to mailer" in saved
    assert (again["version"], again["persons"]) == (1, 4)
    assert "newsletter/1/email: " in plan
    assert "regulars v1 · autumn" in okaeri("exports", "list").stdout


def test_lists_versions_and_columns_are_printed_in_both_languages(okaeri):
    okaeri(
        "segments", "save", "list", json.dumps(MANY), "--title", "常連", "--title-en", "Regulars"
    )
    okaeri("segments", "save", "list", json.dumps(TOKYO), "--title", "東京", "--title-en", "Tokyo")

    english, japanese = (okaeri("segments", "list", lang=lang).stdout for lang in ("en", "ja"))
    versions = okaeri("segments", "show", "list", lang="ja").stdout
    columns = okaeri("segments", "columns").stdout

    assert "list v2  Tokyo  Prefecture is 東京都" in english
    assert "list v2" in japanese
    assert "都道府県が東京都" in japanese
    assert versions.index("第1版") < versions.index("注文回数が2以上") < versions.index("第2版")
    assert "person_kind" in columns
    assert "member guest" in columns
    assert len(json.loads(okaeri("segments", "show", "list", "--json").stdout)) == 2


@pytest.mark.parametrize(("words", "code", "said"), [
    (("count", '{"column": "email", "operator": "equals", "value": "x"}'), 1, "no column 'email'"),
    (("count", "nowhere.yml"), 2, "cannot be read: [Errno 2] No such file"),
    (("count", "{column: ["), 2, "cannot be read: while parsing"),
    (("count", "[!!python/object/apply:os.system [id]]"), 2, "could not determine a constructor"),
    (("save", "newsletter", '{"all": []}', "--title", "x"), 1, "is a segment that is built in"),
    (("show", "nope"), 1, "there is no saved segment 'nope'; saved: none yet"),
])  # fmt: skip
def test_a_mistake_on_the_terminal_says_what_to_do(okaeri, words, code, said):
    assert said in " ".join(okaeri("segments", *words, code=code).stderr.split())
