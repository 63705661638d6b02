"""Who is due, under one contract for all segments."""

import hashlib

import pytest
import yaml

from pipelines.settings import DBT_PROJECT
from tests.golden.rows import utc

SEGMENTS = sorted((DBT_PROJECT / "models" / "segments").glob("seg_*.yml"))
CORE = {
    "shop_id": "string", "person_id": "string", "campaign_key": "string",
    "campaign_version": "bigint", "step_number": "bigint", "arm_key": "string",
    "channel": "string", "occurrence_key": "string", "dedupe_key": "string",
    "qualified_at": "timestamp", "due_at": "timestamp", "valid_until_at": "timestamp",
    "reason_code": "string", "is_held_out": "boolean", "content_source": "string",
}  # fmt: skip


@pytest.mark.parametrize("file", SEGMENTS, ids=lambda file: file.stem)
def test_every_segment_keeps_the_one_contract(file):
    (model,) = yaml.safe_load(file.read_text())["models"]
    columns = {column["name"]: column["data_type"] for column in model["columns"]}
    meta = model["config"]["meta"]["segment"]

    assert dict(list(columns.items())[: len(CORE)]) == CORE
    assert list(columns)[len(CORE) :] == meta["columns"]
    assert {"ja", "en"} == set(meta["title"]) == set(meta["sentence"])
    assert {"channel", "purpose", "cool_down", "max_rows"} <= set(meta)


@pytest.mark.parametrize("file", SEGMENTS, ids=lambda file: file.stem)
def test_no_segment_carries_an_address_or_a_personal_link(file):
    (model,) = yaml.safe_load(file.read_text())["models"]
    personal = {"email", "phone", "last_name", "first_name", "postal_code", "cart_url"}

    assert not personal & {column["name"] for column in model["columns"]}


def members(golden, segment: str, columns: str = "person_id, step_number") -> list[tuple]:
    return golden.execute(
        f"select {columns} from segments.{segment} where shop_id = 'due' order by person_id"
    ).fetchall()


def test_a_cart_is_due_an_hour_after_its_last_activity_and_mail_2_a_day_after(golden):
    # Not yet due: busy (59 minutes) and soon (mail 1 only 22 hours ago). Not any more: bought,
    # stale (25 hours). Mail 1 stays due while it is valid, whether handed over or not.
    assert members(golden, "seg_cart_recovery") == [
        ("empty_shelf", 1), ("first", 1), ("held", 1), ("reminded", 1),
        ("second", 2),
    ]  # fmt: skip


def test_mail_2_keeps_its_distance_from_a_late_mail_1(golden):
    ((due_at,),) = golden.execute(
        "select due_at from segments.seg_cart_recovery where shop_id = 'due' and step_number = 2"
    ).fetchall()

    # Mail 1 on 31 October 00:00 + (24 h − 1 h), later than 30 October 18:00 + 24 h.
    assert due_at == utc(2026, 10, 31, 23)


def test_a_held_out_person_is_in_the_segment_and_marked(golden):
    held = dict(members(golden, "seg_cart_recovery", "person_id, is_held_out"))

    assert held == {
        "empty_shelf": False,
        "first": False,
        "held": True,
        "reminded": False,
        "second": False,
    }


def test_content_names_what_can_be_bought_newest_first(golden):
    rows = {
        row[0]: row[1:]
        for row in members(
            golden, "seg_cart_recovery",
            "person_id, content_source, item_1_name, item_2_name, items_more, stock_band,"
            " amount_to_free_shipping",
        )
    }  # fmt: skip

    # Today's prices 3,000 + 3,000: 2,000 are missing to 8,000. Two pieces left are few.
    assert rows["first"] == ("cart", "Bag p2", "Bag p1", 0, "low", 2000)
    assert rows["empty_shelf"][:3] == ("none", None, None)


