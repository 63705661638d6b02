"""Who is in two segments at once. Only for exporters: two counts may leave a few people over."""

from collections.abc import Sequence

import streamlit as st

from dashboards import parts, segment_lists, tables
from dashboards.page import Page
from pipelines.conditions import Asked, BadConditions, Basis, checked
from pipelines.saved_segments import SavedSegment

# Key, title, whom it means.
Known = list[tuple[str, str, Asked]]


def known_of(page: Page, saved: Sequence[SavedSegment], basis: Basis) -> Known:
    """Every built-in segment and every saved one whose conditions can still be asked."""
    found: Known = [
        (key, segment_lists.title_of(page, one), key)
        for one in page.snapshot.segments()
        if (key := segment_lists.key_of(one)) in basis.segments
    ]
    for row in saved:
        try:
            asked = checked(row.conditions, basis.columns)
        except BadConditions:
            continue
        found.append((row.segment_key, row.title(page.words.language), asked))
    return found


def show(page: Page, known: Known) -> None:
    """The overlap of one segment the reader chose with all the others, folded."""
    words = page.words
    titles = {key: title for key, title, _ in known}
    with st.expander(words("segments.overlap")):
        chosen = st.selectbox(
            words("segments.overlap.of"),
            list(titles),
            format_func=lambda key: titles[key],
            key="segments_overlap",
            width=300,
        )
        (asked,) = (one for key, _, one in known if key == chosen)
        table(page, "overlap", asked, [entry for entry in known if entry[0] != chosen])


def table(page: Page, name: str, asked: Asked, others: Known) -> None:
    """People who are in both, one row per other segment, most people first."""
    words = page.words
    counted = [(page.snapshot.people(asked, also=other), title) for _, title, other in others]
    body: list[tables.Row] = [
        [title, words.count(both, "person")]
        for both, title in sorted(counted, key=lambda entry: -entry[0])
    ]
    parts.table(page, name, [words("segments.name"), words("builder.both")], body)
