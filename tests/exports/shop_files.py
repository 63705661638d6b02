"""A small shop with a published and a private file, written by hand: what an export reads."""

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path

import duckdb

from pipelines import exports, keys, state
from pipelines.actors import Actor
from pipelines.settings import Home
from pipelines.shop import Shop, load_shop
from tests.exports.inside import reaching

NOW = datetime(2026, 11, 10, 3, 0, tzinfo=UTC)  # noon in Tokyo
PEPPER = "a-public-pepper-of-the-demo"
MACHINE = exports.Machine("machine-1", "boot-1")

SHOP_YML = """
id: tea
name: Tea and Sons
timezone: Asia/Tokyo
is_demo: true
pepper: {pepper}
sender:
  name: Tea and Sons
  address: 東京都千代田区1-1
  stop_url: https://tea.example/stop
  contact: contact@tea.example
campaigns:
  - key: cart_recovery
    version: 1
    segment: cart_recovery
    purpose: cart_reminder
    steps:
      - {{number: 1, delay_minutes: 60, validity_hours: 24, cool_down_hours: 168}}
    arms:
      - {{key: send, share_bp: 9000}}
      - {{key: holdout, share_bp: 1000, is_holdout: true}}
  - key: winback
    version: 1
    segment: winback
    steps:
      - {{number: 1, delay_minutes: 0, measured_from: qualified, validity_hours: 72, cool_down_hours: 72}}
caps:
  - {{messages: 2, days: 7}}
destinations:
  - {{key: mailer, profile: generic_utf8, country: JP, contract: 委託, basis: 購買者への案内}}
  - {{key: sjis, profile: generic_cp932, country: JP, contract: 委託, basis: 購買者への案内}}
  - {{key: listmonk, profile: listmonk, country: JP, contract: 委託, basis: 購買者への案内}}
  - {{key: excel, profile: people_excel, country: JP, contract: 委託, basis: 購買者への案内}}
  - {{key: nowhere, profile: generic_utf8}}
{more}
"""

SEGMENT_COLUMNS = """
  shop_id varchar, person_id varchar, campaign_key varchar, campaign_version bigint,
  step_number bigint, arm_key varchar, channel varchar, occurrence_key varchar,
  dedupe_key varchar, qualified_at timestamp, due_at timestamp, valid_until_at timestamp,
  reason_code varchar, is_held_out boolean, content_source varchar, item_1_name varchar,
  item_1_price decimal(18,4), item_1_url varchar, items_more bigint, coupon_code varchar
"""


@dataclass(frozen=True)
class Person:
    """One person of the small shop and their row of a segment."""

    person_id: str
    email: str | None
    name: str = "山田 花子"
    occurrence: str = ""
    arm: str = "send"
    is_held_out: bool = False
    item: str = "緑茶 100g"
    qualified_at: datetime = NOW - timedelta(hours=3)
    due_at: datetime = NOW - timedelta(hours=2)
    valid_until_at: datetime | None = NOW + timedelta(hours=22)
    reason_code: str | None = None
    other_ids: tuple[str, ...] = ()
    block_reason: str | None = None
    consent: bool = True
    in_segment: bool = True
    content_source: str = "cart"
    drawn_at: datetime | None = None
    channel: str = "email"
    customer_id: str | None = "c-1"
    address_line: str | None = "北一条西1-1"
    browsers: tuple[str, ...] = ()
    no_coupon_until: datetime | None = None
    granted_at: datetime | None = None
    # Episode → day of the shop system's own cart mail.
    shop_mails: Mapping[str, date] = field(default_factory=dict)
    # Further addresses of the merged person; the address the build found consent for.
    also: tuple[str, ...] = ()
    consented_as: str | None = None

    @property
    def occurrence_key(self) -> str:
        return self.occurrence or f"episode-{self.person_id}"


