"""What a mailer holds after it took our file: the claimed people, once, with what was claimed."""

import hashlib
import json
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import duckdb
import pytest

from pipelines import exports
from tests.exports.importers import core
from tests.exports.shop_files import Person, SmallShop, opened_shop, small_shop
from tests.exports.test_importers import JAPANESE, MAILERS, importer

# Eighteen hand-overs, each taken in again.
pytestmark = pytest.mark.slow

MAILED = tuple(mailer for mailer in MAILERS if mailer not in ("postal_dm", "onsite_json"))

LONG = "寿限無寿限無五劫の擦り切れ海砂利水魚の水行末雲来末風来末食う寝る処に住む処やぶら"
GUEST = "guest@example.jp"  # has bought without an account
CARRIER = "foo..bar@docomo.ne.jp"  # breaks RFC 5322; carriers gave such out until 2009
HOSTILE = [
    ("hanako@example.jp", "山田 花子", "緑茶 100g"),
    ("quote@example.jp", '山田 "ハナ" 花子', '"玉露", 50g'),
    ("comma@example.jp", "山田, 花子; 様", "緑茶\t100g"),
    ("newline@example.jp", "山田\r\n花子", "ほうじ茶\n200g"),
    ("formula@example.jp", '=HYPERLINK("https://evil.example")', "+緑茶"),
    ("minus@example.jp", "-山田", "@緑茶"),
    ("wide@example.jp", "＝山田", "－緑茶"),
    ("emoji@example.jp", "花子😀", "茶🍵"),
    ("taka@example.jp", "髙橋 﨑子", "①㈱茶～"),
    ("kana@example.jp", "ﾔﾏﾀﾞ ﾊﾅｺ", "ﾁｬ"),
    ("long@example.jp", LONG[:40], "茶" * 40),
    ("taro+cart@example.jp", "太郎", "緑茶"),
    ("idn@例え.jp", "国際 太郎", "緑茶"),
    ("back@example.jp", "山田\\", "茶\\"),
    ("tag@example.jp", "花子<3", "<b>緑茶</b> 100g"),
    ("apostrophe@example.jp", "O'Brien", "L'thé"),
    ("Mixed.Case@Example.JP", "大文字", "緑茶"),
    ("nameless@example.jp", "", "緑茶"),
    (CARRIER, "規格外", "緑茶"),
    (GUEST, "客", "緑茶"),
]
PEOPLE = [
    Person(
        f"s:{n}",
        email,
        name=name,
        item=item,
        customer_id=None if email == GUEST else f"c-{n}",
        address_line=f"北一条西1-{n}",
        browsers=(f"b-{n}",),
    )
    for n, (email, name, item) in enumerate(HOSTILE)
]
STOPPED = [
    Person("s:91", "stopped@example.jp", block_reason="unsubscribe"),
    Person("s:92", "bounced@example.jp", block_reason="hard_bounce"),
    Person("s:93", "refused@example.jp", consent=False),
]


@dataclass(frozen=True)
class Handed:
    """One hand-off of everybody to one mailer, and what that mailer then holds."""

    outcome: exports.Outcome
    files: list[tuple[str, bytes]]
    imported: list[core.Imported]

    @property
    def contacts(self) -> list[core.Contact]:
        return [contact for file in self.imported for contact in file.contacts.values()]

    @property
    def count(self) -> int:
        (counts,) = self.outcome.counts.values()
        return counts["handed_over"]

    def of(self, person: Person) -> core.Contact | None:
        return next((c for c in self.contacts if same(c.address) == same(person.email)), None)


@pytest.fixture(scope="module")
def handed(tmp_path_factory) -> Callable[[str], Handed]:
    folder = tmp_path_factory.mktemp("mailers")
    lines = "\n".join(
        f"  - {{key: to_{m}, profile: {m}, country: JP, contract: 委託, basis: 購買者への案内}}"
        for m in MAILERS
    )
    everybody = [*PEOPLE, *STOPPED]
    for channel in ("email", "post"):
        shop = small_shop(folder / channel, more=lines)
        shop.publish([replace(p, channel=channel) for p in everybody])
        add_columns(shop)
    done: dict[str, Handed] = {}

    def hand(mailer: str) -> Handed:
        if mailer not in done:
            published = folder / ("post" if mailer == "postal_dm" else "email")
            shutil.copytree(published, folder / mailer)
            outcome = opened_shop(folder / mailer).send(destination=f"to_{mailer}")
            files = [(b.file.name, b.file.read_bytes()) for b in outcome.batches if b.file]
            found = [importer(mailer).import_file(data, name) for name, data in files]
            done[mailer] = Handed(outcome, files, found)
        return done[mailer]

    return hand


