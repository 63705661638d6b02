"""Lists with somebody due today, and what became of the latest request of each."""

import datetime as dt
from typing import Final

from dashboards import export_handed, export_request, parts, tables
from dashboards.page import Page
from dashboards.snapshot import Filters
from dashboards.text import Cell
from pipelines import requests
from pipelines.actors import Role

# Key, title, persons, the earliest end of validity.
Due = tuple[str, str, int, dt.datetime]
# States of a request that wait for somebody.
HOLD: Final = "hold"
STUCK: Final = ("waiting_for_approval", HOLD, "failed")


def due_lists(page: Page) -> list[Due]:
    """Segments with somebody due: key, title, persons, the earliest end of validity."""
    snapshot = page.snapshot
    now = snapshot.facts.as_of_at.replace(tzinfo=None)
    due: Filters = {"due_at <=": now, "valid_until_at >": now, "is_held_out": False}
    found = []
    for segment in snapshot.segments():
        # A newsletter goes out when somebody asks: nobody is due for it by themselves.
        if segment.get("is_asked_for"):
            continue
        model = str(segment["model_name"])
        size = int(snapshot.total(model, due, column="person_id", distinct=True) or 0)
        if size:
            title = str(segment.get("title", {}).get(page.words.language, model))
            ends = snapshot.read(model, due, order_by=("valid_until_at",))["valid_until_at"]
            found.append((model.removeprefix("seg_"), title, size, ends[0]))
    return found


def newest_requests(page: Page) -> dict[str, requests.Request]:
    """The latest request of each segment; none where nothing was ever asked for."""
    if not page.has_requests:
        return {}
    known = requests.all_of(page.home, page.snapshot.facts.shop_id)
    return {request.segment: request for request in reversed(known)}


def is_exported(page: Page, request: requests.Request | None) -> bool:
    """Whether the latest request of a list handed it over since the figures were made."""
    if request is None or request.finished_at is None or request.request_state != "done":
        return False
    return request.finished_at >= page.snapshot.facts.as_of_at


def stuck_requests(page: Page) -> list[requests.Request]:
    """Requests that wait for somebody, newest first.

    On hold until it is decided, whatever was asked for since: its people are written to by nobody
    meanwhile. Any other is settled by a newer one of the same list for the same destination.
    """
    if not page.has_requests:
        return []
    known = requests.all_of(page.home, page.snapshot.facts.shop_id)
    newest = {(one.segment, one.destination): one.request_id for one in reversed(known)}
    current = set(newest.values())
    return [
        one
        for one in known
        if one.request_state == HOLD or (one.request_state in STUCK and one.request_id in current)
    ]


def stuck(page: Page) -> list[str]:
    """What waits for somebody, each with its count in words."""
    states = [request.request_state for request in stuck_requests(page)]
    return [page.words(f"stuck.{s}", n=states.count(s)) for s in STUCK if s in states]


def table(page: Page) -> None:
    """One row per list due: name, people, difference, how long it may leave, what became of it."""
    words = page.words
    due = due_lists(page)
    if not due:
        parts.note(words("lists.none"))
        return
    asked = newest_requests(page)
    now = export_request.now_of(page)
    head = [words(f"lists.{name}") for name in ("title", "people", "difference", "until", "state")]
    rows: list[tables.Row] = [
        [
            Cell(title),
            parts.people_or_few(page, size),
            difference(page, asked.get(key)),
            Cell(
                words.instant(until),
                f" {export_handed.left(page, until.replace(tzinfo=dt.UTC), now=now)}",
            ),
            request_state(page, asked.get(key)),
        ]
        for key, title, size, until in due
    ]
    parts.table(page, "lists", head, rows)


def difference(page: Page, request: requests.Request | None) -> str:
    """Who came and who left since the last file, by the latest plan; `—` without one."""
    if request is None or not page.viewer.may(Role.EXPORTER):
        return "—"
    plans = requests.plans_of(page.home, request.request_id)
    # Of several programs each has its own difference: they stand in the plan.
    if len(plans) != 1 or "added" not in plans[0].difference:
        return "—"
    told = {name: f"{plans[0].difference.get(name, 0):,}" for name in ("added", "left")}
    return page.words("lists.difference.counts", **told)


def request_state(page: Page, request: requests.Request | None) -> str:
    """What became of the latest request of a list."""
    words = page.words
    if request is None:
        return words("request.none")
    state = words(f"request.{request.request_state}")
    at = request.finished_at or request.requested_at
    return words("request.at", state=state, instant=words.instant(at))
