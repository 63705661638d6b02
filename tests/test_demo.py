"""The demo shop: the same seed gives the same bytes, and the truth is what the files hold."""

import csv
import gzip
import hashlib
import io
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from pipelines import demo, keys, sources
from pipelines.canonical import TABLES
from pipelines.demo import SmallShop
from pipelines.shop import Shop, load_shop

PERSONS = 2_500
IDLE = timedelta(hours=1)
TOKYO = ZoneInfo("Asia/Tokyo")
STATES = {
    "not_identified", "no_address", "no_consent", "suppressed", "no_campaign",
    "self_ordered_before_step_1", "emptied_before_step_1", "gated", "held_out", "not_delivered",
    "recovered", "self_ordered_later", "open", "emptied_later", "lost",
}  # fmt: skip


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> SmallShop:
    """A middling demo shop, written once for the tests of this file."""
    folder = tmp_path_factory.mktemp("demo")
    return SmallShop(folder=folder, truth=demo.write(folder, seed=1, persons=PERSONS))


@pytest.fixture(scope="module")
def settings(shop: SmallShop) -> Shop:
    """The shop.yml that lies beside the files."""
    return load_shop(shop.folder / "shop.yml")


def _digests(folder: Path) -> dict[str, str]:
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def _rows(folder: Path, name: str, encoding: str = "cp932") -> list[dict[str, str]]:
    text = (folder / name).read_bytes().decode(encoding)
    return list(csv.DictReader(io.StringIO(text, newline="")))


def _events(folder: Path) -> Iterator[dict[str, object]]:
    for file in sorted((folder / "web").glob("events_*.ndjson.gz")):
        for line in gzip.decompress(file.read_bytes()).decode().splitlines():
            yield json.loads(line)


def test_the_same_seed_writes_the_same_bytes(tmp_path: Path) -> None:
    first = demo.write(tmp_path / "a", seed=3, persons=600)
    second = demo.write(tmp_path / "b", seed=3, persons=600)

    assert first == second
    assert _digests(tmp_path / "a") == _digests(tmp_path / "b")


def test_another_seed_writes_another_shop(tmp_path: Path) -> None:
    demo.write(tmp_path / "a", seed=3, persons=600)
    demo.write(tmp_path / "b", seed=4, persons=600)

    one, other = _digests(tmp_path / "a"), _digests(tmp_path / "b")
    assert one["shop.yml"] == other["shop.yml"]
    assert one["受注.csv"] != other["受注.csv"]


def test_every_file_of_the_shop_belongs_to_exactly_one_source(
    shop: SmallShop, settings: Shop
) -> None:
    claimed = Counter(
        file for source in settings.sources for file in sources.files_of(settings, source)
    )
    lying = {
        file
        for file in shop.folder.rglob("*")
        if file.is_file() and file.suffix != ".yml" and "truth" not in file.parts
    }

    assert set(claimed) == lying
    assert set(claimed.values()) == {1}


def test_all_files_are_read_and_only_the_planted_rows_are_refused(
    shop: SmallShop, settings: Shop
) -> None:
    read: Counter[str] = Counter()
    rejected: Counter[str] = Counter()
    doubled: Counter[str] = Counter()
    for source in settings.sources:
        mapping = sources.load_mapping(source.mapping, settings.folder)
        for file in sources.files_of(settings, source):
            extract = sources.extract_file(file, source, zone=settings.timezone, mapping=mapping)
            for batch in extract.batches:
                read[batch.table] += batch.frame.height
                rejected[batch.table] += batch.rejects.height
                doubled[batch.table] += batch.duplicates

    assert dict(read) == shop.truth.extracted_rows
    assert {t: n for t, n in rejected.items() if n} == shop.truth.dirt.rejected
    assert {t: n for t, n in doubled.items() if n} == shop.truth.dirt.duplicates


def test_every_table_a_shop_can_fill_is_filled(shop: SmallShop) -> None:
    # The demo has no shop system, and so no screen whose months could be held against it.
    fillable = {name for name, table in TABLES.items() if not table.internal} - {
        "shop_screen_months"
    }

    assert set(shop.truth.extracted_rows) == fillable
    assert all(count > 0 for count in shop.truth.extracted_rows.values())


def test_order_lines_hold_the_orders_the_truth_counts(shop: SmallShop) -> None:
    main, later = _rows(shop.folder, "受注.csv"), _rows(shop.folder, "受注_追加.csv")
    good = [row for row in [*main, *later] if not row["受注番号"].startswith("X")]
    heads = {row["受注番号"]: row for row in good}
    no_sale = {"キャンセル", "返品", "全額返金", "保留（要確認）"}
    sold = [row for row in heads.values() if row["受注状態"] not in no_sale]

    assert len(heads) == shop.truth.orders
    assert len(sold) == shop.truth.sales
    assert sum(int(row["受注商品金額"]) for row in sold) == shop.truth.goods_amount
    first = {row["受注番号"] for row in main}
    assert len({row["受注番号"] for row in later} - first) == shop.truth.dirt.late_orders


