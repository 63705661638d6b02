"""The article's table: figures down, mails or patterns across, two families of rates.

Long: one short function per figure.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import streamlit as st

from dashboards import filters, parts, tables
from dashboards.overview_today import effect_note
from dashboards.page import Page
from dashboards.parts import Card, Metric
from dashboards.text import Cell

STEPS: Final = "rpt_recovery_steps"
# Click and order rates of the two families: of what was sent, of the stage before.
FAMILIES: Final = {
    "sent": ("click_through_rate", "order_per_sent_rate"),
    "previous": ("click_to_open_rate", "order_rate"),
}
# Below this many orderers a mean says more about one order than about the mail.
MEAN_FROM: Final = 5
TOTAL_STEP: Final = 0
BRIDGE: Final = "rpt_recovery_bridge"

Row = dict[str, Any]


@dataclass(frozen=True)
class Choice:
    """One version of one campaign as the table shows it, and the period."""

    period: str
    key: str
    version: int
    grain: str

    @property
    def name(self) -> str:
        """The version as an address holds it."""
        return f"{self.key}.{self.version}.{self.grain}"

    def filters(self, *, arm: str = "all") -> dict[str, Any]:
        """The rows of this version, of one arm or of all arms together."""
        return {
            "period_key": self.period,
            "campaign_key": self.key,
            "campaign_version": self.version,
            "report_grain": self.grain,
            "arm_key": arm,
        }


def choices(page: Page, period: str, campaign: str, channel: str) -> dict[str, Choice]:
    """Versions with a message in the period, the one with most messages first."""
    if not page.snapshot.has(STEPS):
        return {}
    where: dict[str, Any] = {
        "period_key": period,
        "step_number": TOTAL_STEP,
        "arm_key": "all",
    }
    if campaign != "all":
        where["campaign_key"] = campaign
    if channel != "all":
        where["channel"] = channel
    order = ("-sent_count", "campaign_key", "-campaign_version")
    rows = page.snapshot.read(STEPS, where, order_by=order)
    found = (
        Choice(period, row["campaign_key"], row["campaign_version"], row["report_grain"])
        for row in rows.to_dicts()
    )
    return {choice.name: choice for choice in found}


def chosen(
    page: Page, period: str, campaign: str = "all", *, channel: str = "all"
) -> Choice | None:
    """The version the reader chose; the largest one at first; None without any message."""
    options = choices(page, period, campaign, channel)
    if len(options) < 2:
        return next(iter(options.values()), None)
    name = filters.choose(
        page,
        "version",
        list(options),
        word=lambda name: version_name(page, options[name]),
    )
    return options[name]


def version_name(page: Page, choice: Choice) -> str:
    """Campaign and version; totals of a mailer are named as such."""
    words = page.words
    name = words("filter.version.name", key=choice.key, version=choice.version)
    return words("filter.version.totals", name=name) if choice.grain == "totals" else name


def total_row(page: Page, choice: Choice | None) -> Row | None:
    """The row of all mails together whose windows have passed."""
    if choice is None:
        return None
    where = {**choice.filters(), "step_number": TOTAL_STEP, "is_mature": True}
    return next(iter(page.snapshot.read(STEPS, where).to_dicts()), None)


def number_cards(page: Page, results: Row | None) -> list[Card]:
    """Orderers of sent, and the recovered amount with what may be said of its effect."""
    words = page.words
    if results is None:
        unknown = words("card.unknown")
        return [
            Card(words("cart.card.orderers"), Cell("—"), unknown),
            Card(words("cart.card.recovered"), Cell("—"), unknown),
        ]
    rate = page.snapshot.rate(STEPS, "order_per_sent_rate", results)
    amount = Cell(words.money(results["recovered_amount"]))
    return [
        Card(words("cart.card.orderers"), words.rate(rate, "message")),
        Card(words("cart.card.recovered"), amount, effect_note(page)),
    ]


def show(page: Page, choice: Choice, *, carts: int | None) -> None:
    """The table with its switches, marks and notes. `carts`: written to, as the chart counts."""
    words = page.words
    parts.title(words("cart.results"))
    with st.container(horizontal=True):
        family = filters.choose(
            page, "family", list(FAMILIES), word=lambda key: words(f"family.{key}")
        )
        step, arm = choose_step(page, choice), choose_arm(page, choice)
    if choice.grain == "totals":
        parts.note(words("cart.totals_mark"))
    columns = columns_of(page, choice, step=step, arm=arm)
    head = [words("cart.figure"), *columns]
    body = figures(page, list(columns.values()), family=family)
    parts.table(page, "results", head, body, metrics=metrics(page, family=family))
    notes(page, choice, carts=carts)


def choose_step(page: Page, choice: Choice) -> str:
    """`all` mails side by side, or one of them."""
    words = page.words
    rows = page.snapshot.read(STEPS, choice.filters(), order_by=("step_number",))
    numbers = dict.fromkeys(str(n) for n in rows["step_number"].to_list() if n != TOTAL_STEP)
    if len(numbers) < 2:
        return "all"
    return filters.choose(
        page,
        "step",
        ["all", *numbers],
        word=lambda key: words("filter.all") if key == "all" else words("cart.step", n=key),
    )


def arms_of(page: Page, choice: Choice) -> list[str]:
    """Arms that were written to, when there is more than one."""
    where = {**choice.filters(), "step_number": TOTAL_STEP}
    del where["arm_key"]
    rows = page.snapshot.read(STEPS, {**where, "arm_key !=": "all"}, order_by=("arm_key",))
    names = list(dict.fromkeys(rows["arm_key"].to_list()))
    return names if len(names) > 1 else []


def choose_arm(page: Page, choice: Choice) -> str:
    """`all` patterns together, or one of them."""
    names = arms_of(page, choice)
    if not names:
        return "all"
    return filters.choose(page, "arm", ["all", *names], word=lambda key: arm_name(page, key))


def arm_name(page: Page, key: str) -> str:
    """The pattern as the shop calls it."""
    return page.words("filter.all") if key == "all" else key


def columns_of(page: Page, choice: Choice, *, step: str, arm: str) -> dict[str, Row]:
    """Head of a column → its row: the mails and their total, or one mail's patterns."""
    words, snapshot = page.words, page.snapshot
    mature = {"is_mature": True}
    if step == "all":
        rows = snapshot.read(
            STEPS, {**choice.filters(arm=arm), **mature}, order_by=("step_number",)
        ).to_dicts()
        # The total stands last on the screen and first in the model.
        rows = [row for row in rows if row["step_number"]] + [
            row for row in rows if not row["step_number"]
        ]
        return {step_name(page, row): row for row in rows}
    arms = [arm] if arm != "all" else [*arms_of(page, choice), "all"]
    found = {}
    for key in arms:
        where = {**choice.filters(arm=key), **mature, "step_number": int(step)}
        for row in snapshot.read(STEPS, where).to_dicts():
            label = words("cart.step", n=step) if len(arms) == 1 else arm_name(page, key)
            found[label] = row
    return found


