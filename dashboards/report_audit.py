"""レポート検算: the rates a mailer's report prints, made again from its own counts."""

from typing import Any, Final

from dashboards import parts, tables
from dashboards.page import Page
from dashboards.text import Cell

AUDIT: Final = "rpt_report_audit"
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
    """Each printed rate of the mailer's report against every possible denominator."""
    words = page.words
    parts.title(words("audit.title"))
    rows = page.snapshot.read(AUDIT, {}, order_by=("-is_flagged", "report_line", "rate_key"))
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
