"""The figures of a run: recovery table, report audit, where every cart went, cohorts, F2 rate."""

from collections.abc import Callable
from typing import Any

import duckdb
from rich.console import Console
from rich.table import Table

from pipelines.onboarding.terminal import line
from pipelines.report.words import say

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

# Totals cannot be cut into settled and unsettled: they are shown, and marked until settled.
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
    wilson_high(sum(orderer_count), sum(clicker_count)),
    bool_and(is_mature), any_value(currency)
from rpt_recovery_steps
where period_key = ? and arm_key = 'all' and (is_mature or report_grain = 'totals')
group by campaign_key, step_number, report_grain
order by report_grain, campaign_key, nullif(step_number, 0) nulls last
"""


def rate(count: int | None, of: int | None, low: float | None, high: float | None) -> str:
    """`18.2% (109/598, 15.3-21.5)`; a dash where there is nothing to divide by."""
    if not of or count is None or low is None or high is None:
        return "—"
    return f"{count / of:.1%} ({count:,}/{of:,}, {low * 100:.1f}–{high * 100:.1f})"


def _title(console: Console, text: str) -> None:
    """Above a table and not in it: there it would be broken at the table's width."""
    line(console, text, style="bold")


def recovery(console: Console, con: duckdb.DuckDBPyConnection, language: str) -> None:
    """The recovery table, one per campaign and grain, of the period with enough messages."""
    row = con.execute(PERIOD_SQL).fetchone()
    period = row[0] if row else "all"
    rows = con.execute(STEPS_SQL, [period]).fetchall()
    if not rows:
        line(console, say("no_messages", language))
        return
    for campaign, grain in sorted({(row[0] or "", row[2]) for row in rows}):
        shown = [r for r in rows if (r[0] or "", r[2]) == (campaign, grain)]
        parts = [campaign] if campaign else []
        parts.append(say("recovery", language, period=_period(period, language)))
        if grain == "totals":
            parts.append(say("totals_only", language))
        if not all(r[18] for r in shown):
            parts.append(say("unsettled", language))
        _title(console, " · ".join(parts))
        console.print(_steps_table(shown, language))


def _period(key: str, language: str) -> str:
    if key.startswith("trailing_"):
        return say("months", language, n=key.removeprefix("trailing_"))
    return say("all", language) if key == "all" else key


def _steps_table(rows: Rows, language: str) -> Table:
    """Figures down, mails across, a rate's interval below it: it fits 80 columns."""
    table = Table()
    table.add_column("")
    for row in rows:
        step = row[1]
        table.add_column(
            say("step", language, n=step) if step else say("total", language), justify="right"
        )
    figures: list[tuple[str, Callable[[tuple[Any, ...]], str]]] = [
        ("sent", lambda r: _count(r[3])),
        ("delivered", lambda r: _count(r[4])),
        ("openers", lambda r: _cell(r[5], r[3], r[12], r[13])),
        ("clickers", lambda r: _cell(r[6], r[5], r[14], r[15])),
        ("orderers", lambda r: _cell(r[7], r[6], r[16], r[17])),
        ("amount", lambda r: _count(r[8])),
        ("spend", lambda r: _count(r[9])),
        ("median", lambda r: _count(r[10])),
        ("trimmed", lambda r: _count(r[11])),
    ]
    for key, figure in figures:
        cells = [figure(row) for row in rows]
        # A mailer's totals know no deliveries and no single orders.
        if any(cell != "—" for cell in cells):
            table.add_row(say(key, language, currency=rows[0][19] or ""), *cells)
    return table


def _cell(count: int | None, of: int | None, low: float | None, high: float | None) -> str:
    """Rate, what it is of, interval, one below the other: three mails stand side by side."""
    if not of or count is None or low is None or high is None:
        return "—"
    return f"{count / of:.1%}\n{count:,}/{of:,}\n{low * 100:.1f}–{high * 100:.1f}"


def _count(value: object) -> str:
    return "—" if value is None else f"{round(float(str(value))):,}"


