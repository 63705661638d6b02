"""The other views of the cart page. A tab stands where the shop has the data it is made of."""

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from dashboards import cart_checkout, cart_rates, cart_times, charts, filters, parts, tables
from dashboards.page import Page
from dashboards.text import Cell

REACH: Final = "rpt_reach"
RULES: Final = "rpt_recovery_rules"
DELAYS: Final = "rpt_handoff_delays"

Row = dict[str, Any]


def show(page: Page, period: str) -> None:
    """The tabs this shop has data for."""
    drawn: dict[str, tuple[str, Callable[[Page, str], None]]] = {
        "rate": (cart_rates.ABANDONMENT, cart_rates.show),
        "reach": (REACH, reach_tab),
        "checkout": (cart_checkout.STEPS, cart_checkout.show),
        "times": (cart_times.TIMES, cart_times.show),
        "rules": (RULES, rules_tab),
        "delays": (DELAYS, delays_tab),
    }
    views = {
        key: partial(draw, page, period)
        for key, (table, draw) in drawn.items()
        if page.snapshot.has(table)
    }
    if views:
        filters.tabs(page, "tab", views)


def reach_tab(page: Page, period: str) -> None:
    """How many of the abandoned carts a mail could reach, stage by stage."""
    words, snapshot = page.words, page.snapshot
    rows = snapshot.read(REACH, {"period_key": period}, order_by=("stage_order",)).to_dicts()
    if not rows:
        parts.empty(words, "empty.reach")
        return
    parts.title(words("reach.chart", period=words.period(period)))
    first = rows[0]["episode_count"]
    bars: list[Row] = []
    body: list[tables.Row] = []
    for row in rows:
        stage = words(f"reach.{row['reach_stage']}")
        counted = words.count(row["episode_count"], "cart")
        share = words.rate(snapshot.ratio(row["episode_count"], first), "cart")
        bars.append({"stage": stage, "count": row["episode_count"], "text": counted, "cell": share})
        people = words.count(row["person_count"], "person")
        body.append([stage, counted, people, share])
    drawn = charts.steps(bars, title=words("axis.carts"))
    parts.chart(page, "reach", drawn, about=words("reach.chart", period=words.period(period)))
    head = [words(f"reach.{name}") for name in ("stage", "carts", "people", "share")]
    parts.table(page, "reach", head, body)


def rules_tab(page: Page, period: str) -> None:
    """The same mails under seven published rules: how far the figure moves with the rule alone."""
    words, snapshot = page.words, page.snapshot
    rows = snapshot.read(
        RULES,
        {"period_key": period, "campaign_key": "all", "rule_key !=": "holdout"},
        order_by=("rule_number",),
    ).to_dicts()
    # The holdout speaks of all time.
    rows += snapshot.read(
        RULES, {"period_key": "all", "campaign_key": "all", "rule_key": "holdout"}
    ).to_dicts()
    parts.title(words("rules.title", period=words.period(period)))
    names = ("rule", "orderers", "rate", "amount", "young")
    body: list[tables.Row] = [rule_row(page, row) for row in rows]
    parts.table(page, "rules", [words(f"rules.{name}") for name in names], body)
    parts.note(words("rules.note"))


def rule_row(page: Page, row: Row) -> tables.Row:
    """One rule; the holdout has a difference where the others have a rate."""
    words = page.words
    name = Cell(f"({row['rule_number']}) {words('rule.' + row['rule_key'])}")
    young = words.number(row["immature_count"])
    if row["rule_key"] != "holdout":
        rate = page.snapshot.rate(RULES, "order_per_sent_rate", row)
        amount = words.number(row["recovered_amount"])
        return [
            name,
            words.count(row["orderer_count"], "person"),
            words.rate(rate, "message"),
            amount,
            young,
        ]
    if row["extra_orderer_count"] is None:
        return [name, Cell("—"), Cell(words("card.unmeasured"), is_small=True), Cell("—"), young]
    people = words("experiment.extra.people", value=words.signed(row["extra_orderer_count"]))
    points = words("points.value", value=words.signed(row["order_rate_difference"] * 100))
    amount = words.signed(row["extra_revenue_amount"], decimals=0)
    return [name, people, Cell(points, words("rules.difference")), amount, young]


def delays_tab(page: Page, period: str) -> None:
    """How late messages were handed over, all of them and mail by mail."""
    words, snapshot = page.words, page.snapshot
    rows = snapshot.read(
        DELAYS,
        {"period_key": period},
        order_by=("-message_count", "campaign_key", "step_number"),
    ).to_dicts()
    parts.title(words("delays.title", period=words.period(period)))
    if not rows:
        parts.note(words("delays.none"))
        return
    whole = [row for row in rows if row["campaign_key"] == "all"]
    steps = [row for row in rows if row["campaign_key"] != "all" and row["step_number"]]
    names = ("mail", "messages", "median", "p95", "longest", "late")
    body: list[tables.Row] = [
        [
            delay_name(page, row),
            words.count(row["message_count"], "message"),
            words.duration(row["median_delay_minutes"]),
            words.duration(row["ninety_fifth_delay_minutes"]),
            words.duration(row["longest_delay_minutes"]),
            words.rate(snapshot.ratio(row["hour_late_count"], row["message_count"]), "message"),
        ]
        for row in (*steps, *whole)
    ]
    parts.table(page, "delays", [words(f"delays.{name}") for name in names], body)
    parts.note(words("delays.note"))


def delay_name(page: Page, row: Row) -> str:
    """Campaign and mail, or the total."""
    words = page.words
    if row["campaign_key"] == "all":
        return words("cart.step.total")
    step = words("cart.step", n=row["step_number"])
    return words("delays.name", campaign=row["campaign_key"], step=step)
