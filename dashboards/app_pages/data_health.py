"""データの状態: what came in and how far it reaches, what moved, what does not add up."""

from collections.abc import Callable

from dashboards import (
    access,
    filters,
    health,
    layout,
    parts,
    rejected,
    report_audit,
    report_upload,
    shop_screen,
)
from dashboards.health import RESTATEMENTS
from dashboards.page import FRESHNESS, Page
from dashboards.parts import Card
from dashboards.rejected import REJECTED
from dashboards.report_audit import AUDIT
from dashboards.shop_screen import SCREENS
from dashboards.text import Cell


def answer(page: Page) -> None:
    """Which source has stopped, else that none has, and how many rows were left out."""
    words = page.words
    late = {kind: at for kind, at in page.latest.items() if page.is_late(at)}
    if late:
        named = words.raw("list.join").join(words(f"source.{kind}") for kind in late)
        day = words.day(words.local(min(late.values())).date())
        parts.answer(words("health.sentence.late", sources=named, day=day))
        return
    left = page.snapshot.total(FRESHNESS, {}, column="rejected_row_count")
    parts.answer(words("health.sentence.good", rejected=words.number(left)))


def numbers(page: Page) -> None:
    """Rows in and out, figures that moved, rates that do not add up."""
    words, snapshot = page.words, page.snapshot
    cards = [
        Card(
            words(f"health.card.{name}"),
            Cell(words.number(snapshot.total(FRESHNESS, {}, column=f"{name}_row_count"))),
            words("health.card.landed.note") if name == "landed" else "",
        )
        for name in ("landed", "rejected")
    ]
    if RESTATEMENTS in snapshot.columns:
        moved = words.number(snapshot.total(RESTATEMENTS, {}))
        cards.append(Card(words("health.card.restated"), Cell(moved)))
    if snapshot.has(AUDIT):
        flagged = words.number(snapshot.total(AUDIT, {"is_flagged": True}))
        cards.append(Card(words("health.card.audit"), Cell(flagged)))
    parts.cards(cards)
    parts.receipt(page, "numbers", [])


def show(page: Page) -> None:
    """Sentence, numbers, then sources, own screen, rows left out, restatements, audit."""
    if not page.snapshot.has(FRESHNESS):
        parts.answer(page.words("empty.health"))
        parts.empty(page.words, "empty.health")
        return
    answer(page)
    numbers(page)
    views: dict[str, Callable[[], None]] = {"sources": lambda: health.sources(page)}
    if page.snapshot.has(SCREENS):
        views["screen"] = lambda: shop_screen.show(page)
    if REJECTED in page.snapshot.columns:
        views["rejected"] = lambda: rejected.show(page)
    if RESTATEMENTS in page.snapshot.columns:
        views["restated"] = lambda: health.restated(page)
    if AUDIT in page.snapshot.columns:
        views["audit"] = lambda: audit(page)
    filters.tabs(page, "view", views)


def audit(page: Page) -> None:
    """The way to hand a report in, with what it would give below it; what all reports say."""
    report_upload.show(page)
    report_audit.show(page)


viewer = access.guard()
show(layout.open_page("data_health", viewer))
