"""検算の結果: what a report that was just handed in would give, before any run has taken it in."""

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

import streamlit as st

from dashboards import parts, rejected, report_audit, tables
from dashboards.page import Page
from dashboards.parts import Line
from dashboards.text import Cell
from pipelines import requests, settings
from pipelines.actors import Role
from pipelines.requests import NoVerdict, Report

# Which report's verdict is looked at: its content and kind.
CHOSEN: Final = "data_health_verdict"
# What was found last, with what it was found for.
FOUND: Final = "data_health_verdict_found"
# Counts of a line as the report has them.
COUNTS: Final = ("sent", "delivered", "open", "click", "orderer", "order")

Row = Mapping[str, Any]


def choose(report: Report) -> None:
    """Let the page show this report's verdict next."""
    st.session_state[CHOSEN] = (report.sha256, report.kind)


def show(page: Page, waiting: Sequence[Report]) -> None:
    """The verdict on one of the reports no run has taken in: the one handed in, or picked here."""
    words = page.words
    if not waiting:
        return
    wished = st.session_state.get(CHOSEN)
    known = [(one.sha256, one.kind) for one in waiting]
    report = st.selectbox(
        words("verdict.choose"),
        waiting,
        index=known.index(wished) if wished in known else None,
        format_func=lambda one: one.file_name,
        placeholder=words("verdict.choose.none"),
        width=400,
    )
    if report is None:
        return
    try:
        with st.spinner(words("verdict.working")):
            found = verdict_of(page, report)
    except NoVerdict:
        st.warning(words("verdict.none"))
        return
    draw(page, report, found)


def verdict_of(page: Page, report: Report) -> Row:
    """What the report would give, asked once per session and published file.

    Raises: NotAllowed for a viewer; NoVerdict.
    """
    actor = page.viewer.actor
    actor.must_be(Role.EXPORTER, to="judge a report")
    key = (report.sha256, report.kind, page.snapshot.facts.snapshot_id, page.shop.version)
    kept = st.session_state.get(FOUND)
    if kept is None or kept[0] != key:
        file = settings.active_shop_file() or page.shop.folder / "shop.yml"
        found = requests.verdict_of(page.home, report, shop_file=file, by=actor)
        kept = st.session_state[FOUND] = (key, found)
    return kept[1]


def draw(page: Page, report: Report, found: Row) -> None:
    """The sentence that answers, what stays out, the counts, and what does not hold."""
    words = page.words
    broken = [row for row in (*found["identities"], *found["rates"]) if row["is_flagged"]]
    parts.title(words("verdict.title", file=report.file_name))
    parts.lines([sentence(page, found, len(broken))])
    parts.note(words("verdict.kind", title=found["title"][words.language]))
    if found["fits"] and report.kind not in found["fits"]:
        kinds = words.raw("list.join").join(words(f"audit.kind.{key}") for key in found["fits"])
        parts.note(words("verdict.other_kind", kinds=kinds))
    if found["refused"] is not None:
        return
    parts.note(
        words(
            "verdict.rows",
            **{
                name: words.number(found[f"rows_{name}"])
                for name in ("read", "taken", "left_out", "known")
            },
        )
    )
    left_out(page, found["rejects"])
    counts(page, found["lines"])
    contradictions(page, found["identities"])
    if found["rates"]:
        parts.title(words("verdict.rates"))
        lines = [report_audit.rate_line(page, row) for row in found["rates"]]
        parts.entries_table(report_audit.rate_head(page), lines)
    if found["unused_lines"]:
        names = words.raw("list.join").join(found["unused_lines"])
        parts.note(words("verdict.unused", names=names))
    if found["unused_headers"]:
        names = words.raw("list.join").join(found["unused_headers"])
        parts.note(words("verdict.headers", names=names))
    parts.note(words("verdict.next"))


def sentence(page: Page, found: Row, broken: int) -> Line:
    """Whether it can be read, comes in whole, and holds together."""
    words = page.words
    if found["refused"] is not None:
        return Line(False, words("verdict.refused", why=found["refused"][words.language]))
    held = words.number(broken)
    if found["rows_left_out"]:
        left = words.number(found["rows_left_out"])
        return Line(False, words("verdict.left_out", left=left, broken=held))
    if not found["is_judged"]:
        return Line(True, words("verdict.first_run"))
    if broken:
        return Line(False, words("verdict.broken", broken=held))
    return Line(True, words("verdict.good"))


def left_out(page: Page, rejects: Sequence[Row]) -> None:
    """File row, column and reason of each row that would be left out, and the cures."""
    if not rejects:
        return
    words = page.words
    rows = [{"reason_code": row["reason"], **row} for row in rejects]
    body = [
        [words.number(row["row"]), str(row["column"] or "—"), rejected.reason(page, row)]
        for row in rows
    ]
    rejected.listed(page, ("row", "column", "reason"), body)
    for why, what_to_do in {rejected.reason(page, r): rejected.cure(page, r) for r in rows}.items():
        parts.note(words("rejected.cure", reason=why, cure=what_to_do))


def counts(page: Page, lines: Sequence[Row]) -> None:
    """Each mail of the report with its counts as they were read."""
    words = page.words
    if not lines:
        return
    head = [words("audit.line"), *(words(f"verdict.{name}") for name in (*COUNTS, "amount"))]
    body: list[tables.Row] = [
        [
            Cell(str(row["label"] or row["provider_campaign_id"]), f" {day_of(page, row)}"),
            *(words.number(row[f"{name}_count"]) for name in COUNTS),
            words.number(amount_of(row)),
        ]
        for row in lines
    ]
    parts.entries_table(head, body)


def day_of(page: Page, row: Row) -> str:
    """The report's date; JSON holds it as text."""
    return page.words.day(dt.date.fromisoformat(row["as_of_on"]))


def amount_of(row: Row) -> Decimal | None:
    """What the report says was recovered; JSON holds it as text."""
    return None if row["recovered_amount"] is None else Decimal(row["recovered_amount"])


def contradictions(page: Page, identities: Sequence[Row]) -> None:
    """Counts of the report that contradict each other."""
    flagged = [row for row in identities if row["is_flagged"]]
    if flagged:
        parts.title(page.words("audit.identities"))
        body = [report_audit.identity_line(page, row) for row in flagged]
        parts.entries_table(report_audit.identity_head(page), body)
