"""A wish: which list to which place. It begins as a plan, and nothing leaves by it."""

import streamlit as st

from dashboards import export_request, parts
from dashboards.page import Page
from pipelines import requests


def show(page: Page) -> None:
    """List and destination, and the button that asks for a plan."""
    words = page.words
    lists = export_request.titles(page)
    places = [destination.key for destination in page.shop.destinations]
    if not lists or not places:
        parts.empty(words, "empty.destinations")
        return
    parts.title(words("exports.ask"))
    with (
        st.form("exports_ask", border=False),
        st.container(horizontal=True, vertical_alignment="bottom"),
    ):
        segment = st.selectbox(
            words("exports.ask.list"), list(lists), format_func=lambda key: lists[key], width=260
        )
        place = st.selectbox(words("exports.ask.place"), places, width=260)
        is_asked = st.form_submit_button(words("exports.ask.button"))
    if is_asked:
        asked = ask(page, segment, place)
        st.session_state["exports_request"] = asked
        st.rerun()


def ask(page: Page, segment: str, place: str) -> str:
    """Id of the new dry run, of a saved list at its newest version.

    Raises: NotAllowed for whoever is no exporter.
    """
    versions = {row.segment_key: row.version for row in export_request.saved_of(page)}
    return requests.create(
        page.home,
        page.snapshot.facts.shop_id,
        segment=segment,
        destination=place,
        requested_by=page.viewer.actor,
        requested_at=export_request.now_of(page),
        segment_version=versions.get(segment),
    )
