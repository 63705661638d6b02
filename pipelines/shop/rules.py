"""What no single field can say: sums, order, references. Each finding names its own key."""

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pydantic_core import PydanticCustomError

if TYPE_CHECKING:
    from pipelines.shop.campaign import Campaign
    from pipelines.shop.model import Shop

Loc = tuple[str | int, ...]
RULES_ERROR: Final = "shop_rules"
# Keys the reports use themselves for "everything together".
DEMO_ID: Final = "demo"
RESERVED: Final = frozenset({"all"})


@dataclass(frozen=True)
class Broken:
    """One broken rule: where in the file, what is wrong, what is allowed."""

    loc: Loc
    message: str
    allowed: str


def rules_error(broken: tuple[Broken, ...]) -> PydanticCustomError:
    """The findings as one pydantic error, unpacked again by `load_shop`."""
    listed = "; ".join(f"{'.'.join(map(str, b.loc))}: {b.message}" for b in broken)
    return PydanticCustomError(RULES_ERROR, "{listed}", {"listed": listed, "broken": broken})


def broken_rules(shop: "Shop") -> tuple[Broken, ...]:
    """Every rule the settings break, in the order of the file's parts."""
    return tuple(
        finding
        for rule in (_shop, _unique_keys, _statuses, _money, _campaigns, _destinations)
        for finding in rule(shop)
    )


def _repeated(keys: Iterable[Hashable]) -> Iterator[tuple[int, Hashable]]:
    seen: Counter[Hashable] = Counter()
    for index, key in enumerate(keys):
        seen[key] += 1
        if seen[key] > 1:
            yield index, key


def _shop(shop: "Shop") -> Iterator[Broken]:
    if shop.id == DEMO_ID and not shop.is_demo:
        # Own data never lies in one folder with the demo's.
        yield Broken(("id",), "demo is the demo shop's folder", "another id")
    if shop.pepper and not shop.is_demo:
        yield Broken(
            ("pepper",),
            "a secret never stands in shop.yml",
            "remove it; the key lies in pepper.key of the shop's data folder",
        )
    thresholds = shop.thresholds
    if thresholds.motivation_low >= thresholds.motivation_high:
        yield Broken(
            ("thresholds", "motivation_low"),
            f"{thresholds.motivation_low} is not below motivation_high",
            f"below {thresholds.motivation_high}",
        )
    hours = shop.quiet_hours
    if hours and hours.from_time == hours.to_time:
        said = "equals from: nothing would ever be sent"
        yield Broken(("quiet_hours", "to"), said, f"any time but {hours.from_time:%H:%M}")


def _unique_keys(shop: "Shop") -> Iterator[Broken]:
    lists: dict[str, list[Hashable]] = {
        "sources": [s.key for s in shop.sources],
        "destinations": [d.key for d in shop.destinations],
        "exchange_rates": [(r.day_on.isoformat(), r.currency) for r in shop.exchange_rates],
        "order_status_map": [(r.source, r.status) for r in shop.order_status_map],
        "campaigns": [(c.key, c.version) for c in shop.campaigns],
        "caps": [(c.channel, c.days) for c in shop.caps],
        "excluded_addresses": list(shop.excluded_addresses),
        "people": [person.email for person in shop.people],
    }
    for name, keys in lists.items():
        for index, key in _repeated(keys):
            shown = " ".join(map(str, key)) if isinstance(key, tuple) else key
            yield Broken((name, index), f"{shown} stands here a second time", "each once")


def _statuses(shop: "Shop") -> Iterator[Broken]:
    known = [source.key for source in shop.sources]
    for index, rule in enumerate(shop.order_status_map):
        if rule.source not in known:
            yield Broken(
                ("order_status_map", index, "source"),
                f"{rule.source} is no source of this shop",
                ", ".join(known) or "first name a source",
            )


