"""セグメント: who can be written to, by name, how to send it, and the builder of own segments."""

import streamlit as st

from dashboards import (
    access,
    export_request,
    layout,
    lists,
    parts,
    segment_builder,
    segment_lists,
    segment_overlap,
    segment_sending,
)
from dashboards.page import Page
from dashboards.parts import Card
from dashboards.text import Cell
from pipelines.actors import Role
from pipelines.conditions import Basis


def show(page: Page) -> None:
    """How many there are, the built-in ones, the saved ones, and for exporters what to do."""
    words = page.words
    built_in = page.snapshot.segments()
    if not built_in:
        parts.answer(words("segments.sentence.none"))
        parts.empty(words, "empty.segments")
        return
    saved = export_request.saved_of(page)
    due = lists.due_lists(page)
    n = len(built_in)
    parts.answer(words("segments.sentence", n=n, saved=len(saved), due=len(due)))
    parts.cards(
        [
            Card(words("segments.card.built_in"), Cell(words.count(n, "list"))),
            Card(words("segments.card.saved"), Cell(words.count(len(saved), "list"))),
            Card(words("segments.card.due"), Cell(words.count(len(due), "list"))),
        ]
    )
    parts.receipt(page, "numbers", [])
    basis = page.snapshot.basis
    is_builder = basis is not None and page.viewer.may(Role.EXPORTER)
    known = segment_overlap.known_of(page, saved, basis) if basis is not None else []
    comes_to_build = is_builder and basis is not None and came_to_build(basis)
    if comes_to_build and basis is not None:
        segment_builder.show(page, basis, known, saved)
    segment_lists.built_in(page, built_in)
    if saved and basis is not None:
        segment_lists.saved(page, saved, basis)
    if not is_builder or basis is None:
        parts.note(words("segments.viewer"))
        return
    segment_overlap.show(page, known)
    segment_sending.show(page)
    if not comes_to_build:
        segment_builder.show(page, basis, known, saved)


def came_to_build(basis: Basis) -> bool:
    """Whether a link with conditions, or with a saved segment to change, led here."""
    # What is opened on the page stands in its address too, and moves nothing.
    led_here = st.session_state.setdefault("builder_led_here", "saved" in st.query_params)
    return segment_builder.prefill(basis) or bool(led_here)


viewer = access.guard()
show(layout.open_page("segments", viewer))
