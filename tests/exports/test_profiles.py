"""Every profile that ships: what its importer takes is what the file holds, on every row."""

import csv
import io
import json
import shutil
from pathlib import Path

import polars as pl
import pytest

from pipelines import exports
from pipelines.exports import profile as profile_module
from pipelines.exports.errors import ShopNotReady
from pipelines.exports.profile import Profile, load_profile, profiles
from tests.exports.importers import braze
from tests.exports.shop_files import NOW, Person, SmallShop, small_shop

ALL = (
    "arara", "blastmail", "braze", "brevo", "generic_cp932", "generic_utf8", "haihaimail",
    "hubspot", "klaviyo", "listmonk", "mailchimp", "mautic", "onsite_json", "people_excel",
    "postal_dm", "sendgrid", "ses", "shopserve",
)  # fmt: skip
# Label of the column that says a person agreed, or what stands inside a JSON column.
CONSENT = {
    "arara": ("配信許可", "1"), "blastmail": ("配信許可", "可"),
    "braze": ("email_subscribe", "opted_in"), "brevo": ("CONSENT", "granted"),
    "generic_cp932": ("配信許可", "1"), "generic_utf8": ("consent", "granted"),
    "haihaimail": ("配信許可", "可"), "hubspot": ("Consent", "granted"),
    "klaviyo": ("consent", "granted"), "listmonk": ("consent", "granted"),
    "mailchimp": ("Consent", "granted"), "mautic": ("consent", "granted"),
    "onsite_json": ("consent", "no_objection"), "people_excel": ("consent", "granted"),
    "postal_dm": ("consent", "granted"), "sendgrid": ("consent", "granted"),
    "ses": ("unsubscribeAll", "false"), "shopserve": ("メール受信許可", "可"),
}  # fmt: skip


def destinations() -> str:
    return "".join(
        f"  - {{key: to_{key}, profile: {key}, country: JP, contract: 委託, basis: x}}\n"
        for key in ALL
    )


@pytest.fixture(scope="module")
def handed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, str]]]:
    """Profile → rows of its file, read by the dialect alone; one shop each, as guards ask."""
    models = {channel: published(tmp_path_factory, channel) for channel in ("email", "post")}
    found = {}
    for key in ALL:
        model = models["post" if key == "postal_dm" else "email"]
        shop = small_shop(tmp_path_factory.mktemp(key), more=destinations())
        shutil.copytree(model.home.path, shop.home.path, dirs_exist_ok=True)
        (batch,) = shop.send(destination=f"to_{key}").batches
        assert batch.state == "DELIVERED"
        assert batch.file is not None
        assert batch.rows == 2
        found[key] = rows_of(load_profile(key), batch.file.read_bytes())
    return found


def published(factory: pytest.TempPathFactory, channel: str) -> SmallShop:
    shop = small_shop(factory.mktemp(channel), more=destinations())
    hana = Person(
        "s:1", "a@example.jp", name='山田, "花"子', channel=channel, browsers=("b2", "b1")
    )
    sato = Person("s:2", "b@example.jp", name="=佐藤\r\n次郎", item="茶 <100g>", channel=channel)
    shop.publish([hana, sato])
    return shop


def rows_of(profile: Profile, data: bytes) -> list[dict[str, str]]:
    text = data.decode(profile.encoding)
    if profile.format == "json":
        return json.loads(text)
    quoting = csv.QUOTE_NONE if profile.quoting == "none" else csv.QUOTE_MINIMAL
    stream = io.StringIO(text, newline="")
    return list(csv.DictReader(stream, delimiter=profile.delimiter, quoting=quoting, strict=True))


def flat(row: dict[str, str]) -> dict[str, str]:
    """The row with what its JSON column holds."""
    inner = row.get("attributes") or row.get("attributesData")
    return row if inner is None else {**row, **json.loads(inner)}


def test_the_profiles_that_ship_are_the_eighteen_of_the_design() -> None:
    assert tuple(profiles()) == ALL
    assert [load_profile(key).profile for key in ALL] == list(ALL)


def test_the_docs_tell_of_every_profile() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "destinations.md").read_text("utf-8")
    table = [line for line in text.splitlines() if line.startswith("| `")]

    assert {key for key in ALL if any(f"`{key}`" in line for line in table)} == set(ALL)


@pytest.mark.parametrize("key", ALL)
def test_consent_token_and_batch_stand_on_every_row(
    handed: dict[str, list[dict[str, str]]], key: str
) -> None:
    label, word = CONSENT[key]
    lower = [{k.lower(): v for k, v in flat(row).items()} for row in handed[key]]

    assert [row[label.lower()] for row in lower] == [word, word]
    assert all(len(row["recipient_token"]) == 32 for row in lower)
    assert len({row["recipient_token"] for row in lower}) == 2
    assert all(row["batch_id"] for row in lower)


