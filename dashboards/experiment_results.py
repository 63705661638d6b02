"""What an experiment says so far: verdict, numbers, two dots with bars, groups, checks."""

from dataclasses import dataclass
from typing import Any, Final

import streamlit as st

from dashboards import charts, filters, parts, tables
from dashboards.page import Page
from dashboards.parts import Card, Line, Metric
from dashboards.snapshot import Difference, Rate
from dashboards.text import Cell

EFFECT: Final = "rpt_incrementality"
CHECKS: Final = "rpt_experiment_checks"
ALL: Final = "all"
# With the figure's name seven columns, and no more, fit the page.
ARMS_SHOWN: Final = 6
# Checks in the order a reader needs them: is it fair, is it clean, does it do harm.
CHECK_ORDER: Final = (
    "sample_ratio",
    "held_out_written_to",
    "merged_arms",
    "unsubscribe_rate",
    "complaint_rate",
)

Row = dict[str, Any]


@dataclass(frozen=True)
class Choice:
    """One experiment, one outcome, one comparison; and the row its verdict stands in."""

    key: str
    version: int
    metric: str
    comparison: str
    row: Row

    @property
    def where(self) -> dict[str, Any]:
        """Its rows."""
        return {
            "campaign_key": self.key,
            "campaign_version": self.version,
            "metric_key": self.metric,
            "comparison_key": self.comparison,
        }


def compared_rows(page: Page) -> list[Row]:
    """Rows held against a baseline: campaigns before experiments of the site, the newest first."""
    if not page.snapshot.has(EFFECT):
        return []
    order = ("-first_eligible_at", "campaign_key", "-campaign_version", "arm_key")
    rows = page.snapshot.read(EFFECT, {}, order_by=("experiment_kind", *order)).to_dicts()
    return [row for row in rows if row["baseline_arm_key"] is not None]


def choose(page: Page) -> Choice | None:
    """The newest experiment with a baseline, or the one chosen; None where there is none."""
    words, compared = page.words, compared_rows(page)
    if not compared:
        return None
    named = {f"{row['campaign_key']}.{row['campaign_version']}": row for row in compared}

    def name(key: str) -> str:
        row = named[key]
        kind = "site" if row["experiment_kind"] == "site" else "name"
        return words(f"experiment.{kind}", key=row["campaign_key"], version=row["campaign_version"])

    with st.container(horizontal=True):
        chosen = _one(page, "experiment", list(named), name)
        rows = [
            row for row in compared if f"{row['campaign_key']}.{row['campaign_version']}" == chosen
        ]
        metrics = list(dict.fromkeys(row["metric_key"] for row in rows))
        metric = _one(page, "metric", sorted(metrics), lambda k: words(f"metric.{k}"))
        kinds = {row["comparison_key"] for row in rows if row["metric_key"] == metric}
        against = [kind for kind in ("holdout", "arm") if kind in kinds]
        comparison = _one(page, "against", against, lambda k: words(f"against.{k}"))
    fitting = [
        row for row in rows if row["metric_key"] == metric and row["comparison_key"] == comparison
    ]
    whole = [row for row in fitting if row["arm_key"] == ALL]
    row = (whole or fitting)[0]
    return Choice(row["campaign_key"], row["campaign_version"], metric, comparison, row)


def _one(page: Page, name: str, options: list[str], word: Any) -> str:
    """The only option, or the reader's."""
    return options[0] if len(options) == 1 else filters.choose(page, name, options, word=word)


def arm_name(page: Page, row: Row) -> str:
    """What a group is called on the screen."""
    words, is_site = page.words, row["experiment_kind"] == "site"
    if row["is_holdout"]:
        return words("experiment.unshown" if is_site else "experiment.unmailed")
    if row["arm_key"] != ALL:
        return str(row["arm_key"])
    return words("experiment.shown" if is_site else "experiment.mailed")


def baseline_name(page: Page, choice: Choice) -> str:
    """What the other side is called."""
    if choice.comparison == "holdout":
        return arm_name(page, {**choice.row, "is_holdout": True})
    return str(choice.row["baseline_arm_key"])


def rates(choice: Choice) -> tuple[Rate, Rate]:
    """The two rates the verdict is of, as the mart has them."""
    return rate_of(choice.row), rate_of(choice.row, "baseline_")


def verdict(page: Page, choice: Choice) -> None:
    """The one sentence; below thirty people counts instead of rates."""
    words, row = page.words, choice.row
    first, second = (words.rate(rate, "person") for rate in rates(choice))
    difference = Difference(
        row["outcome_rate_difference"], row["difference_low"], row["difference_high"]
    )
    said = words(
        f"verdict.{row['verdict']}",
        planned=words.number(row["planned_person_count"]),
        now=" / ".join(words.number(row[f"{b}person_count"]) for b in ("", "baseline_")),
        smallest=words.number(row["smallest_effect_bp"] / 100, decimals=1),
    )
    key = "experiment.sentence.few" if first.is_small or second.is_small else "experiment.sentence"
    text = words(
        key,
        arm=arm_name(page, row),
        rate=first.main,
        baseline=baseline_name(page, choice),
        base_rate=second.main,
        difference=words.points(difference).text,
        verdict=said,
    )
    parts.answer(text[0].upper() + text[1:])


def show(page: Page, choice: Choice) -> None:
    """Everything below the verdict."""
    numbers(page, choice)
    dots(page, choice)
    arms_table(page, choice)
    checks(page, choice)


