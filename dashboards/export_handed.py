"""What was handed over: where each file lies and what to do with it; whom to drop; what waits."""

import datetime as dt
from pathlib import PurePosixPath
from typing import Any

import streamlit as st

from dashboards import parts
from dashboards.page import Page
from pipelines import requests
from pipelines.requests import Request


def show(page: Page, request: Request) -> None:
    """Each file with its people and checksum, the next step in this mailer, the recall files."""
    words = page.words
    outcome: Any = request.outcome or {}
    files = outcome.get("files", [])
    for entry in files:
        parts.title(words("exports.file", program=entry["program"]))
        for path in entry["files"]:
            st.code(path, language=None)
        people = words.count(entry["rows"], "person")
        parts.note(words("exports.file.note", people=people, sha256=entry["sha256"]))
    if encoding := outcome.get("encoding"):
        parts.note(words("exports.file.encoding", encoding=f"`{encoding}`"))
    if files:
        hint = (outcome.get("import_hint") or {}).get(words.language)
        parts.note(words("exports.file.hint", hint=hint) if hint else words("exports.file.next"))
        results_folder(page, request.destination)
    for recall in recalls_of(page, request):
        parts.title(words("exports.recall", program=recall["program"]))
        st.code(recall["file"], language=None)
        parts.note(words("exports.recall.note"))


def recalls_of(page: Page, request: Request) -> list[dict[str, str]]:
    """Recall files of this request's batches, whichever later hand-over wrote them, newest last."""
    mine = set((request.outcome or {}).get("batches", []))  # type: ignore[call-overload]
    found: dict[str, dict[str, str]] = {}
    for other in reversed(requests.all_of(page.home, request.shop_id)):
        told: Any = other.outcome or {}
        for recall in told.get("recalls", []):
            if recall["batch_id"] in mine:
                found[recall["batch_id"]] = recall
    return list(found.values())


def results_folder(page: Page, destination: str) -> None:
    """Where the mailer's report of it is to be put; that none is read, where none is."""
    words = page.words
    known = {place.key: place for place in page.shop.destinations}
    pattern = known[destination].results_files if destination in known else None
    if pattern is None:
        parts.note(words("exports.results.typed"))
        return
    parts.note(words("exports.results.folder"))
    st.code(str(page.shop.folder / PurePosixPath(pattern).parent), language=None)


def held(page: Page, request: Request) -> None:
    """Of a request on HOLD or a failed one: why, and the commands that decide it."""
    words = page.words
    if request.request_state == "hold":
        batch = str(request.reason or "").partition(":")[0]
        parts.note(words("exports.hold", batch=batch))
        st.code(
            f"okaeri exports hold {batch} delivered\nokaeri exports hold {batch} not-delivered",
            language=None,
        )
    elif request.request_state == "failed":
        parts.note(words("exports.failed"))
    if request.reason:
        st.code(request.reason, language=None, wrap_lines=True)


def left(page: Page, until: dt.datetime, *, now: dt.datetime) -> str:
    """How much time is left until an instant; that it is over, once it is."""
    words = page.words
    minutes = int((until - now).total_seconds() // 60)
    if minutes < 0:
        return words("lists.over")
    hours, rest = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return words("lists.left.days", days=days, hours=hours)
    if hours:
        return words("lists.left.hours", hours=hours, minutes=rest)
    return words("lists.left.minutes", minutes=rest)
