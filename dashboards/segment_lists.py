"""Built-in and saved segments, one row each."""

from collections.abc import Mapping, Sequence
from typing import Any

from dashboards import lists, parts, tables
from dashboards.page import Page
from dashboards.text import Cell
from pipelines.conditions import BadConditions, Basis, checked, sentence
from pipelines.saved_segments import SavedSegment


def built_in(page: Page, segments: Sequence[Mapping[str, Any]]) -> None:
    """Name, what it does, its people now, and the latest request."""
    words, language = page.words, page.words.language
    asked = lists.newest_requests(page)
    body: list[tables.Row] = []
    for segment in segments:
        model = str(segment["model_name"])
        people = page.snapshot.total(model, {}, column="person_id", distinct=True)
        said = str(segment.get("sentence", {}).get(language, ""))
        title = str(segment.get("title", {}).get(language, model))
        body.append(
            [
                Cell(title, words.plain(said)),
                parts.people_or_few(page, int(people or 0)),
                lists.request_state(page, asked.get(model.removeprefix("seg_"))),
            ]
        )
    parts.title(words("segments.built_in"))
    head = [words(f"segments.{name}") for name in ("name", "people", "last")]
    parts.table(page, "built_in", head, body)
    parts.note(words("segments.built_in.note"))


def saved(page: Page, rows: Sequence[SavedSegment], basis: Basis) -> None:
    """Name, the conditions as a sentence, people now, those who may be written to, version."""
    words, language = page.words, page.words.language
    body: list[tables.Row] = []
    for row in rows:
        try:
            found = checked(row.conditions, basis.columns)
        except BadConditions:
            # It asks what this snapshot no longer publishes.
            gone = words("segments.gone")
            body.append([Cell(row.title(language), words.plain(gone)), "—", "—", str(row.version)])
            continue
        counts = page.snapshot.people(found), page.snapshot.people(found, is_mailable=True)
        body.append(
            [
                Cell(row.title(language), words.plain(sentence(found, language))),
                *(parts.people_or_few(page, count) for count in counts),
                str(row.version),
            ]
        )
    parts.title(words("segments.saved"))
    head = [words(f"segments.{name}") for name in ("name", "people", "mailable", "version")]
    parts.table(page, "saved", head, body)
    parts.note(words("segments.saved.note"))
