"""カゴ落ち: what became of every cart, and what the mails brought."""

from collections.abc import Mapping
from typing import Any, Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboards import access, cart_results, cart_tabs, charts, layout, tables
from dashboards.layout import Card, Metric, Page
from dashboards.snapshot import Filters
from dashboards.text import Cell

WATERFALL: Final = "rpt_recovery_waterfall"
STEPS: Final = "rpt_recovery_steps"
ABANDONMENT: Final = "rpt_cart_abandonment"
# The five bars in the order of the street, and the states (definitions 4) each holds.
BARS: Final[Mapping[str, tuple[str, ...]]] = {
    "unreachable": ("not_identified", "no_address", "no_consent", "suppressed", "no_campaign"),
    "self": ("self_ordered_before_step_1", "emptied_before_step_1"),
    "held_out": ("held_out",),
    "gated": ("gated",),
    "sent": (
        "recovered",
        "self_ordered_later",
        "emptied_later",
        "lost",
        "open",
        "not_delivered",
    ),
}
BAR_OF: Final = {state: bar for bar, states in BARS.items() for state in states}
STATES: Final = tuple(BAR_OF)

Row = dict[str, Any]


def sizes(page: Page) -> dict[str, int]:
    """The main n of each period: abandoned carts, or messages where there are only totals."""
    table, column = STEPS, "sent_count"
    filters: Filters = {"step_number": 0, "arm_key": "all"}
    if page.snapshot.has(WATERFALL):
        table, column, filters = WATERFALL, "episode_count", {"campaign_key": "all"}
    return {
        period: int(
            page.snapshot.total(table, {**filters, "period_key": period}, column=column) or 0
        )
        for period in layout.PERIODS
    }


def states_count(page: Page, where: Row, *states: str) -> int:
    """Carts in these states."""
    filters = {**where, "terminal_state": states}
    return int(page.snapshot.total(WATERFALL, filters, column="episode_count") or 0)


def sentence(page: Page, where: Row) -> None:
    """What became of the carts, in one sentence."""
    words = page.words
    period = words.period(where["period_key"])
    all_carts = int(page.snapshot.total(WATERFALL, where, column="episode_count") or 0)
    parts = [
        words(
            "cart.sentence",
            period=period,
            total=words.count(all_carts, "cart"),
            sent=words.count(states_count(page, where, *BARS["sent"]), "cart"),
            recovered=words.count(states_count(page, where, "recovered"), "cart"),
        ),
        words(
            "cart.sentence.self",
            self_ordered=words.count(states_count(page, where, "self_ordered_later"), "cart"),
        ),
    ]
    layout.answer(" ".join(parts) if words.language == "en" else "".join(parts))


def numbers(page: Page, where: Row, *, results: Row | None) -> None:
    """Carts and their money, how many stay unbought, who bought after a mail and for how much."""
    words, snapshot = page.words, page.snapshot
    period = words.period(where["period_key"])
    total = int(snapshot.total(WATERFALL, where, column="episode_count") or 0)
    value = snapshot.total(WATERFALL, where, column="value_amount")
    filters = {"period_key": where["period_key"], "dimension": "all"}
    closed = snapshot.read(ABANDONMENT, filters).to_dicts()
    not_ordered = Cell("—")
    if closed:
        rate = snapshot.rate(ABANDONMENT, "not_ordered_rate", closed[0])
        not_ordered = words.rate(rate, "cart")
    layout.cards(
        [
            Card(
                words("cart.card.total", period=period),
                Cell(words.count(total, "cart")),
                words.money(value),
            ),
            Card(words("cart.card.not_ordered"), not_ordered, words("cart.card.closed_only")),
            *cart_results.number_cards(page, results, is_held_out=is_held_out(page, where)),
        ]
    )
    layout.receipt(
        page,
        "numbers",
        [
            Metric(words("cart.card.not_ordered"), ABANDONMENT, "not_ordered_rate"),
            Metric(words("cart.card.orderers"), STEPS, "order_per_sent_rate"),
        ],
    )


def is_held_out(page: Page, where: Row) -> bool:
    """Whether a group was left without mail, so that an effect can be measured at all."""
    return states_count(page, where, "held_out") > 0