DAY = date(2026, 11, 30)
INSTANT = datetime(2026, 11, 9, 23, 30, 15, tzinfo=UTC)  # 08:30:15 of the next day in Tokyo
AMOUNTS = {
    "discount_amount": Decimal(-500), "discount_rate": Decimal("0.125"),
    "average_amount": Decimal("1234.5"), "item_1_price": Decimal(15003),
}  # fmt: skip


def add_columns(shop: SmallShop) -> None:
    """The published segment says a day, an instant and amounts more of everybody."""
    pointer = shop.home.published / "CURRENT.json"
    said = json.loads(pointer.read_text())
    file = shop.home.published / said["file"]
    with duckdb.connect(str(file)) as connection:
        for column, kind, value in (
            ("coupon_valid_until_on", "date", DAY), ("last_seen_at", "timestamp", INSTANT),
            ("is_first_cart", "boolean", True), ("discount_amount", "decimal(18,4)", -500),
            ("discount_rate", "double", 0.125), ("average_amount", "decimal(18,4)", 1234.5),
        ):  # fmt: skip
            connection.execute(f"alter table seg_cart_recovery add column {column} {kind}")
            given = value.replace(tzinfo=None) if isinstance(value, datetime) else value
            connection.execute(f"update seg_cart_recovery set {column} = ?", [given])
    said |= {"sha256": hashlib.sha256(file.read_bytes()).hexdigest(), "bytes": file.stat().st_size}
    pointer.write_text(json.dumps(said))


def same(address: str | None) -> str:
    """The address with its name in the form of the wire, in small letters."""
    local, _, domain = (address or "").rpartition("@")
    return f"{local}@{domain.encode('idna').decode()}".lower()


# These importers refuse the address however it is written (a dot-atom of RFC 5322 is asked).
TAKES_CARRIERS = {*JAPANESE, "generic_utf8", "people_excel", "onsite_json", "postal_dm"}
NO_CARRIERS = [m for m in MAILERS if m not in TAKES_CARRIERS]
# People without what the importer tells its users apart by.
WITHOUT_ID = {"braze": frozenset({GUEST})}


def missing(mailer: str) -> frozenset[str]:
    """Addresses that the mailer would refuse: they are not handed to it at all."""
    carriers = frozenset({CARRIER}) if mailer in NO_CARRIERS else frozenset()
    return carriers | WITHOUT_ID.get(mailer, frozenset())


@pytest.mark.parametrize("mailer", MAILED)
def test_every_claimed_person_is_held_once_with_the_address_unchanged(mailer, handed) -> None:
    hand = handed(mailer)
    held = [same(contact.address) for contact in hand.contacts]
    refused = [(row.address, row.reason) for file in hand.imported for row in file.refused]

    assert refused == []
    assert sorted(held) == sorted({same(p.email) for p in PEOPLE} - missing(mailer))
    assert len(held) == hand.count


@pytest.mark.parametrize("mailer", MAILED)
def test_whom_the_importer_would_refuse_is_counted_with_the_reason(mailer, handed) -> None:
    (counts,) = handed(mailer).outcome.counts.values()

    assert counts.get("address_refused", 0) == (1 if mailer in NO_CARRIERS else 0)
    assert counts.get("no_member_id", 0) == (1 if mailer in WITHOUT_ID else 0)
    assert len(NO_CARRIERS) == 9


@pytest.mark.parametrize("mailer", MAILERS)
def test_nothing_of_the_file_is_cut_calculated_or_misread(mailer, handed) -> None:
    damage = {found for file in handed(mailer).imported for found in file.damage}

    assert damage == set()


def values(fields: object) -> Iterator[object]:
    """Every value at any depth, texts of JSON opened."""
    if isinstance(fields, dict):
        for value in fields.values():
            yield from values(value)
    elif isinstance(fields, list):
        for value in fields:
            yield from values(value)
    elif isinstance(fields, str) and fields[:1] in ("{", "["):
        yield from values(json.loads(fields))
    else:
        yield fields


