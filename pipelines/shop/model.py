"""What may stand in `shop.yml`, with every default. Source: definitions, canonical model 2.1."""

import hashlib
import json
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import available_timezones

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    Field,
    PrivateAttr,
    ValidationInfo,
    field_validator,
    model_validator,
)

from pipelines.canonical import TABLES
from pipelines.settings import Home
from pipelines.shop.base import Channel, Currency, Id, Money, Part, Text, Url
from pipelines.shop.campaign import Campaign
from pipelines.shop.rules import broken_rules, rules_error

OrderState = Literal[
    "draft", "placed", "paid", "shipped", "completed", "cancelled", "returned",
    "partially_refunded", "refunded", "failed", "unknown",
]  # fmt: skip
Support = Literal["full", "snapshot", "partial", "none"]
Encoding = Literal["utf-8", "utf-8-sig", "cp932", "euc-jp", "utf-16"]


def _zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("not a time zone; use an IANA name such as Asia/Tokyo or Europe/Paris")
    return name


def _entity(name: str) -> str:
    if name not in TABLES or TABLES[name].internal:
        known = ", ".join(sorted(n for n, t in TABLES.items() if not t.internal))
        raise ValueError(f"not a canonical table; allowed: {known}")
    return name


def _address(value: str) -> str:
    folded = value.strip().lower()
    if not folded or " " in folded or "." not in folded.rpartition("@")[2]:
        raise ValueError("neither an e-mail address nor a domain; test@shop.jp, shop.jp")
    return folded


def _contract(value: object) -> object:
    # The two words of the law and their usual English, one stored form.
    return {"委託": "entrustment", "第三者提供": "third_party"}.get(str(value), value)


Zone = Annotated[str, AfterValidator(_zone)]


@dataclass(frozen=True)
class StatusRow:
    """What one status of a source means. A mapping ships these as defaults; the shop overrides."""

    source: str
    status: str
    state: str
    is_sale: bool


class Sender(Part):
    """Who writes: the law wants these in every mail; an export is refused while one is missing."""

    name: Text | None = None
    address: Text | None = Field(default=None, description="Postal address shown in each mail.")
    stop_url: Url | None = Field(default=None, description="Where a reader stops the mails.")
    contact: Text | None = Field(default=None, description="Mail, phone or page for complaints.")

    @property
    def lacks(self) -> tuple[str, ...]:
        """Dotted keys that are still empty."""
        return tuple(
            f"sender.{name}" for name in type(self).model_fields if not getattr(self, name)
        )


class Source(Part):
    """Where one kind of file lies and which mapping reads it."""

    key: Id
    files: Text = Field(description="Glob, relative to this shop.yml: `orders/*.csv`.")
    mapping: Text = Field(description="Key of a mapping that ships, or path of an own one.")
    encoding: Encoding | None = Field(default=None, description="Empty = found from the bytes.")
    zone: Zone | None = Field(default=None, description="Empty = as the mapping, else the shop's.")
    delimiter: str | None = Field(default=None, min_length=1, max_length=1)
    aliases: dict[str, str] = Field(
        default_factory=dict, description="Header the mapping expects: header in this file."
    )
    on_bad_batch: Literal["continue", "stop"] = "continue"
    support: dict[Annotated[str, AfterValidator(_entity)], Support] = Field(default_factory=dict)


class StatusRule(Part):
    """What one order status of a source means; beats the row the mapping ships."""

    source: Id
    status: str = Field(coerce_numbers_to_str=True, min_length=1)
    state: OrderState
    is_sale: bool

    @property
    def row(self) -> StatusRow:
        """The rule as the row both sides of the merge share."""
        return StatusRow(self.source, self.status, self.state, self.is_sale)


class ExchangeRate(Part):
    """Units: shop currency for 1 of `currency`, from `day_on` until the next row."""

    day_on: date
    currency: Currency
    rate: Annotated[Decimal, Field(gt=0, max_digits=18, decimal_places=8)]


class Thresholds(Part):
    """Numbers of the definitions page, each with its default."""

    cart_idle_minutes: int = Field(default=60, ge=1, le=10_080)
    cart_expiry_days: int = Field(default=30, ge=1, le=365)
    session_gap_minutes: int = Field(default=30, ge=1, le=1_440)
    recovery_window_days: int = Field(default=7, ge=1, le=90)
    eligibility_hours: int = Field(default=24, ge=1, le=720)
    browse_min_views: int = Field(default=2, ge=1, le=1_000)
    max_accounts_per_email: int = Field(default=10, ge=1, le=1_000)
    loyal_order_count: int = Field(default=5, ge=4, le=1_000)
    interval_horizon_days: int = Field(default=365, ge=30, le=3_650)
    coupon_gap_days: int = Field(default=90, ge=0, le=3_650)
    catch_up_days: int = Field(default=3, ge=1, le=90)
    winback_months: int = Field(default=3, ge=1, le=60)
    second_purchase_days: int = Field(
        default=0, ge=0, le=3_650, description="0 = the shop's own median interval."
    )
    new_days: int = Field(default=14, ge=1, le=365)
    motivation_low: int = Field(default=10, ge=1, le=10_000)
    motivation_high: int = Field(default=25, ge=1, le=10_000)
    small_n: int = Field(default=30, ge=1, le=1_000)
    hide_below: int = Field(default=5, ge=1, le=1_000)


class Weight(Part):
    """Points of one kind of event and how often it counts in a day."""

    points: int = Field(ge=0, le=1_000)
    daily_cap: int = Field(ge=1, le=1_000)