@pytest.mark.parametrize("key", [k for k in ALL if k != "people_excel"])
def test_the_way_to_import_says_how_stopped_people_stay_stopped(key: str) -> None:
    hint = load_profile(key).import_hint

    assert any(word in hint["ja"] for word in ("戻", "停止", "解除", "受信許可", "外し"))
    assert any(word in hint["en"] for word in ("stop", "unsubscribe", "opted out", "permit", "out"))


@pytest.mark.parametrize("key", [k for k in ALL if k not in ("onsite_json", "postal_dm")])
def test_a_file_for_a_mailer_holds_the_address(
    handed: dict[str, list[dict[str, str]]], key: str
) -> None:
    assert [
        next(v for v in row.values() if "@" in v) for row in handed[key]
    ] == ["a@example.jp", "b@example.jp"]  # fmt: skip


def test_the_first_column_klaviyo_reads_is_the_address(
    handed: dict[str, list[dict[str, str]]],
) -> None:
    assert next(iter(handed["klaviyo"][0])) == "Email Address"


def test_brevo_reads_capitals(handed: dict[str, list[dict[str, str]]]) -> None:
    assert all(label == label.upper() for label in handed["brevo"][0])
    assert handed["brevo"][0]["ITEM_1_PRICE"] == "15003"


def test_an_address_beyond_ascii_is_written_as_its_importer_knows_it(tmp_path: Path) -> None:
    shop = small_shop(tmp_path, more=destinations())
    shop.publish([Person("s:1", "a@日本.jp")])
    (first,) = shop.send(destination="to_hubspot").batches
    shop.publish([])
    shop.send(destination="to_hubspot")

    (removed,) = shop.outbox("to_hubspot").glob("*.removed.csv")

    assert first.file is not None
    for file in (first.file, removed):
        (row,) = rows_of(load_profile("hubspot"), file.read_bytes())
        assert next(iter(row.values())) == "a@xn--wgv71a.jp"


def test_mautic_reads_no_tag_and_no_backslash_in_a_text(tmp_path: Path) -> None:
    shop = small_shop(tmp_path, more=destinations())
    shop.publish([Person("s:1", "a@example.jp", item="茶 <b>100g</b>" + chr(92))])

    (batch,) = shop.send(destination="to_mautic").batches

    assert batch.file is not None
    (row,) = rows_of(load_profile("mautic"), batch.file.read_bytes())
    assert row["item_1_name"] == "茶 ＜b＞100g＜/b＞＼"


def test_an_unknown_value_clears_in_mautic_and_is_blank_elsewhere(
    handed: dict[str, list[dict[str, str]]],
) -> None:
    assert handed["mautic"][0]["coupon_code"] == "NULL"
    assert handed["hubspot"][0]["coupon_code"] == ""
    # A name that is not known is left as the contact has it.
    assert handed["mautic"][0]["firstname"] == ""


def test_arara_gets_no_quote_and_no_comma_within_a_text(tmp_path: Path) -> None:
    shop = small_shop(tmp_path, more=destinations())
    shop.publish([Person("s:1", "a@example.jp", name='山田, "花"子', item="茶,100g")])

    (batch,) = shop.send(destination="to_arara").batches

    assert batch.file is not None
    data = batch.file.read_bytes()
    assert b'"' not in data
    lines = data.decode("cp932").split("\r\n")
    assert lines[0].startswith("メールアドレス,")
    assert len({line.count(",") for line in lines if line}) == 1


def test_a_row_longer_than_arara_reads_stays_out(tmp_path: Path) -> None:
    shop = small_shop(tmp_path, more=destinations())
    # 1,400 characters of three bytes each: 4,200 > 4,096.
    shop.publish([Person("s:1", "a@example.jp"), Person("s:2", "b@example.jp", item="茶" * 1_400)])

    outcome = shop.send(destination="to_arara")

    assert outcome.counts["cart_recovery/1/email"] == {"handed_over": 1, "too_long": 1}


def test_mailchimp_cuts_a_text_at_255_bytes_and_keeps_characters_whole(tmp_path: Path) -> None:
    shop = small_shop(tmp_path, more=destinations())
    shop.publish([Person("s:1", "a@example.jp", item="茶" * 100)])

    (batch,) = shop.send(destination="to_mailchimp").batches

    assert batch.file is not None
    (row,) = rows_of(load_profile("mailchimp"), batch.file.read_bytes())
    # 255 / 3 bytes
    assert row["item_1_name"] == "茶" * 85