# Shopserve's file names receivers alone: what else its import takes is not published.
RECEIVERS_ALONE = frozenset({"shopserve"})
# Importers that keep an instant without its time, or read one without an offset as UTC.
DAYS_ALONE = frozenset({"mailchimp", "sendgrid", "brevo", "hubspot"})
IN_UTC = frozenset({"klaviyo", "mautic"})
FILLED = [m for m in (*MAILED, "onsite_json") if m not in RECEIVERS_ALONE]


def said(contact: core.Contact, column: str) -> object:
    return next(value for key, value in contact.fields.items() if key.lower() == column)


@pytest.mark.parametrize("mailer", FILLED)
def test_days_and_instants_are_exact(mailer, handed) -> None:
    tokyo = ZoneInfo("Asia/Tokyo")

    for contact in handed(mailer).contacts:
        day, instant = said(contact, "coupon_valid_until_on"), said(contact, "last_seen_at")
        if isinstance(day, str):  # a JSON text keeps its fields as they are
            day = date.fromisoformat(day)
            instant = datetime.fromisoformat(str(instant))
        assert (day.date() if isinstance(day, datetime) else day) == DAY
        if mailer in DAYS_ALONE:
            assert instant == INSTANT.astimezone(tokyo).date()
            continue
        assert isinstance(instant, datetime)
        if instant.tzinfo is None:
            instant = instant.replace(tzinfo=UTC if mailer in IN_UTC else tokyo)
        assert instant == INSTANT


@pytest.mark.parametrize("mailer", FILLED)
def test_amounts_are_exact(mailer, handed) -> None:
    for contact in handed(mailer).contacts:
        held = {column: Decimal(str(said(contact, column))) for column in AMOUNTS}
        assert held == AMOUNTS
        assert said(contact, "is_first_cart") in (True, 1)


@pytest.mark.parametrize("mailer", [m for m in MAILED if m not in RECEIVERS_ALONE])
def test_addresses_of_pages_are_exact(mailer, handed) -> None:
    hand = handed(mailer)

    assert hand.contacts
    for contact in hand.contacts:
        found = list(values(contact.fields))
        (person,) = [p for p in PEOPLE if same(p.email) == same(contact.address)]
        assert "https://tea.example/p/1" in found
        if mailer != "people_excel":  # a list for people holds no personal link
            assert f"https://tea.example/cart/{person.person_id}" in found


def pattern(mailer: str, text: str) -> re.Pattern[str]:
    """What may stand for a text: what the mailer cannot take may be replaced or left out."""
    text = re.sub(r"[\r\n\t]+", "\n", text)
    guards = mailer in ("people_excel", "postal_dm")
    cannot = {"arara": ',"', "mautic": "<>\\"}.get(mailer, "")
    parts = []
    for at, char in enumerate(text):
        if at == 0 and char in "=+-@＝＋－＠":  # guarded for people, taken off for machines
            parts.append(f"'{re.escape(char)}" if guards else ".?")
        elif char in f"\n{cannot}" or (mailer in JAPANESE and not _encodes(char)):
            parts.append(".?")
        else:
            parts.append(re.escape(char))
    return re.compile("".join(parts))


def _encodes(char: str) -> bool:
    try:
        char.encode("cp932")
    except UnicodeEncodeError:
        return False
    return True


# What a profile leaves out on purpose.
NAMELESS = frozenset({"ses"})


@pytest.mark.parametrize("mailer", MAILED)
def test_names_and_products_are_those_of_the_claims(mailer, handed) -> None:
    hand = handed(mailer)

    for person in PEOPLE:
        contact = hand.of(person)
        if contact is None:
            assert person.email in missing(mailer)
            continue
        texts = [value for value in values(contact.fields) if isinstance(value, str)]
        wanted = [] if mailer in NAMELESS or not person.name else [person.name]
        wanted += [] if mailer in RECEIVERS_ALONE else [person.item]
        for text in wanted:
            assert any(pattern(mailer, text).fullmatch(found) for found in texts), (text, texts)


@pytest.mark.parametrize("mailer", [m for m in MAILERS if m != "onsite_json"])
def test_consent_stands_on_every_row(mailer, handed) -> None:
    contacts = handed(mailer).contacts

    assert {contact.consent for contact in contacts} == {core.GRANTED}