def test_amounts_of_every_order_add_up(shop: SmallShop) -> None:
    lines: dict[str, set[tuple[str, int]]] = {}
    heads: dict[str, dict[str, str]] = {}
    for row in _rows(shop.folder, "受注.csv"):
        if not row["受注番号"].startswith("X"):
            heads[row["受注番号"]] = row
            place = (row["明細番号"], int(row["明細金額"]))
            lines.setdefault(row["受注番号"], set()).add(place)

    for number, row in heads.items():
        goods = int(row["受注商品金額"])
        assert sum(amount for _, amount in lines[number]) == goods
        assert goods + int(row["送料"]) + int(row["手数料"]) == int(row["合計金額"])
        assert int(row["合計金額"]) - int(row["利用ポイント"]) == int(row["請求金額"])


def test_members_and_guests_order_as_in_a_shopserve_like_shop(shop: SmallShop) -> None:
    heads = {row["受注番号"]: row["注文区分"] for row in _rows(shop.folder, "受注.csv")}
    share = sum(kind == "会員" for kind in heads.values()) / len(heads)

    assert 0.55 < share < 0.72


def test_letters_only_cp932_knows_come_back_as_they_were(shop: SmallShop) -> None:
    text = (shop.folder / "会員.csv").read_bytes()
    names = [row["姓"] for row in _rows(shop.folder, "会員.csv")]
    goods = [row["商品名"] for row in _rows(shop.folder, "商品.csv")]

    assert text.decode("cp932").encode("cp932") == text
    with pytest.raises(UnicodeDecodeError):
        text.decode("shift_jis")
    odd = [name for name in names if "髙" in name or "﨑" in name]
    assert len(odd) == shop.truth.dirt.cp932_only_names > 0
    assert any("㈱髙﨑" in name and "①" in name and "～" in name for name in goods)


def test_one_order_carries_the_article_s_large_amount(shop: SmallShop) -> None:
    number = shop.truth.outlier_order.removeprefix("demo:")
    rows = [*_rows(shop.folder, "受注.csv"), *_rows(shop.folder, "受注_追加.csv")]
    large = {row["受注番号"]: int(row["受注商品金額"]) for row in rows if row["受注番号"] == number}

    assert large == {number: shop.truth.outlier_amount}
    assert 400_000 < shop.truth.outlier_amount < 440_000
    assert [e["event"] for e in _events(shop.folder) if e.get("order_no") == number] == [
        "Order Completed"
    ]


def test_dirt_is_planted_as_often_as_the_truth_says(shop: SmallShop) -> None:
    dirt = shop.truth.dirt
    heads = {
        row["受注番号"]: row
        for name in ("受注.csv", "受注_追加.csv")
        for row in _rows(shop.folder, name)
        if not row["受注番号"].startswith("X")
    }
    states = Counter(row["受注状態"] for row in heads.values())
    members = _rows(shop.folder, "会員.csv")
    addresses = Counter(keys.email_key(row["メールアドレス"]) for row in members)
    addresses.pop(None, None)
    guests = {
        keys.email_key(row["メールアドレス"])
        for row in heads.values()
        if row["注文区分"] == "ゲスト"
    }
    mails = [
        json.loads(line)
        for file in (shop.folder / "mail").glob("*.ndjson")
        for line in file.read_text(encoding="utf-8").splitlines()
    ]
    machine = [m for m in mails if m.get("sg_machine_open") or "Scanner" in m.get("useragent", "")]

    assert states["キャンセル"] == dirt.cancelled_orders > 0
    assert states["返品"] + states["全額返金"] == dirt.refunded_orders > 0
    assert states["保留（要確認）"] == dirt.unknown_status_orders > 0
    assert sum(n > 1 for n in addresses.values()) == dirt.second_accounts > 0
    assert len(guests & set(addresses)) == dirt.merged_persons > 0
    assert sum(bool(e.get("bot")) for e in _events(shop.folder)) == dirt.bot_events > 0
    assert len(machine) == dirt.machine_mail_events > 0
    assert all(n > 0 for n in asdict(dirt).values() if isinstance(n, int))


def test_the_log_is_in_order_and_ends_at_the_clock(shop: SmallShop, settings: Shop) -> None:
    assert settings.clock is not None
    clock = settings.clock.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    times = [str(event["time"]) for event in _events(shop.folder)]

    assert times == sorted(times)
    assert times[-1] < clock
    assert times[0] >= "2024-11-19T15"


