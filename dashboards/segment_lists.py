"""Built-in and saved segments: people now, who may be mailed, thirty days, the last hand-over."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Final

from dashboards import lists, parts, segment_cards
from dashboards.page import Page
from dashboards.segment_cards import Day, Tile
from dashboards.snapshot import Filters
from pipelines import requests
from pipelines.conditions import Asked, BadConditions, Basis, checked, sentence
from pipelines.requests import Request
from pipelines.saved_segments import SavedSegment

DAYS: Final = "rpt_segment_days"
CAMPAIGNS: Final = "rpt_campaign_steps"
YEAR: Final = "trailing_12"
SHOWN_DAYS: Final = 30

Row = dict[str, Any]
Segment = Mapping[str, Any]


def built_in(page: Page, segments: Sequence[Segment]) -> None:
    """One card per segment the warehouse builds, those with people first."""
    words = page.words
    asked, days, results = lists.newest_requests(page), days_of(page), results_of(page)
    sized = [(people_of(page, key_of(one)), one) for one in segments]
    tiles = []
    for people, segment in sorted(sized, key=lambda entry: not entry[0]):
        key = key_of(segment)
        rows = days.get(key, [])
        last = (
            [words("segments.last_done", at=words.instant(rows[-1]["last_done_at"]))]
            if rows
            else []
        )
        lines = [*last, words("segments.request", state=lists.request_state(page, asked.get(key)))]
        lines += results.get(key, [])
        tiles.append(
            Tile(
                title_of(page, segment),
                str(segment.get("sentence", {}).get(words.language, "")),
                parts.people_or_few(page, people),
                mailable_of(page, people, key),
                [Day(row["day_on"], row["person_count"]) for row in rows],
                lines if people else [*needs(page, segment), *lines],
            )
        )
    parts.title(words("segments.built_in"))
    segment_cards.show(page, "built_in", tiles)
    parts.note(words("segments.built_in.note"))


def saved(page: Page, rows: Sequence[SavedSegment], basis: Basis) -> None:
    """One card per saved segment: its conditions as a sentence, and its newest version."""
    words, language = page.words, page.words.language
    asked = lists.newest_requests(page)
    tiles = []
    for row in rows:
        said, people, mailable = words("segments.gone"), "—", "—"
        try:
            found = checked(row.conditions, basis.columns)
        except BadConditions:
            # It asks what this snapshot no longer publishes.
            pass
        else:
            said = sentence(found, language)
            size = page.snapshot.people(found)
            people, mailable = parts.people_or_few(page, size), mailable_of(page, size, found)
        state = lists.request_state(page, asked.get(row.segment_key))
        lines = [
            words("segments.saved.line", key=f"`{row.segment_key}`", version=row.version),
            words("segments.request", state=state),
        ]
        days = handed_days(page, row.segment_key)
        title = row.title(language)
        tiles.append(Tile(title, said, people, mailable, days, lines, "segments.days.saved"))
    parts.title(words("segments.saved"))
    segment_cards.show(page, "saved", tiles)
    parts.note(words("segments.saved.note"))


def key_of(segment: Segment) -> str:
    """`winback` of `seg_winback`."""
    return str(segment["model_name"]).removeprefix("seg_")


def title_of(page: Page, segment: Segment) -> str:
    """Its name in the reader's language."""
    return str(segment.get("title", {}).get(page.words.language, segment["model_name"]))


def people_of(page: Page, key: str) -> int:
    """Persons in a built-in segment now, before the gates."""
    return int(page.snapshot.total(f"seg_{key}", {}, column="person_id", distinct=True) or 0)


def mailable_of(page: Page, people: int, asked: Asked) -> str:
    """Those of so many people who may be sent advertising by e-mail.

    `—` for a file of an older version, and for a viewer where few are left over who may not.
    """
    if page.snapshot.basis is None:
        return "—"
    mailable = page.snapshot.people(asked, is_mailable=True)
    others = people - mailable
    if others > 0 and parts.is_few(page, others):
        return "—"
    return parts.people_or_few(page, mailable)


def needs(page: Page, segment: Segment) -> list[str]:
    """What an empty segment is made of, each with whether the shop's data hold any of it."""
    words, told = page.words, []
    for need in segment.get("needs", ()):
        table, column = need["table"], need["column"]
        is_published = column in page.snapshot.columns.get(table, ())
        has = is_published and page.snapshot.total(table, {}, column=column, distinct=True)
        there = words("segments.needs.there" if has else "segments.needs.missing")
        told.append(words("segments.need", name=str(need[words.language]), there=there))
    return [words("segments.needs", list=words.raw("list.join").join(told))] if told else []


def days_of(page: Page) -> dict[str, list[Row]]:
    """Thirty days of each segment something ever left of, oldest first."""
    if DAYS not in page.snapshot.columns:
        return {}
    found: dict[str, list[Row]] = {}
    for row in page.snapshot.read(DAYS, {}, order_by=("segment_key", "day_on")).to_dicts():
        found.setdefault(row["segment_key"], []).append(row)
    return found


def results_of(page: Page) -> dict[str, list[str]]:
    """What the mails of twelve months brought, by segment: one line per campaign and version."""
    if CAMPAIGNS not in page.snapshot.columns:
        return {}
    words = page.words
    whole: Filters = {"period_key": YEAR, "step_number": 0, "arm_key": "all", "is_mature": True}
    order = ("campaign_key", "-campaign_version", "report_grain")
    found: dict[str, list[str]] = {}
    for row in page.snapshot.read(CAMPAIGNS, whole, order_by=order).to_dicts():
        rate = page.snapshot.rate(CAMPAIGNS, "order_per_sent_rate", row)
        told = words.rate(rate, "message").text
        line = words("segments.result", period=words.period(YEAR), rate=told)
        found.setdefault(row["segment_key"], []).append(line)
    return found


def handed_days(page: Page, key: str) -> list[Day]:
    """Thirty days of a saved segment: each day's last file."""
    if not page.has_requests:
        return []
    handed: dict[dt.date, int] = {}
    for request in reversed(requests.all_of(page.home, page.snapshot.facts.shop_id)):
        if request.segment == key and request.finished_at and (size := _handed(request)):
            handed[page.words.local(request.finished_at).date()] = size
    today = page.words.local(page.snapshot.facts.as_of_at).date()
    span = (today - dt.timedelta(days=back) for back in reversed(range(SHOWN_DAYS)))
    return [Day(day, handed.get(day, 0)) for day in span] if handed else []


def _handed(request: Request) -> int:
    """People in the largest file of a request that was handed over."""
    files: Any = (request.outcome or {}).get("files", [])
    return max((int(entry["rows"]) for entry in files), default=0)
