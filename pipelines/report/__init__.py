"""What a run prints: what came in, recovery table, every cart's way, cohorts, files, what is next.

Reads the published file and the books of landing, and computes nothing that a mart has not: ratios
come from columns, intervals from the macros stored in that file.
"""

from collections.abc import Sequence

import duckdb
from rich.console import Console

from pipelines import exports, publish, settings
from pipelines.onboarding.terminal import line
from pipelines.report import figures, intake
from pipelines.report.export_words import tell
from pipelines.report.handed import export_json, print_export
from pipelines.report.query import QueryRefused, print_query, print_rows
from pipelines.report.words import say
from pipelines.runner import RunResult
from pipelines.shop import Shop

__all__ = [
    "QueryRefused",
    "export_json",
    "print_alerts",
    "print_export",
    "print_query",
    "print_rows",
    "print_run",
]


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
        line(console, say("failed", language), style="red")
        for failure in result.failures:
            line(console, f"  ✗ {failure}")
    home = settings.home_of(shop.id)
    if result.is_replay:
        pointer = publish.locate(home.replay).pointer
        line(console, say("replay", language, as_of=pointer.as_of_at), style="bold")
    try:
        published = publish.open_published(home.replay if result.is_replay else home)
    except publish.PublishError as error:
        line(console, str(error))
        return
    intake.intake(console, shop, result.run_id, language=language)
    with published as con:
        _figures(console, con, shop, language=language)
    print_alerts(console, result, language=language)
    for outcome in handed:
        print_export(console, outcome, language=language)
    line(console, say("seconds", language, seconds=result.seconds), style="dim")
    if shop.is_demo:
        line(console, say("next", language), style="bold")


def print_alerts(console: Console, result: RunResult, *, language: str) -> None:
    """A line for each check of the mail that came back that failed, with its figures."""
    for check, said in result.alerts.items():
        line(console, f"! {tell(check, language)}: {said}", style="yellow")


def _figures(
    console: Console, con: duckdb.DuckDBPyConnection, shop: Shop, *, language: str
) -> None:
    entities = intake.brought(settings.home_of(shop.id), shop)
    figures.recovery(console, con, language)
    figures.audit(console, con, language)
    if not figures.waterfall(console, con, language):
        line(console, say("none_abandoned" if intake.has_carts(entities) else "no_carts", language))
    figures.cohorts(console, con, language)
    figures.repeat(console, con, language)
    intake.lacking(console, shop, entities, language=language)
