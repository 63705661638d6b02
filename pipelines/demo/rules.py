"""What the demo reads from its own shop.yml, and the numbers that are planted in it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time

import numpy as np

from pipelines.demo.draw import DAY, HOUR, JST, MINUTE, Bools, Ints, Span, seconds
from pipelines.shop import Shop

SLOT = 15 * MINUTE


@dataclass(frozen=True)
class Planted:
    """What a correct warehouse must find again. Units: shares 0..1."""

    # Orders within the window of eligibility without any mail, and what a delivered mail adds.
    base_rate: float = 0.06
    effect: float = 0.035
    # Second order within 90 days of the first: of the first cohort, and its fall per month.
    repeat_rate: float = 0.26
    repeat_fall: float = 0.004
    # Buyers of gifts in December and guests come back less often.
    december_factor: float = 0.7
    guest_factor: float = 0.55

    def repeat(self, first_order: Ints, guest: Bools, span: Span) -> np.ndarray:
        """Planted probability of a second order within 90 days, one per first order."""
        month = (first_order + JST).astype("datetime64[s]").astype("datetime64[M]").astype(int)
        opened = np.datetime64(span.starts + JST, "s").astype("datetime64[M]").astype(int)
        rate = self.repeat_rate - self.repeat_fall * (month - opened)
        rate = rate * np.where(month % 12 == 11, self.december_factor, 1.0)
        return np.asarray(rate * np.where(guest, self.guest_factor, 1.0))


PLANTED = Planted()


@dataclass(frozen=True)
class Rules:
    """The cart campaign of shop.yml in seconds, and when the history's runs happened."""

    shop_id: str
    pepper: bytes
    span: Span
    campaign_key: str
    campaign_version: int
    campaign_starts: int
    salt: str
    arms: tuple[tuple[str, int], ...]
    holdout: str
    idle: int
    expiry: int
    window: int
    eligibility: int
    delays: tuple[int, int]
    validity: int
    cool_down: int
    quiet_from: int
    quiet_to: int
    # The machine was down over Obon: what fell due then was missed.
    outage: tuple[int, int]

    @property
    def last_run(self) -> int:
        """The last run the ledger knows: the run of the clock itself is the reader's."""
        return (self.span.clock - 6 * MINUTE) // SLOT * SLOT

    @property
    def last_hand_off(self) -> int:
        """The last slot before the quiet hours in which the clock's night began."""
        midnight = (self.span.clock + JST) // DAY * DAY - JST
        return midnight - DAY + self.quiet_from - SLOT

    def run_at(self, instants: Ints) -> Ints:
        """First run at or after each instant: every 15 minutes, none during the outage."""
        slot = -(-instants // SLOT) * SLOT
        down = (slot >= self.outage[0]) & (slot < self.outage[1])
        return np.asarray(np.where(down, self.outage[1], slot))

    def hand_off_at(self, instants: Ints) -> Ints:
        """First run at or after each instant that lies outside the quiet hours."""
        slot = self.run_at(instants)
        day = (slot + JST) // DAY * DAY - JST
        clock = slot - day
        slot = np.where(clock >= self.quiet_from, day + DAY + self.quiet_to, slot)
        return np.asarray(np.where(clock < self.quiet_to, day + self.quiet_to, slot))

    def arm_of(self, person_ids: Sequence[str]) -> list[str]:
        """The arm each person is drawn into: definitions 6."""
        drawn = []
        for person_id in person_ids:
            digest = hashlib.sha256(f"{self.salt}:{self.shop_id}:{person_id}".encode()).hexdigest()
            place, reached = int(digest[:8], 16) % 10_000, 0
            for key, share in self.arms:
                reached += share
                if place < reached:
                    drawn.append(key)
                    break
        return drawn


def _of_day(moment: time) -> int:
    return moment.hour * HOUR + moment.minute * MINUTE


def rules_of(shop: Shop) -> Rules:
    """The demo's rules. Raises ValueError if shop.yml lost what the demo needs."""
    campaign = shop.campaign("cart_recovery")
    started, quiet = campaign.starts_at, shop.quiet_hours
    if shop.clock is None or shop.pepper is None or shop.history_from_on is None:
        raise ValueError("the demo's shop.yml needs clock, pepper and history_from_on")
    if started is None or quiet is None or len(campaign.steps) != 2:
        raise ValueError("the demo's cart_recovery needs starts_at, two steps and quiet_hours")
    first_day = datetime.combine(shop.history_from_on, time(), tzinfo=UTC)
    return Rules(
        shop_id=shop.id,
        pepper=shop.pepper.encode(),
        span=Span(starts=seconds(first_day) - JST, clock=seconds(shop.clock)),
        campaign_key=campaign.key,
        campaign_version=campaign.version,
        campaign_starts=seconds(started),
        salt=campaign.salt,
        arms=tuple((arm.key, arm.share_bp) for arm in campaign.arms),
        holdout=next(arm.key for arm in campaign.arms if arm.is_holdout),
        idle=shop.thresholds.cart_idle_minutes * MINUTE,
        expiry=shop.thresholds.cart_expiry_days * DAY,
        window=campaign.recovery_window_days * DAY,
        eligibility=campaign.eligibility_hours * HOUR,
        delays=(campaign.steps[0].delay_minutes * MINUTE, campaign.steps[1].delay_minutes * MINUTE),
        validity=campaign.steps[0].validity_hours * HOUR,
        cool_down=campaign.steps[0].cool_down_hours * HOUR,
        quiet_from=_of_day(quiet.from_time),
        quiet_to=_of_day(quiet.to_time),
        outage=(
            seconds(datetime(2025, 8, 12, 12, tzinfo=UTC)),
            seconds(datetime(2025, 8, 15, 0, tzinfo=UTC)),
        ),
    )