def test_a_member_who_need_not_be_written_to_says_why(golden):
    reasons = dict(members(golden, "seg_cart_recovery", "person_id, reason_code"))

    assert reasons == {
        "empty_shelf": "goods_gone",
        "first": "abandoned_cart",
        "held": "abandoned_cart",
        "reminded": "shop_mailed",
        "second": "abandoned_cart",
    }


def test_a_message_is_said_once_whatever_version_or_arm(golden):
    keys = dict(members(golden, "seg_cart_recovery", "dedupe_key, occurrence_key"))

    assert len(keys) == 5
    assert all(key.split("/")[0::2] == ["cart", "email"] for key in keys)
    assert all(key.endswith(f"/{occurrence}") for key, occurrence in keys.items())


def test_a_first_buyer_is_due_at_the_age_the_shop_has_set(golden):
    # 30 September + 30 days = 30 October: within the three days a missed run is made up for.
    assert members(golden, "seg_second_purchase") == [("caught_up", 1), ("today", 1)]


def test_win_back_counts_calendar_months_and_never_the_unseen(golden):
    assert members(golden, "seg_winback") == [("dormant", 1), ("dormant_longer", 1)]


def test_a_birthday_needs_no_year_and_is_made_up_for_three_days(golden):
    found = members(golden, "seg_birthday", "person_id, reason_code, birthday_on")

    # 30 October 00:00 + 72 hours lies ahead, 29 October's is over; the month alone means its first.
    assert [(who, why, f"{on:%m-%d}") for who, why, on in found] == [
        ("born_in_november", "birth_month", "11-01"),
        ("born_on_the_30th", "birthday", "10-30"),
        ("born_today", "birthday", "11-01"),
    ]


def test_a_new_member_is_greeted_a_day_after_registration(golden):
    # Due after a day: newer waits. Valid for three: four days and a minute are too long ago.
    assert members(golden, "seg_welcome") == [("new", 1)]


def test_a_review_is_asked_for_three_days_after_the_order_and_once_for_all_of_a_day(golden):
    found = members(
        golden, "seg_review_request", "person_id, occurrence_key, order_count, item_1_name"
    )

    # Of two orders of a day the later one's goods come first; who has reviewed is not asked.
    assert found == [
        ("pleased", "2026-11-01", 1, "Bag p1"),
        ("pleased_twice", "2026-10-31", 2, "Bag p2"),
    ]


def test_a_tier_is_reached_by_what_is_left_after_refunds(golden):
    # 30,000 + 20,000 = 50,000, which the tier begins with; 30,000 + 25,000 - 6,000 = 49,000.
    found = members(golden, "seg_spend_tier", "person_id, reached_amount, qualified_at")

    assert found == [("spender", 50_000, utc(2026, 10, 31, 3))]


def test_a_newsletter_without_a_campaign_is_the_plain_one_for_everybody_but_browsers(golden):
    (plain,) = golden.execute(
        "select distinct campaign_key, arm_key, occurrence_key from segments.seg_newsletter"
        " where shop_id = 'due'"
    ).fetchall()
    (missing,) = golden.execute(
        "select count(*) from marts.dim_persons left join segments.seg_newsletter as news"
        " using (shop_id, person_id)"
        " where shop_id = 'due' and person_kind <> 'browser' and news.person_id is null"
    ).fetchone()

    # Tokyo's day.
    assert plain == ("newsletter", "send", "2026-11-01")
    assert missing == 0


def test_a_draw_is_the_first_eight_digits_of_the_hash(golden):
    drawn = golden.execute(
        "select person_id, arm_key from marts.fct_arm_assignments"
        " where shop_id = 'due' and assignment_basis = 'drawn' order by person_id"
    ).fetchall()
    expected = []
    for who, _ in drawn:
        digest = hashlib.sha256(f"salt:due:{who}".encode()).hexdigest()
        expected.append((who, "mail" if int(digest[:8], 16) % 10_000 < 5000 else "control"))

    assert drawn == expected
    assert len(drawn) >= 2
