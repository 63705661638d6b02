"""What `init` and `check` print. Every sentence comes from `words`; here is only the layout."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import date
from decimal import Decimal

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipelines.onboarding.coverage import Shown
from pipelines.onboarding.planner import MONTHS, Plan
from pipelines.onboarding.report import (
    CheckReport,
    FileCheck,
    Finding,
    Month,
    Preview,
    SourceCheck,
)
from pipelines.onboarding.seen import FileSeen
from pipelines.onboarding.trial import Trial
from pipelines.onboarding.words import reason, say

NAMES_SHOWN = 12
REJECTS_SHOWN = 10


def line(console: Console, text: str, *, style: str = "") -> None:
    """One line as it is: nothing of a file's names is read as markup, nothing is cut."""
    console.print(Text(text, style=style), soft_wrap=True)


def count(number: int) -> str:
    """12,345."""
    return f"{number:,}"


def money(amount: Decimal, places: int) -> str:
    """12,345 or 12,345.60: as many decimals as its whole column has."""
    return f"{amount:,.{places}f}"


def names(words: Iterable[str]) -> str:
    """The first names, and how many there are more."""
    listed = list(words)
    text = ", ".join(listed[:NAMES_SHOWN])
    return text + (f" … (+{len(listed) - NAMES_SHOWN})" if len(listed) > NAMES_SHOWN else "")


def ask(console: Console, words: str, default: str, complaint: str, *, language: str) -> str:
    """What was typed; empty for the default, which stands in brackets."""
    if complaint:
        line(console, say("answer_wrong", language, reason=say(complaint, language)), style="red")
    shown = f" [{default}]" if default else ""
    try:
        return console.input(Text(f"{say(words, language)}{shown}: "))
    except EOFError:
        # Nobody is there any more; the defaults are safe ones.
        return ""


def print_files(console: Console, files: Sequence[FileSeen], *, language: str) -> None:
    """One line per file: what it is, or that nobody knows it."""
    for file in files:
        if file.refused:
            said = say("file_refused", language, file=file.name, reason=file.refused)
            line(console, said, style="red")
        elif file.reading:
            values = {
                "file": file.name,
                "title": file.title[0 if language == "ja" else 1],
                "encoding": file.encoding or "—",
                "rows": count(file.rows),
                "matched": len(file.used),
                "headers": len(file.headers),
            }
            line(console, say("file_known", language, **values))
        else:
            line(console, say("file_unknown", language, file=file.name), style="yellow")
    if any(not file.reading and not file.refused for file in files):
        line(console, "  " + say("file_unknown_cure", language), style="dim")


def print_plan(console: Console, plan: Plan | None, *, language: str) -> None:
    """What a held-out group could ever show at this shop's volume, and what to do."""
    if plan is None:
        line(console, say("plan_unknown", language))
        return
    people, rate = f"{plan.volume.per_month:,.0f}", f"{plan.volume.base_rate * 100:.1f}"
    line(console, say("plan_head", language, people=people, rate=rate))
    for share, difference in plan.detectable:
        line(
            console,
            say(
                "plan_row",
                language,
                share=share // 100,
                months=MONTHS,
                difference=f"{difference * 100:.1f}",
            ),
        )
    share, difference = plan.best
    words = "plan_yes" if plan.is_measurable else "plan_no"
    values = {"share": share // 100, "difference": f"{difference * 100:.1f}"}
    line(console, say(words, language, **values))


def print_report(console: Console, report: CheckReport, *, language: str, shop_file: str) -> None:
    """The whole check: sources, months, pages, and what is to be corrected."""
    line(console, say("check_title", language, name=report.shop_name), style="bold")
    for source in report.sources:
        _source(console, source, language)
    if report.months:
        _months(console, report.months, language)
    _pages(console, report.pages, language)
    _trial(console, report.trial, language)
    _findings(console, report.findings, language, shop_file=shop_file)


def _trial(console: Console, trial: Trial | None, language: str) -> None:
    """What the shop's own numbers say about holding people back; nothing before the first run."""
    if trial is None:
        return
    words = "trial_yes" if trial.is_measurable else "trial_no"
    line(console, "")
    line(
        console,
        say(
            words, language, share=trial.share_bp // 100, months=trial.months,
            difference=f"{trial.difference * 100:.1f}",
        ),
    )  # fmt: skip


def as_data(report: CheckReport) -> dict[str, object]:
    """The report for `--json`: money and dates as text, so that nothing is rounded."""
    data = _plain(asdict(report))
    assert isinstance(data, dict)
    return {**data, "exit_code": report.exit_code}


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, Decimal | date) else value


def _table(console: Console, title: str) -> Table:
    """An empty table under its title; no edges, one blank between columns: six fit a terminal."""
    line(console, "")
    line(console, title, style="bold")
    return Table(box=box.SIMPLE_HEAD, show_edge=False, padding=0)


