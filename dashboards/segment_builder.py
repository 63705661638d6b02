"""The builder: conditions on people from closed lists, read back as one sentence, counted live."""

import re
from collections.abc import Sequence
from typing import Any, Final

import streamlit as st

from dashboards import export_request, parts, segment_opening, segment_overlap
from dashboards.page import Page
from dashboards.segment_opening import CHOOSING, MOST_ROWS, Opened, is_picked
from dashboards.segment_overlap import Known
from pipelines import saved_segments
from pipelines.actors import Role
from pipelines.conditions import (
    BadConditions,
    Basis,
    Checked,
    Column,
    Operator,
    checked,
    sentence,
    word_of,
)
from pipelines.conditions.columns import TAKES, Kind, Takes
from pipelines.conditions.values import MAX_DAYS
from pipelines.requests import BadRequest
from pipelines.saved_segments import NewerVersion, SavedSegment

# What stands in the save form until it is changed.
SAVED: Final = "builder_saved"


def prefill(basis: Basis) -> bool:
    """Put the address's own condition into the first row, once; whether the address holds one.

    Only a column with closed values, and one of them: no address names a person.
    """
    asked = [
        (name, value)
        for name, value in st.query_params.items()
        if name in basis.columns and value in basis.columns[name].values
    ]
    if not asked:
        return False
    name, value = asked[0]
    if st.session_state.get("builder_prefilled") != (name, value):
        st.session_state["builder_prefilled"] = (name, value)
        operator = Operator.EQUALS
        st.session_state["builder_ids"] = [0]
        st.session_state["builder_column_0"] = name
        st.session_state[f"builder_operator_0_{basis.columns[name].kind}"] = operator
        st.session_state[f"builder_value_0_{name}_{operator}"] = value
    return True


def show(page: Page, basis: Basis, known: Known, saved: Sequence[SavedSegment]) -> None:
    """The saved one to change, rows of column, operator and value, their count, the name.

    Long: each of the ways a condition can still be unfinished says so where it stands.
    """
    words = page.words
    parts.title(words("builder.title"), anchor="builder")
    if done := st.session_state.pop(SAVED, None):
        st.success(words("builder.saved", title=done[0], n=done[1]))
    opened = segment_opening.choose(page, saved, basis)
    if opened is not None and st.session_state.get("builder_cannot"):
        parts.note(words("builder.cannot", key=f"`{opened.chosen.segment_key}`"))
    st.session_state.setdefault("builder_how", "all")
    how = st.segmented_control(
        words("builder.how"),
        ["all", "any"],
        format_func=lambda key: words(f"builder.{key}"),
        key="builder_how",
        required=True,
    )
    places = list(st.session_state.setdefault("builder_ids", [0]))
    rows = [condition(page, basis, place, is_last=len(places) == 1) for place in places]
    asked = [row for row in rows if row is not None]
    more = words("builder.more")
    if len(rows) < MOST_ROWS and st.button(more, key="builder_more", type="tertiary"):
        st.session_state["builder_ids"] = [*places, max(places) + 1]
        st.rerun()
    if len(asked) < len(rows):
        parts.note(words("builder.unfinished"))
        return
    try:
        found = checked({str(how or "all"): asked}, basis.columns)
    except BadConditions as bad:
        found_at = (re.search(r"\[(\d+)\]", problem.place) for problem in bad.problems)
        bad_places = sorted({found.group(1) for found in found_at if found is not None})
        parts.note(words("builder.bad", places=words.raw("list.join").join(bad_places)))
        return
    told(page, found, known)
    if opened is not None:
        segment_opening.told(page, opened, basis, found)
    save_form(page, basis, found, opened)


def condition(page: Page, basis: Basis, place: int, *, is_last: bool) -> dict[str, Any] | None:
    """One row as the document wants it; None while its value is missing. Long: its fields."""
    words, language = page.words, page.words.language
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox(
            words("builder.column"),
            list(basis.columns),
            format_func=lambda key: basis.columns[key].labels[language],
            key=f"builder_column_{place}",
            width=300,
        )
        column = basis.columns[name]
        operator = st.selectbox(
            words("builder.operator"),
            list(column.operators),
            format_func=lambda one: word_of(one, language),
            key=f"builder_operator_{place}_{column.kind}",
            width=200,
        )
        given = value(page, column, operator, f"builder_value_{place}_{name}_{operator}")
        takes = TAKES[operator]
        # Saved at the terminal, a condition may also mean those of whom it is not known.
        unknown = f"builder_unknown_{place}"
        is_open = (
            unknown in st.session_state
            and takes is not Takes.NOTHING
            and st.checkbox(words("builder.unknown"), key=unknown)
        )
        less = words("builder.less")
        if not is_last and st.button(less, key=f"builder_less_{place}", type="tertiary"):
            st.session_state["builder_ids"].remove(place)
            st.rerun()
    said = {"column": name, "operator": str(operator)}
    if takes is Takes.NOTHING:
        return said
    if given is None or given in ("", []):
        return None
    return said | {"value": given} | ({"or_unknown": True} if is_open else {})


