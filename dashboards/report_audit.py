"""レポート検算: the rates a mailer's report prints, made again from its own counts."""

import datetime as dt
from typing import Any, Final

import streamlit as st

from dashboards import parts, tables
from dashboards.page import Page
from dashboards.text import Cell
from pipelines import requests
from pipelines.actors import Role
from pipelines.requests import BadRequest, Report

AUDIT: Final = "rpt_report_audit"
BATCHES: Final = "rpt_batches"
# Megabytes; the function that keeps the file checks the same.
MOST: Final = requests.REPORT_BYTES >> 20
# Expected denominator → the column that holds the rate recomputed with it.
RECOMPUTED: Final = {
    "sent": "per_sent_value",
    "delivered": "per_delivered_value",
    "opens": "per_open_value",
    "clicks": "per_click_value",
    "orderers": "per_orderer_value",
    "orders": "per_order_value",
}

Row = dict[str, Any]


def show(page: Page) -> None:
    """Each printed rate against every denominator; for an exporter the way to hand one in."""
    words = page.words
    parts.title(words("audit.title"))
    if page.snapshot.has(AUDIT):
        rates(page)
    else:
        parts.note(words("audit.none"))
    if page.viewer.may(Role.EXPORTER):
        form(page)
        uploads(page)


def rates(page: Page) -> None:
    """Each printed rate of the mailers' reports, made again."""
    words = page.words
    order = ("-is_flagged", "-as_of_at", "report_line", "rate_key")
    rows = page.snapshot.read(AUDIT, {}, order_by=order)
    head = [words(f"audit.{n}") for n in ("line", "rate", "printed", "recomputed", "result")]
    body: list[tables.Row] = [
        [
            str(row["label"]),
            words(f"audit.{row['rate_key']}"),
            printed(page, row, row["printed_value"]),
            printed(page, row, row[RECOMPUTED[row["expected_denominator"]]]),
            verdict(page, row),
        ]
        for row in rows.to_dicts()
    ]
    parts.table(page, "audit", head, body)
    parts.note(words("audit.note"))


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
        keep(page, kind, file.name if file else "", file.getvalue() if file else b"")
    except BadRequest:
        st.warning(words("audit.hand_in.refused"))
        return
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
    where = {"file_name": report.stored_name, "source_key": f"uploaded_{report.kind}"}
    rows: list[Row] = []
    if BATCHES in page.snapshot.columns:
        rows = page.snapshot.read(BATCHES, where, order_by=("-loaded_at", "entity")).to_dicts()
    if not rows:
        return words("audit.upload.waiting")
    newest = rows[0]
    return words(
        f"audit.upload.{newest['batch_state']}",
        rows=words.number(newest["landed_row_count"]),
        left=words.number(newest["rejected_row_count"]),
    )


def printed(page: Page, row: Row, value: Any) -> str:
    """A rate with two decimals as the report prints it; an amount whole."""
    if row["rate_key"] == "spend_per_orderer":
        return page.words.number(value)
    return page.words.percent(None if value is None else float(value), decimals=2)


def verdict(page: Page, row: Row) -> Cell:
    """Agrees, has another denominator, or cannot be made from the report's own counts."""
    words = page.words
    matched, expected = row["matched_denominator"], row["expected_denominator"]
    if not row["is_checkable"]:
        return Cell(words("audit.unchecked"), is_small=True)
    if row["is_flagged"]:
        return Cell(words("audit.flagged"))
    if matched is None or matched == expected:
        return Cell(words("audit.ok"))
    return Cell(words("audit.other", denominator=words(f"denominator.{matched}")))
