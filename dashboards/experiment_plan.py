"""The planner: what a trial could find at the shop's own volume."""

from typing import Any, Final

import streamlit as st

from dashboards import filters, parts, tables
from dashboards.page import Page
from dashboards.snapshot import Filters

PLAN: Final = "rpt_experiment_plan"
HALF_BP: Final = 5_000
YEAR_MONTHS: Final = 12
MONTHS_PLANNED: Final = 24
MONTHS_LISTED: Final = (3, 6, 12, 18, 24)
SHARES: Final = range(10, 51, 5)
LENGTHS: Final = range(1, MONTHS_PLANNED + 1)

Row = dict[str, Any]


def row_of(page: Page, *, share_bp: int, months: int) -> Row:
    """One cell of the plan."""
    where: Filters = {"holdout_share_bp": share_bp, "month_count": months}
    return page.snapshot.read(PLAN, where).row(0, named=True)


def is_hopeless(page: Page) -> bool:
    """Whether half of a year's people held out would not even show twice as many orders."""
    row = row_of(page, share_bp=HALF_BP, months=YEAR_MONTHS)
    effect, rate = row["minimum_detectable_effect"], row["base_rate"]
    return effect is None or rate is None or effect > rate


def advice(page: Page) -> None:
    """Whether this shop should hold anybody back at all."""
    words = page.words
    if not is_hopeless(page):
        parts.answer(words("experiment.none"))
        return
    parts.answer(small(page))


def small(page: Page) -> str:
    """That these numbers cannot show an effect, and how wide the interval would be."""
    half = row_of(page, share_bp=HALF_BP, months=YEAR_MONTHS)["half_width"]
    return page.words("experiment.small", half=points(page, half))


def points(page: Page, value: float | None) -> str:
    """`3.0` of 0.03; `—` for unknown."""
    return page.words.number(None if value is None else value * 100, decimals=1)


def show(page: Page) -> None:
    """Two sliders, the sentence they make, what each length of trial would find."""
    words = page.words
    parts.title(words("plan.title"))
    percent, months = sliders(page)
    row = row_of(page, share_bp=percent * 100, months=months)
    share = words("plan.share.percent", share=percent)
    parts.answer(
        words(
            "plan.sentence",
            volume=words.number(row["eligible_persons_per_month"]),
            share=words("plan.share.half") if percent * 100 == HALF_BP else share,
            months=months,
            effect=points(page, row["minimum_detectable_effect"]),
        )
    )
    notes(page, row)
    plan_table(page, percent * 100)
    parts.note(words("plan.how"))


def sliders(page: Page) -> tuple[int, int]:
    """Share held out in percent, and months; both stand in the address."""
    shares, months = st.columns(2)
    with shares:
        share = filters.choose_number(
            page, "share", SHARES, label=page.words("plan.share"), default=HALF_BP // 100
        )
    with months:
        length = filters.choose_number(
            page, "months", LENGTHS, label=page.words("plan.months"), default=YEAR_MONTHS
        )
    return share, length


def notes(page: Page, row: Row) -> None:
    """What is taken for granted, and how long the difference that matters would take."""
    words = page.words
    if row["base_rate"] is not None:
        parts.note(
            words(
                "plan.base",
                rate=words.percent(row["base_rate"]),
                basis=words(f"basis.{row['base_rate_basis']}"),
                k=words.number(row["base_orderer_count"]),
                n=words.number(row["base_person_count"]),
            )
        )
    if row["needed_month_count"] is not None:
        smallest = words.number(row["smallest_effect_bp"] / 100, decimals=1)
        needed = row["needed_month_count"]
        key = "plan.needed" if needed <= MONTHS_PLANNED else "plan.needed.never"
        months = words.number(min(needed, MONTHS_PLANNED))
        parts.note(words(key, smallest=smallest, months=months))
    if is_hopeless(page):
        parts.note(small(page))


def plan_table(page: Page, share_bp: int) -> None:
    """One row per length of trial at the share chosen."""
    words = page.words
    where: Filters = {"holdout_share_bp": share_bp, "month_count": MONTHS_LISTED}
    rows = page.snapshot.read(PLAN, where, order_by=("month_count",)).to_dicts()
    parts.title(words("plan.table"))
    head = [words(f"plan.head.{n}") for n in ("months", "mailed", "held", "effect", "half")]
    body: list[tables.Row] = [
        [
            words("plan.month_count", n=row["month_count"]),
            words.count(round(row["expected_mailed_count"]), "person"),
            words.count(round(row["expected_holdout_count"]), "person"),
            words("plan.points", value=points(page, row["minimum_detectable_effect"])),
            words("plan.half", value=points(page, row["half_width"])),
        ]
        for row in rows
    ]
    parts.table(page, "plan", head, body)
