"""What a run prints: recovery table, where every cart went, cohorts, files, and what to type next.

Reads the published file only, and computes nothing that a mart has not: ratios come from columns,
intervals from the macros stored in that file.
"""

import csv
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

import duckdb
from rich.console import Console
from rich.table import Table

from pipelines import exports, publish, settings
from pipelines.report.words import say
from pipelines.runner import RunResult
from pipelines.shop import Shop


class QueryRefused(Exception):
    """The query failed or asked for something outside the published file."""


def rate(count: int | None, of: int | None, low: float | None, high: float | None) -> str:
    """`18.2% (109/598, 15.3-21.5)`; a dash where there is nothing to divide by."""
    if not of or count is None or low is None or high is None:
        return "—"
    return f"{count / of:.1%} ({count}/{of}, {low * 100:.1f}–{high * 100:.1f})"


def print_run(
    console: Console,
    shop: Shop,
    *,
    result: RunResult,
    handed: Sequence[exports.Outcome],
    language: str,
) -> None:
    """The whole report of one run."""
    if not result.success:
        console.print(say("failed", language), style="red")
        for failure in result.failures:
            console.print(f"  ✗ {failure}", markup=False)
    try:
        published = publish.open_published(settings.home_of(shop.id))
    except publish.PublishError as error:
        console.print(str(error), markup=False)
        return
    with published as con:
        _recovery(console, con, language)
        _audit(console, con, language)
        _waterfall(console, con, language)
        _cohorts(console, con, language)
        _repeat(console, con, language)
    for outcome in handed:
        print_export(console, outcome, language=language)
    console.print(say("seconds", language, seconds=result.seconds), style="dim")
    if shop.is_demo:
        console.print(say("next", language), style="bold", markup=False)


Rows = list[tuple[Any, ...]]

# The shortest trailing period with enough messages, else everything: small shops see 24 months.
PERIOD_SQL = """
select period_key
from rpt_recovery_steps
where step_number = 0 and arm_key = 'all' and (period_key like 'trailing_%' or period_key = 'all')
group by period_key
having sum(sent_count) >= 30
order by case when period_key = 'all' then 999 else cast(substr(period_key, 10) as integer) end
limit 1
"""

STEPS_SQL = """
select
    campaign_key, step_number, report_grain, sum(sent_count), sum(delivered_count),
    sum(opener_count), sum(clicker_count), sum(orderer_count), sum(recovered_amount),
    any_value(spend_per_orderer_amount), any_value(median_spend_amount),
    any_value(spend_without_outliers_amount),
    wilson_low(sum(opener_count), sum(sent_count)), wilson_high(sum(opener_count), sum(sent_count)),
    wilson_low(sum(clicker_count), sum(opener_count)),
    wilson_high(sum(clicker_count), sum(opener_count)),
    wilson_low(sum(orderer_count), sum(clicker_count)),
    wilson_high(sum(orderer_count), sum(clicker_count))
from rpt_recovery_steps
where period_key = ? and arm_key = 'all' and is_mature
group by campaign_key, step_number, report_grain
order by report_grain, campaign_key, nullif(step_number, 0) nulls last
"""


def _period(key: str, language: str) -> str:
    if key.startswith("trailing_"):
        return say("months", language, n=key.removeprefix("trailing_"))
    return say("all", language) if key == "all" else key


def _chosen_period(con: duckdb.DuckDBPyConnection) -> str:
    row = con.execute(PERIOD_SQL).fetchone()
    return row[0] if row else "all"


def _recovery(console: Console, con: duckdb.DuckDBPyConnection, language: str) -> None:
    period = _chosen_period(con)
    rows = con.execute(STEPS_SQL, [period]).fetchall()
    if not rows:
        console.print(say("no_messages", language))
        return
    for campaign, grain in sorted({(row[0] or "", row[2]) for row in rows}):
        title = f"{campaign} · " + say("recovery", language, period=_period(period, language))
        if grain == "totals":
            title += f" · {say('totals_only', language)}"
        console.print(
            _steps_table(
                title, [r for r in rows if (r[0] or "", r[2]) == (campaign, grain)], language
            )
        )


def _steps_table(title: str, rows: Rows, language: str) -> Table:
    """Figures down, mails across: it fits a narrow terminal."""
    table = Table(title=title, title_justify="left")
    table.add_column("")
    for row in rows:
        step = row[1]
        table.add_column(
            say("step", language, n=step) if step else say("total", language), justify="right"
        )
    figures: list[tuple[str, Callable[[tuple[Any, ...]], str]]] = [
        ("sent", lambda r: _count(r[3])),
        ("delivered", lambda r: _count(r[4])),
        ("openers", lambda r: rate(r[5], r[3], r[12], r[13])),
        ("clickers", lambda r: rate(r[6], r[5], r[14], r[15])),
        ("orderers", lambda r: rate(r[7], r[6], r[16], r[17])),
        ("amount", lambda r: _count(r[8])),
        ("spend", lambda r: _count(r[9])),
        ("median", lambda r: _count(r[10])),
        ("trimmed", lambda r: _count(r[11])),
    ]
    for key, figure in figures:
        table.add_row(say(key, language), *(figure(row) for row in rows))
    return table


def _count(value: object) -> str:
    return "—" if value is None else f"{round(float(str(value))):,}"