def audit(console: Console, con: duckdb.DuckDBPyConnection, language: str) -> None:
    """Every printed rate of a mailer's report that its own counts do not give."""
    rows = con.execute(
        """
        select
            label, rate_key, printed_value, numerator, expected_denominator,
            case expected_denominator
                when 'sent' then per_sent_value when 'delivered' then per_delivered_value
                when 'opens' then per_open_value when 'clicks' then per_click_value
                when 'orderers' then per_orderer_value when 'orders' then per_order_value
            end
        from rpt_report_audit
        where is_flagged
        order by label, rate_key
        """
    ).fetchall()
    if rows:
        line(console, say("audit", language), style="yellow")
    for label, key, printed, _, expected, recomputed in rows:
        shown = _money if key == "spend_per_orderer" else _percent
        text = say(
            "audit_line" if recomputed is not None else "audit_unclear",
            language,
            label=label,
            rate=say(f"audit_{key}", language),
            printed=shown(printed),
            denominator=say(f"per_{expected}", language) if expected else "",
            recomputed=shown(recomputed) if recomputed is not None else "",
        )
        line(console, f"  ! {text}")


def _percent(value: float) -> str:
    return f"{value * 100:.2f} %"


def _money(value: float) -> str:
    return f"{value:,.2f}".removesuffix(".00")


def waterfall(console: Console, con: duckdb.DuckDBPyConnection, language: str) -> bool:
    """What became of every abandoned cart; False, and nothing printed, where there is none."""
    rows = con.execute(
        """
        select terminal_state, sum(episode_count), sum(ordered_episode_count)
        from rpt_recovery_waterfall
        where period_key = 'all' and campaign_key = 'all' and dimension = 'all'
        group by terminal_state, state_order
        order by state_order
        """
    ).fetchall()
    total = sum(row[1] for row in rows)
    if not total:
        return False
    title = say("waterfall", language, period=say("all", language))
    _title(console, title)
    table = Table()
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
    return True


def cohorts(console: Console, con: duckdb.DuckDBPyConnection, language: str) -> None:
    """The last twelve months of first orders; in brackets: not everybody had the time yet."""
    rows = con.execute(
        """
        select cohort_month, cohort_person_count, period_number, retention_rate, is_mature
        from rpt_cohort_retention
        where cohort_basis = 'first_order' and cohort_grain = 'month'
            and period_unit = 'calendar_month' and variant = 'cumulative'
            and period_number between 1 and 6
        order by cohort_month desc, period_number
        """
    ).fetchall()
    months = sorted({row[0] for row in rows}, reverse=True)[:12]
    if not months:
        counts = "select count(*), count(person_id) from fct_orders"
        orders, named = con.execute(counts).fetchone() or (0, 0)
        lacking = "young_orders" if named else "nameless_orders" if orders else "no_orders"
        line(console, say(lacking, language))
        return
    _title(console, say("cohort", language))
    table = Table()
    table.add_column(say("cohort_month", language))
    table.add_column(say("persons", language), justify="right")
    for number in range(1, 7):
        table.add_column(f"+{number}", justify="right")
    cells = {(row[0], row[2]): row for row in rows}
    for month in sorted(months):
        size = next(row[1] for row in rows if row[0] == month)
        shown = [_share(cells.get((month, number))) for number in range(1, 7)]
        table.add_row(f"{month:%Y/%m}", f"{size:,}", *shown)
    console.print(table)


def _share(row: tuple[Any, ...] | None) -> str:
    if row is None or row[3] is None:
        return ""
    return f"{row[3]:.1%}" if row[4] else f"({row[3]:.1%})"


def repeat(console: Console, con: duckdb.DuckDBPyConnection, language: str) -> None:
    """Second orders within 30 to 365 days, one line each."""
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
        line(console, f"{say('repeat', language)}:")
    for row in rows:
        line(console, "  " + say("within", language, days=f"{row[0]:>3}", rate=rate(*row[1:])))
