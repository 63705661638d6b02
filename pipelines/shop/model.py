"""The whole of `shop.yml`: one shop, complete and consistent."""

import hashlib
import json
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import (
    AwareDatetime,
    Field,
    PrivateAttr,
    ValidationInfo,
    field_validator,
    model_validator,
)

from pipelines.actors import Role
from pipelines.settings import Home
from pipelines.shop.base import Currency, Id, Money, Part, Text, Url
from pipelines.shop.campaign import Campaign
from pipelines.shop.parts import (
    Address,
    Cap,
    Destination,
    ExchangeRate,
    QuietHours,
    Sender,
    Source,
    StatusRule,
    Thresholds,
    Weights,
    Zone,
)
from pipelines.shop.people import StaffMember
from pipelines.shop.rules import broken_rules, rules_error


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
    excluded_addresses: tuple[Address, ...] = Field(
        default=(), description="Own and test addresses, or whole domains."
    )
    thresholds: Thresholds = Thresholds()
    weights: Weights = Weights()
    campaigns: tuple[Campaign, ...] = ()
    caps: tuple[Cap, ...] = (Cap(messages=3, days=7),)
    quiet_hours: QuietHours | None = None
    holidays: tuple[date, ...] = Field(default=(), description="Days on which nothing is sent.")
    destinations: tuple[Destination, ...] = ()
    people: tuple[StaffMember, ...] = Field(
        default=(), description="Who may log in to the screens, and as what."
    )

    _folder: Path = PrivateAttr(default=Path())

    @field_validator("campaigns")
    @classmethod
    def _fill(cls, value: tuple[Campaign, ...], info: ValidationInfo) -> tuple[Campaign, ...]:
        thresholds: Thresholds = info.data.get("thresholds", Thresholds())
        return tuple(
            campaign.with_defaults(
                window_days=thresholds.recovery_window_days,
                eligibility_hours=thresholds.eligibility_hours,
                catch_up_days=thresholds.catch_up_days,
            )
            for campaign in value
        )

    @model_validator(mode="after")
    def _read_results(self) -> "Shop":
        # A results folder is a source that stands with its destination.
        known = {source.key for source in self.sources}
        folders = tuple(
            Source(key=key, files=str(d.results_files), mapping=d.results.mapping)
            for d in self.destinations
            if d.results is not None and (key := f"results_{d.key}"[:63]) not in known
        )
        if folders:
            object.__setattr__(self, "sources", (*self.sources, *folders))
        return self

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
        """Version by content, 16 hex.

        Not of the clock, the folder or the staff: none of them moves a number.
        """
        content = self.model_dump(mode="json", exclude={"clock", "people"}, by_alias=True)
        text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def role_of(self, email: str) -> Role | None:
        """What somebody who logged in may do; None for nobody of this shop."""
        known = {person.email: Role(person.role) for person in self.people}
        return known.get(email.strip().lower())

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
    """Secret key of the shop's hashes: the demo's public one, else the home's own.

    Raises: SecretLost where it is not the one the home began with.
    """
    if shop.pepper:
        return shop.pepper.encode()
    home.refuse_other_pepper()
    return home.pepper
