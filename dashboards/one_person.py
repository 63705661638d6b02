"""One person, for exporters: what happened between them and the shop, minute by minute.

Found by the shop's own number of a member or an order, never by an address. Who looks is written
down before a line is read. Nothing of it stands in the page's address, in a chart or in a file.
"""

import datetime as dt
import unicodedata
from collections.abc import Sequence
from typing import Any, Final

import streamlit as st

from dashboards import export_request, parts, person_block, tables
from dashboards.page import Page
from pipelines import requests
from pipelines.actors import Role

TIMELINE: Final = "fct_person_timeline"
PERSONS: Final = "dim_persons"
# How one may be found, and the kind of entry that carries the number.
FOUND_BY: Final[dict[requests.FoundBy, str]] = {"member": "account", "order": "order"}
# Somebody with more entries than this is shown the newest.
MOST: Final = 500
FOUND: Final = "one_person"

Row = dict[str, Any]


def show(page: Page) -> None:
    """The search, and whoever was found; nothing at all for a viewer."""
    if not page.viewer.may(Role.EXPORTER) or not page.snapshot.has(TIMELINE):
        return
    words = page.words
    parts.title(words("person.title"), anchor="person")
    parts.note(words("person.note"))
    with (
        st.form("person_search", border=False),
        st.container(horizontal=True, vertical_alignment="bottom"),
    ):
        by = st.segmented_control(
            words("person.by"),
            list(FOUND_BY),
            format_func=lambda key: words(f"person.by.{key}"),
            default="member",
            required=True,
            key="person_by",
        )
        number = st.text_input(words("person.number"), key="person_number", width=220)
        is_asked = st.form_submit_button(words("person.button"))
    if is_asked:
        st.session_state.pop(FOUND, None)
        find(page, "order" if by == "order" else "member", number)
    if FOUND in st.session_state:
        told(page, str(st.session_state[FOUND]))


def find(page: Page, by: requests.FoundBy, number: str) -> None:
    """Looks the number up; whoever it leads to is the one shown from now on."""
    words = page.words
    typed = unicodedata.normalize("NFKC", number).strip().lstrip("#")
    people = people_of(page, by, typed) if typed else {}
    if not people:
        parts.note(words("person.nobody"))
    elif len(people) > 1:
        whole = " ".join(f"`{people[person]}`" for person in people)
        parts.note(words("person.several", n=len(people), keys=whole))
    else:
        (person,) = people
        look(page, person, by)
        st.session_state[FOUND] = person


def people_of(page: Page, by: requests.FoundBy, number: str) -> dict[str, str]:
    """Person → the whole key of the account or order of that number. Raises: NotAllowed."""
    page.viewer.actor.must_be(Role.EXPORTER, to="look for one person")
    kind = FOUND_BY[by]
    column = "entry_key" if ":" in number else "reference"
    rows = page.snapshot.read(
        TIMELINE, {"entry_kind": kind, column: number}, order_by=("entry_key",)
    )
    return dict(rows.select("person_id", "entry_key").iter_rows())


def look(page: Page, person: str, by: requests.FoundBy) -> None:
    """Writes down who looks at whom. Raises: NotAllowed."""
    requests.look(
        page.home,
        page.snapshot.facts.shop_id,
        person,
        found_by=by,
        by=page.viewer.actor,
        # The machine's time, also of a shop whose clock stands still: somebody looks now.
        at=dt.datetime.now(dt.UTC),
    )


def timeline(page: Page, person: str) -> list[Row]:
    """Everything of one person, newest first; what has no instant last. Raises: NotAllowed."""
    page.viewer.actor.must_be(Role.EXPORTER, to="look at one person")
    order = ("-happened_at", "entry_kind", "entry_key")
    return page.snapshot.read(TIMELINE, {"person_id": person}, order_by=order).to_dicts()


