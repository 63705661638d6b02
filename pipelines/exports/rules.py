"""What the exporter needs of `shop.yml`: plain, checked, and refused with a reason if it lacks."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from pipelines.exports.errors import ShopNotReady, TooManyComplaints
from pipelines.exports.facts import Received
from pipelines.exports.profile import Profile, load_profile, read_profile
from pipelines.settings import Home, SecretLost
from pipelines.shop import Campaign, Destination, Shop, Step, pepper_of

_FEWEST_COMPLAINTS: Final = 3


@dataclass(frozen=True)
class Program:
    """One campaign version's step on one channel: what a batch is made for."""

    campaign_key: str
    campaign_version: int
    step_number: int
    channel: str

    @property
    def key(self) -> str:
        """`campaign/step/channel`, without version or arm: the first part of a `dedupe_key`."""
        return f"{self.campaign_key}/{self.step_number}/{self.channel}"


@dataclass(frozen=True)
class Cool:
    """A step's own rules. Units: hours elapsed."""

    purpose: str = "marketing"
    cool_down_hours: int = 0
    holds_open_inquiry: bool = True


@dataclass(frozen=True)
class Rules:
    """Everything of the shop an export obeys."""

    shop: Shop
    pepper: bytes
    zone: ZoneInfo

    @classmethod
    def of(cls, shop: Shop, home: Home) -> "Rules":
        """Rules of one shop and the secret its keys are made with.

        Raises: ShopNotReady where that is not the one the home began with.
        """
        try:
            pepper = pepper_of(shop, home)
        except SecretLost as error:
            raise ShopNotReady(str(error)) from error
        return cls(shop=shop, pepper=pepper, zone=ZoneInfo(shop.timezone))

    def now(self, clock: datetime | None) -> datetime:
        """The injected instant, else the shop's frozen clock, else now. Aware, UTC."""
        return (clock or self.shop.clock or datetime.now(UTC)).astimezone(UTC)

    def destination(self, key: str) -> Destination:
        """The destination. Raises: ShopNotReady if `shop.yml` names none of that key."""
        try:
            return self.shop.destination(key)
        except KeyError:
            known = ", ".join(d.key for d in self.shop.destinations) or "none yet"
            raise ShopNotReady(
                f"shop.yml has no destination {key!r}; it has: {known}. Add it under destinations"
            ) from None

    def profile(self, destination: Destination) -> Profile:
        """The destination's profile, the shop's own file before one that ships.

        Raises: ShopNotReady for one that is not there or says what no profile can say.
        """
        if destination.profile_file is not None:
            return read_profile((self.shop.folder / destination.profile_file).resolve())
        return load_profile(destination.profile)

    def folder(self, destination: Destination, home: Home) -> Path:
        """Where finished files appear."""
        if destination.folder is None:
            return home.outbox / destination.key
        return (self.shop.folder / destination.folder).resolve()

    def refuse_sending(self, destination: Destination) -> None:
        """Nothing, for a shop that may send. Raises: ShopNotReady naming every missing key."""
        lacks = [*self.shop.sender.lacks]
        lacks += [f"destinations.{destination.key}.{name}" for name in destination.lacks]
        if lacks:
            raise ShopNotReady(
                f"nothing is sent while shop.yml lacks {', '.join(lacks)}: the law wants the "
                "sender in every mail and the grounds on which addresses leave; a dry run works"
            )

    def refuse_complained(self, destination: Destination, received: Mapping[str, Received]) -> None:
        """Nothing, where few enough complain. Raises: TooManyComplaints above the limit.

        Of fewer than three complaints nobody can say what rate they are.
        """
        seen = received.get(destination.key)
        if seen is None or seen.complaints < _FEWEST_COMPLAINTS:
            return
        limit = destination.complaint_limit_bp
        if seen.complaints * 10_000 > limit * seen.sent:
            raise TooManyComplaints(
                f"{seen.complaints} of the {seen.sent} messages {destination.key} sent in the last "
                f"30 days were reported as spam, more than {limit / 100:g} %: nothing is handed "
                "over. Find out by which mail; the rate falls as these days pass, or raise "
                f"destinations.{destination.key}.complaint_limit_bp in shop.yml, knowingly"
            )

    def step(self, program: Program) -> Cool:
        """The rules of one step; a program that is no campaign of the shop has the strict ones."""
        campaign = self.campaign(program)
        if campaign is None:
            return Cool()
        hours = {step.number: step.cool_down_hours for step in campaign.steps}
        return Cool(
            purpose=campaign.purpose,
            cool_down_hours=hours.get(program.step_number, 0),
            holds_open_inquiry=campaign.holds_open_inquiry,
        )

    def still_sendable(self, program: Program) -> timedelta:
        """How long after eligibility the campaign's last step may still leave."""
        campaign = self.campaign(program)
        if campaign is None:
            return timedelta(0)
        longest = max(
            timedelta(minutes=step.delay_minutes, hours=step.validity_hours)
            for step in campaign.steps
        )
        return longest + timedelta(hours=campaign.eligibility_hours)

    def is_holdout(self, program: Program, arm: str, *, otherwise: bool) -> bool:
        """Whether an arm gets nothing; `otherwise` where `shop.yml` no longer names the arm."""
        campaign = self.campaign(program)
        arms = {} if campaign is None else {a.key: a.is_holdout for a in campaign.arms}
        return arms.get(arm, otherwise)

    def coupon_pool(self, program: Program, arm: str) -> str | None:
        """Pool the people of an arm get a code from, None for an arm without."""
        campaign = self.campaign(program)
        arms = {} if campaign is None else {a.key: a.coupon_pool for a in campaign.arms}
        return arms.get(arm)

    def has_coupons(self, segment: str) -> bool:
        """Whether a campaign of the segment gives codes, so that its files have a column."""
        mine = (c for c in self.shop.campaigns if c.segment == segment)
        return any(arm.coupon_pool for campaign in mine for arm in campaign.arms)

    def fallback(self, segment: str, *, campaign_key: str | None = None) -> Program:
        """The program an empty segment writes its header for, of one campaign if it is named."""
        for campaign in sorted(self.shop.campaigns, key=lambda c: (c.key, -c.version)):
            if campaign.segment == segment and campaign_key in (None, campaign.key):
                first: Step = campaign.steps[0]
                return Program(campaign.key, campaign.version, first.number, campaign.channel)
        return Program(segment, 1, 1, "email")

    def campaign(self, program: Program) -> Campaign | None:
        """The campaign version a program is of, None if `shop.yml` names none."""
        found = {(c.key, c.version): c for c in self.shop.campaigns}
        return found.get((program.campaign_key, program.campaign_version))

    def caps(self, channel: str) -> Mapping[int, int]:
        """Days of a window → messages allowed in it, over all campaigns of the channel."""
        return {cap.days: cap.messages for cap in self.shop.caps if cap.channel == channel}

    def quiet_until(self, now: datetime) -> datetime | None:
        """First instant from `now` on that is neither night nor holiday; None if that is now.

        A holiday is quiet all day. What ends one quiet time may begin another: two holidays in a
        row, or a night after one.
        """
        local = now.astimezone(self.zone)
        at = local
        # Each turn leaves a night or a holiday behind, and of holidays there are only so many.
        while (ends := self._quiet_ends(at)) is not None:
            at = ends
        return None if at == local else at.astimezone(UTC)

    def _quiet_ends(self, local: datetime) -> datetime | None:
        if local.date() in self.shop.holidays:
            return datetime.combine(local.date() + timedelta(days=1), time(), tzinfo=self.zone)
        quiet = self.shop.quiet_hours
        if quiet is None:
            return None
        after, before = quiet.from_time, quiet.to_time
        crosses = after > before
        clock = local.time()
        inside = (clock >= after or clock < before) if crosses else after <= clock < before
        if not inside:
            return None
        day = local.date() + timedelta(days=1 if crosses and clock >= after else 0)
        return datetime.combine(day, before, tzinfo=self.zone)
