"""カゴ落ち: what became of every cart, and what the mails brought."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboards import access, cart_results, cart_tabs, cart_waterfall, filters, layout, parts
from dashboards.cart_results import STEPS
from dashboards.cart_waterfall import BARS, WATERFALL, Scope
from dashboards.page import Page
from dashboards.snapshot import Filters

# Dimensions a reader may narrow the page to, in the order of the list.
NARROWED = ("device", "member", "value_band", "channel")

# Carts no campaign was for.
NO_CHANNEL = "none"


def sizes(page: Page) -> dict[str, int]:
    """The main n of each period: abandoned carts or messages, whichever are fewer."""
    counted: dict[str, tuple[str, Filters]] = {}
    if page.snapshot.has(WATERFALL):
        where = {"campaign_key": "all", **Scope("").split(page, WATERFALL)}
        counted[WATERFALL] = ("episode_count", where)
    if page.snapshot.has(STEPS):
        where = {"step_number": 0, "arm_key": "all", "is_mature": True}
        counted[STEPS] = ("sent_count", where)
    return {
        period: min(
            int(page.snapshot.total(table, {**where, "period_key": period}, column=column) or 0)
            for table, (column, where) in counted.items()
        )
        for period in filters.PERIODS
    }


def choose_scope(page: Page) -> Scope:
    """Period, campaign and one value of one dimension."""
    with st.container(horizontal=True):
        period = filters.choose_period(page, sizes(page))
        campaign = choose_campaign(page, period)
        dimension, value = choose_only(page, period)
    return Scope(period, campaign, dimension, value)


def choose_campaign(page: Page, period: str) -> str:
    """`all`, or one campaign where there are several."""
    rows = page.snapshot.read(WATERFALL, {"period_key": period}, order_by=("campaign_key",))
    keys = [key for key in dict.fromkeys(rows["campaign_key"].to_list()) if key != "all"]
    if len(keys) < 2:
        return "all"
    words = page.words
    return filters.choose(
        page, "campaign", ["all", *keys], word=lambda k: words("filter.all") if k == "all" else k
    )


def choose_only(page: Page, period: str) -> tuple[str, str]:
    """One value of device, membership, value band or channel; `all` where nothing is split.

    A shop that writes in one way has no channel to choose.
    """
    words = page.words
    if "dimension" not in page.snapshot.columns[WATERFALL]:
        return "all", "all"
    rows = page.snapshot.read(
        WATERFALL,
        {"period_key": period, "campaign_key": "all", "dimension": NARROWED},
        ranks={"dimension": NARROWED},
        order_by=("dimension_rank", "dimension_value"),
    ).to_dicts()
    channels = {r["dimension_value"] for r in rows if r["dimension"] == "channel"} - {NO_CHANNEL}
    found = {
        f"{r['dimension']}.{r['dimension_value']}": r
        for r in rows
        if r["dimension"] != "channel" or (len(channels) > 1 and r["dimension_value"] in channels)
    }

    def name(key: str) -> str:
        if key == "all":
            return words("filter.all")
        dimension, value = found[key]["dimension"], str(found[key]["dimension_value"])
        return words(
            "filter.only.value",
            dimension=words(f"dimension.{dimension}"),
            value=words.of_dimension(dimension, value),
        )

    chosen = filters.choose(page, "only", ["all", *found], word=name)
    dimension, _, value = chosen.partition(".")
    return dimension, value or "all"


def with_carts(page: Page, head: DeltaGenerator) -> str:
    """The page of a shop whose carts are known. `head` stands above the filters."""
    scope = choose_scope(page)
    choice = cart_results.chosen(page, scope.period, scope.campaign, channel=scope.channel)
    with head:
        cart_waterfall.sentence(page, scope)
        cart_waterfall.numbers(page, scope, results=cart_results.total_row(page, choice))
    cart_waterfall.show(page, scope)
    if scope.dimension != "all":
        key = "cart.only.note" if scope.channel == "all" else "cart.only.channel"
        parts.note(page.words(key))
    if choice is None:
        parts.title(page.words("cart.results"))
        if scope.channel == "all":
            parts.empty(page.words, "empty.mail")
        else:
            channel = page.words.channel(scope.channel)
            parts.note(page.words("cart.results.channel", channel=channel))
    else:
        # The table knows no other dimension than the channel.
        split = ("channel", scope.channel) if scope.channel != "all" else ("all", "all")
        whole = Scope(scope.period, scope.campaign, *split)
        sent = cart_waterfall.states_count(page, whole, *BARS["sent"])
        cart_results.show(page, choice, carts=sent)
    return scope.period


def only_totals(page: Page, head: DeltaGenerator) -> str:
    """The page of a shop that has its mailer's totals and no carts."""
    words = page.words
    period = filters.choose_period(page, sizes(page))
    choice = cart_results.chosen(page, period)
    results = cart_results.total_row(page, choice)
    if choice is None or results is None:
        with head:
            parts.answer(words("cart.sentence.orders"))
        parts.empty(words, "empty.mail")
        return period
    with head:
        parts.answer(
            words(
                "cart.sentence.totals",
                period=words.period(period),
                sent=words.count(results["sent_count"], "message"),
                orderers=words.count(results["orderer_count"], "person"),
            )
        )
        parts.cards(cart_results.number_cards(page, results))
    parts.title(words("cart.waterfall"))
    parts.empty(words, "empty.carts")
    cart_results.show(page, choice, carts=None)
    return period


def show(page: Page) -> None:
    """Waterfall, results, other views; what cannot be shown says what it needs."""
    has_carts = page.snapshot.has(WATERFALL)
    if not has_carts and not page.snapshot.has(STEPS):
        parts.answer(page.words("cart.sentence.orders"))
        parts.empty(page.words, "empty.carts")
        return
    head = st.container()
    period = with_carts(page, head) if has_carts else only_totals(page, head)
    cart_tabs.show(page, period)


viewer = access.guard()
show(layout.open_page("cart_recovery", viewer))
