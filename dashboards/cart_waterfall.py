"""What became of every abandoned cart: the sentence, the numbers, five bars, all states."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import streamlit as st

from dashboards import cart_results, charts, parts, tables
from dashboards.page import Page
from dashboards.parts import Card, Metric
from dashboards.text import Cell

WATERFALL: Final = "rpt_recovery_waterfall"
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
        "lost",
        "emptied_later",
        "open",
        "not_delivered",
    ),
}
BAR_OF: Final = {state: bar for bar, states in BARS.items() for state in states}
STATES: Final = tuple(BAR_OF)

Row = dict[str, Any]


@dataclass(frozen=True)
class Scope:
    """What the reader looks at: period, campaign (`all`), and one value of one dimension."""

    period: str
    campaign: str = "all"
    dimension: str = "all"
    value: str = "all"

    @property
    def channel(self) -> str:
        """The one way of writing looked at, `all` where it is none alone."""
        return self.value if self.dimension == "channel" else "all"

    def carts(self, page: Page) -> dict[str, Any]:
        """Rows of the waterfall."""
        return {
            "period_key": self.period,
            "campaign_key": self.campaign,
            **self.split(page, WATERFALL),
        }

    def split(self, page: Page, table: str) -> dict[str, Any]:
        """The dimension as that table keeps it; nothing where it is not split."""
        if "dimension" not in page.snapshot.columns[table]:
            return {}
        return {"dimension": self.dimension, "dimension_value": self.value}


def states_count(page: Page, scope: Scope, *states: str) -> int:
    """Carts in these states."""
    where = {**scope.carts(page), "terminal_state": states}
    return int(page.snapshot.total(WATERFALL, where, column="episode_count") or 0)


def sentence(page: Page, scope: Scope) -> None:
    """What became of the carts, in one sentence; while no mail has left, who could have had one."""
    words = page.words
    total = page.snapshot.total(WATERFALL, scope.carts(page), column="episode_count")

    def counted(*states: str) -> str:
        return words.count(states_count(page, scope, *states), "cart")

    period, carts = words.period(scope.period), words.count(int(total or 0), "cart")
    if states_count(page, scope, *BARS["sent"]):
        told = {"sent": counted(*BARS["sent"]), "recovered": counted("recovered")}
        told |= {"period": period, "total": carts}
        # Of one channel it says which: not everything is a mail.
        is_mail = scope.channel in ("all", "email")
        said = [
            words("cart.sentence", **told)
            if is_mail
            else words("cart.sentence.channel", channel=words.channel(scope.channel), **told),
            words("cart.sentence.self", self_ordered=counted("self_ordered_later")),
        ]
    else:
        said = [words("cart.sentence.unsent", period=period, total=carts)]
        if states_count(page, scope, "no_campaign"):
            said.append(words("cart.sentence.could", reachable=counted("no_campaign")))
    parts.answer((" " if words.language == "en" else "").join(said))


def numbers(page: Page, scope: Scope, *, results: Row | None) -> None:
    """Carts and their money, how many stay unbought, who bought after a mail and for how much."""
    words, snapshot = page.words, page.snapshot
    where = scope.carts(page)
    total = snapshot.total(WATERFALL, where, column="episode_count")
    value = snapshot.total(WATERFALL, where, column="value_amount")
    split = {"period_key": scope.period, **scope.split(page, ABANDONMENT)}
    closed = snapshot.read(ABANDONMENT, split).to_dicts()
    not_ordered = Cell("—")
    if closed:
        rate = snapshot.rate(ABANDONMENT, "not_ordered_rate", closed[0])
        not_ordered = words.rate(rate, "cart")
    parts.cards(
        [
            Card(
                words("cart.card.total", period=words.period(scope.period)),
                Cell(words.count(int(total or 0), "cart"), words.money(value)),
            ),
            Card(words("cart.card.not_ordered"), not_ordered, words("cart.card.closed_only")),
            *cart_results.number_cards(page, results),
        ]
    )
    parts.receipt(
        page,
        "numbers",
        [
            Metric(words("cart.card.not_ordered"), ABANDONMENT, "not_ordered_rate"),
            Metric(words("cart.card.orderers"), cart_results.STEPS, "order_per_sent_rate"),
        ],
    )


def show(page: Page, scope: Scope) -> None:
    """Five bars end to end, the sum under them, every state folded away. Long: its labels."""
    words = page.words
    rows = page.snapshot.read(
        WATERFALL,
        {**scope.carts(page), "episode_count >": 0},
        ranks={"terminal_state": STATES},
        order_by=("terminal_state_rank", "terminal_reason"),
        running="episode_count",
    ).to_dicts()
    parts.title(words("cart.waterfall"))
    if not rows:
        parts.note(words("cart.waterfall.none"))
        return
    ends = {BAR_OF[row["terminal_state"]]: row["running_to"] for row in rows}
    totals = [
        {
            "bar": words(f"cart.bar.{bar}"),
            "end": end,
            "text": words.count(states_count(page, scope, *BARS[bar]), "cart"),
        }
        for bar, end in ends.items()
    ]
    blocks = [
        {
            "bar": words(f"cart.bar.{BAR_OF[row['terminal_state']]}"),
            "state": words(f"state.{row['terminal_state']}"),
            "running_from": row["running_from"],
            "running_to": row["running_to"],
            "name": state_name(page, row),
            "amount": row["episode_count"],
            "cell": words.count(row["episode_count"], "cart"),
            "tip": f"{state_name(page, row)}: {words.count(row['episode_count'], 'cart')}",
        }
        for row in rows
    ]
    all_colours = charts.state_colours(is_dark=parts.is_dark())
    shown = dict.fromkeys(row["terminal_state"] for row in rows)
    colours = {words(f"state.{state}"): all_colours[state] for state in shown}
    drawn = charts.waterfall(
        blocks,
        bars=[words(f"cart.bar.{bar}") for bar in BARS],
        totals=totals,
        colours=colours,
        title=words("axis.carts"),
    )
    legend = [(colour, word) for word, colour in colours.items()]
    parts.chart(page, "waterfall", drawn, about=words("cart.waterfall"), colours=legend)
    total = words.count(rows[0]["total_episode_count"], "cart")
    parts.note(words("cart.waterfall.sum", total=total))
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
    parts.table(page, "states", head, body)
    days = int(snapshot.settings["recovery_window_days"])
    parts.note(words("cart.states.note", days=days))