def test_whoever_has_no_account_has_no_id_braze_could_find(tmp_path: Path) -> None:
    shop = small_shop(tmp_path, more=destinations())
    shop.publish([Person("s:1", "a@example.jp"), Person("s:2", "b@example.jp", customer_id=None)])

    outcome = shop.send(destination="to_braze")

    assert outcome.counts["cart_recovery/1/email"] == {"handed_over": 1, "no_member_id": 1}


def test_guests_reach_braze_by_their_e_mail_in_a_file_of_their_own(tmp_path: Path) -> None:
    shipped = Path(profile_module.__file__).parent / "profiles" / "braze.yml"
    lines = [li for li in shipped.read_text("utf-8").splitlines() if "label: external_id" not in li]
    (tmp_path / "braze_guests.yml").write_text("\n".join(lines), "utf-8")
    own = (
        "  - {key: guests, profile: braze, profile_file: braze_guests.yml, country: US,"
        " contract: 委託, basis: 案内}\n"
    )
    shop = small_shop(tmp_path, more=f"{destinations()}\n{own}")
    shop.publish([Person("s:1", "a@example.jp"), Person("s:2", "b@example.jp", customer_id=None)])
    shop.send(destination="to_braze")

    outcome = shop.send(destination="guests")

    assert outcome.counts["cart_recovery/1/email"] == {"already_handed_over": 1, "handed_over": 1}
    (batch,) = outcome.batches
    assert batch.file is not None
    imported = braze.import_file(batch.file.read_bytes(), batch.file.name)
    assert (list(imported.contacts), imported.refused) == (["b@example.jp"], [])


def test_a_letter_carries_an_address_on_paper_and_no_e_mail(
    handed: dict[str, list[dict[str, str]]],
) -> None:
    first = handed["postal_dm"][0]

    assert (first["postal_code"], first["prefecture"], first["city"], first["address_line"]) == (
        "001-0001", "北海道", "札幌市", "北一条西1-1",
    )  # fmt: skip
    assert first["name"] == '山田, "花"子'
    assert not any("@" in value for value in first.values())
    # A spreadsheet would take the second name for a formula.
    assert handed["postal_dm"][1]["name"].startswith("'=")


def test_a_letter_needs_a_whole_address_and_consent_for_letters(tmp_path: Path) -> None:
    shop = small_shop(tmp_path, more=destinations())
    shop.publish([
        Person("s:1", None, channel="post"),
        Person("s:2", None, channel="post", address_line=None),
        Person("s:3", None, channel="post", consent=False),
    ])  # fmt: skip

    outcome = shop.send(destination="to_postal_dm")

    assert outcome.counts["cart_recovery/1/post"] == {
        "handed_over": 1, "no_consent": 1, "value_missing": 1,
    }  # fmt: skip


def test_a_file_of_addresses_takes_nobody_without_one_on_any_channel(tmp_path: Path) -> None:
    shop = small_shop(tmp_path, more=destinations())
    shop.publish([
        Person("s:1", "a@example.jp", channel="line"), Person("s:2", None, channel="line"),
    ])  # fmt: skip

    outcome = shop.send(destination="to_generic_utf8")

    assert outcome.counts["cart_recovery/1/line"] == {"handed_over": 1, "value_missing": 1}


@pytest.mark.parametrize(("channel", "destination"), [
    ("email", "to_postal_dm"), ("post", "to_generic_utf8"),
])  # fmt: skip
def test_a_mail_is_no_letter(tmp_path: Path, channel: str, destination: str) -> None:
    shop = small_shop(tmp_path, more=destinations())
    shop.publish([Person("s:1", "a@example.jp", channel=channel)])

    with pytest.raises(ShopNotReady, match="postal_dm"):
        shop.send(destination=destination)

    assert exports.batches(shop.home) == []


def test_a_page_knows_its_visitor_by_member_and_browser_alone(
    handed: dict[str, list[dict[str, str]]],
) -> None:
    first, second = handed["onsite_json"]

    assert (first["member_id"], first["browser_ids"]) == ("c-1", "b1,b2")
    assert second["browser_ids"] is None
    assert first["item_1_price"] == 15003
    assert first["coupon_code"] is None
    assert not {"email", "name", "cart_url", "phone"} & set(first)
    assert not any("@" in str(value) for value in first.values())


def test_a_page_shows_nothing_to_whoever_objects_to_profiling(tmp_path: Path) -> None:
    shop = small_shop(tmp_path, more=destinations())
    # The segment says of itself that it rests on no behaviour: a page does anyway.
    shop.publish(
        [Person("s:1", "a@example.jp"), Person("s:2", "b@example.jp", block_reason="profiling_opt_out")],
        meta={"behavioural": False},
    )  # fmt: skip

    by_mail = shop.run(shop.ask(send=False)).counts
    on_page = shop.run(shop.ask(send=False, destination="to_onsite_json")).counts

    assert by_mail["cart_recovery/1/email"]["handed_over"] == 2
    assert on_page["cart_recovery/1/email"] == {
        "handed_over": 1, "not_due": 0, "profiling_opt_out": 1,
    }  # fmt: skip


