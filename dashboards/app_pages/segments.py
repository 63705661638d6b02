"""セグメント: who can be written to, by name, and the builder of own segments."""

from dashboards import (
    access,
    export_request,
    layout,
    lists,
    parts,
    segment_builder,
    segment_lists,
)
from dashboards.page import Page
from dashboards.parts import Card
from dashboards.text import Cell
from pipelines.actors import Role


def show(page: Page) -> None:
    """How many there are, the built-in ones, the saved ones, and for exporters the builder."""
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
    segment_lists.built_in(page, built_in)
    basis = page.snapshot.basis
    if basis is None:
        return
    if saved:
        segment_lists.saved(page, saved, basis)
    if page.viewer.may(Role.EXPORTER):
        segment_builder.show(page, basis, saved)
    else:
        parts.note(words("segments.viewer"))


viewer = access.guard()
show(layout.open_page("segments", viewer))