@dataclass
class SmallShop:
    """A home with one snapshot published; publish again to change what is known."""

    home: Home
    shop: Shop
    campaign: str = "cart_recovery"
    purpose: str = "cart_reminder"
    published: list[str] = field(default_factory=list)

    def publish(
        self,
        people: Sequence[Person],
        *,
        sales: Mapping[str, datetime] | None = None,
        closed: Mapping[str, str] | None = None,
        inquiries: Sequence[str] = (),
        meta: Mapping[str, object] | None = None,
        received: Mapping[str, tuple[int, int, int]] | None = None,
    ) -> str:
        """Id of the new snapshot, whose two files hold these people."""
        snapshot_id = f"snap-{self.campaign}-{len(self.published)}"
        self.home.published.mkdir(parents=True, exist_ok=True)
        self.home.private.mkdir(parents=True, exist_ok=True)
        public = self.home.published / f"{snapshot_id}.duckdb"
        private = self.home.private / f"{snapshot_id}.duckdb"
        with duckdb.connect(str(public)) as connection, _whole(connection):
            self._write_public(
                connection, people, sales or {}, closed or {}, inquiries, meta or {}, received or {}
            )
        with duckdb.connect(str(private)) as connection, _whole(connection):
            self._write_private(connection, people)
        pointer = {
            "snapshot_id": snapshot_id, "file": public.name, "sha256": _sha(public),
            "private_file": private.name, "private_sha256": _sha(private), "shop_id": "tea",
            "is_demo": True, "bytes": public.stat().st_size, "tables": {}, "previous": [],
            "as_of_at": "2026-11-10T03:00:00Z", "settings_version": "1", "code_version": "1",
        }  # fmt: skip
        (self.home.published / "CURRENT.json").write_text(json.dumps(pointer))
        self.published.append(snapshot_id)
        return snapshot_id

    def _write_public(self, connection, people, sales, closed, inquiries, meta, received) -> None:
        connection.execute(f"create table seg_{self.campaign} ({SEGMENT_COLUMNS})")
        for p in people:
            if not p.in_segment:
                continue
            connection.execute(
                f"insert into seg_{self.campaign} values (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                [
                    "tea", p.person_id, self.campaign, 1, 1, p.arm, p.channel, p.occurrence_key,
                    f"{self.campaign}/1/{p.channel}/{p.occurrence_key}", _naive(p.qualified_at),
                    _naive(p.due_at), _naive(p.valid_until_at), p.reason_code, p.is_held_out,
                    p.content_source, p.item, "15003.0000", "https://tea.example/p/1", 0, None,
                ],
            )  # fmt: skip
        connection.execute(
            "create table catalogue_models (model_name varchar, schema_name varchar,"
            " description varchar, meta varchar, row_count bigint)"
        )
        connection.execute(
            "insert into catalogue_models values (?, 'segments', 'One row per person', ?, 0)",
            [f"seg_{self.campaign}", json.dumps({"segment": dict(meta)})],
        )
        connection.execute(
            "create table dim_persons (shop_id varchar, person_id varchar,"
            " open_inquiry_count bigint, coupon_blocked_until_at timestamp)"
        )
        for person_id in inquiries:
            connection.execute("insert into dim_persons values ('tea', ?, 1, null)", [person_id])
        for p in people:
            if p.no_coupon_until is not None:
                connection.execute(
                    "insert into dim_persons values ('tea', ?, 0, ?)",
                    [p.person_id, _naive(p.no_coupon_until)],
                )
        connection.execute(
            "create table rpt_deliverability (shop_id varchar, destination varchar,"
            " sent_count bigint, complaint_count bigint, hard_bounce_count bigint)"
        )
        for destination, counts in received.items():
            connection.execute(
                "insert into rpt_deliverability values ('tea', ?, ?, ?, ?)", [destination, *counts]
            )
        connection.execute(
            "create table fct_orders (shop_id varchar, person_id varchar, ordered_at timestamp,"
            " is_sale boolean)"
        )
        for person_id, at in sales.items():
            connection.execute(
                "insert into fct_orders values ('tea', ?, ?, true)", [person_id, _naive(at)]
            )
        connection.execute(
            "create table fct_cart_episodes (shop_id varchar, episode_id varchar, close_reason varchar)"
        )
        connection.execute(
            "create table fct_arm_assignments (shop_id varchar, campaign_key varchar,"
            " campaign_version bigint, occurrence_key varchar, person_id varchar, arm_key varchar,"
            " assignment_basis varchar, eligible_at timestamp)"
        )
        for p in people:
            if p.drawn_at is not None:
                connection.execute(
                    "insert into fct_arm_assignments values ('tea',?,1,?,?,?,'drawn',?)",
                    [self.campaign, p.occurrence_key, p.person_id, p.arm, _naive(p.drawn_at)],
                )
        for episode, reason in closed.items():
            connection.execute(
                "insert into fct_cart_episodes values ('tea', ?, ?)", [episode, reason]
            )

    def _write_private(self, connection, people) -> None:
        connection.execute(
            "create table dim_person_contacts (shop_id varchar, person_id varchar, email varchar,"
            " email_hash varchar, last_name varchar, first_name varchar, name_full varchar,"
            " phone_raw varchar, postal_code varchar, cart_url varchar, customer_id varchar,"
            " company varchar, prefecture varchar, city varchar, address_line varchar)"
        )
        connection.execute(
            "create table int_persons__keys (shop_id varchar, key_type varchar, key_value varchar,"
            " person_id varchar, valid_until_at timestamp)"
        )
        connection.execute(
            "create table int_persons__contactable (shop_id varchar, person_id varchar,"
            " channel varchar, purpose varchar, email_hash varchar, is_contactable boolean,"
            " block_reason varchar, has_profiling_opt_out boolean,"
            " explicit_grant_at timestamp)"
        )
        connection.execute(
            "create table int_recovery__shop_mails (shop_id varchar, episode_id varchar,"
            " person_id varchar, mailed_on date)"
        )
        for p in {p.person_id: p for p in people}.values():
            for episode, day in p.shop_mails.items():
                connection.execute(
                    "insert into int_recovery__shop_mails values ('tea', ?, ?, ?)",
                    [episode, p.person_id, day],
                )
            hash_ = _hash(p.email)
            connection.execute(
                "insert into dim_person_contacts"
                " values ('tea',?,?,?,null,null,?,?,?,?,?,null,?,?,?)",
                [p.person_id, p.email, hash_, p.name, "+81-90-0000-0000", "0010001",
                 f"https://tea.example/cart/{p.person_id}", p.customer_id, "北海道", "札幌市",
                 p.address_line],
            )  # fmt: skip
            own = [("customer", i) for i in (p.person_id, *p.other_ids)]
            own += [("browser", browser) for browser in p.browsers]
            own += [("email_hash", _hash(address)) for address in (p.email, *p.also) if address]
            for kind, value in own:
                connection.execute(
                    "insert into int_persons__keys values ('tea',?,?,?,null)",
                    [kind, value, p.person_id],
                )
            profiling = p.block_reason == "profiling_opt_out"
            blocked = None if profiling else p.block_reason
            for purpose in ("cart_reminder", "marketing"):
                connection.execute(
                    "insert into int_persons__contactable values ('tea',?,?,?,?,?,?,?,?)",
                    [
                        p.person_id, p.channel, purpose, _hash(p.consented_as or p.email),
                        p.consent and blocked is None,
                        blocked if p.consent else "no_consent", profiling, _naive(p.granted_at),
                    ],
                )  # fmt: skip

    def ask(self, *, send: bool = True, destination: str = "mailer", **more) -> str:
        """Id of a new request for the shop's segment."""
        return exports.request(
            self.home, self.shop, self.campaign, destination, send=send,
            requested_by=Actor.at_terminal("tester"), clock=NOW, **more,
        )  # fmt: skip

    def run(self, request_id: str, *, at: datetime = NOW, machine=MACHINE, checkpoint=None, **more):
        """Outcome of carrying a request out at an instant; `checkpoint` is told its places."""
        with reaching(self.home.path, checkpoint):
            return exports.run_request(
                self.home, self.shop, request_id, clock=at, machine=machine, **more
            )

    def send(self, *, at: datetime = NOW, destination: str = "mailer", **more):
        """Outcome of a new request carried out at once."""
        return self.run(self.ask(destination=destination), at=at, **more)

    def outbox(self, destination: str = "mailer") -> Path:
        return self.home.outbox / destination


