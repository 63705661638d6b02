"""検算に出す: a mailer's report handed in, what it would give, and what became of the others."""

import datetime as dt
from typing import Any, Final

import streamlit as st

from dashboards import parts, report_verdict, tables
from dashboards.page import Page
from dashboards.text import Cell
from pipelines import requests
from pipelines.actors import Role
from pipelines.requests import BadRequest, Report

BATCHES: Final = "rpt_batches"
# Megabytes; the function that keeps the file checks the same.
MOST: Final = requests.REPORT_BYTES >> 20

Row = dict[str, Any]


def show(page: Page) -> None:
    """The form, the verdict on what waits, and the list; nothing for a viewer."""
    if page.viewer.may(Role.EXPORTER):
        form(page)
        uploads(page)


def form(page: Page) -> None:
    """A report's kind and its file."""
    words = page.words
    parts.title(words("audit.hand_in"))
    parts.note(words("audit.hand_in.note"))
    # What the uploader says itself is English; its button says the same in our words.
    st.html(
        "<style>[data-testid='stFileUploaderDropzoneInstructions'] { display: none; }"
        "[data-testid='stFileUploaderDropzone'] button * { display: none; }"
        "[data-testid='stFileUploaderDropzone'] button::after {"
        f" content: '{words('audit.file.choose')}'; }}</style>"
    )
    with st.form("audit", border=False, enter_to_submit=False, clear_on_submit=True):
        kind = st.selectbox(
            words("audit.kind"),
            requests.REPORT_KINDS,
            format_func=lambda key: words(f"audit.kind.{key}"),
            width=400,
        )
        file = st.file_uploader(words("audit.file"), type=["csv"], max_upload_size=MOST, width=400)
        is_given = st.form_submit_button(words("audit.hand_in.button"))
    if not is_given:
        return
    try:
        kept = keep(page, kind, file.name if file else "", file.getvalue() if file else b"")
    except BadRequest:
        st.warning(words("audit.hand_in.refused"))
        return
    report_verdict.choose(kept)
    st.rerun()


def keep(page: Page, kind: str, name: str, data: bytes) -> Report:
    """The report as it was kept. Raises: NotAllowed for a viewer; BadRequest for what is none."""
    return requests.hand_in_report(
        page.home,
        page.snapshot.facts.shop_id,
        data,
        kind=kind,
        file_name=name,
        by=page.viewer.actor,
        # A frozen clock would put every report before the figures it is not in yet.
        at=dt.datetime.now(dt.UTC),
    )


def uploads(page: Page) -> None:
    """What was handed in, by whom, and what became of it."""
    words = page.words
    if not page.has_requests:
        return
    found = requests.reports_of(page.home, page.snapshot.facts.shop_id)
    if not found:
        return
    report_verdict.show(page, [one for one in found if is_waiting(page, one)])
    parts.title(words("audit.uploads"))
    body: list[tables.Row] = [
        [
            Cell(report.file_name, f" {report.actor}"),
            words.instant(report.uploaded_at),
            state(page, report),
        ]
        for report in found
    ]
    head = [words(f"audit.uploads.{name}") for name in ("file", "at", "state")]
    parts.entries_table(head, body)


def state(page: Page, report: Report) -> str:
    """Waiting, taken in, in part, or not readable: as the books of landing have it."""
    words = page.words
    newest = booked(page, report)
    if newest is None:
        return words("audit.upload.waiting")
    return words(
        f"audit.upload.{newest['batch_state']}",
        rows=words.number(newest["landed_row_count"]),
        left=words.number(newest["rejected_row_count"]),
    )


def is_waiting(page: Page, report: Report) -> bool:
    """Whether no run has taken it in yet."""
    return booked(page, report) is None


def booked(page: Page, report: Report) -> Row | None:
    """What became of it last, as the books of landing have it."""
    where = {"file_name": report.stored_name, "source_key": f"uploaded_{report.kind}"}
    if BATCHES not in page.snapshot.columns:
        return None
    rows = page.snapshot.read(BATCHES, where, order_by=("-loaded_at", "entity")).to_dicts()
    return rows[0] if rows else None