def _source(console: Console, source: SourceCheck, language: str) -> None:
    title = source.title[0 if language == "ja" else 1]
    line(console, "")
    line(console, say("source_title", language, source=source.key, title=title), style="bold")
    for file in source.files:
        _file(console, file, language)
    for preview in source.previews:
        _preview(console, preview, language)


def _file(console: Console, file: FileCheck, language: str) -> None:
    if file.refused:
        said = say("file_refused", language, file=file.name, reason=file.refused)
        line(console, said, style="red")
        return
    values = {
        "file": file.name,
        "encoding": file.encoding or "—",
        "rows": count(file.rows),
        "matched": len(file.headers) - len(file.unused),
        "headers": len(file.headers),
    }
    line(console, say("file_line", language, **values))
    for words, listed in (("not_used", file.unused), ("not_found", file.missing)):
        if listed:
            line(console, "  " + say(words, language, names=names(listed)), style="dim")
    for table in file.tables:
        numbers = {
            "read": count(table.rows_read),
            "taken": count(table.taken),
            "rejected": count(table.rejected),
            "duplicates": count(table.duplicates),
        }
        line(console, "  " + say("taken", language, table=table.table, **numbers))
    if file.rejects:
        _rejects(console, file, language)


def _rejects(console: Console, file: FileCheck, language: str) -> None:
    table = _table(console, say("rejected_title", language, file=file.name))
    for words in ("col_table", "col_row", "col_column", "col_reason", "col_value"):
        table.add_column(say(words, language), overflow="fold")
    for reject in file.rejects[:REJECTS_SHOWN]:
        row = "" if reject.row_no is None else count(reject.row_no)
        why = reason(reject.reason, language)
        cells = (reject.table, row, reject.column or "", why, reject.value or "")
        table.add_row(*map(Text, cells))
    console.print(table)
    more = file.rejected - min(len(file.rejects), REJECTS_SHOWN)
    if more > 0:
        line(console, "  " + say("rejected_more", language, count=count(more)))


def _preview(console: Console, preview: Preview, language: str) -> None:
    table = _table(console, say("preview_title", language, table=preview.table))
    for column in preview.columns:
        table.add_column(column, overflow="fold")
    for row in preview.rows:
        table.add_row(*map(Text, row))
    console.print(table)


def _months(console: Console, months: Iterable[Month], language: str) -> None:
    listed = list(months)
    for currency in sorted({month.currency for month in listed}):
        table = _table(console, say("months_title", language, currency=currency))
        table.add_column(say("col_month", language))
        for words in ("col_orders", "col_goods", "col_total", "col_refunded", "col_not_sales"):
            table.add_column(say(words, language), justify="right", overflow="fold")
        chosen = [month for month in listed if month.currency == currency]
        amounts = [a for m in chosen for a in (m.goods_amount, m.total_amount, m.refunded_amount)]
        places = 0 if all(a == a.to_integral_value() for a in amounts) else 2
        for month in chosen:
            table.add_row(
                f"{month.month:%Y/%m}",
                count(month.order_count),
                money(month.goods_amount, places),
                money(month.total_amount, places),
                money(month.refunded_amount, places),
                count(month.not_sale_count),
            )
        console.print(table)
        unknown = sum(month.unknown_amount_count for month in chosen)
        if unknown:
            line(console, say("unknown_amounts", language, count=count(unknown)))
    line(console, say("months_note", language), style="dim")


def _pages(console: Console, pages: Iterable[Shown], language: str) -> None:
    table = _table(console, say("pages_title", language))
    for words in ("col_page", "col_figure", "col_state", "col_since", "col_note"):
        table.add_column(say(words, language), overflow="fold")
    for shown in pages:
        note = [say(key, language) for key in (shown.note, shown.cure) if key]
        since = f"{shown.since:%Y/%m/%d}" if shown.since else "—"
        state = say(f"state_{shown.state}", language)
        table.add_row(
            say(shown.page, language),
            say(shown.figure, language),
            state,
            since,
            (" / " if language == "en" else "。").join(note),
        )
    console.print(table)


def _findings(
    console: Console, findings: Iterable[Finding], language: str, *, shop_file: str
) -> None:
    listed = list(findings)
    errors = sum(finding.level == "error" for finding in listed)
    if errors:
        line(console, say("problems_errors", language, count=errors), style="bold red")
    for finding in listed:
        mark = say(f"mark_{finding.level}", language)
        style = "red" if finding.level == "error" else "yellow"
        text = say(finding.words, language, **dict(finding.values))
        line(console, f"{mark} {text}", style=style)
    if not errors:
        line(console, say("problems_none", language, file=shop_file), style="bold")