def _audit(console: Console, con: duckdb.DuckDBPyConnection, language: str) -> None:
    rows = con.execute(
        "select label, rate_key, printed_value, note from rpt_report_audit where is_flagged"
        " order by label, rate_key"
    ).fetchall()
    if rows:
        console.print(say("audit", language), style="yellow")
    for label, rate_key, printed, note in rows:
        console.print(f"  ! {label} {rate_key} {printed}: {note}", markup=False)


def _waterfall(console: Console, con: duckdb.DuckDBPyConnection, language: str) -> None:
    rows = con.execute(
        """
        select terminal_state, sum(episode_count), sum(ordered_episode_count)
        from rpt_recovery_waterfall
        where period_key = 'all' and campaign_key = 'all'
        group by terminal_state, state_order
        order by state_order
        """
    ).fetchall()
    total = sum(row[1] for row in rows)
    if not total:
        console.print(say("no_carts", language))
        return
    title = say("waterfall", language, period=say("all", language))
    table = Table(title=title, title_justify="left")
    table.add_column(say("state", language))
    table.add_column(say("carts", language), justify="right")
    table.add_column("%", justify="right")
    table.add_column(say("ordered", language), justify="right")
    for state, carts, ordered in rows:
        table.add_row(say(state, language), f"{carts:,}", f"{carts / total:.1%}", f"{ordered:,}")
    table.add_section()
    ordered_total = sum(row[2] for row in rows)
    table.add_row(say("total", language), f"{total:,}", "100.0%", f"{ordered_total:,}")
    console.print(table)


def _cohorts(console: Console, con: duckdb.DuckDBPyConnection, language: str) -> None:
    rows = con.execute(
        """
        select cohort_month, cohort_person_count, period_number, retention_rate, is_mature
        from rpt_cohort_retention
        where cohort_grain = 'month' and period_unit = 'calendar_month' and variant = 'cumulative'
            and period_number between 1 and 6
        order by cohort_month desc, period_number
        """
    ).fetchall()
    months = sorted({row[0] for row in rows}, reverse=True)[:12]
    if not months:
        return
    table = Table(title=say("cohort", language), title_justify="left")
    table.add_column(say("cohort_month", language))
    table.add_column(say("persons", language), justify="right")
    for number in range(1, 7):
        table.add_column(f"+{number}", justify="right")
    cells = {(row[0], row[2]): row for row in rows}
    for month in sorted(months):
        size = next(row[1] for row in rows if row[0] == month)
        shown = [_cell(cells.get((month, number))) for number in range(1, 7)]
        table.add_row(f"{month:%Y/%m}", f"{size:,}", *shown)
    console.print(table)


def _cell(row: tuple[Any, ...] | None) -> str:
    if row is None or row[3] is None:
        return ""
    return f"{row[3]:.1%}" if row[4] else f"({row[3]:.1%})"


def _repeat(console: Console, con: duckdb.DuckDBPyConnection, language: str) -> None:
    rows = con.execute(
        """
        select
            within_days, repeated_person_count, eligible_person_count,
            wilson_low(repeated_person_count, eligible_person_count),
            wilson_high(repeated_person_count, eligible_person_count)
        from rpt_repeat_rate
        where period_key = 'all' and from_order_no = 1 and eligible_person_count > 0
        order by within_days
        """
    ).fetchall()
    if rows:
        parts = [say("within", language, days=r[0], rate=rate(*r[1:])) for r in rows]
        console.print(f"{say('repeat', language)}: " + " · ".join(parts))


def print_export(console: Console, outcome: exports.Outcome, *, language: str) -> None:
    """What one export did: counts by reason, then each file with its manifest."""
    console.print(say("export", language, state=outcome.state), style="bold", markup=False)
    if outcome.reason:
        console.print(f"  {outcome.reason}", markup=False)
    for program, counts in outcome.counts.items():
        parts = " · ".join(f"{reason} {count:,}" for reason, count in counts.items())
        console.print(f"  {program}: {parts or '0'}", markup=False)
    for batch in outcome.batches:
        console.print(
            f"  {say('file', language, rows=batch.rows or 0, state=batch.state)}", markup=False
        )
        for path in (batch.file, batch.manifest):
            if path is not None:
                console.print(f"    {path}", markup=False, soft_wrap=True)


def export_json(outcome: exports.Outcome) -> str:
    """The same for a program."""
    return json.dumps(asdict(outcome), ensure_ascii=False, default=str)


def print_rows(console: Console, rows: Sequence[dict[str, Any]]) -> None:
    """Rows as a table, columns as they come."""
    if not rows:
        console.print("—")
        return
    table = Table(*rows[0])
    for row in rows:
        table.add_row(*("" if value is None else str(value) for value in row.values()))
    console.print(table)


def print_query(console: Console, shop: Shop, query: str, *, style: str) -> None:
    """A query over the published file as table, csv or json.

    Raises: QueryRefused when it fails, or reaches for anything but the published tables.
    """
    try:
        with publish.open_published(settings.home_of(shop.id)) as con:
            found = con.execute(query)
            names = [column[0] for column in found.description or []]
            rows = found.fetchall()
    except (duckdb.Error, publish.PublishError) as error:
        raise QueryRefused(str(error)) from error
    if style == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(names)
        writer.writerows(rows)
    elif style == "json":
        records = [dict(zip(names, row, strict=True)) for row in rows]
        sys.stdout.write(json.dumps(records, ensure_ascii=False, default=str) + "\n")
    else:
        print_rows(console, [dict(zip(names, row, strict=True)) for row in rows])
