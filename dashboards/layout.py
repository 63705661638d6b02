"""What every page has in common: its opening, its parts in their order, its empty states.

Long: one short function per part, and pages import one module for all of them.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, NoReturn

import streamlit as st

from dashboards import tables
from dashboards.access import Role, Viewer
from dashboards.snapshot import NoSnapshot, Snapshot, current
from dashboards.tables import Row
from dashboards.text import LANGUAGES, Cell, Language, Words
from pipelines import settings
from pipelines.shop import Shop, ShopFileError, load_shop

STYLE: Final = Path(__file__).with_name("style.css")
TRAILING: Final = ("trailing_3", "trailing_6", "trailing_12", "trailing_24")
PERIODS: Final = (*TRAILING, "all")
# A source this much older than the snapshot is named as late.
LATE_AFTER: Final = dt.timedelta(days=2)
# `rpt_source_freshness` entity → the word of the status line, in its order.
SOURCES: Final[Mapping[str, tuple[str, ...]]] = {
    "orders": ("orders",),
    "carts": ("carts", "events", "cart_observations"),
    "mail": ("mail_events", "mail_results_summary"),
}


@dataclass(frozen=True)
class Page:
    """One opened page: its words, the file it reads, and who looks."""

    key: str
    words: Words
    snapshot: Snapshot
    viewer: Viewer


@dataclass(frozen=True)
class Card:
    """One number: what it is, the number, what belongs to it."""

    label: str
    value: Cell
    note: str = ""


@dataclass(frozen=True)
class Metric:
    """One line of a receipt: the label on the screen and the column that was shown."""

    label: str
    table: str
    column: str


def language() -> Language:
    """Language of this session: the switch, else `?lang=`, the browser's, the terminal's."""
    wishes = (
        st.session_state.get("app_language"),
        st.query_params.get("lang"),
        (st.context.locale or settings.language())[:2],
    )
    return next((known for wish in wishes for known in LANGUAGES if known == wish), "en")


def open_page(key: str, viewer: Viewer) -> Page:
    """The page, its head drawn. Stops at an empty state where there is nothing to read."""
    words = Words(language())
    _dress(words)
    snapshot = _snapshot(words)
    facts = snapshot.facts
    words = Words(
        words.language, facts.timezone, facts.currency, int(snapshot.settings.get("small_n", 30))
    )
    page = Page(key, words, snapshot, viewer)
    if snapshot.is_fallback:
        st.warning(words("app.fallback"))
    _head(page)
    with st.sidebar:
        st.caption(facts.shop_name)
    return page


def refuse(key: str) -> NoReturn:
    """Nothing but the refusal, in three lines, and the page ends."""
    words = Words(language())
    _dress(words)
    empty(words, key)
    if key == "access.login" and st.button(words("access.login.button")):
        st.login()
    st.stop()


def _dress(words: Words) -> None:
    """Style, and the document's language: with the wrong one kanji take Chinese shapes."""
    st.html(STYLE)
    st.html(
        f"<script>document.documentElement.lang = '{words.language}';</script>",
        unsafe_allow_javascript=True,
    )


def _snapshot(words: Words) -> Snapshot:
    """The shop's newest whole snapshot; stops with what to do where there is none."""
    file = settings.active_shop_file()
    if file is None:
        empty(words, "empty.shop")
        st.stop()
    try:
        shop = _shop(file, file.stat().st_mtime_ns)
        return current(settings.home_of(shop.id))
    except (ShopFileError, FileNotFoundError) as error:
        said = str(error).splitlines()[0].replace(f"{file.parent}/", "")
        empty(words, "empty.file", why=f"`{said}`")
        st.stop()
    except NoSnapshot as missing:
        empty(words, "empty.damaged" if missing.is_damaged else "empty.snapshot")
        st.stop()


@lru_cache(maxsize=8)
def _shop(file: Path, _modified_ns: int) -> Shop:
    """The shop's settings, read once for one state of the file."""
    return load_shop(file)


