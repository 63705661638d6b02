"""The article's table: figures down, mails across, two families of rates."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboards import layout, tables
from dashboards.layout import Card, Metric, Page
from dashboards.text import Cell

STEPS: Final = "rpt_recovery_steps"
# Click and order rates of the two families: of what was sent, of the stage before.
FAMILIES: Final = {
    "sent": ("click_through_rate", "order_per_sent_rate"),
    "previous": ("click_to_open_rate", "order_rate"),
}
# Below this many orderers a mean says more about one order than about the mail.
MEAN_FROM: Final = 5

Row = dict[str, Any]


@dataclass(frozen=True)
class Choice:
    """One version of one campaign as the table shows it."""

    key: str
    version: int
    grain: str

    def filters(self, period: str) -> dict[str, Any]:
        """The rows of this version in a period, all arms together."""
        return {
            "period_key": period,
            "campaign_key": self.key,
            "campaign_version": self.version,
            "report_grain": self.grain,
            "arm_key": "all",
        }


def choices(page: Page, period: str) -> list[Choice]:
    """Versions with a message in the period, the one with most messages first."""
    rows = page.snapshot.read(
        STEPS,
        {"period_key": period, "step_number": 0, "arm_key": "all"},
        order_by=("-sent_count", "campaign_key", "campaign_version"),
    )
    found = (
        Choice(row["campaign_key"], row["campaign_version"], row["report_grain"])
        for row in rows.to_dicts()
    )
    return list(dict.fromkeys(found))


def chosen(page: Page, period: str) -> Choice | None:
    """The version the reader chose; the largest one at first; None without any message."""
    if not page.snapshot.has(STEPS):
        return None
    options = choices(page, period)
    wanted = st.session_state.get("cart_recovery_campaign")
    return wanted if wanted in options else next(iter(options), None)


def total_row(page: Page, period: str, choice: Choice | None) -> Row | None:
    """The row of all mails together whose windows have passed."""
    if choice is None:
        return None
    filters = {**choice.filters(period), "step_number": 0, "is_mature": True}
    return next(iter(page.snapshot.read(STEPS, filters).to_dicts()), None)


def number_cards(page: Page, results: Row | None, *, is_held_out: bool) -> list[Card]:
    """Orderers of sent, and the recovered amount with what may be said of its effect."""
    words = page.words
    if results is None:
        unknown = words("card.unknown")
        return [
            Card(words("cart.card.orderers"), Cell("—"), unknown),
            Card(words("cart.card.recovered"), Cell("—"), unknown),
        ]
    rate = page.snapshot.rate(STEPS, "order_per_sent_rate", results)
    effect = words("card.unmeasured.held" if is_held_out else "card.unmeasured")
    return [
        Card(words("cart.card.orderers"), words.rate(rate, "message")),
        Card(words("cart.card.recovered"), Cell(words.money(results["recovered_amount"])), effect),
    ]


def only_totals(page: Page, period: str, head: DeltaGenerator) -> None:
    """The page of a shop that has its mailer's totals and no carts."""
    words = page.words
    choice = chosen(page, period)
    results = total_row(page, period, choice)
    if choice is None or results is None:
        with head:
            layout.answer(words("cart.sentence.orders"))
        layout.empty(words, "empty.mail")
        return
    with head:
        layout.answer(
            words(
                "cart.sentence.totals",
                period=words.period(period),
                sent=words.count(results["sent_count"], "message"),
                orderers=words.count(results["orderer_count"], "person"),
            )
        )
        layout.cards(number_cards(page, results, is_held_out=False))
    layout.title(words("cart.waterfall"))
    layout.empty(words, "empty.carts")
    show(page, period, choice, carts=None)


def show(page: Page, period: str, choice: Choice, *, carts: int | None) -> None:
    """The table with its switches, marks and notes. `carts`: written to, as the chart counts."""
    words = page.words
    layout.title(words("cart.results"))
    with st.container(horizontal=True):
        choice = choose_campaign(page, period, choice)
        family = st.segmented_control(
            words("filter.family"),
            ("sent", "previous"),
            default="sent",
            format_func=lambda key: words(f"family.{key}"),
            key="cart_recovery_family",
            required=True,
            wrap=True,
        )
    if choice.grain == "totals":
        layout.note(words("cart.totals_mark"))
    steps = page.snapshot.read(
        STEPS, {**choice.filters(period), "is_mature": True}, order_by=("step_number",)
    ).to_dicts()
    # The total stands last on the screen and first in the model.
    steps = [row for row in steps if row["step_number"]] + [
        row for row in steps if not row["step_number"]
    ]
    head = [words("cart.figure"), *(step_name(page, row) for row in steps)]
    layout.table(
        page,
        "results",
        head,
        figures(page, steps, family=str(family)),
        metrics=metrics(page, family=str(family)),
    )
    notes(page, period, choice, carts=carts)


def choose_campaign(page: Page, period: str, choice: Choice) -> Choice:
    """Which campaign and version; nothing to choose where there is one."""
    words = page.words
    options = choices(page, period)
    if len(options) < 2:
        return choice
    picked: Choice = st.selectbox(
        words("filter.campaign"),
        options,
        index=options.index(choice),
        format_func=lambda c: words("filter.campaign.version", key=c.key, version=c.version),
        key="cart_recovery_campaign",
    )
    return picked


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


def notes(page: Page, period: str, choice: Choice, *, carts: int | None) -> None:
    """What is still open, and why chart and table differ."""
    words, snapshot = page.words, page.snapshot
    whole = {**choice.filters(period), "step_number": 0}
    young = snapshot.total(STEPS, {**whole, "is_mature": False}, column="sent_count")
    if young:
        days = int(snapshot.settings.get("recovery_window_days", 7))
        layout.note(words("cart.immature", messages=words.count(young, "message"), days=days))
    if carts is not None:
        messages = words.count(snapshot.total(STEPS, whole, column="sent_count"), "message")
        layout.note(words("cart.bridge", carts=words.count(carts, "cart"), messages=messages))


def metrics(page: Page, *, family: str) -> list[Metric]:
    """The rates on the screen and the columns that define them."""
    names = FAMILIES[family]
    words = page.words
    return [
        Metric(words("figure.opens"), STEPS, "open_rate"),
        Metric(words(f"figure.clicks.{family}"), STEPS, names[0]),
        Metric(words(f"figure.orders.{family}"), STEPS, names[1]),
    ]
