"""`okaeri audit`: what a mailer's report would give, before any run has taken it in."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines import settings
from pipelines.terminal import DONE, FAILED, AsJson, ShopFile, console, stop, the_shop

if TYPE_CHECKING:
    from pipelines.onboarding.report_verdict import ReportVerdict


def audit(
    file: Annotated[Path, typer.Argument(help="CSV of a report, as the mailer prints it.")],
    kind: Annotated[
        str | None, typer.Option("--kind", help="Mapping to read it by; default: what fits.")
    ] = None,
    shop: ShopFile = None,
    as_json: AsJson = False,
) -> None:
    """Rows, counts and rates of a mailer's report, checked now. Exit 1: something does not hold."""
    from pipelines import sources
    from pipelines.onboarding.report_verdict import judge_report, kinds_of
    from pipelines.onboarding.words import say
    from pipelines.requests import REPORT_KINDS

    language = settings.language()
    _, loaded = the_shop(shop)
    if not file.is_file():
        stop(f"{file} is no file")
    chosen = kind or next(iter(kinds_of(file)), None)
    if chosen not in REPORT_KINDS:
        stop(say("audit_unknown", language, kinds=", ".join(REPORT_KINDS)))
    try:
        verdict = judge_report(loaded, file, kind=chosen)
    except sources.MappingBroken as error:
        stop(str(error))
    if as_json:
        typer.echo(json.dumps(asdict(verdict), ensure_ascii=False, default=str))
    else:
        _print(verdict, language=language)
    raise typer.Exit(DONE if verdict.is_good else FAILED)


def _print(verdict: "ReportVerdict", *, language: str) -> None:
    """The verdict, line by line."""
    from pipelines.onboarding.terminal import line
    from pipelines.onboarding.words import reason, say

    line(console, say("audit_kind", language, title=verdict.title[language]))
    if verdict.fits and verdict.kind not in verdict.fits:
        line(console, say("audit_other_kind", language, kinds=", ".join(verdict.fits)))
    if verdict.refused is not None:
        line(console, say("audit_refused", language, reason=verdict.refused[language]), style="red")
        return
    line(
        console,
        say(
            "audit_rows", language,
            read=f"{verdict.rows_read:,}", taken=f"{verdict.rows_taken:,}",
            left=f"{verdict.rows_left_out:,}", known=f"{verdict.rows_known:,}",
        ),
    )  # fmt: skip
    for row in verdict.rejects:
        place = [say("col_row", language), str(row.row), say("col_column", language)]
        line(console, f"! {' '.join(place)} {row.column or '—'}: {reason(row.reason, language)}")
    if not verdict.is_judged:
        line(console, say("audit_first_run", language))
        return
    for broken in verdict.broken:
        figure, told = _figure(broken)
        label = str(broken["label"])
        line(console, say("audit_broken", language, label=label, figure=figure, told=told))
    if not verdict.broken:
        line(console, say("audit_holds", language))
    if verdict.unused_lines:
        line(console, say("audit_unused", language, names=", ".join(verdict.unused_lines)))


def _figure(row: Mapping[str, Any]) -> tuple[str, str]:
    """The name of a figure that does not hold, and what is printed beside what would be."""
    if "identity_key" in row:
        sign = ">" if row["relation"] == "at_most" else "≠"
        return row["identity_key"], f"{row['first_value']:,.0f} {sign} {row['second_value']:,.0f}"
    return row["rate_key"], f"{row['printed_value']:.4f}"