def _head(page: Page) -> None:
    """Title and status line."""
    words, facts = page.words, page.snapshot.facts
    parts = [words("status.as_of", instant=words.instant(facts.as_of_at)), *_freshness(page)]
    demo = f' <span class="ok-demo">{words("app.demo")}</span>' if facts.is_demo else ""
    st.html(
        f'<div class="ok-head"><h1>{tables.escaped(words(f"page.{page.key}"))}</h1>'
        f'<p class="ok-status">{tables.escaped(" · ".join(parts))}{demo}</p></div>'
    )


def _freshness(page: Page) -> list[str]:
    """One part per kind of source; a late one says until which day it reaches."""
    words, as_of_at = page.words, page.snapshot.facts.as_of_at
    parts = []
    for kind, latest in latest_data(page).items():
        label = words(f"source.{kind}")
        if as_of_at - latest > LATE_AFTER:
            day = words.day(words.local(latest).date())
            parts.append(words("status.late", label=label, day=day))
        else:
            parts.append(f"{label} {words.clock(latest)}")
    return parts


def latest_data(page: Page) -> dict[str, dt.datetime]:
    """Newest instant of each kind of source that reports one. Units: aware UTC."""
    if "rpt_source_freshness" not in page.snapshot.columns:
        return {}
    found: dict[str, dt.datetime] = {}
    for kind, entities in SOURCES.items():
        rows = page.snapshot.read(
            "rpt_source_freshness", {"entity": entities}, order_by=("-latest_data_at",)
        )
        instants = [at for at in rows["latest_data_at"].to_list() if at is not None]
        if instants:
            found[kind] = max(instants).replace(tzinfo=dt.UTC)
    return found


def answer(text: str) -> None:
    """The one sentence that answers."""
    st.html(f'<p class="ok-answer">{tables.escaped(text)}</p>')


def lines(entries: Sequence[tuple[bool, str]]) -> None:
    """Lines that begin with ✓ or !."""
    body = "".join(
        f'<li><span class="{"good" if is_good else "bad"}">{"✓" if is_good else "!"}</span>'
        f"{tables.escaped(text)}</li>"
        for is_good, text in entries
    )
    st.html(f'<ul class="ok-lines">{body}</ul>')


def cards(entries: Sequence[Card]) -> None:
    """At most four numbers side by side, one below the other on a phone."""
    body = "".join(
        f'<div class="ok-card"><div class="label">{tables.escaped(card.label)}</div>'
        f'<div class="main{" ok-small" if card.value.is_small else ""}">'
        f"{tables.escaped(card.value.main)}</div>"
        f'<div class="detail">{tables.escaped(" ".join(_details(card)))}</div></div>'
        for card in entries[:4]
    )
    st.html(f'<div class="ok-cards">{body}</div>')


def _details(card: Card) -> list[str]:
    """What stands under the number, empty parts left out."""
    return [part for part in (card.value.detail, card.note) if part]


def title(text: str) -> None:
    """Heading of a chart or table."""
    st.html(f'<h2 class="ok-title">{tables.escaped(text)}</h2>')


def note(text: str) -> None:
    """A quiet line under a chart or table."""
    st.html(f'<p class="ok-note">{tables.escaped(text)}</p>')


def empty(words: Words, key: str, *, why: str | None = None) -> None:
    """Three lines: what is missing, why, and the one file or command that fills it."""
    texts = (words(key), why or words(f"{key}.why"), words(f"{key}.cure"))
    body = "".join(f"<p>{_code(tables.escaped(text))}</p>" for text in texts)
    st.html(f'<div class="ok-empty">{body}</div>')


def _code(escaped: str) -> str:
    """Backticks of an escaped text as code."""
    pieces = escaped.split("`")
    return "".join(f"<code>{p}</code>" if i % 2 else p for i, p in enumerate(pieces))