class Weights(Part):
    """The motivation score of definitions 8."""

    product_view: Weight = Weight(points=1, daily_cap=5)
    three_pictures: Weight = Weight(points=3, daily_cap=3)
    search: Weight = Weight(points=1, daily_cap=5)
    favourite: Weight = Weight(points=5, daily_cap=3)
    add_to_cart: Weight = Weight(points=8, daily_cap=3)
    checkout: Weight = Weight(points=10, daily_cap=3)
    return_day: Weight = Weight(points=5, daily_cap=3)
    sign_up: Weight = Weight(points=5, daily_cap=3)


class Cap(Part):
    """No more than `messages` to a person within `days`, over all campaigns of the channel."""

    channel: Channel = "email"
    messages: int = Field(ge=1, le=1_000)
    days: int = Field(ge=1, le=365)


class QuietHours(Part):
    """Nothing is handed over between these two times of the shop's zone; it waits."""

    from_time: time = Field(alias="from", description='For example "21:00".')
    to_time: time = Field(alias="to", description='For example "08:00".')


class Destination(Part):
    """A place a list goes to. Nothing is sent while country, contract or basis is missing."""

    key: Id
    profile: Id = Field(description="What that mailer imports, for example listmonk.")
    place: Literal["local"] = "local"
    folder: Text | None = Field(default=None, description="Empty = the shop's outbox.")
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] | None = Field(
        default=None, description="ISO code of the country the data goes to, for example JP."
    )
    contract: (
        Annotated[Literal["entrustment", "third_party"], BeforeValidator(_contract)] | None
    ) = Field(default=None, description="委託 (entrustment) or 第三者提供 (third_party).")
    basis: Text | None = Field(default=None, description="Why the data may go there, in words.")
    approve_above: int | None = Field(
        default=None, ge=1, description="More people than this need a second person's approval."
    )

    @property
    def lacks(self) -> tuple[str, ...]:
        """Keys that are still empty and without which nothing may be sent."""
        return tuple(n for n in ("country", "contract", "basis") if not getattr(self, n))


class Shop(Part):
    """One shop's settings, complete and consistent. Times: the zone is `timezone`."""

    id: Id = Field(description="Folder of this shop's data; never change it later.")
    name: Text
    timezone: Zone = "Asia/Tokyo"
    currency: Currency = "JPY"
    locale: Literal["ja", "en"] = "ja"
    revenue_measure: Literal["goods", "total", "paid"] = Field(
        default="goods", description="goods = merchandise after discounts, without shipping."
    )
    week_start: int = Field(default=1, ge=1, le=7, description="1 = Monday.")
    base_url: Url | None = None
    cart_url: Url | None = None
    shipping_fee_amount: Money | None = None
    free_shipping_from_amount: Money | None = None
    ships_within_hours: int | None = Field(default=None, ge=1, le=8_760)
    warranty_months: int | None = Field(default=None, ge=0, le=1_200)
    history_from_on: date | None = Field(
        default=None, description="First day the data is complete; earlier people are not new."
    )
    sender: Sender = Sender()
    clock: AwareDatetime | None = Field(
        default=None, description="A fixed now, for replays and the demo; leave it out otherwise."
    )
    is_demo: bool = False
    pepper: str | None = Field(default=None, min_length=16, description="Demo only.")
    sources: tuple[Source, ...] = ()
    order_status_map: tuple[StatusRule, ...] = ()
    exchange_rates: tuple[ExchangeRate, ...] = ()
    excluded_addresses: tuple[Annotated[str, AfterValidator(_address)], ...] = Field(
        default=(), description="Own and test addresses, or whole domains."
    )
    thresholds: Thresholds = Thresholds()
    weights: Weights = Weights()
    campaigns: tuple[Campaign, ...] = ()
    caps: tuple[Cap, ...] = (Cap(messages=3, days=7),)
    quiet_hours: QuietHours | None = None
    holidays: tuple[date, ...] = Field(default=(), description="Days on which nothing is sent.")
    destinations: tuple[Destination, ...] = ()

    _folder: Path = PrivateAttr(default=Path())

    @field_validator("campaigns")
    @classmethod
    def _fill(cls, value: tuple[Campaign, ...], info: ValidationInfo) -> tuple[Campaign, ...]:
        thresholds: Thresholds = info.data.get("thresholds", Thresholds())
        return tuple(
            campaign.with_defaults(
                window_days=thresholds.recovery_window_days,
                eligibility_hours=thresholds.eligibility_hours,
            )
            for campaign in value
        )

    @model_validator(mode="after")
    def _consistent(self) -> "Shop":
        broken = broken_rules(self)
        if broken:
            raise rules_error(broken)
        return self

    @property
    def folder(self) -> Path:
        """Absolute folder of the file; globs and own mappings are relative to it."""
        return self._folder

    @cached_property
    def version(self) -> str:
        """Version by content, 16 hex. Not of the clock or the folder: time is not a setting."""
        content = self.model_dump(mode="json", exclude={"clock"}, by_alias=True)
        text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def source(self, key: str) -> Source:
        """The source of that key. Raises KeyError where there is none."""
        return {source.key: source for source in self.sources}[key]

    def campaign(self, key: str) -> Campaign:
        """The newest version of a campaign. Raises KeyError where there is none."""
        versions = [c for c in self.campaigns if c.key == key]
        if not versions:
            raise KeyError(key)
        return max(versions, key=lambda c: c.version)

    def destination(self, key: str) -> Destination:
        """The destination of that key. Raises KeyError where there is none."""
        return {destination.key: destination for destination in self.destinations}[key]


def pepper_of(shop: Shop, home: Home) -> bytes:
    """Secret key of the shop's hashes: the demo's public one, else the home's own."""
    return shop.pepper.encode() if shop.pepper else home.pepper