def test_a_search_leads_to_goods_of_what_was_searched_for(shop: SmallShop) -> None:
    leaf = {row["カテゴリID"]: row["カテゴリ名"] for row in _rows(shop.folder, "カテゴリ.csv")}
    sold_as = {row["商品番号"]: leaf[row["カテゴリID"]] for row in _rows(shop.folder, "商品.csv")}
    asked: dict[object, str] = {}
    looked: dict[str, Counter[str]] = defaultdict(Counter)
    for event in _events(shop.folder):
        if event["event"] == "Products Searched":
            asked[event["browser"]] = str(event["query"])
        elif event["event"] == "Product Viewed" and event["browser"] in asked:
            looked[asked[event["browser"]]][sold_as[str(event["product_no"])]] += 1
    most = {word: found.most_common(1)[0][0] for word, found in looked.items()}

    for word, category in {
        "リネン シャツ": "シャツ・ブラウス", "ワンピース": "ワンピース", "バスタオル": "タオル",
        "土鍋": "調理道具", "トートバッグ": "バッグ", "ラグ": "インテリア",
    }.items():  # fmt: skip
        assert most[word] == category


def test_some_complaints_about_orders_of_these_days_wait_for_an_answer(
    shop: SmallShop, settings: Shop
) -> None:
    assert settings.clock is not None
    since = (settings.clock - timedelta(days=5)).astimezone(TOKYO).strftime("%Y/%m/%d")
    open_now = [
        row
        for row in _rows(shop.folder, "お問い合わせ.csv")
        if not row["完了日時"] and row["感情"] == "不満" and row["受注番号"]
    ]

    assert open_now
    assert all(row["受付日時"] >= since for row in open_now)


def test_the_ledger_writes_down_every_claim_of_an_arm_it_recorded(shop: SmallShop) -> None:
    arms = _rows(shop.folder, "ledger/arm_records.csv", "utf-8")
    claims = _rows(shop.folder, "ledger/claims.csv", "utf-8")
    batches = {r["export_batch_id"] for r in _rows(shop.folder, "ledger/batches.csv", "utf-8")}
    drawn = {row["occurrence_key"]: row["arm_key"] for row in arms}

    assert len(drawn) == len(arms)
    assert all(drawn[row["occurrence_key"]] == row["arm_key"] for row in claims)
    assert {row["export_batch_id"] for row in claims} == batches
    assert len({row["dedupe_key"] for row in claims}) == len(claims)
    assert {row["arm_key"] for row in claims if row["claim_state"] == "held_out"} == {"holdout"}
    assert not any(row["recipient_token"] for row in claims if row["claim_state"] == "held_out")


def test_an_episode_s_key_is_that_of_the_event_that_opened_it(shop: SmallShop) -> None:
    added = {
        hashlib.md5(f"demo|demo:{event['id']}".encode(), usedforsecurity=False).hexdigest()
        for event in _events(shop.folder)
        if event["event"] == "Product Added"
    }
    arms = _rows(shop.folder, "ledger/arm_records.csv", "utf-8")

    assert {row["occurrence_key"] for row in arms} <= added


def test_a_personal_code_is_redeemed_by_whom_it_was_sent_to(shop: SmallShop) -> None:
    sent = {
        row["coupon_code"]: row["person_key"]
        for row in _rows(shop.folder, "ledger/claims.csv", "utf-8")
        if row["coupon_code"]
    }
    redeemed = {
        row["クーポンコード"]: row["会員番号"]
        for row in _rows(shop.folder, "受注.csv")
        if row["クーポンコード"].startswith("WRAP-")
    }
    pepper = b"okaeri-demo-public-pepper"

    assert 0 < len(redeemed) < len(sent)
    for code, member in redeemed.items():
        assert sent[code] == keys.person_key(f"demo:{member}", pepper=pepper)


def test_nobody_who_said_no_or_nothing_is_in_the_ledger(shop: SmallShop) -> None:
    granted = {
        row["会員番号"] for row in _rows(shop.folder, "メール同意.csv") if row["状態"] == "許可"
    }
    pepper = b"okaeri-demo-public-pepper"
    allowed = {keys.person_key(f"demo:{number}", pepper=pepper) for number in granted}
    claims = _rows(shop.folder, "ledger/claims.csv", "utf-8")

    assert claims
    assert {row["person_key"] for row in claims} <= allowed


def test_the_truth_s_sums_agree_with_each_other(shop: SmallShop) -> None:
    truth = shop.truth

    assert sum(truth.terminal_states.values()) == truth.abandoned_episodes
    assert truth.abandoned_episodes <= truth.opened_episodes
    assert truth.ordered_episodes <= truth.closed_episodes <= truth.opened_episodes
    assert (
        sum(cohort.persons for cohort in truth.cohorts) == truth.buyers - truth.buyers_known_before
    )
    assert 0.6 < 1 - truth.ordered_episodes / truth.closed_episodes < 0.75
    saved = json.loads((shop.folder / "truth" / "truth.json").read_text(encoding="utf-8"))
    assert saved == json.loads(json.dumps(asdict(truth)))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> SmallShop:
    """The demo as `okaeri run --demo` writes it."""
    folder = tmp_path_factory.mktemp("whole")
    return SmallShop(folder=folder, truth=demo.write(folder, seed=1))


