"""A segment's way out: a dry run is asked for here, and released where all lists are."""

import streamlit as st

from dashboards import export_asking, export_request, parts
from dashboards.page import Page
from pipelines.requests import BadRequest


def show(page: Page) -> None:
    """Segment, destination, the button that asks for a plan, and the way to it."""
    words = page.words
    parts.title(words("segments.send"))
    titles = export_request.titles(page)
    places = [destination.key for destination in page.shop.destinations]
    if not titles or not places:
        parts.empty(words, "empty.destinations")
        return
    with (
        st.form("segments_send", border=False),
        st.container(horizontal=True, vertical_alignment="bottom"),
    ):
        segment = st.selectbox(
            words("exports.ask.list"), list(titles), format_func=lambda key: titles[key], width=300
        )
        place = st.selectbox(words("exports.ask.place"), places, width=260)
        is_asked = st.form_submit_button(words("exports.ask.button"))
    if is_asked:
        try:
            st.session_state["segments_sent"] = export_asking.ask(page, segment, place)
        except BadRequest as refused:
            st.warning(words("builder.refused", why=str(refused)))
    if request := st.session_state.get("segments_sent"):
        there = page.address("exports", request=request)
        parts.links(words("segments.sent.asked"), [(there, words("page.exports"))])
    parts.note(words("segments.send.note"))
