"""レポート検算: the rates a mailer's report prints, made again from its own counts."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from dashboards import parts, tables
from dashboards.page import Page
from dashboards.text import Cell

AUDIT: Final = "rpt_report_audit"
IDENTITIES: Final = "rpt_report_identities"
# Expected denominator → the column that holds the rate recomputed with it.
RECOMPUTED: Final = {
    "sent": "per_sent_value",
    "delivered": "per_delivered_value",
    "opens": "per_open_value",
    "clicks": "per_click_value",
    "orderers": "per_orderer_value",
    "orders": "per_order_value",
}

Row = Mapping[str, Any]


def show(page: Page) -> None:
    """Each printed rate against every denominator, and counts that contradict each other."""
    words = page.words
    parts.title(words("audit.title"))
    if page.snapshot.has(AUDIT):
        rates(page)
    else:
        parts.note(words("audit.none"))
    if page.snapshot.has(IDENTITIES):
        identities(page)


def rates(page: Page) -> None:
    """Each printed rate of the mailers' reports, made again."""
    words = page.words
    order = ("-is_flagged", "-as_of_at", "report_line", "rate_key")
    rows = page.snapshot.read(AUDIT, {}, order_by=order).to_dicts()
    parts.table(page, "audit", rate_head(page), [rate_line(page, row) for row in rows])
    parts.note(words("audit.note"))


def rate_head(page: Page) -> list[str]:
    """What `rate_line` shows, by column."""
    return [
        page.words(f"audit.{name}") for name in ("line", "rate", "printed", "recomputed", "result")
    ]


def rate_line(page: Page, row: Row) -> tables.Row:
    """One printed rate beside the same made again."""
    return [
        str(row["label"]),
        page.words(f"audit.{row['rate_key']}"),
        printed(page, row, row["printed_value"]),
        printed(page, row, row[RECOMPUTED[row["expected_denominator"]]]),
        verdict(page, row),
    ]


def identities(page: Page) -> None:
    """Counts of the mailers' reports that contradict each other."""
    rows = page.snapshot.read(
        IDENTITIES,
        {"is_flagged": True},
        order_by=("-as_of_at", "report_line", "identity_key"),
    ).to_dicts()
    parts.title(page.words("audit.identities"))
    if not rows:
        parts.note(page.words("audit.identities.none"))
        return
    body = [identity_line(page, row) for row in rows]
    parts.table(page, "identities", identity_head(page), body)


def identity_head(page: Page) -> list[str]:
    """What `identity_line` shows, by column."""
    return [page.words(f"audit.{name}") for name in ("line", "identity", "counts")]


def identity_line(page: Page, row: Row) -> tables.Row:
    """One contradiction: what must hold, and the two counts that do not."""
    words = page.words
    sign = ">" if row["relation"] == "at_most" else "≠"
    first, second = (words.number(Decimal(row[f"{side}_value"])) for side in ("first", "second"))
    return [
        str(row["label"]),
        words(f"audit.identity.{row['identity_key']}"),
        Cell(f"! {first} {sign} {second}"),
    ]


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
