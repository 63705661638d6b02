"""Every segment in one table: whom it means, whom it may write to, and why not the others."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipelines.exports import Overview
from pipelines.report.export_words import tell
from pipelines.report.handed import counted


def print_overview(console: Console, rows: Sequence[Overview], *, language: str) -> None:
    """One line per segment and program; what is not due yet stands with the reasons."""
    if not rows:
        console.print(Text(tell("none", language)))
        return
    table = Table(box=None, padding=(0, 1), pad_edge=False)
    for name in ("segment", "program"):
        table.add_column(tell(name, language), no_wrap=True)
    for name in ("members", "contactable"):
        table.add_column(tell(name, language), justify="right", no_wrap=True)
    table.add_column(tell("reasons", language), overflow="fold")
    for row in rows:
        outcomes = {**row.counts, "not_due": row.not_due}
        said = tell("not_published", language)
        if row.is_published:
            said = counted(outcomes, language, is_plan=True)
        cells = row.segment, row.program, f"{row.members:,}", f"{row.contactable:,}", said
        table.add_row(*(Text(cell) for cell in cells))
    console.print(table)