def step_name(page: Page, row: Row) -> str:
    """`1通目`, `2通目`, `合計`."""
    if not row["step_number"]:
        return page.words("cart.step.total")
    return page.words("cart.step", n=row["step_number"])


def figures(page: Page, steps: list[Row], *, family: str) -> list[tables.Row]:
    """Figures down, mails across."""
    words = page.words
    lines: list[tuple[str, list[Cell | str]]] = [
        ("figure.sent", [words.count(s["sent_count"], "message") for s in steps]),
        ("figure.delivered", [words.count(s["delivered_count"], "message") for s in steps]),
        ("figure.opens", [opens(page, s) for s in steps]),
        ("figure.opens.delivered", [opens_of_delivered(page, s) for s in steps]),
        (f"figure.clicks.{family}", [clicks(page, s, family=family) for s in steps]),
        (f"figure.orders.{family}", [orders(page, s, family=family) for s in steps]),
        ("figure.orderers", [words.count(s["orderer_count"], "person") for s in steps]),
        ("figure.recovered", [words.number(s["recovered_amount"]) for s in steps]),
        ("figure.spend", [spend(page, s) for s in steps]),
        ("figure.spend.median", [words.number(s["median_spend_amount"]) for s in steps]),
        ("figure.spend.trimmed", [trimmed(page, s) for s in steps]),
        ("figure.spend.top", [words.percent(s["top_order_share"]) for s in steps]),
        ("figure.aov", [words.number(s["shop_aov_amount"]) for s in steps]),
        ("figure.unsubscribed", [unsubscribed(page, s) for s in steps]),
    ]
    return [[words(key), *cells] for key, cells in lines]


