"""Stopping one person by hand, letting them be written to again, and what was asked so far."""

from typing import Final

import streamlit as st

from dashboards import export_request, parts, tables
from dashboards.page import Page
from pipelines import requests

MANUAL: Final = "manual_block"


def show(page: Page, person: str, *, blocked_by: str | None) -> None:
    """What was asked last, the one thing that can be asked now, and everything asked so far.

    `blocked_by`: why the file says that this person may not be written to.
    """
    words = page.words
    asked = requests.blocks_of(page.home, page.snapshot.facts.shop_id, person)
    newest = next(iter(asked), None)
    if newest is not None:
        state = "asked" if newest.done_at is None else "done"
        at = words.instant(newest.done_at or newest.asked_at)
        parts.note(words(f"person.{newest.wish}.{state}", at=at, who=newest.actor))
    # Stopped at the terminal, or under a number this person had before two turned out to be one.
    is_stopped = newest is None and blocked_by == MANUAL
    if is_stopped or (newest is not None and newest.wish == requests.BLOCK):
        lift_form(page, person)
    else:
        block_form(page, person)
    if asked:
        with st.expander(words("person.blocks")):
            log(page, asked)


def block_form(page: Page, person: str) -> None:
    """The button that asks for no more messages, behind a tick."""
    words = page.words
    with st.form("person_stop", border=False):
        is_sure = st.checkbox(words("person.block.sure"), key="person_sure")
        is_asked = st.form_submit_button(words("person.block"))
    if is_asked and is_sure:
        block(page, person)
        st.rerun()
    elif is_asked:
        parts.note(words("person.block.unsure"))


def lift_form(page: Page, person: str) -> None:
    """The button that ends the manual block, with the reason it asks for."""
    words = page.words
    parts.note(words("person.lift.note"))
    with st.form("person_lift", border=False):
        reason = st.text_input(words("person.lift.reason"), key="person_reason", width=420)
        is_asked = st.form_submit_button(words("person.lift"))
    if not is_asked:
        return
    try:
        lift(page, person, reason=reason)
    except requests.BadRequest:
        parts.note(words("person.lift.unsaid"))
        return
    st.rerun()


def block(page: Page, person: str) -> requests.Block:
    """The wish to write to this person no more. Raises: NotAllowed."""
    at = export_request.now_of(page)
    shop_id = page.snapshot.facts.shop_id
    return requests.block(page.home, shop_id, person, by=page.viewer.actor, at=at)


def lift(page: Page, person: str, *, reason: str) -> requests.Block:
    """The wish to end the manual block. Raises: NotAllowed; BadRequest without a reason."""
    at = export_request.now_of(page)
    shop_id = page.snapshot.facts.shop_id
    return requests.lift(page.home, shop_id, person, reason=reason, by=page.viewer.actor, at=at)


def log(page: Page, asked: list[requests.Block]) -> None:
    """Every block and every lift: when, what, by whom, why, and since when it holds."""
    words = page.words
    body: list[tables.Row] = [
        [
            words.instant(one.asked_at),
            words(f"person.wish.{one.wish}"),
            one.actor,
            one.reason or "—",
            "—" if one.done_at is None else words.instant(one.done_at),
        ]
        for one in asked
    ]
    head = [words(f"person.blocks.{name}") for name in ("at", "what", "who", "why", "done")]
    st.html(f'<div class="ok-text">{tables.table(head, body)}</div>')