def numbers(page: Page, choice: Choice) -> None:
    """Extra people and money with their intervals, and both rates."""
    words, row = page.words, choice.row
    people = words("experiment.extra.people", value=words.signed(row["extra_person_count"]))
    reach = words(
        "experiment.extra.range",
        low=words.signed(row["extra_person_count_low"]),
        high=words.signed(row["extra_person_count_high"]),
    )
    entries = [Card(words(f"experiment.extra_people.{choice.metric}"), Cell(people, reach))]
    if row["extra_revenue_amount"] is not None:
        entries.append(revenue_card(page, row))
    names = (arm_name(page, row), baseline_name(page, choice))
    label = "experiment.arm_people" + (".registered" if choice.metric == "registered" else "")
    for name, rate in zip(names, rates(choice), strict=True):
        entries.append(Card(words(label, arm=name), words.rate(rate, "person")))
    parts.cards(entries)
    parts.receipt(page, "numbers", [Metric(words("experiment.axis"), EFFECT, "outcome_rate")])


def revenue_card(page: Page, row: Row) -> Card:
    """Extra revenue with its bootstrap interval and the cap it was counted with."""
    words = page.words
    reach = ""
    if row["extra_revenue_low"] is not None:
        reach = words(
            "experiment.extra.range",
            low=words.signed_money(row["extra_revenue_low"]),
            high=words.signed_money(row["extra_revenue_high"]),
        )
    cap = row["revenue_cap_amount"]
    note = "" if cap is None else words("experiment.extra.cap", cap=words.money(cap))
    value = Cell(words.signed_money(row["extra_revenue_amount"]), reach)
    return Card(words("experiment.extra_amount"), value, note)


def dots(page: Page, choice: Choice) -> None:
    """Both rates as dots with their intervals as bars."""
    words = page.words
    names = (arm_name(page, choice.row), baseline_name(page, choice))
    points = [
        {
            "arm": name,
            "value": rate.value,
            "low": rate.low,
            "high": rate.high,
            "text": words.percent(rate.value),
            "tip": f"{name} {words.rate(rate, 'person').text}",
            "cell": words.rate(rate, "person"),
        }
        for name, rate in zip(names, rates(choice), strict=True)
        if rate.value is not None
    ]
    parts.title(words("experiment.chart"))
    drawn = charts.dots(points, title=words("experiment.axis"))
    parts.chart(page, "dots", drawn, about=words("experiment.chart"))


def arms_table(page: Page, choice: Choice) -> None:
    """Figures down, groups across, each against the same baseline."""
    words = page.words
    rows = page.snapshot.read(
        EFFECT, choice.where, order_by=("is_holdout", "-person_count", "arm_key")
    ).to_dicts()
    shown = ([row for row in rows if row["arm_key"] != ALL] or rows)[:ARMS_SHOWN]
    columns = [arm_figures(page, row) for row in shown]
    names = ("people", "rate", "difference", "stratified", "extra", "revenue")
    body: list[tables.Row] = [
        [words(f"arms.{name}"), *(column[place] for column in columns)]
        for place, name in enumerate(names)
    ]
    parts.title(words("experiment.arms"))
    parts.table(page, "arms", [words("arms.arm"), *(arm_name(page, row) for row in shown)], body)
    days = int(page.snapshot.settings["recovery_window_days"])
    parts.note(words("experiment.basis", days=days))


def arm_figures(page: Page, row: Row) -> list[Cell]:
    """Figures of one group, in the order of the table."""
    words = page.words
    plain = Difference(
        row["outcome_rate_difference"], row["difference_low"], row["difference_high"]
    )
    even = Difference(
        row["difference_post_stratified"],
        row["difference_post_stratified_low"],
        row["difference_post_stratified_high"],
    )
    extra = row["extra_person_count"]
    return [
        Cell(words.count(row["person_count"], "person")),
        words.rate(rate_of(row), "person"),
        words.points(plain),
        words.points(even),
        Cell("—" if extra is None else words.signed(extra)),
        Cell(words.number(row["capped_revenue_per_person_amount"])),
    ]


def rate_of(row: Row, side: str = "") -> Rate:
    """The rate of one side of a row as the mart has it; `baseline_` for the other side."""
    return Rate(
        row[f"{side}outcome_person_count"],
        row[f"{side}person_count"],
        row[f"{side}outcome_rate"],
        row[f"{side}outcome_rate_low"],
        row[f"{side}outcome_rate_high"],
    )


def checks(page: Page, choice: Choice) -> None:
    """Each check as a line: well, alarming, or not to be judged yet."""
    if not page.snapshot.has(CHECKS):
        return
    rows = page.snapshot.read(
        CHECKS,
        {"campaign_key": choice.key, "campaign_version": choice.version},
        ranks={"check_key": CHECK_ORDER},
        order_by=("check_key_rank", "arm_key"),
    ).to_dicts()
    if rows:
        parts.title(page.words("checks.title"))
        parts.lines([check_line(page, row) for row in rows])


def check_line(page: Page, row: Row) -> Line:
    """One check in words."""
    words = page.words
    state = "alarm" if row["is_alarm"] else "ok" if row["is_judged"] else "few"
    limit = row["threshold_value"]
    text = words(
        f"check.{row['check_key']}.{state}",
        people=words.number(row["person_count"]),
        events=words.number(row["event_count"]),
        value=words.number(row["check_value"], decimals=4),
        limit=words.number(None if limit is None else limit * 100, decimals=1),
        arm=words("experiment.mailed") if row["arm_key"] == ALL else str(row["arm_key"]),
    )
    return Line(not row["is_alarm"], text)