def value(page: Page, column: Column, operator: Operator, key: str) -> Any:
    """What the operator wants, asked for by the column's kind; None while nothing is given."""
    words, takes = page.words, TAKES[operator]
    if takes is Takes.NOTHING:
        return None
    if takes is Takes.DAYS:
        days = words("builder.days")
        st.session_state.setdefault(key, 30)
        return st.number_input(days, min_value=1, max_value=MAX_DAYS, key=key, width=140)
    if takes is Takes.TWO:
        low = plain(page, column, words("builder.from"), f"{key}_low")
        high = plain(page, column, words("builder.to"), f"{key}_high")
        return None if low is None or high is None else [low, high]
    label = words("builder.value")
    if column.kind is Kind.FLAG:
        return st.segmented_control(
            label, [True, False], format_func=lambda flag: words(f"builder.{flag}"), key=key
        )
    values = page.snapshot.choices(column.name)
    if takes is Takes.MANY and not is_picked(column, operator, values):
        typed = st.text_input(words("builder.many"), key=key, width=260).replace("、", ",")
        return [typed_value(column, one) for one in typed.split(",") if one.strip()]
    if values and operator in CHOOSING:
        return chosen(page, column, values, key=key, is_many=takes is Takes.MANY)
    return plain(page, column, label, key)


def chosen(page: Page, column: Column, values: Sequence[str], *, key: str, is_many: bool) -> Any:
    """One of the values there are, or several of few."""
    words, language = page.words, page.words.language
    # A saved value that nobody has any more can still be asked about.
    held = st.session_state.get(key) or []
    there: list[str] = [*values, *([held] if isinstance(held, str) else held)]
    names: dict[str, str] = {one: column.values.get(one, {}).get(language, one) for one in there}

    def name_of(one: str) -> str:
        return names[one]

    label = words("builder.value")
    if is_many:
        return st.pills(label, list(names), format_func=name_of, selection_mode="multi", key=key)
    return st.selectbox(
        label, list(names), format_func=name_of, key=key, index=None, width=260,
        placeholder=words("builder.choose"),
    )  # fmt: skip


def plain(page: Page, column: Column, label: str, key: str) -> Any:
    """One typed value: a whole number, an amount, a day or a text."""
    words = page.words
    if column.kind is Kind.DATE:
        return st.text_input(label, key=key, placeholder="2026-04-01", width=160) or None
    if column.kind is Kind.WHOLE:
        return st.number_input(label, value=None, step=1, key=key, width=140)
    if column.kind in (Kind.AMOUNT, Kind.MEASURE):
        return st.number_input(label, value=None, key=key, width=160)
    return st.text_input(label, key=key, placeholder=words("builder.text"), width=260) or None


def typed_value(column: Column, text: str) -> Any:
    """One of several typed values as its column counts it; what is no number is told as such."""
    bare = text.strip()
    return int(bare) if column.kind is Kind.WHOLE and bare.lstrip("-").isdecimal() else bare


def told(page: Page, found: Checked, known: Known) -> None:
    """The sentence, the people now, those who may be written to, and who is in others too."""
    words, language = page.words, page.words.language
    people, mailable = (
        parts.people_or_few(page, page.snapshot.people(found, is_mailable=is_mailable))
        for is_mailable in (False, True)
    )
    parts.note(words("builder.sentence", said=sentence(found, language)))
    parts.answer(words("builder.count", people=people, mailable=mailable))
    with st.expander(words("builder.overlap")):
        segment_overlap.table(page, "builder", found, known)


def save_form(page: Page, basis: Basis, found: Checked, opened: Opened | None) -> None:
    """A title, and for a new one a key; saving the same again makes no new version."""
    words = page.words
    newest = None if opened is None else opened.newest
    with st.form(f"builder_save_{'' if newest is None else newest.segment_key}", border=False):
        if newest is None:
            key = st.text_input(words("builder.key"), placeholder="regulars", width=260).strip()
            start, button = "", words("builder.save")
        else:
            key, start = newest.segment_key, newest.title(words.language)
            button = words("builder.save.next", n=newest.version + 1)
        title = st.text_input(words("builder.name"), start, width=400)
        is_saved = st.form_submit_button(button)
    if not is_saved:
        return
    try:
        row = save(page, basis, found, key=key, title=title.strip(), newest=newest)
    except NewerVersion:
        st.warning(words("builder.newer"))
        return
    except BadRequest as refused:
        st.warning(words("builder.refused", why=str(refused)))
        return
    if row == newest:
        parts.note(words("builder.unchanged", n=row.version))
        return
    st.session_state[SAVED] = (row.title(words.language), row.version)
    st.rerun()


def save(
    page: Page,
    basis: Basis,
    found: Checked,
    *,
    key: str,
    title: str,
    newest: SavedSegment | None = None,
) -> SavedSegment:
    """The version in force afterwards. `newest`: the one that was opened.

    The campaign it leaves as stays, and its name in the other language where it has one of its own.
    Raises: NotAllowed for a viewer; BadRequest, also where somebody else saved meanwhile.
    """
    actor = page.viewer.actor
    actor.must_be(Role.EXPORTER, to="save a segment")
    known = newest or saved_segments.find(page.home, basis.shop_id, key)
    titles = {"ja": title, "en": title}
    if known is not None and known.title_ja != known.title_en:
        titles = {"ja": known.title_ja, "en": known.title_en, page.words.language: title}
    return saved_segments.save(
        page.home,
        basis,
        key=key,
        title_ja=titles["ja"],
        title_en=titles["en"],
        conditions=found.document,
        saved_by=actor.name,
        saved_at=export_request.now_of(page),
        campaign_key=None if known is None else known.campaign_key,
        after=None if newest is None else newest.version,
    )