def _destinations(shop: "Shop") -> Iterator[Broken]:
    for index, destination in enumerate(shop.destinations):
        for place in ("sftp", "s3"):
            is_named, is_given = destination.place == place, getattr(destination, place) is not None
            if is_named and not is_given:
                said = f"place is {place} and {place} says nothing of where that is"
                yield Broken(("destinations", index, place), said, f"the settings of {place}")
            if is_given and not is_named:
                said = f"place is {destination.place}: what stands here is never used"
                yield Broken(("destinations", index, place), said, f"place: {place}")


def _money(shop: "Shop") -> Iterator[Broken]:
    for index, rate in enumerate(shop.exchange_rates):
        if rate.currency == shop.currency:
            yield Broken(
                ("exchange_rates", index, "currency"),
                f"{rate.currency} is the shop's own currency",
                f"any currency but {shop.currency}",
            )


def _campaigns(shop: "Shop") -> Iterator[Broken]:
    idle = shop.thresholds.cart_idle_minutes
    for index, campaign in enumerate(shop.campaigns):
        findings = (
            *_campaign_itself(campaign),
            *_steps(campaign, idle=idle),
            *_arms(campaign, idle=idle),
        )
        for finding in findings:
            yield Broken(("campaigns", index, *finding.loc), finding.message, finding.allowed)
        known = [destination.key for destination in shop.destinations]
        if campaign.destination is not None and campaign.destination not in known:
            yield Broken(
                ("campaigns", index, "destination"),
                f"{campaign.destination} is no destination of this shop",
                ", ".join(known) or "first name a destination",
            )


def _campaign_itself(campaign: "Campaign") -> Iterator[Broken]:
    if campaign.key in RESERVED:
        yield Broken(("key",), f"{campaign.key} is a word of the reports", "another key")
    if campaign.starts_at and campaign.ends_at and campaign.starts_at >= campaign.ends_at:
        yield Broken(("ends_at",), "not after starts_at", f"after {campaign.starts_at.isoformat()}")


def _steps(campaign: "Campaign", *, idle: int) -> Iterator[Broken]:
    last_delay = -1
    for index, step in enumerate(campaign.steps):
        if step.number != index + 1:
            yield Broken(
                ("steps", index, "number"), f"{step.number} is out of order", f"{index + 1} here"
            )
        if step.delay_minutes <= last_delay:
            yield Broken(
                ("steps", index, "delay_minutes"),
                "not later than the step before",
                f"more than {last_delay}",
            )
        last_delay = step.delay_minutes
        if step.cool_down_hours < step.validity_hours:
            yield Broken(
                ("steps", index, "cool_down_hours"),
                f"{step.cool_down_hours} is shorter than validity_hours",
                f"{step.validity_hours} or more",
            )
    first = campaign.steps[0]
    if first.measured_from == "last_activity" and first.delay_minutes < idle:
        yield Broken(
            ("steps", 0, "delay_minutes"),
            f"{first.delay_minutes} is before the cart counts as abandoned (cart_idle_minutes)",
            f"{idle} or more",
        )


def _arms(campaign: "Campaign", *, idle: int) -> Iterator[Broken]:
    for index, key in _repeated(arm.key for arm in campaign.arms):
        yield Broken(("arms", index, "key"), f"{key} stands here a second time", "each once")
    total = sum(arm.share_bp for arm in campaign.arms)
    if total != 10_000:
        yield Broken(("arms",), f"the shares sum to {total}", "a sum of 10000 (100 = 1 %)")
    holdouts = 0
    from_activity = campaign.steps[0].measured_from == "last_activity"
    for index, arm in enumerate(campaign.arms):
        if arm.key in RESERVED:
            yield Broken(("arms", index, "key"), f"{arm.key} is a word of the reports", "another")
        holdouts += arm.is_holdout
        if arm.is_holdout and holdouts > 1:
            yield Broken(("arms", index, "is_holdout"), "a second holdout", "one at most")
        if from_activity and arm.delay_minutes is not None and arm.delay_minutes < idle:
            yield Broken(
                ("arms", index, "delay_minutes"),
                f"{arm.delay_minutes} is before the cart counts as abandoned (cart_idle_minutes)",
                f"{idle} or more",
            )
