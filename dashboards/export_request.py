"""One request: what it would do and why not for the others, its release, and what became of it."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Final

import streamlit as st

from dashboards import export_handed, parts, tables
from dashboards.page import Page
from pipelines import requests, saved_segments
from pipelines.actors import NotAllowed
from pipelines.requests import BadMove, BadRequest, MaskedPlan, Request
from pipelines.saved_segments import SavedSegment

# States in which the exporter, not a person, makes the next step.
MOVING: Final = ("open", "running")
RELEASABLE: Final = ("planned", "waiting_for_approval")
HANDED_OVER: Final = "handed_over"
DIFFERENCES: Final = ("added", "again", "left")


def titles(page: Page) -> dict[str, str]:
    """Key and title of every list that may be asked for: the built-in ones and the saved ones."""
    found: dict[str, str] = {}
    for row in saved_of(page):
        found[row.segment_key] = row.title(page.words.language)
    for segment in page.snapshot.segments():
        if segment.get("is_asked_for"):
            continue
        model = str(segment["model_name"])
        title: Any = segment.get("title", {})
        found[model.removeprefix("seg_")] = str(title.get(page.words.language, model))
    return found


def saved_of(page: Page) -> list[SavedSegment]:
    """Saved segments of the shop; none where nobody ever saved one."""
    if not page.has_requests:
        return []
    return saved_segments.all_of(page.home, page.snapshot.facts.shop_id)


def line(page: Page, request: Request) -> str:
    """The request as one line of a list."""
    words = page.words
    state = words(f"request.{request.request_state}")
    at = words.instant(request.requested_at)
    title = titles(page).get(request.segment, request.segment)
    return words("exports.line", list=title, place=request.destination, state=state, at=at)


def show(page: Page, request_id: str) -> None:
    """State, plan with reasons, sample, difference, the buttons, the files."""
    words = page.words
    request = requests.read(page.home, request_id)
    said = words(f"request.{request.request_state}")
    parts.note(words("exports.state", state=said))
    export_handed.held(page, request)
    if request.request_state in MOVING:
        parts.note(words("exports.waiting"))
    place_facts(page, request)
    for plan in requests.plans_of(page.home, request_id):
        plan_table(page, request, plan)
    if request.request_state in RELEASABLE:
        release_button(page, request)
    if request.request_state in requests.CANCELLABLE:
        cancel_button(page, request)
    export_handed.show(page, request)
    events(page, request)


def place_facts(page: Page, request: Request) -> None:
    """Where it goes, under which contract, and who writes."""
    words = page.words
    known = {destination.key: destination for destination in page.shop.destinations}
    place = known.get(request.destination)
    if place is None:
        parts.note(words("exports.place.gone", place=request.destination))
        return
    contract = words.known("contract", str(place.contract)) if place.contract else "—"
    parts.note(
        words(
            "exports.place",
            place=place.key,
            country=place.country or "—",
            contract=contract,
            basis=place.basis or "—",
        )
    )
    lacking = page.shop.sender.lacks
    if lacking:
        parts.note(words("exports.sender.lacks", keys=", ".join(lacking)))
    else:
        sender = page.shop.sender
        parts.note(words("exports.sender", name=str(sender.name), address=str(sender.address)))


def plan_table(page: Page, request: Request, plan: MaskedPlan) -> None:
    """How many would get it, why not the others, the difference, ten masked rows."""
    words = page.words
    due = [(key, n) for key, n in plan.counts.items() if n]
    ordered = sorted(due, key=lambda entry: (entry[0] != HANDED_OVER, -entry[1], entry[0]))
    parts.title(words("exports.plan", program=plan.program))
    body: list[tables.Row] = [
        [reason_word(page, key, request), words.count(n, "person")] for key, n in ordered
    ]
    if not plan.counts.get(HANDED_OVER):
        parts.note(words("exports.plan.nobody"))
    head = [words("exports.plan.reason"), words("exports.plan.people")]
    parts.table(page, f"plan_{plan.program.replace('/', '_')}", head, body)
    changes = [
        words(f"exports.difference.{name}", n=f"{plan.difference[name]:,}")
        for name in DIFFERENCES
        if name in plan.difference
    ]
    parts.note(words("exports.difference", changes=" · ".join(changes)))
    if plan.sample:
        sample(page, plan.sample)


def reason_word(page: Page, key: str, request: Request) -> str:
    """What became of them, in the words of the gates."""
    words = page.words
    if key == HANDED_OVER:
        return words("exports.would" if request.dry_run else "exports.handed_over")
    return words("exports.not_due") if key == "not_due" else words.known("reason", key)


def sample(page: Page, rows: Sequence[Mapping[str, str]]) -> None:
    """Ten masked rows: enough to see that the list is the right one."""
    words = page.words
    with st.expander(words("exports.sample")):
        head = [words(f"exports.sample.{name}") for name in ("email", "arm", "item")]
        body: list[tables.Row] = [
            [row.get("email", ""), row.get("arm_key", ""), row.get("item_1_name", "")]
            for row in rows
        ]
        parts.entries_table(head, body)


def release_button(page: Page, request: Request) -> None:
    """The button by which it leaves; a second person's, where so many people ask for one."""
    words = page.words
    if st.button(words("exports.release"), key="exports_release", type="primary"):
        try:
            released = release(page, request)
        except (BadRequest, BadMove, NotAllowed):
            st.warning(words("exports.release.second"))
            return
        st.session_state["exports_request"] = released
        st.rerun()


def release(page: Page, request: Request) -> str:
    """Id of the request that may leave now.

    Raises: NotAllowed for a viewer, and where a second person has to release and nobody is logged
    in; BadRequest; BadMove.
    """
    return requests.release(page.home, request.request_id, by=page.viewer.actor, at=now_of(page))


def cancel_button(page: Page, request: Request) -> None:
    """Takes back what has not handed anything over."""
    if st.button(page.words("exports.cancel"), key="exports_cancel"):
        requests.cancel(page.home, request.request_id, by=page.viewer.actor, at=now_of(page))
        st.rerun()


def events(page: Page, request: Request) -> None:
    """Who did what, and when."""
    words = page.words
    with st.expander(words("exports.events")):
        body: list[tables.Row] = [
            [
                words.instant(event.happened_at),
                words.known("exports.event", event.event),
                event.actor,
                words(f"role.{event.role}"),
            ]
            for event in requests.events_of(page.home, request.request_id)
        ]
        head = [words(f"exports.events.{name}") for name in ("at", "what", "who", "role")]
        parts.entries_table(head, body)


def now_of(page: Page) -> dt.datetime:
    """The shop's frozen clock, else now. Aware."""
    return page.shop.clock or dt.datetime.now(dt.UTC)
