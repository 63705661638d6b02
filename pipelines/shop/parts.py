"""The parts of `shop.yml`, each with its defaults. Source: definitions, canonical model 2.1."""

from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from typing import Annotated, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field

from pipelines.canonical import TABLES
from pipelines.shop.base import Channel, Currency, Id, Part, Text, Url

OrderState = Literal[
    "draft", "placed", "paid", "shipped", "completed", "cancelled", "returned",
    "partially_refunded", "refunded", "failed", "unknown",
]  # fmt: skip
Support = Literal["full", "snapshot", "partial", "none"]
Encoding = Literal["utf-8", "utf-8-sig", "cp932", "utf-16"]


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


def _contract(value: str) -> str:
    # The two words of the law and their usual English, one stored form.
    return {"委託": "entrustment", "第三者提供": "third_party"}.get(value, value)


Zone = Annotated[str, AfterValidator(_zone)]
Address = Annotated[str, AfterValidator(_address)]
Contract = Annotated[
    Literal["entrustment", "third_party", "委託", "第三者提供"], AfterValidator(_contract)
]


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
    # A shop's status is often a bare number; it is text all the same.
    status: str = Field(
        coerce_numbers_to_str=True, min_length=1, json_schema_extra={"type": ["string", "integer"]}
    )
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
    exchange_rate: Annotated[Decimal, Field(gt=0, max_digits=18, decimal_places=8, alias="rate")]


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
    hesitating_below_order_count: int = Field(
        default=2,
        ge=1,
        le=1_001,
        description="Phases that begin with fewer orders may hesitate; 2 = below second_buyer.",
    )
    look_back_months: int = Field(
        default=3,
        ge=1,
        le=60,
        description="Visits, birthdays and orders before that lead to no mail any more.",
    )
    small_n: int = Field(default=30, ge=1, le=1_000)
    hide_below: int = Field(default=5, ge=1, le=1_000)
    smallest_effect_bp: int = Field(
        default=100,
        ge=1,
        le=10_000,
        description="Smaller differences do not matter; 100 = 1 point.",
    )
    planned_persons_per_arm: int = Field(
        default=0,
        ge=0,
        le=10_000_000,
        description="No verdict before so many; 0 = what smallest_effect_bp needs, a year at most.",
    )
    status_is_fixed: int = Field(
        default=0, ge=0, le=1, description="1 = the days below decide, 0 = own intervals."
    )
    status_slowing_days: int = Field(
        default=90, ge=1, le=3_650, description="Slowing beyond it, where no interval is known."
    )
    status_at_risk_days: int = Field(default=180, ge=1, le=3_650)
    status_dormant_days: int = Field(default=365, ge=1, le=3_650)


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


HostKey = Annotated[str, Field(pattern=r"^[a-z0-9@.-]+ [A-Za-z0-9+/]+=*( .*)?$")]


class SftpPlace(Part):
    """A folder on an SFTP server. Password or key file come from the environment, never here."""

    host: Text
    port: int = Field(default=22, ge=1, le=65_535)
    user: Text
    folder: Text = Field(default=".", description="As the server names it; it must be there.")
    host_keys: tuple[HostKey, ...] = Field(
        min_length=1,
        description='The server\'s public keys, as `ssh-keyscan` prints them: "ssh-ed25519 AAAA…".',
    )


class S3Place(Part):
    """A bucket of Amazon S3 or what speaks like it. Keys come from the environment, never here."""

    bucket: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]
    prefix: Text | None = Field(default=None, description="Folder within the bucket.")
    region: Text | None = None
    endpoint: (
        Annotated[str, Field(pattern=r"^(https://|http://(localhost|127\.0\.0\.1)[:/])[^\s]+$")]
        | None
    ) = Field(default=None, description="Empty = Amazon's own. https, or this machine.")


class Results(Part):
    """A folder where somebody drops what the mailer reports; it is read like any other source."""

    mapping: Text = Field(description="Key of a mapping that ships, or path of an own one.")
    files: Text | None = Field(
        default=None, description="Glob, relative to this shop.yml. Empty = results/<key>/*."
    )


class Destination(Part):
    """A place a list goes to. Nothing is sent while country, contract or basis is missing."""

    key: Id
    profile: Id = Field(description="What that mailer imports, for example listmonk.")
    profile_file: Text | None = Field(
        default=None,
        description="A profile of your own beside shop.yml, used in place of the one that ships.",
    )
    place: Literal["local", "sftp", "s3"] = "local"
    folder: Text | None = Field(
        default=None, description="Empty = the shop's outbox. Remote files are staged there."
    )
    sftp: SftpPlace | None = None
    s3: S3Place | None = None
    trigger: Annotated[str, Field(pattern=r"^\.[a-z0-9]{1,12}$")] | None = Field(
        default=None,
        description="Ending of a file that follows when all parts are there, for example .done.",
    )
    results: Results | None = Field(
        default=None, description="Where its reports are dropped; read before each hand-over."
    )
    complaint_limit_bp: int = Field(
        default=30,
        ge=1,
        le=10_000,
        description="Nothing is sent while more of the last 30 days' messages were reported as "
        "spam; 30 = 0.3 %, where the large mailboxes begin to refuse a sender.",
    )
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] | None = Field(
        default=None, description="ISO code of the country the data goes to, for example JP."
    )
    contract: Contract | None = Field(
        default=None, description="委託 (entrustment) or 第三者提供 (third_party)."
    )
    basis: Text | None = Field(default=None, description="Why the data may go there, in words.")
    approve_above: int | None = Field(
        default=None, ge=1, description="More people than this need a second person's approval."
    )

    @property
    def results_files(self) -> str | None:
        """Glob of its reports, None where none are dropped."""
        if self.results is None:
            return None
        return self.results.files or f"results/{self.key}/*"

    @property
    def lacks(self) -> tuple[str, ...]:
        """Keys that are still empty and without which nothing may be sent."""
        return tuple(n for n in ("country", "contract", "basis") if not getattr(self, n))