def table(
    page: Page,
    name: str,
    head: Sequence[str],
    rows: Sequence[Row],
    *,
    metrics: Sequence[Metric] = (),
) -> None:
    """A table, the button that saves the same cells, and what its figures are made of."""
    st.html(tables.table(head, rows))
    with st.container(horizontal=True):
        download(page, name, head, rows)
        if metrics:
            receipt(page, name, metrics)


def legend(entries: Sequence[tuple[str, str]]) -> None:
    """Colours and their words, wrapping where the screen is narrow. Entries: colour, word."""
    body = "".join(
        f'<span><i style="background:{colour}"></i>{tables.escaped(word)}</span>'
        for colour, word in entries
    )
    st.html(f'<div class="ok-legend">{body}</div>')


def download(page: Page, name: str, head: Sequence[str], rows: Sequence[Row]) -> None:
    """Button for one table as CSV. Figures only: anybody with the file's address may read it."""
    day = f"{page.words.local(page.snapshot.facts.as_of_at):%Y%m%d}"
    st.download_button(
        page.words("download"),
        data=tables.csv_bytes(head, rows),
        file_name=f"{page.key}_{name}_{day}.csv",
        mime="text/csv",
        key=f"{page.key}_{name}_csv",
        on_click="ignore",
        type="tertiary",
    )


def receipt(page: Page, name: str, metrics: Sequence[Metric]) -> None:
    """What the numbers above are made of: definition, parts, window, instant, version."""
    words, facts, chosen = page.words, page.snapshot.facts, page.snapshot.settings
    with st.popover(words("receipt.title"), key=f"{page.key}_{name}_receipt", type="tertiary"):
        for metric in metrics:
            st.markdown(f"**{metric.label}** — {_definition(page, metric)}")
        st.caption(words("receipt.interval"))
        st.caption(
            words(
                "receipt.window",
                days=int(chosen.get("recovery_window_days", 7)),
                minutes=int(chosen.get("cart_idle_minutes", 60)),
            )
        )
        as_of = words.instant(facts.as_of_at)
        st.caption(words("receipt.as_of", instant=as_of, zone=facts.timezone))
        if page.viewer.may(Role.EXPORTER):
            st.caption(
                words(
                    "receipt.version",
                    snapshot=facts.snapshot_id,
                    settings=facts.settings_version,
                    code=facts.code_version,
                )
            )


def _definition(page: Page, metric: Metric) -> str:
    """The column's fraction in words, and in English the catalogue's own description."""
    words = page.words
    about: Mapping[str, Any] = page.snapshot.metric(metric.table, metric.column)
    parts = []
    if "numerator" in about and "denominator" in about:
        parts.append(
            words(
                "receipt.formula",
                numerator=words.known("column", str(about["numerator"])),
                denominator=words.known("column", str(about["denominator"])),
            )
        )
    described = about.get(f"description_{words.language}") or (
        about.get("description") if words.language == "en" else None
    )
    if described:
        parts.append(str(described))
    return " — ".join(parts) or "—"


def choose_period(page: Page, sizes: Mapping[str, int]) -> str:
    """The `period_key` chosen; at first the shortest trailing one whose n is large enough."""
    words = page.words
    options = [key for key in PERIODS if key in sizes]
    enough = [key for key in options if sizes[key] >= words.small_n]
    default = enough[0] if enough else options[-1]
    chosen = st.segmented_control(
        words("filter.period"),
        options,
        default=default,
        format_func=words.period,
        key=f"{page.key}_period",
        required=True,
        wrap=True,
    )
    if default != options[0] and chosen == default and default in TRAILING:
        note(words("period.widened", n=default.removeprefix("trailing_")))
    return str(chosen or default)


def choose_language() -> None:
    """The switch in the side bar; it also stands in the address, so that a link keeps it."""
    words = Words(language())
    chosen = st.segmented_control(
        words("app.language"),
        list(LANGUAGES),
        default=words.language,
        format_func=lambda key: LANGUAGES[key],
        key="app_switch",
        required=True,
    )
    if chosen and chosen != words.language:
        st.session_state["app_language"] = chosen
        st.query_params["lang"] = chosen
        st.rerun()