def opens(page: Page, step: Row) -> Cell:
    """Open rate of sent; with the undecidable opens as its upper end."""
    rate = page.snapshot.rate(STEPS, "open_rate", step)
    wider = page.snapshot.ratio(step["opener_with_unknown_count"], step["sent_count"])
    return with_unknown(page, page.words.rate(rate, "message"), rate.numerator, wider)


def opens_of_delivered(page: Page, step: Row) -> Cell:
    """Open rate of delivered, as most mailers print it."""
    return page.words.rate(page.snapshot.rate(STEPS, "open_per_delivered_rate", step), "message")


def clicks(page: Page, step: Row, *, family: str) -> Cell:
    """Clickers of sent, or of openers."""
    column = FAMILIES[family][0]
    return page.words.rate(page.snapshot.rate(STEPS, column, step), "message")


def orders(page: Page, step: Row, *, family: str) -> Cell:
    """Orderers of sent, or of clickers."""
    column = FAMILIES[family][1]
    return page.words.rate(page.snapshot.rate(STEPS, column, step), "message")


def with_unknown(page: Page, cell: Cell, numerator: int | None, wider: Any) -> Cell:
    """The cell, saying how far it could rise if what cannot be told apart were human."""
    if wider.numerator is None or wider.numerator == numerator:
        return cell
    high = page.words("figure.with_unknown", high=page.words.percent(wider.value))
    return Cell(cell.main, f"{cell.detail}\n{high}", cell.is_small)


def spend(page: Page, step: Row) -> Cell | str:
    """Mean per orderer with n; no mean of fewer than five."""
    words, n = page.words, step["orderer_count"]
    if not n:
        return "—"
    if n < MEAN_FROM:
        return Cell("—", f" {words('figure.few_orderers')}", is_small=True)
    amount: Decimal | float | None = step["spend_per_orderer_amount"]
    return Cell(words.number(amount), f" n={n:,}", is_small=n < words.small_n)


def trimmed(page: Page, step: Row) -> str:
    """Mean without outliers; no mean of fewer than five."""
    few = (step["orderer_count"] or 0) < MEAN_FROM
    return "—" if few else page.words.number(step["spend_without_outliers_amount"])


def unsubscribed(page: Page, step: Row) -> Cell:
    """Unsubscribers of sent."""
    return page.words.rate(page.snapshot.rate(STEPS, "unsubscribe_rate", step), "message")


def notes(page: Page, choice: Choice, *, carts: int | None) -> None:
    """What is still open, and why chart and table differ."""
    words, snapshot = page.words, page.snapshot
    whole = {**choice.filters(), "step_number": TOTAL_STEP}
    young = snapshot.total(STEPS, {**whole, "is_mature": False}, column="sent_count")
    if young:
        days = int(snapshot.settings["recovery_window_days"])
        parts.note(words("cart.immature", messages=words.count(int(young), "message"), days=days))
    if carts is not None:
        messages = {
            name: words.count(int(count or 0), "message")
            for name, count in (
                ("messages", snapshot.total(STEPS, whole, column="sent_count")),
                ("young", young),
            )
        }
        parts.note(words("cart.bridge", carts=words.count(carts, "cart"), **messages))
        bridge(page, choice.period)


def bridge(page: Page, period: str) -> None:
    """Recovered orders from the month of abandonment over that of sending to that of the order."""
    words = page.words
    if not page.snapshot.has(BRIDGE):
        return
    rows = page.snapshot.read(
        BRIDGE, {"period_key": period, "campaign_key": "all"}, order_by=("line_number",)
    ).to_dicts()
    body: list[tables.Row] = [
        [
            words(f"bridge.{row['line_key']}"),
            words.number(row["order_count"]),
            words.number(row["recovered_amount"]),
        ]
        for row in rows
    ]
    if body:
        with st.expander(words("bridge.title")):
            head = [words(f"bridge.head.{name}") for name in ("line", "orders", "amount")]
            parts.table(page, "bridge", head, body)


def metrics(page: Page, *, family: str) -> list[Metric]:
    """The rates on the screen and the columns that define them."""
    names = FAMILIES[family]
    words = page.words
    return [
        Metric(words("figure.opens"), STEPS, "open_rate"),
        Metric(words(f"figure.clicks.{family}"), STEPS, names[0]),
        Metric(words(f"figure.orders.{family}"), STEPS, names[1]),
    ]
