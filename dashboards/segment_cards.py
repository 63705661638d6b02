"""Segments as cards: what each is, its people, thirty days, what went out and what came of it."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import streamlit as st

from dashboards import parts
from dashboards.page import Page
from dashboards.tables import escaped, written
from dashboards.text import Cell

# A day of few people still has a mark.
LEAST_HEIGHT: Final = 8


@dataclass(frozen=True)
class Day:
    """How many people a list was for on one day, 0 where none left."""

    on: dt.date
    people: int


@dataclass(frozen=True)
class Tile:
    """One segment. `lines`: what stands below its numbers; backticks become code.

    `told`: the sentence about its days, for what they count.
    """

    title: str
    said: str
    people: str
    mailable: str
    days: Sequence[Day]
    lines: Sequence[str]
    told: str = "segments.days"

    @property
    def row(self) -> list[Cell | str]:
        """The same as one row of a file."""
        return [
            Cell(self.title, f" {self.said}"),
            self.people,
            self.mailable,
            " · ".join(self.lines),
        ]


def show(page: Page, name: str, tiles: Sequence[Tile]) -> None:
    """The cards side by side, one below the other on a phone, and the button that saves them."""
    words = page.words
    st.html(f'<div class="ok-tiles">{"".join(_tile(page, tile) for tile in tiles)}</div>')
    head = [words(f"segments.{part}") for part in ("name", "people", "mailable", "sent")]
    parts.download(page, name, head, [tile.row for tile in tiles])


def _tile(page: Page, tile: Tile) -> str:
    """HTML of one card."""
    words = page.words
    numbers = "".join(
        f"<div><dt>{escaped(words(f'segments.{label}'))}</dt><dd>{written(value)}</dd></div>"
        for label, value in (("people", tile.people), ("mailable", tile.mailable))
    )
    lines = "".join(f"<p>{parts.coded(line)}</p>" for line in tile.lines)
    return (
        f'<div class="ok-tile"><h3>{escaped(tile.title)}</h3><p>{escaped(tile.said)}</p>'
        f"<dl>{numbers}</dl>{_spark(page, tile)}{lines}</div>"
    )


def _spark(page: Page, tile: Tile) -> str:
    """Thirty small bars, with the day of most people in words; nothing where nothing ever left."""
    words, days = page.words, tile.days
    top = max(days, key=lambda day: (day.people, day.on), default=None)
    if top is None or not top.people:
        return f'<p class="ok-still">{escaped(words("segments.days.none"))}</p>'
    told = words(tile.told, people=parts.people_or_few(page, top.people), day=words.day(top.on))
    bars = "".join(_bar(page, day, top.people) for day in days)
    return (
        f'<div class="ok-spark" role="img" aria-label="{escaped(told)}">{bars}</div>'
        f'<p class="ok-still">{escaped(told)}</p>'
    )


def _bar(page: Page, day: Day, most: int) -> str:
    """One day; few people are as high as the fewest that may be shown."""
    tip = f"{page.words.day(day.on)} {parts.people_or_few(page, day.people) if day.people else '—'}"
    is_few = bool(day.people) and parts.is_few(page, day.people)
    height = max(LEAST_HEIGHT, 0 if is_few else 100 * day.people // most) if day.people else 0
    return f'<i style="height:{height}%" title="{escaped(tip)}"></i>'