@pytest.mark.parametrize("mailer", MAILERS)
def test_nobody_who_stopped_the_mails_gets_them_again(mailer, handed) -> None:
    hand = handed(mailer)
    held = {person.email: "unsubscribed" for person in STOPPED}
    everything = b"".join(data for _, data in hand.files)

    for file in hand.imported:
        after = file.after(held)
        assert {address: after[address] for address in held} == held
    assert hand.count
    assert not any(person.email.encode() in everything for person in STOPPED)


# Importers whose state is overwritten by the file: who stopped at the mailer and is not yet known
# to us is mailed again, so that results have to be read before each hand-off.
OVERWRITES = frozenset({"braze", "ses", "shopserve", "postal_dm"})


@pytest.mark.parametrize("mailer", MAILERS)
def test_who_stopped_at_the_mailer_alone_stays_stopped_where_the_importer_can_tell(
    mailer, handed
) -> None:
    hand = handed(mailer)
    held = {contact.address: "unsubscribed" for contact in hand.contacts}
    after: dict[str, str] = {}
    for file in hand.imported:
        after |= file.after(held)

    stays = {status == "unsubscribed" for address, status in after.items() if address in held}
    assert stays == {mailer not in OVERWRITES}


def test_a_letter_goes_to_everybody_with_the_address_as_it_stands(handed) -> None:
    hand = handed("postal_dm")
    held = [list(contact.fields.values()) for contact in hand.contacts]

    assert hand.count == len(hand.contacts) == len([p for p in PEOPLE if p.name])
    assert not [row for file in hand.imported for row in file.refused]
    for fields in held:
        assert {"北海道", "札幌市"} <= set(fields)
        assert {"0010001", "001-0001"} & set(fields)


def test_a_page_finds_everybody_by_member_and_by_browser(handed) -> None:
    (file,) = handed("onsite_json").imported

    assert not file.refused
    members = {person.customer_id for person in PEOPLE if person.customer_id}
    assert set(file.contacts) == members | {browser for p in PEOPLE for browser in p.browsers}
    for contact in file.contacts.values():
        assert contact.fields["consent"] == "no_objection"  # a page is no mail: objection counts
        assert contact.fields["item_1_url"] == "https://tea.example/p/1"


@pytest.mark.parametrize(
    ("made_for", "given_to"),
    [
        ("generic_cp932", "mailchimp"), ("blastmail", "listmonk"), ("arara", "mautic"),
        ("brevo", "klaviyo"), ("klaviyo", "sendgrid"), ("sendgrid", "klaviyo"), ("mautic", "brevo"),
        ("people_excel", "sendgrid"), ("hubspot", "ses"), ("ses", "hubspot"), ("listmonk", "brevo"),
        ("mailchimp", "blastmail"), ("haihaimail", "arara"), ("braze", "haihaimail"),
        ("generic_utf8", "shopserve"), ("people_excel", "generic_utf8"),
        ("generic_utf8", "generic_cp932"), ("brevo", "people_excel"), ("ses", "postal_dm"),
        ("braze", "onsite_json"),
    ],
)  # fmt: skip
def test_a_file_made_for_one_mailer_is_refused_by_another(made_for, given_to, handed) -> None:
    ((_, data),) = handed(made_for).files
    name = "batch.json" if given_to == "onsite_json" else "batch.csv"

    with pytest.raises(core.ImportRefused):
        importer(given_to).import_file(data, name)


@pytest.mark.parametrize(
    ("mailer", "held"), [("mailchimp", ["茶" * 85] * 2), ("arara", ["茶" * 100])]
)
def test_what_does_not_fit_is_cut_or_left_out_before_the_importer_does_it(
    mailer: str, held: list[str], tmp_path
) -> None:
    # 255 bytes of a cell are 85 characters of Japanese; 4,096 bytes of a row are less than 1,500.
    line = f"  - {{key: to, profile: {mailer}, country: JP, contract: 委託, basis: 購買者への案内}}"
    shop = small_shop(tmp_path, more=line)
    shop.publish([
        Person("s:1", "a@example.jp", item="茶" * 100),
        Person("s:2", "b@example.jp", item="茶" * 1500),
    ])  # fmt: skip

    (batch,) = shop.send(destination="to").batches
    imported = importer(mailer).import_file(batch.file.read_bytes(), batch.file.name)

    assert [said(contact, "item_1_name") for contact in imported.contacts.values()] == held
    assert (imported.damage, imported.refused) == ([], [])