def test_the_whole_demo_has_every_terminal_state_and_the_sizes_promised(whole: SmallShop) -> None:
    truth = whole.truth
    found = {label.partition("(")[0] for label in truth.terminal_states}
    assert found == STATES
    assert sum(label.startswith("gated(") for label in truth.terminal_states) >= 4
    assert 14_000 < truth.opened_episodes < 18_000
    assert 300_000 < truth.extracted_rows["events"] < 400_000
    assert truth.extracted_rows["products"] == 300
    size = sum(file.stat().st_size for file in whole.folder.rglob("*") if file.is_file())
    assert size < 60_000_000


def _web_carts(folder: Path) -> Iterator[tuple[datetime, datetime | None]]:
    """(opened, first left alone for an hour or None) of each cart of the web log, in UTC."""
    touched: dict[str, list[datetime]] = defaultdict(list)
    ordered: set[str] = set()
    for event in _events(folder):
        if cart := event.get("cart_id"):
            touched[str(cart)].append(datetime.fromisoformat(str(event["time"])))
            if event["event"] == "Order Completed":
                ordered.add(str(cart))
    for cart, times in touched.items():
        ends = [*times[1:], times[-1] if cart in ordered else datetime.max.replace(tzinfo=UTC)]
        pairs = zip(times, ends, strict=True)
        yield times[0], next((a + IDLE for a, b in pairs if b - a >= IDLE), None)


def test_carts_are_abandoned_as_often_late_as_early(whole: SmallShop) -> None:
    opened: Counter[str] = Counter()
    left: Counter[str] = Counter()
    for at, left_at in _web_carts(whole.folder):
        month = at.astimezone(TOKYO).strftime("%Y-%m")
        opened[month] += 1
        left[month] += left_at is not None
    rates = {month: left[month] / count for month, count in sorted(opened.items())}

    assert len(rates) == 25
    assert {month: rate for month, rate in rates.items() if not 0.62 < rate < 0.78} == {}
    # The first and the last month are cut off by the history and the clock.
    sizes = [opened[month] for month in sorted(opened)[1:-1]]
    assert max(sizes) < 2 * min(sizes)


def test_the_last_night_is_a_night_like_others(whole: SmallShop) -> None:
    days = Counter(
        left_at.astimezone(TOKYO).date()
        for _, left_at in _web_carts(whole.folder)
        if left_at is not None
    )
    before = [days[date(2026, 11, 19) - timedelta(days=n)] for n in range(1, 15)]

    assert 0.5 * min(before) < days[date(2026, 11, 19)] < 1.5 * max(before)
    assert 5 <= days[date(2026, 11, 20)] < max(before)


def test_small_shops_have_ids_and_people_of_their_own(tmp_path: Path) -> None:
    shops = demo.small(tmp_path, shops=3, persons=400)

    assert [s.truth.shop_id for s in shops] == ["demo-101", "demo-102", "demo-103"]
    for made in shops:
        assert load_shop(made.folder / "shop.yml").id == made.truth.shop_id
        assert set(made.truth.arms) == {"mail", "holdout"}
    assert len({s.truth.goods_amount for s in shops}) == 3


@pytest.mark.slow
def test_the_planted_effect_and_the_planted_repeat_rate_are_there_over_many_shops(
    tmp_path: Path,
) -> None:
    truths = [made.truth for made in demo.small(tmp_path, shops=12, persons=1_500)]
    mail = [truth.arms["mail"] for truth in truths]
    held = [truth.arms["holdout"] for truth in truths]
    lift = sum(a.orderers for a in mail) / sum(a.persons for a in mail) - sum(
        a.orderers for a in held
    ) / sum(a.persons for a in held)
    planted = sum(t.itt_effect * a.persons for t, a in zip(truths, mail, strict=True)) / sum(
        a.persons for a in mail
    )
    cohorts = [cohort for truth in truths for cohort in truth.cohorts]
    exposed = sum(c.exposed for c in cohorts)
    back = sum(c.back_within_90_days for c in cohorts) / exposed
    expected = sum(c.expected * c.exposed for c in cohorts) / exposed

    # Three standard errors of 12 pooled shops: about 400 held out and 1,600 mailed persons.
    assert lift == pytest.approx(planted, abs=0.042)
    # The same for about 7,000 first orders at 15 %.
    assert back == pytest.approx(expected, abs=0.013)