def test_a_printer_is_told_tokens_alone_of_who_left(tmp_path: Path) -> None:
    shop = small_shop(tmp_path, more=destinations())
    letters = [Person(f"s:{n}", f"u{n}@example.jp", channel="post") for n in range(2)]
    shop.publish(letters)
    shop.send(destination="to_postal_dm")
    shop.publish(letters[:1])

    shop.send(destination="to_postal_dm")

    (listed,) = shop.outbox("to_postal_dm").glob("*.removed.csv")
    text = listed.read_bytes().decode("utf-8-sig")
    assert text.splitlines()[0] == '"recipient_token","batch_id","reason"'
    assert "@" not in text


def test_the_message_facts_stand_on_every_cart_row() -> None:
    """The columns the shop's own segment names; exports read them from its description."""
    import yaml

    root = Path(__file__).resolve().parents[2]
    file = root / "dbt_project/models/segments/seg_cart_recovery.yml"
    (model,) = yaml.safe_load(file.read_text(encoding="utf-8"))["models"]
    columns = model["config"]["meta"]["segment"]["columns"]

    assert {
        "ships_within_hours", "stock_band", "guide_url", "warranty_months", "shipping_fee_amount",
        "amount_to_free_shipping", "item_1_name", "item_1_price", "item_1_image_url", "item_1_url",
        "items_more",
    } <= set(columns)  # fmt: skip


def test_a_shop_may_write_a_profile_of_its_own(tmp_path: Path) -> None:
    more = (
        "  - {key: own, profile: blastmail, profile_file: own.yml, country: JP, contract: 委託,"
        " basis: x}\n"
    )
    shop = small_shop(tmp_path, more=more)
    shipped = Path(exports.__file__).parent / "profiles" / "blastmail.yml"
    text = shipped.read_text(encoding="utf-8").replace("label: E-Mail", "label: アドレス")
    (tmp_path / "own.yml").write_text(text, encoding="utf-8")
    shop.publish([Person("s:1", "a@example.jp")])

    (batch,) = shop.send(destination="own").batches

    assert batch.file is not None
    assert batch.file.read_bytes().decode("cp932").startswith('"アドレス","氏名"')


@pytest.mark.parametrize(("change", "said"), [
    ({"encoding": "shift_jis"}, "encoding"), ({"import_hint": {"ja": "x"}}, "in en"),
    ({"quoting": "none", "columns": [{"label": "a", "rest": True, "type": "json"}]}, "quotes"),
    ({"colour": "red"}, "colour"),
])  # fmt: skip
def test_a_profile_that_cannot_be_kept_is_refused_with_what_is_wrong(
    tmp_path: Path, change: dict[str, object], said: str
) -> None:
    more = "  - {key: own, profile: ses, profile_file: own.yml}\n"
    shop = small_shop(tmp_path, more=more)
    good = load_profile("generic_utf8").model_dump(by_alias=True)
    (tmp_path / "own.yml").write_text(json.dumps({**good, **change}), encoding="utf-8")

    with pytest.raises(ShopNotReady, match=said):
        shop.ask(destination="own", send=False)


def test_a_segment_wider_than_the_importer_is_refused(tmp_path: Path) -> None:
    more = "  - {key: own, profile: hubspot, profile_file: own.yml, country: JP, contract: 委託, basis: x}\n"
    shop = small_shop(tmp_path, more=more)
    narrow = load_profile("hubspot").model_dump(by_alias=True) | {"max_columns": 10}
    (tmp_path / "own.yml").write_text(json.dumps(narrow), encoding="utf-8")
    shop.publish([Person("s:1", "a@example.jp")])

    with pytest.raises(ShopNotReady, match="takes 10 columns"):
        shop.send(destination="own")


def test_klaviyo_reads_instants_in_utc() -> None:
    from zoneinfo import ZoneInfo

    from pipelines.exports.cells import Scribe

    scribe = Scribe.of(load_profile("klaviyo"), ["seen_at"], ZoneInfo("Asia/Tokyo"))
    lines = scribe.lines(pl.DataFrame({"seen_at": [NOW], "email": ["a@example.jp"]}))

    labels = [column.label for column in scribe.columns]
    # Noon in Tokyo.
    assert lines.cells.row(0)[labels.index("seen_at")] == "11/10/2026 03:00:00"
