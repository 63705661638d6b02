"""What each page will show of a shop, what it lacks, and from when."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

State = Literal["shown", "partial", "lacking"]
STRENGTH: Final = {"none": 0, "partial": 1, "snapshot": 2, "full": 3}


@dataclass(frozen=True)
class Entity:
    """What the files give of one canonical table."""

    table: str
    rows: int
    support: str
    first_on: date | None = None
    last_on: date | None = None

    def with_other(self, other: "Entity") -> "Entity":
        """Both together: the better support, the longer time."""
        days = [d for e in (self, other) for d in (e.first_on, e.last_on) if d]
        return Entity(
            self.table,
            self.rows + other.rows,
            max(self.support, other.support, key=lambda s: STRENGTH[s]),
            min(days, default=None),
            max(days, default=None),
        )


@dataclass(frozen=True)
class Figure:
    """One thing a page shows. `best` fills it, `else_` fills it in part, `cure` says what to add.

    `dated_by` is the table whose first day is the figure's, where its own has no times.
    """

    page: str
    key: str
    best: tuple[str, ...]
    else_: tuple[str, ...] = ()
    dated_by: str | None = None


FIGURES: Final = (
    Figure("overview", "figure_months", ("orders",)),
    Figure("cart_recovery", "figure_abandonment", ("events",), ("carts", "cart_observations")),
    Figure("cart_recovery", "figure_results", ("mail_events",), ("mail_results_summary",)),
    Figure("cart_recovery", "figure_time_to_order", ("mail_events",)),
    Figure("retention", "figure_repeat", ("orders",)),
    Figure("cohorts", "figure_cohorts", ("orders",)),
    Figure("customers", "figure_rfm", ("orders",)),
    Figure("customers", "figure_motivation", ("events",)),
    Figure("merchandising", "figure_products", ("order_items",), dated_by="orders"),
    Figure("exports", "figure_mailable", ("consents",), ("customers",)),
)


@dataclass(frozen=True)
class Shown:
    """One figure for this shop. `note` and `cure` are keys of the words."""

    page: str
    figure: str
    state: State
    since: date | None
    note: str | None = None

    @property
    def cure(self) -> str | None:
        """Key of the sentence that says which file to add; None where none would add much."""
        in_part = self.state == "partial" and self.note != "note_no_consent"
        if self.state == "shown" or in_part:
            return None
        return f"cure_{self.figure.removeprefix('figure_')}"


def together(entities: Iterable[Entity]) -> dict[str, Entity]:
    """One entity per table; those without a row or declared `none` are left out."""
    found: dict[str, Entity] = {}
    for entity in entities:
        if entity.rows and entity.support != "none":
            before = found.get(entity.table)
            found[entity.table] = before.with_other(entity) if before else entity
    return found


def coverage(entities: Mapping[str, Entity], *, has_holdout: bool) -> tuple[Shown, ...]:
    """What each page shows, in the order of the menu."""
    shown = [_figure(figure, entities) for figure in FIGURES]
    note = "note_holdout_runs" if has_holdout else "note_no_holdout"
    shown.append(Shown("experiments", "figure_incremental", "lacking", None, note))
    return tuple(shown)


def _figure(figure: Figure, entities: Mapping[str, Entity]) -> Shown:
    for tables, is_best in ((figure.best, True), (figure.else_, False)):
        found = next((entities[t] for t in tables if t in entities), None)
        if found is None:
            continue
        since = found.first_on
        if figure.dated_by is not None and figure.dated_by in entities:
            since = entities[figure.dated_by].first_on
        if is_best and found.support == "full":
            return Shown(figure.page, figure.key, "shown", since)
        return Shown(figure.page, figure.key, "partial", since, _note(found, is_best=is_best))
    return Shown(figure.page, figure.key, "lacking", None)


def _note(entity: Entity, *, is_best: bool) -> str:
    if is_best:
        return "note_partial"
    return {
        "carts": "note_snapshots",
        "cart_observations": "note_snapshots",
        "mail_results_summary": "note_totals",
        "customers": "note_no_consent",
    }[entity.table]