def told(page: Page, person: str) -> None:
    """May they be written to, the last word on it, every entry, and the way to stop them."""
    words = page.words
    rows = timeline(page, person)
    if not rows:
        # The file is a newer one, in which two persons turned out to be one.
        parts.note(words("person.gone"))
        return
    reason = blocked_by(page, person)
    parts.answer(state(page, reason))
    parts.lines([last(page, rows, kind) for kind in ("consent", "stop", "hand_off")])
    head = [words(f"person.head.{name}") for name in ("at", "what", "how", "more")]
    body = [entry(page, row) for row in rows[:MOST]]
    st.html(f'<div class="ok-text">{tables.table(head, body)}</div>')
    if len(rows) > MOST:
        parts.note(words("person.older", n=MOST))
    person_block.show(page, person, blocked_by=reason)
    if page.viewer.may(Role.ADMIN):
        looks(page, person)


def blocked_by(page: Page, person: str) -> str | None:
    """Why they may not be written to as of the file, None where they may."""
    known = page.snapshot.read(PERSONS, {"person_id": person}).row(0, named=True)
    return None if known.get("is_mailable") else str(known.get("mail_block_reason") or "no_address")


def state(page: Page, reason: str | None) -> str:
    """Whether they may be written to, and if not, why."""
    words = page.words
    if reason is None:
        return words("person.mailable")
    return words("person.blocked", reason=words.known("reason", reason))


def last(page: Page, rows: Sequence[Row], kind: str) -> parts.Line:
    """The newest entry of one kind, in one line.

    Marked where it is, or came after, a stop, and where nobody ever consented.
    """
    words = page.words
    found, stopped = (
        next((row for row in rows if row["entry_kind"] == one), None) for one in (kind, "stop")
    )
    label = words(f"person.last.{kind}")
    if found is None:
        return parts.Line(kind != "consent", words("person.last.none", what=label))
    said = words(
        "person.last", what=label, at=words.instant(found["happened_at"]), how=how(page, found)
    )
    is_after = stopped is not None and found["happened_at"] >= stopped["happened_at"]
    is_good = found["entry_state"] != "denied" and not (kind != "consent" and is_after)
    return parts.Line(is_good, said)


def entry(page: Page, row: Row) -> tables.Row:
    """One line of the table: when, what, how it stands, what belongs to it."""
    words = page.words
    at = "—" if row["happened_at"] is None else words.instant(row["happened_at"])
    more = [part for part in details(page, row) if part]
    return [at, words(f"person.kind.{row['entry_kind']}"), how(page, row), " · ".join(more)]


def how(page: Page, row: Row) -> str:
    """What it is or became, in words."""
    words, kind, state_ = page.words, row["entry_kind"], row["entry_state"]
    if kind == "account":
        return str(row["reference"])
    if kind == "withheld":
        return words.known("reason", state_)
    said = words.known(f"person.{kind}", state_)
    if kind == "order" and row["reference"]:
        return f"{row['reference']} {said}"
    if kind == "consent":
        purpose = words.known("person.purpose", row["purpose"])
        return words("person.consent.of", purpose=purpose, said=said)
    return said


def details(page: Page, row: Row) -> list[str]:
    """Amount, message, channel, grounds and the end of it, each where there is one."""
    words, kind = page.words, row["entry_kind"]
    found = []
    if row["amount"] is not None:
        found.append(words.money(row["amount"]))
    if row["campaign_key"] is not None:
        key = str(row["campaign_key"])
        title = export_request.titles(page).get(key, key)
        found.append(words("person.message", title=title, n=row["step_number"]))
    if row["channel"] is not None:
        found.append(words.known("person.channel", row["channel"]))
    found.append(row["destination"] or "")
    if row["basis"] is not None:
        group = "reason" if kind == "hand_off" else "person.basis"
        found.append(words.known(group, row["basis"]))
    found.append(row["told_via"] or "")
    ended = row["ended_at"]
    if ended is not None and ended != row["happened_at"]:
        found.append(words(f"person.ended.{kind}", at=words.instant(ended)))
    return found


def looks(page: Page, person: str) -> None:
    """Who has looked at this person, for an admin."""
    words = page.words
    shop_id = page.snapshot.facts.shop_id
    seen = requests.looks_of(page.home, shop_id, by=page.viewer.actor, person_id=person)
    with st.expander(words("person.looks")):
        body: list[tables.Row] = [
            [words.instant(one.looked_at), one.actor, words(f"role.{one.role}")] for one in seen
        ]
        head = [words(f"exports.events.{name}") for name in ("at", "who", "role")]
        st.html(f'<div class="ok-text">{tables.table(head, body)}</div>')