def waterfall(page: Page, where: Row) -> None:
    """Five bars end to end, the sum under them, every state folded away. Long: its labels."""
    words, snapshot = page.words, page.snapshot
    rows = snapshot.read(
        WATERFALL,
        {**where, "episode_count >": 0},
        ranks={"terminal_state": STATES},
        order_by=("terminal_state_rank", "terminal_reason"),
        running="episode_count",
    ).to_dicts()
    layout.title(words("cart.waterfall"))
    ends = {BAR_OF[row["terminal_state"]]: row["running_to"] for row in rows}
    totals = []
    for bar, end in ends.items():
        counted = words.count(states_count(page, where, *BARS[bar]), "cart")
        totals.append({"bar": words(f"cart.bar.{bar}"), "end": end, "text": counted})
    blocks = [
        {
            "bar": words(f"cart.bar.{BAR_OF[row['terminal_state']]}"),
            "state": words(f"state.{row['terminal_state']}"),
            "running_from": row["running_from"],
            "running_to": row["running_to"],
            "tip": f"{state_name(page, row)}: {words.count(row['episode_count'], 'cart')}",
        }
        for row in rows
    ]
    shown = dict.fromkeys(row["terminal_state"] for row in rows)
    st.altair_chart(
        charts.waterfall(
            blocks,
            bars=[words(f"cart.bar.{bar}") for bar in BARS],
            totals=totals,
            labels={state: words(f"state.{state}") for state in shown},
            title=words("axis.carts"),
        ),
        theme=None,
        key="cart_recovery_waterfall",
    )
    layout.legend([(charts.STATE_COLOURS[s], words(f"state.{s}")) for s in shown])
    if rows:
        total = words.count(rows[0]["total_episode_count"], "cart")
        layout.note(words("cart.waterfall.sum", total=total))
    with st.expander(words("cart.states")):
        states_table(page, rows)


def state_name(page: Page, row: Row) -> str:
    """The state, with its reason where it has one."""
    words = page.words
    state = words(f"state.{row['terminal_state']}")
    if not row["terminal_reason"]:
        return state
    reason = words.known("reason", row["terminal_reason"])
    return words("reason.joined", state=state, reason=reason)


def states_table(page: Page, rows: list[Row]) -> None:
    """Every state and reason: carts, share, how many ordered in the window, money."""
    words, snapshot = page.words, page.snapshot
    head = [words(f"state.{name}") for name in ("name", "count", "share", "ordered", "value")]
    body: list[tables.Row] = []
    for row in rows:
        share = snapshot.ratio(row["episode_count"], row["total_episode_count"])
        body.append(
            [
                state_name(page, row),
                words.number(row["episode_count"]),
                words.rate(share, "cart"),
                words.number(row["ordered_episode_count"]),
                words.number(row["value_amount"]),
            ]
        )
    layout.table(page, "states", head, body)


def with_carts(page: Page, period: str, head: DeltaGenerator) -> None:
    """The page of a shop whose carts are known. `head` stands above the choice of period."""
    where = {"period_key": period, "campaign_key": "all"}
    results = cart_results.chosen(page, period)
    with head:
        sentence(page, where)
        numbers(page, where, results=cart_results.total_row(page, period, results))
    waterfall(page, where)
    if results is None:
        layout.title(page.words("cart.results"))
        layout.empty(page.words, "empty.mail")
    else:
        sent = states_count(page, where, *BARS["sent"])
        cart_results.show(page, period, results, carts=sent)


def show(page: Page) -> None:
    """Waterfall, results, other views; what cannot be shown says what it needs."""
    has_carts, has_results = page.snapshot.has(WATERFALL), page.snapshot.has(STEPS)
    if not has_carts and not has_results:
        layout.answer(page.words("cart.sentence.orders"))
        layout.empty(page.words, "empty.carts")
        return
    head = st.container()
    period = layout.choose_period(page, sizes(page))
    if has_carts:
        with_carts(page, period, head)
    else:
        cart_results.only_totals(page, period, head)
    cart_tabs.show(page, period, has_carts=has_carts)


viewer = access.guard()
show(layout.open_page("cart_recovery", viewer))
