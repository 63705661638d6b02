"""`shop.yml`: what it accepts, what it refuses and in which words, and the rows it becomes."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import jsonschema
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines import keys
from pipelines.actors import Role
from pipelines.canonical import TABLES
from pipelines.settings import Home, SecretLost
from pipelines.shop import (
    Shop,
    ShopFileError,
    StatusRow,
    document,
    json_schema,
    load_shop,
    pepper_of,
    settings_tables,
)

REPOSITORY = Path(__file__).parent.parent
MINIMAL = "id: kutsu\nname: くつの店\n"

CAMPAIGN = """\
campaigns:
  - key: cart
    segment: cart_recovery
    steps:
      - {number: 1, delay_minutes: 60}
      - {number: 2, delay_minutes: 1440}
    arms:
      - {key: send, share_bp: 9000}
      - {key: none, share_bp: 1000, is_holdout: true}
"""

PEPPER = b"0123456789abcdef"


@pytest.fixture
def write(tmp_path: Path):
    """A function that writes a shop.yml and gives its path."""

    def _write(text: str, *, encoding: str = "utf-8") -> Path:
        path = tmp_path / "shop.yml"
        path.write_bytes(text.encode(encoding))
        return path

    return _write


def refused(path: Path) -> list[tuple[int, str, str]]:
    """Line, key and full text of each problem of a file that must not load."""
    with pytest.raises(ShopFileError) as caught:
        load_shop(path)
    for problem in caught.value.problems:
        assert str(problem).startswith(f"{path}:{problem.line}: ")
    return [(p.line, p.key, str(p)) for p in caught.value.problems]


def test_two_lines_are_a_shop_with_every_default(write) -> None:
    shop = load_shop(write(MINIMAL))

    assert (shop.id, shop.name, shop.timezone, shop.currency) == (
        "kutsu",
        "くつの店",
        "Asia/Tokyo",
        "JPY",
    )
    assert shop.revenue_measure == "goods"
    assert shop.thresholds.model_dump() == {
        "cart_idle_minutes": 60, "cart_expiry_days": 30, "session_gap_minutes": 30,
        "recovery_window_days": 7, "eligibility_hours": 24, "browse_min_views": 2,
        "max_accounts_per_email": 10, "loyal_order_count": 5, "interval_horizon_days": 365,
        "coupon_gap_days": 90, "catch_up_days": 3, "winback_months": 3,
        "second_purchase_days": 0, "new_days": 14, "motivation_low": 10, "motivation_high": 25,
        "hesitating_below_order_count": 2, "look_back_months": 3,
        "small_n": 30, "hide_below": 5, "smallest_effect_bp": 100, "planned_persons_per_arm": 0,
        "status_is_fixed": 0, "status_slowing_days": 90, "status_at_risk_days": 180,
        "status_dormant_days": 365,
    }  # fmt: skip
    assert shop.folder == write(MINIMAL).parent.resolve()


@pytest.mark.parametrize(
    ("text", "line", "key", "words"),
    [
        (MINIMAL + "timezon: Asia/Tokyo\n", 3, "timezon", "did you mean timezone?"),
        (MINIMAL + "timezone: Asia/Tokio\n", 3, "timezone", "Asia/Tokyo"),
        (MINIMAL + "currency: yen\n", 3, "currency", "for example JPY"),
        (MINIMAL + "revenue_measure: gross\n", 3, "revenue_measure", "goods, total, paid"),
        (MINIMAL + "revenue_measure: good\n", 3, "revenue_measure", "did you mean goods?"),
        (MINIMAL + "week_start: 0\n", 3, "week_start", "1 or more"),
        (MINIMAL + "week_start: eight\n", 3, "week_start", "a whole number"),
        (MINIMAL + "is_demo: perhaps\n", 3, "is_demo", "true or false"),
        (MINIMAL + "base_url: shop.example\n", 3, "base_url", "https://"),
        (MINIMAL + "clock: 2026-11-01T00:00:00\n", 3, "clock", "+09:00"),
        (MINIMAL + "history_from_on: 2026-13-01\n", 3, "history_from_on", "2026-11-01"),
        (MINIMAL + "sources: orders.csv\n", 3, "sources", "a list"),
        (MINIMAL + "sender: us\n", 3, "sender", "a block"),
        (MINIMAL + "sender: {adress: x}\n", 3, "sender.adress", "did you mean address?"),
        (MINIMAL + "pepper: abcdefghijklmnopq\n", 3, "pepper", "pepper.key"),
        (MINIMAL + "excluded_addresses: [ok@shop.jp, nowhere]\n", 3, "excluded_addresses[1]", "@"),
        (MINIMAL + "people:\n  - {email: taro, role: viewer}\n", 4, "people[0].email", "logs in"),
        (
            MINIMAL + "people:\n  - {email: a@b.jp, role: owner}\n",
            4,
            "people[0].role",
            "viewer, exporter, admin",
        ),
        (
            MINIMAL
            + "people:\n  - {email: a@b.jp, role: viewer}\n  - {email: A@B.jp, role: admin}\n",
            5,
            "people[1]",
            "a second time",
        ),
        (
            MINIMAL + "thresholds:\n  motivation_low: 25\n",
            4,
            "thresholds.motivation_low",
            "below 25",
        ),
        (MINIMAL + "quiet_hours: {from: 21:00, to: 21:00}\n", 3, "quiet_hours.to", "any time but"),
        ("name: くつの店\n", 1, "id", "is missing"),
        ("id: Kutsu\nname: x\n", 1, "id", "a-z 0-9"),
        ("id: demo\nname: x\n", 1, "id", "another id"),
        ("id: ../etc\nname: x\n", 1, "id", "a-z 0-9"),
        (f"id: {'a' * 64}\nname: x\n", 1, "id", "1 to 63"),
        (
            MINIMAL
            + "sources:\n  - key: a\n    files: x\n    mapping: m\n    support: {ordres: full}\n",
            7,
            "sources[0].support.ordres",
            "orders",
        ),
        (
            MINIMAL + "sources:\n  - {key: a, files: x, mapping: m, encoding: shift_jis}\n",
            4,
            "sources[0].encoding",
            "cp932",
        ),
        (
            MINIMAL + "exchange_rates:\n  - {day_on: 2026-01-01, currency: JPY, rate: 1}\n",
            4,
            "exchange_rates[0].currency",
            "any currency but JPY",
        ),
        (
            MINIMAL + "destinations:\n  - {key: a, profile: listmonk, contract: 売却}\n",
            4,
            "destinations[0].contract",
            "委託",
        ),
    ],
)
def test_a_refusal_names_line_key_and_what_is_allowed(write, text, line, key, words) -> None:
    problems = refused(write(text))

    assert [(p[0], p[1]) for p in problems] == [(line, key)]
    assert words in problems[0][2]


@pytest.mark.parametrize(
    ("old", "new", "line", "key", "words"),
    [
        ("9000", "9100", 9, "campaigns[0].arms", "sum to 10100"),
        ("key: none", "key: send", 11, "campaigns[0].arms[1].key", "second time"),
        ("key: none", "key: all", 11, "campaigns[0].arms[1].key", "word of the reports"),
        ("key: cart\n", "key: all\n", 4, "campaigns[0].key", "word of the reports"),
        (
            "9000}",
            "9000, delay_minutes: 30}",
            10,
            "campaigns[0].arms[0].delay_minutes",
            "60 or more",
        ),
        ("9000}", "9000, is_holdout: true}", 11, "campaigns[0].arms[1].is_holdout", "one at most"),
        ("minutes: 60}", "minutes: 59}", 7, "campaigns[0].steps[0].delay_minutes", "60 or more"),
        ("1440", "60", 8, "campaigns[0].steps[1].delay_minutes", "more than 60"),
        ("number: 2", "number: 3", 8, "campaigns[0].steps[1].number", "2 here"),
        (
            "1440}",
            "1440, validity_hours: 48, cool_down_hours: 47}",
            8,
            "campaigns[0].steps[1].cool_down_hours",
            "48 or more",
        ),
        (
            "    steps:",
            "    starts_at: 2026-11-02T00:00:00+09:00\n    ends_at: 2026-11-01T15:00:00Z\n    steps:",
            7,
            "campaigns[0].ends_at",
            "after 2026-11-02",
        ),
    ],
)
def test_a_campaign_that_contradicts_itself_is_refused(write, old, new, line, key, words) -> None:
    problems = refused(write(MINIMAL + CAMPAIGN.replace(old, new, 1)))

    assert [(p[0], p[1]) for p in problems] == [(line, key)]
    assert words in problems[0][2]


def test_a_holdout_of_a_later_campaign_version_does_not_collide(write) -> None:
    second = CAMPAIGN.replace("campaigns:\n", "").replace("key: cart", "key: cart\n    version: 2")
    shop = load_shop(write(MINIMAL + CAMPAIGN + second))

    assert shop.campaign("cart").version == 2
    assert refused(write(MINIMAL + CAMPAIGN + second.replace("version: 2", "version: 1")))[0][
        1
    ] == ("campaigns[1]")


def test_every_problem_is_reported_at_once_in_the_order_of_the_file(write) -> None:
    problems = refused(write("id: Kutsu\nname: x\nlocale: fr\nweek_start: 9\ncolour: red\n"))

    assert [p[:2] for p in problems] == [(1, "id"), (3, "locale"), (4, "week_start"), (5, "colour")]


def test_a_repeated_key_is_refused_instead_of_the_last_one_winning(write) -> None:
    problems = refused(write(MINIMAL + "sender:\n  name: a\n  name: b\nid: other\n"))

    assert [p[:2] for p in problems] == [(5, "sender.name"), (6, "id")]
    assert "first in line 4" in problems[0][2]


def test_values_mean_what_they_look_like(write) -> None:
    text = MINIMAL + (
        "quiet_hours: {from: 21:00, to: 08:00}\n"
        "sender: {name: off, contact: 0120}\n"
        "shipping_fee_amount: 1.10\n"
        "destinations:\n  - {key: 'no', profile: listmonk, country: NO, contract: 委託}\n"
    )
    shop = load_shop(write(text))

    assert shop.quiet_hours is not None
    assert (shop.quiet_hours.from_time.hour, shop.quiet_hours.to_time.hour) == (21, 8)
    assert (shop.sender.name, shop.sender.contact) == ("off", "0120")
    assert shop.shipping_fee_amount == Decimal("1.10")
    assert (shop.destinations[0].country, shop.destinations[0].contract) == ("NO", "entrustment")


@pytest.mark.parametrize(
    ("text", "encoding", "line", "words"),
    [
        ("", "utf-8", 1, "empty"),
        ("- a\n- b\n", "utf-8", 1, "key: value"),
        ("id: a\nname: 店\n", "cp932", 2, "as UTF-8"),
        ("id: a\nname: 'x\n", "utf-8", 3, "quoted scalar"),
        ("id: a\n\tname: x\n", "utf-8", 2, "cannot start any token"),
        ("id: a\nname: !!int x\n", "utf-8", 2, "is no"),
        ("id: a\nname: x\0y\n", "utf-8", 2, "U+0000"),
        ("[" * 100_000, "utf-8", 1, "too deeply"),
        ("id: &a [*a]\nname: x\n", "utf-8", 1, "contains itself"),
        ("id: !!python/object/apply:os.getcwd []\nname: x\n", "utf-8", 1, "id"),
        ("id: a\nname: !!python/name:os.getcwd ''\n", "utf-8", 2, "could not determine"),
    ],
)
def test_a_broken_file_is_refused_with_its_line(write, text, encoding, line, words) -> None:
    problems = refused(write(text, encoding=encoding))

    assert problems[0][0] == line
    assert words in problems[0][2]


def test_a_missing_file_is_refused_by_name(tmp_path: Path) -> None:
    assert "cannot be read" in refused(tmp_path / "nothing.yml")[0][2]


@given(st.binary(max_size=200))
def test_no_bytes_do_anything_but_load_or_be_refused(tmp_path_factory, content) -> None:
    path = tmp_path_factory.mktemp("any") / "shop.yml"
    path.write_bytes(content)

    with pytest.raises(ShopFileError):
        load_shop(path)


def test_the_version_follows_the_content_and_nothing_else(write) -> None:
    version = load_shop(write(MINIMAL)).version

    assert len(version) == 16
    assert load_shop(write("# a comment\nname: くつの店\nid: kutsu\n")).version == version
    assert load_shop(write(MINIMAL + "clock: 2026-11-01T00:00:00Z\n")).version == version
    assert load_shop(write(MINIMAL + "week_start: 7\n")).version != version


def test_what_the_law_wants_and_is_still_empty_is_listed(write) -> None:
    text = MINIMAL + (
        "sender: {name: くつの店, address: 東京都}\n"
        "destinations:\n  - {key: lm, profile: listmonk, country: JP}\n"
    )
    shop = load_shop(write(text))

    assert shop.sender.lacks == ("sender.stop_url", "sender.contact")
    assert shop.destination("lm").lacks == ("contract", "basis")


def test_a_campaign_follows_the_shops_thresholds_and_its_channel(write) -> None:
    text = MINIMAL + "thresholds: {recovery_window_days: 5, eligibility_hours: 12}\n" + CAMPAIGN
    mail = load_shop(write(text)).campaign("cart")
    line = load_shop(write(text.replace("segment:", "channel: line\n    segment:"))).campaign(
        "cart"
    )

    assert (mail.recovery_window_days, mail.eligibility_hours, mail.salt) == (5, 12, "cart-1")
    assert line.recovery_window_days == 1


def test_a_message_is_valid_a_day_after_a_cart_and_else_as_long_as_a_run_is_made_up_for(
    write,
) -> None:
    review = "{number: 1, delay_minutes: 4320, measured_from: ordered, cool_down_hours: 200}"
    text = MINIMAL + "thresholds: {catch_up_days: 5}\n" + CAMPAIGN
    text += f"  - key: review\n    segment: review_request\n    steps:\n      - {review}\n"

    shop = load_shop(write(text))

    assert [s.validity_hours for s in shop.campaign("cart").steps] == [24, 24]
    assert [s.validity_hours for s in shop.campaign("review").steps] == [120]


def test_what_a_segment_needs_to_know_of_its_campaign_is_landed(write) -> None:
    tier = "{number: 1, delay_minutes: 0, measured_from: qualified}"
    text = MINIMAL + "campaigns:\n  - key: gold\n    segment: spend_tier\n    from_amount: 100000\n"
    text += f"    amount_basis: rolling_365d\n    lead_days: 3\n    steps:\n      - {tier}\n"

    row = settings_tables(load_shop(write(text)), status_defaults=())["campaigns"].row(
        0, named=True
    )

    assert (row["segment_key"], row["from_amount"]) == ("spend_tier", Decimal(100_000))
    assert (row["amount_basis"], row["lead_days"]) == ("rolling_365d", 3)


def test_the_demo_alone_carries_its_key_in_the_file(write, tmp_path: Path) -> None:
    demo = load_shop(write(MINIMAL + "is_demo: true\npepper: a-public-demo-key\n"))
    own = load_shop(write(MINIMAL))
    home = Home(tmp_path / "home")

    assert pepper_of(demo, home) == b"a-public-demo-key"
    assert pepper_of(own, home) == (tmp_path / "home" / "pepper.key").read_bytes()


@pytest.mark.parametrize("how", ["the file changed", "the file is gone", "another is set"])
def test_a_home_knows_the_secret_key_it_began_with(
    write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    shop, home = load_shop(write(MINIMAL)), tmp_path / "home"
    first = pepper_of(shop, Home(home))
    assert pepper_of(shop, Home(home)) == first
    if how == "the file changed":
        (home / "pepper.key").write_text("another")
    elif how == "the file is gone":
        (home / "pepper.key").unlink()
    else:
        monkeypatch.setenv("OKAERI_PEPPER", "another")

    with pytest.raises(SecretLost, match="everybody would be written to again"):
        pepper_of(shop, Home(home))

    assert (home / "pepper.key").exists() == (how != "the file is gone")
    monkeypatch.setenv("OKAERI_PEPPER", first.decode())
    assert pepper_of(shop, Home(home)) == first


def test_a_home_of_before_that_was_written_down_makes_no_second_key(write, tmp_path: Path) -> None:
    shop, home = load_shop(write(MINIMAL)), Home(tmp_path / "home")
    batch = home.landing / "customers" / "month=2026-11" / "b.parquet"
    batch.parent.mkdir(parents=True)
    batch.touch()

    with pytest.raises(SecretLost, match="is gone, or OKAERI_PEPPER"):
        pepper_of(shop, home)
    assert not (home.path / "pepper.key").exists()


# --- rows ---------------------------------------------------------------------------------------


def tables(path: Path, defaults: tuple[StatusRow, ...] = ()) -> dict[str, pl.DataFrame]:
    """Settings tables of a file, at a fixed day and with a fixed key."""
    return settings_tables(
        load_shop(path), status_defaults=defaults, today=date(2026, 11, 20), pepper=PEPPER
    )


def test_every_settings_table_has_its_canonical_columns_and_keeps_its_promises(write) -> None:
    found = tables(write(MINIMAL + CAMPAIGN), (StatusRow("eccube", "1", "placed", is_sale=True),))

    assert set(found) == {
        "shops", "shop_thresholds", "shop_days", "exchange_rates", "order_status_map",
        "excluded_addresses", "campaigns", "campaign_steps", "campaign_arms", "motivation_weights",
    }  # fmt: skip
    for name, frame in found.items():
        table = TABLES[name]
        assert frame.schema == pl.Schema({c.name: c.dtype for c in table.columns})
        assert frame.height == frame.n_unique({"shop_id", *table.key})
        for column in table.columns:
            if column.required:
                assert frame[column.name].null_count() == 0, (name, column.name)
            if column.allowed:
                assert set(frame[column.name]) <= set(column.allowed), (name, column.name)


def test_thresholds_and_weights_become_one_row_each(write) -> None:
    found = tables(write(MINIMAL + "weights: {search: {points: 2, daily_cap: 4}}\n"))

    assert dict(
        found["shop_thresholds"].select("threshold_key", "threshold_value").iter_rows()
    ) == (Shop(id="a", name="a").thresholds.model_dump())
    weights = {r["weight_key"]: r for r in found["motivation_weights"].to_dicts()}
    assert (weights["search"]["points"], weights["search"]["daily_cap"]) == (2, 4)
    # Definitions 8: views and searches count five times a day, the rest three times.
    assert {k for k, r in weights.items() if r["daily_cap"] == 5} == {"product_view"}
    assert {k: r["points"] for k, r in weights.items() if k != "search"} == {
        "product_view": 1, "three_pictures": 3, "favourite": 5, "add_to_cart": 8,
        "checkout": 10, "return_day": 5, "sign_up": 5,
    }  # fmt: skip


def test_the_shops_own_status_beats_the_mappings(write) -> None:
    text = MINIMAL + (
        "sources:\n  - {key: ec, files: x, mapping: m}\n"
        "order_status_map:\n  - {source: ec, status: 9, state: completed, is_sale: true}\n"
    )
    defaults = (
        StatusRow("ec", "9", "returned", is_sale=False),
        StatusRow("ec", "1", "placed", is_sale=True),
    )
    rows = tables(write(text), defaults)["order_status_map"].to_dicts()

    assert [(r["source_status"], r["order_state"], r["is_sale"]) for r in rows] == [
        ("1", "placed", True),
        ("9", "completed", True),
    ]


def test_exchange_rates_are_exact(write) -> None:
    text = (
        MINIMAL + "exchange_rates:\n  - {day_on: 2026-01-01, currency: USD, rate: 155.12345678}\n"
    )
    rates = tables(write(text))["exchange_rates"].to_dicts()

    assert rates == [
        {
            "shop_id": "kutsu",
            "day_on": date(2026, 1, 1),
            "currency": "USD",
            "exchange_rate": Decimal("155.12345678"),
        }
    ]


def test_a_status_of_an_unknown_source_is_refused(write) -> None:
    text = MINIMAL + "order_status_map:\n  - {source: ec, status: 9, state: paid, is_sale: true}\n"

    assert refused(write(text))[0][1] == "order_status_map[0].source"


def test_excluded_addresses_leave_the_file_only_as_hashes(write) -> None:
    text = MINIMAL + 'excluded_addresses: ["Test@Shop.JP", shop.example.jp, "@other.jp"]\n'
    frame = tables(write(text))["excluded_addresses"]

    assert set(frame.select("address_kind", "address_value").iter_rows()) == {
        ("domain", "shop.example.jp"),
        ("domain", "other.jp"),
        ("email_hash", keys.email_hash("test@shop.jp", pepper=PEPPER)),
    }


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Asia/Tokyo", date(2026, 3, 29), 24),
        ("Europe/Paris", date(2026, 3, 29), 23),
        ("Europe/Paris", date(2026, 10, 25), 25),
        # Clocks jump at midnight itself: the day begins at 01:00.
        ("Africa/Cairo", date(2026, 4, 24), 23),
        # A day that was skipped altogether.
        ("Pacific/Apia", date(2011, 12, 30), 0),
    ],
)
def test_days_are_as_long_as_the_zone_makes_them_and_leave_no_gap(write, zone, day, hours) -> None:
    frame = tables(write(MINIMAL + f"timezone: {zone}\n"))["shop_days"]

    length = frame.filter(day_on=day).select(pl.col("ends_at") - pl.col("starts_at")).item()
    assert length == timedelta(hours=hours)
    assert frame["day_on"][0] == date(1995, 1, 1)
    assert frame["day_on"][-1] == date(2028, 12, 31)
    assert (frame["ends_at"][:-1] == frame["starts_at"][1:]).all()


def test_days_begin_with_the_shops_history_and_stay_equal_for_a_year(write) -> None:
    path = write(MINIMAL + "history_from_on: 2024-04-01\nclock: 2026-11-20T00:00:00+09:00\n")
    shop = load_shop(path)
    frame = settings_tables(shop, status_defaults=())["shop_days"]

    assert frame["day_on"][0] == date(2024, 4, 1)
    assert frame["day_on"][-1] == date(2028, 12, 31)
    january = settings_tables(shop, status_defaults=(), today=date(2026, 1, 1))["shop_days"]
    assert frame.equals(january)


def test_campaign_times_are_landed_in_utc_and_arms_keep_their_order(write) -> None:
    text = MINIMAL + CAMPAIGN.replace(
        "    steps:", "    starts_at: 2026-11-01T00:00:00+09:00\n    steps:"
    )
    found = tables(write(text))

    assert found["campaigns"]["starts_at"][0] == datetime(2026, 10, 31, 15, tzinfo=UTC).replace(
        tzinfo=None
    )
    arms = found["campaign_arms"].sort("arm_order")
    assert arms["arm_key"].to_list() == ["send", "none"]
    assert arms["share_bp"].sum() == 10_000


def test_a_campaign_without_arms_writes_to_everybody(write) -> None:
    text = MINIMAL + CAMPAIGN[: CAMPAIGN.index("    arms:")]
    arms = tables(write(text))["campaign_arms"].to_dicts()

    assert [(a["arm_key"], a["share_bp"], a["is_holdout"]) for a in arms] == [
        ("send", 10_000, False)
    ]


@pytest.mark.parametrize(
    "file",
    [
        *sorted(REPOSITORY.glob("examples/*/shop.yml")),
        *sorted(REPOSITORY.glob("pipelines/*/shop.yml")),
    ],
    ids=lambda file: file.parent.name,
)
def test_editors_find_nothing_wrong_with_a_shop_that_loads(file: Path) -> None:
    validator = jsonschema.Draft202012Validator(json.loads(json_schema()))

    assert load_shop(file).id
    assert [e.message for e in validator.iter_errors(document.read(file).content)] == []


def test_editors_find_what_loading_refuses(write) -> None:
    validator = jsonschema.Draft202012Validator(json.loads(json_schema()))
    content = document.read(write(MINIMAL + "locale: fr\ncolour: red\nweek_start: 9\n")).content

    assert len(list(validator.iter_errors(content))) == 3


def test_the_published_schema_is_the_models() -> None:
    published = Path(__file__).parent.parent / "docs" / "shop.schema.json"

    assert published.read_text(encoding="utf-8") == json_schema(), (
        "write it anew: python -m pipelines.shop > docs/shop.schema.json"
    )
    assert json.loads(json_schema())["additionalProperties"] is False


def test_a_member_of_staff_has_a_role_whatever_the_case_of_the_address(write) -> None:
    shop = load_shop(write(MINIMAL + "people:\n  - {email: Hanako@Shop.jp, role: exporter}\n"))

    assert shop.role_of(" hanako@SHOP.jp ") is Role.EXPORTER
    assert shop.role_of("taro@shop.jp") is None


def test_the_staff_is_in_no_settings_table_and_moves_no_version(write) -> None:
    bare = load_shop(write(MINIMAL))
    staffed = load_shop(write(MINIMAL + "people:\n  - {email: hanako@shop.jp, role: admin}\n"))

    rows = settings_tables(staffed, status_defaults=(), today=date(2026, 11, 20), pepper=PEPPER)
    assert staffed.version == bare.version
    assert not any("hanako" in frame.write_json() for frame in rows.values())
