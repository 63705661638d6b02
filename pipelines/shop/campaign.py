"""Campaigns of `shop.yml`: steps, delays and arms."""

from decimal import Decimal
from typing import Annotated, Final, Literal

from pydantic import AwareDatetime, Field

from pipelines.shop.base import Channel, Id, Part, Text

CADENCE_PATTERN: Final = (
    r"^(daily|weekly (mon|tue|wed|thu|fri|sat|sun)) ([01][0-9]|2[0-3]):[0-5][0-9]$"
)


class Step(Part):
    """One message of a campaign. Units: `delay_minutes` from `measured_from`; hours elapsed."""

    number: int = Field(ge=1, le=20, description="1, 2, 3 … without a gap.")
    delay_minutes: int = Field(ge=0, le=527_040, description="Minutes after `measured_from`.")
    measured_from: Literal["last_activity", "qualified", "ordered", "shipped", "delivered"] = Field(
        default="last_activity",
        description="What the delay counts from. For a cart: its last activity.",
    )
    validity_hours: int = Field(
        default=0,
        ge=0,
        le=2_160,
        description="A message later than this is never sent. "
        "0 = 24 after the last activity of a cart, else thresholds.catch_up_days.",
    )
    cool_down_hours: int = Field(
        default=168,
        ge=1,
        le=87_600,
        description="Same person, same step, not again for so long. Never below validity_hours.",
    )
    template: Text | None = Field(default=None, description="Name of the template in the mailer.")

    def with_defaults(self, catch_up_days: int) -> "Step":
        """The step with its validity filled. Source: definitions 10."""
        own = 24 if self.measured_from == "last_activity" else 24 * catch_up_days
        return self.model_copy(update={"validity_hours": self.validity_hours or own})


class Arm(Part):
    """One arm of a campaign's experiment. Units: `share_bp` in basis points, 100 = 1 %."""

    key: Id
    share_bp: int = Field(
        ge=0, le=10_000, description="Share in basis points; the arms of a campaign sum to 10000."
    )
    is_holdout: bool = Field(default=False, description="true: these people get nothing.")
    delay_minutes: int | None = Field(
        default=None, ge=0, le=527_040, description="Replaces the delay of step 1 in this arm."
    )
    template: Text | None = None
    coupon_pool: Id | None = Field(
        default=None, description="Each of these people gets a code of it: okaeri coupons import."
    )


# Used where a campaign names no arms: everybody is written to.
EVERYBODY = Arm(key="send", share_bp=10_000)


class Campaign(Part):
    """One version of a campaign. A changed campaign is a new version, never an edited old one."""

    key: Id
    version: int = Field(default=1, ge=1, le=100_000)
    segment: Id = Field(description="Key of the segment, for example cart_recovery or winback.")
    channel: Channel = "email"
    purpose: Literal["marketing", "cart_reminder"] = Field(
        default="marketing", description="The consent that is needed."
    )
    owner: Text | None = None
    is_active: bool = True
    is_automatic: bool = Field(
        default=True, description="false: it leaves only when somebody asks for it."
    )
    cadence: Annotated[str, Field(pattern=CADENCE_PATTERN)] | None = Field(
        default=None,
        description="When its list is asked for by itself, in the shop's zone: `daily 10:00` or "
        "`weekly mon 10:00`. With is_automatic: false it is planned and waits for a release.",
    )
    destination: Id | None = Field(
        default=None, description="Where its list goes by itself. Empty = the first destination."
    )
    when_no_coupon: Literal["refuse", "wait", "without_code"] = Field(
        default="refuse",
        description="With too few codes: hand nothing over, try again each hour, or leave it out.",
    )
    starts_at: AwareDatetime | None = Field(
        default=None, description="With offset, for example 2026-11-01T00:00:00+09:00."
    )
    ends_at: AwareDatetime | None = None
    recovery_window_days: int = Field(
        default=0, ge=0, le=90, description="0 = thresholds.recovery_window_days; 1 for SMS …"
    )
    eligibility_hours: int = Field(
        default=0, ge=0, le=720, description="0 = thresholds.eligibility_hours."
    )
    salt: str = Field(
        default="", max_length=100, description="Of the draw of arms. Empty = key and version."
    )
    holds_open_inquiry: bool = Field(
        default=True, description="Nobody with an open inquiry is written to."
    )
    lead_days: int = Field(
        default=0, ge=0, le=60, description="Of birthday: so many days before the day itself."
    )
    from_amount: Annotated[Decimal, Field(gt=0, max_digits=18, decimal_places=4)] = Field(
        default=Decimal(50_000),
        description="Of spend_tier: a member belongs from this revenue on, in the shop's currency.",
    )
    amount_basis: Literal["lifetime", "rolling_365d", "single_order"] = Field(
        default="lifetime", description="Of spend_tier: the orders whose revenue is added up."
    )
    steps: tuple[Step, ...] = Field(min_length=1, max_length=20)
    arms: tuple[Arm, ...] = Field(default=(EVERYBODY,), min_length=1, max_length=20)

    def with_defaults(
        self, *, window_days: int, eligibility_hours: int, catch_up_days: int
    ) -> "Campaign":
        """The campaign with what was left open filled from the shop's thresholds."""
        # Definitions 5: everything but e-mail and post looks one day ahead.
        days = 1 if self.channel in {"sms", "line", "push"} else window_days
        return self.model_copy(
            update={
                "recovery_window_days": self.recovery_window_days or days,
                "eligibility_hours": self.eligibility_hours or eligibility_hours,
                "salt": self.salt or f"{self.key}-{self.version}",
                "steps": tuple(step.with_defaults(catch_up_days) for step in self.steps),
            }
        )