def small_shop(folder: Path, *, more: str = "", campaign: str = "cart_recovery") -> SmallShop:
    """A home below `folder` with nothing published yet."""
    folder.mkdir(parents=True, exist_ok=True)
    text = SHOP_YML.format(pepper=PEPPER, more=more)
    (folder / "shop.yml").write_text(text, encoding="utf-8")
    shop = opened_shop(folder, campaign=campaign)
    if "OKAERI_LEDGER_URL" not in os.environ and not shop.home.path.exists():
        shop.home.path.mkdir()
        for name, content in _new_databases().items():
            (shop.home.path / name).write_bytes(content)
    return shop


@cache
def _new_databases() -> Mapping[str, bytes]:
    """Both state databases as their migrations leave them, by file name: made once, not per shop."""
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        for engine in (state.requests_engine(home), state.ledger_engine(home)):
            engine.dispose()
        return {path.name: path.read_bytes() for path in home.path.iterdir()}


def opened_shop(folder: Path, *, campaign: str = "cart_recovery") -> SmallShop:
    """The home that `small_shop` made there, with its file left as it is: others may be reading."""
    purpose = "cart_reminder" if campaign == "cart_recovery" else "marketing"
    return SmallShop(Home(folder / "tea"), load_shop(folder / "shop.yml"), campaign, purpose)


def people(count: int, *, start: int = 0) -> list[Person]:
    """That many ordinary members."""
    return [Person(f"s:{n}", f"u{n}@example.jp") for n in range(start, start + count)]


@contextmanager
def _whole(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    # One commit for all rows: each of its own would cost a trip to the disk.
    connection.begin()
    yield
    connection.commit()


def _hash(address: str | None) -> str | None:
    return keys.email_hash(address, pepper=PEPPER.encode())


def _naive(at: datetime | None) -> datetime | None:
    return None if at is None else at.replace(tzinfo=None)


def _sha(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
