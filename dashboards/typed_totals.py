"""Totals of a batch, typed in by an exporter: for mailers that give no file of what they sent."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from dashboards import export_request, parts, tables
from dashboards.page import Page
from pipelines import requests
from pipelines.requests import BadRequest


@dataclass(frozen=True)
class Handed:
    """One batch that left, as its request says."""

    batch_id: str
    program: str
    destination: str
    people: int
    at: dt.datetime


def handed_over(page: Page) -> dict[str, Handed]:
    """Batches that left, newest first, by id."""
    if not page.has_requests:
        return {}
    found: dict[str, Handed] = {}
    for request in requests.all_of(page.home, page.snapshot.facts.shop_id):
        outcome: Any = request.outcome or {}
        for entry in outcome.get("files", []):
            if request.request_state == "done" and "batch_id" in entry:
                at = request.finished_at or request.requested_at
                found[entry["batch_id"]] = Handed(
                    entry["batch_id"], entry["program"], request.destination, entry["rows"], at
                )
    return found


def show(page: Page) -> None:
    """The form, and what has been typed so far."""
    words = page.words
    batches = handed_over(page)
    parts.title(words("exports.totals"))
    if not batches:
        parts.note(words("exports.totals.none"))
        return
    parts.note(words("exports.totals.note"))
    with st.form("exports_totals", border=False, enter_to_submit=False, clear_on_submit=True):
        batch = st.selectbox(
            words("exports.totals.batch"),
            list(batches),
            format_func=lambda key: line(page, batches[key]),
        )
        with st.container(horizontal=True):
            given = {
                name: st.number_input(
                    words(f"exports.totals.{name}"), min_value=0, step=1, value=None, width=130
                )
                for name in requests.TOTALS
            }
        is_typed = st.form_submit_button(words("exports.totals.button"))
    if is_typed:
        try:
            keep(page, batch, {name: count for name, count in given.items() if count is not None})
        except BadRequest:
            st.warning(words("exports.totals.refused"))
            return
        st.rerun()
    typed(page, batches)


def line(page: Page, batch: Handed) -> str:
    """A batch as one line of a list."""
    words = page.words
    people = words.count(batch.people, "person")
    at = words.instant(batch.at)
    return words("exports.totals.line", program=batch.program, people=people, at=at)


def keep(page: Page, batch_id: str, counts: Mapping[str, int]) -> None:
    """Write down what was typed.

    Raises: NotAllowed for a viewer; BadRequest for a batch that never left, and counts that cannot
    be.
    """
    if batch_id not in handed_over(page):
        raise BadRequest(f"{batch_id} is no batch that left; only what left has totals")
    requests.type_totals(
        page.home,
        page.snapshot.facts.shop_id,
        batch_id,
        counts,
        by=page.viewer.actor,
        at=export_request.now_of(page),
    )


def typed(page: Page, batches: Mapping[str, Handed]) -> None:
    """What was typed last of each batch."""
    words = page.words
    found = requests.totals_of(page.home, page.snapshot.facts.shop_id)
    body: list[tables.Row] = [
        [
            line(page, batches[one.batch_id]),
            *(words.number(one.counts.get(name)) for name in requests.TOTALS),
        ]
        for one in found
        if one.batch_id in batches
    ]
    if body:
        head = [words("exports.totals.batch")]
        head += [words(f"exports.totals.{name}") for name in requests.TOTALS]
        parts.table(page, "totals", head, body)
