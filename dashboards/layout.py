"""How every page opens: style, language, the newest file, title and status line."""

from pathlib import Path
from typing import Final, NoReturn

import streamlit as st

from dashboards import access, freshness, parts, tables
from dashboards.access import Viewer
from dashboards.filters import language
from dashboards.page import Page
from dashboards.snapshot import NoSnapshot, Snapshot, current
from dashboards.text import Words
from pipelines import settings
from pipelines.settings import Home
from pipelines.shop import Shop, ShopFileError

STYLE: Final = Path(__file__).with_name("style.css")


def open_page(key: str, viewer: Viewer) -> Page:
    """The page, its head drawn. Stops at an empty state where there is nothing to read."""
    words = Words(language())
    _dress(words)
    shop, home, snapshot = _snapshot(words)
    facts = snapshot.facts
    words = Words(
        words.language, facts.timezone, facts.currency, int(snapshot.settings.get("small_n", 30))
    )
    page = Page(key, words, snapshot, viewer, home, shop)
    if snapshot.is_fallback:
        st.warning(words("app.fallback"))
    freshness.banner(page)
    _head(page)
    freshness.watch(page)
    with st.sidebar:
        st.caption(facts.shop_name)
    return page


def refuse(key: str) -> NoReturn:
    """Nothing but the refusal, in three lines, and the page ends."""
    words = Words(language())
    _dress(words)
    parts.empty(words, key)
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


def _snapshot(words: Words) -> tuple[Shop, Home, Snapshot]:
    """The shop, its home and newest whole snapshot; stops with what to do where there is none."""
    file = settings.active_shop_file()
    if file is None:
        parts.empty(words, "empty.shop")
        st.stop()
    try:
        shop = access.read_shop(file)
        home = settings.home_of(shop.id)
        return shop, home, current(home)
    except (ShopFileError, FileNotFoundError) as error:
        said = str(error).splitlines()[0].replace(f"{file.parent}/", "")
        parts.empty(words, "empty.file", why=f"`{said}`")
        st.stop()
    except NoSnapshot as missing:
        parts.empty(words, "empty.damaged" if missing.is_damaged else "empty.snapshot")
        st.stop()


def _head(page: Page) -> None:
    """Title and status line."""
    words, facts = page.words, page.snapshot.facts
    said = [words("status.as_of", instant=words.instant(facts.as_of_at)), *_freshness(page)]
    demo = f' <span class="ok-demo">{words("app.demo")}</span>' if facts.is_demo else ""
    st.html(
        f'<div class="ok-head"><h1>{tables.escaped(words(f"page.{page.key}"))}</h1>'
        f'<p class="ok-status">{tables.escaped(" · ".join(said))}{demo}</p></div>'
    )


def _freshness(page: Page) -> list[str]:
    """One part per kind of source; a late one says until which day it reaches."""
    words = page.words
    said = []
    for kind, latest in page.latest.items():
        label = words(f"source.{kind}")
        if page.is_late(latest):
            day = words.day(words.local(latest).date())
            said.append(words("status.late", label=label, day=day))
        else:
            said.append(f"{label} {words.clock(latest)}")
    return said
