"""配信リスト: what goes out today, may it, and what came of it."""

import streamlit as st

from dashboards import (
    access,
    campaign_results,
    export_asking,
    export_request,
    filters,
    layout,
    lists,
    parts,
    typed_totals,
)
from dashboards.page import Page
from dashboards.parts import Card
from dashboards.text import Cell
from pipelines import requests
from pipelines.actors import Role

# Requests shown below the lists.
SHOWN = 10
# Seconds after which the time that is left is written anew.
COUNTS_DOWN = 30


def show(page: Page) -> None:
    """Sentence, numbers, today's lists; for whoever may export the wish, the plan, the release."""
    words = page.words
    due = lists.due_lists(page)
    if due:
        how_many = words.count(len(due), "list")
        people = " · ".join(
            f"{title} {parts.people_or_few(page, size)}" for _, title, size, _ in due
        )
        parts.answer(words("exports.sentence", lists=how_many, people=people))
    else:
        parts.answer(words("exports.sentence.none"))
    states = [request.request_state for request in lists.stuck_requests(page)]
    parts.cards(
        [
            Card(words("exports.card.due"), Cell(words.count(len(due), "list"))),
            *(
                Card(words(f"request.{state}"), Cell(words.count(states.count(state), "list")))
                for state in lists.STUCK
            ),
        ]
    )
    parts.receipt(page, "numbers", [])
    filters.tabs(page, "view", {"today": lambda: today(page), "results": lambda: results(page)})


def today(page: Page) -> None:
    """Today's lists, counting down; the wish, the plan, the release for whoever may export."""
    parts.title(page.words("overview.lists"), anchor="lists")
    # A frozen clock does not run.
    view = st.fragment(lists.table, run_every=None if page.shop.clock else COUNTS_DOWN)
    view(page)
    if not page.viewer.may(Role.EXPORTER):
        parts.note(page.words("exports.viewer"))
        return
    export_asking.show(page)
    history(page)


def results(page: Page) -> None:
    """What came of every campaign; for an exporter the totals a mailer gives no file of."""
    campaign_results.show(page)
    if page.viewer.may(Role.EXPORTER):
        typed_totals.show(page)


def history(page: Page) -> None:
    """The newest requests and whatever waits for somebody; the one chosen is shown whole."""
    words = page.words
    if not page.has_requests:
        return
    every = requests.all_of(page.home, page.snapshot.facts.shop_id)
    waiting = {request.request_id for request in lists.stuck_requests(page)}
    known = [one for n, one in enumerate(every) if n < SHOWN or one.request_id in waiting]
    if not known:
        return
    parts.title(words("exports.history"))
    options = [request.request_id for request in known]
    by_id = {request.request_id: request for request in known}
    key = "exports_request"
    wish = st.query_params.get("request")
    if st.session_state.get(key) not in options:
        st.session_state[key] = wish if wish in options else options[0]
    chosen = st.selectbox(
        words("exports.choose"),
        options,
        format_func=lambda request_id: export_request.line(page, by_id[request_id]),
        key=key,
    )
    st.query_params["request"] = chosen
    is_settled = by_id[chosen].request_state not in export_request.MOVING
    view = st.fragment(export_request.show, run_every=None if is_settled else 3)
    view(page, chosen)


viewer = access.guard()
show(layout.open_page("exports", viewer))
