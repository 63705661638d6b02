"""What a reader may choose. Each choice stands in the address, so that a view can be sent on.

The address holds keys, not words: a link opens in the colleague's own language.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import streamlit as st

from dashboards import parts
from dashboards.page import Page
from dashboards.text import LANGUAGES, Language, Words
from pipelines import settings

TRAILING: Final = ("trailing_3", "trailing_6", "trailing_12", "trailing_24")
PERIODS: Final = (*TRAILING, "all")
# More options than this do not fit a row of buttons on a phone.
BUTTONS: Final = 5


def language() -> Language:
    """Language of this session: the switch, else `?lang=`, the browser's, the terminal's."""
    wishes = (
        st.session_state.get("app_language"),
        st.query_params.get("lang"),
        (st.context.locale or settings.language())[:2],
    )
    chosen: Language = next(
        (known for wish in wishes for known in LANGUAGES if known == wish), "en"
    )
    if st.query_params.get("lang") == chosen:
        # Another page opens without the address of this one.
        st.session_state["app_language"] = chosen
    return chosen


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


def choose(
    page: Page,
    name: str,
    options: Sequence[str],
    *,
    word: Callable[[str], str],
    default: str | None = None,
) -> str:
    """One of several keys: the reader's, else the address's, else the default (the first).

    A default stays out of the address; a key in it that is no option is ignored, and the page says
    so. `filter.<name>` is the label.
    """
    first = options[0] if default is None else default
    start = wished(page, name, options) or first
    key = f"{page.key}_{name}"
    if st.session_state.get(key) not in options:
        st.session_state[key] = start
    label = page.words(f"filter.{name}")
    if len(options) > BUTTONS:
        st.selectbox(label, options, format_func=word, key=key, width=260)
    else:
        st.segmented_control(label, options, format_func=word, key=key, required=True, wrap=True)
    chosen = st.session_state[key]
    picked = str(chosen) if chosen in options else first
    keep(name, picked, default=first)
    say_ignored(page, name, label, is_untouched=picked == start)
    return picked


def choose_number(page: Page, name: str, span: range, *, label: str, default: int) -> int:
    """A number of the span by a slider: the reader's, else the address's, else the default."""
    wish = wished(page, name, [str(number) for number in span])
    start = default if wish is None else int(wish)
    value = int(st.slider(label, span[0], span[-1], start, span.step, key=f"{page.key}_{name}"))
    keep(name, str(value), default=str(default))
    say_ignored(page, name, label, is_untouched=value == start)
    return value


def wished(page: Page, name: str, options: Sequence[str]) -> str | None:
    """What the address asks for, None where it asks for nothing that can be chosen."""
    wish = st.query_params.get(name)
    if wish is None or wish in options:
        return wish
    st.session_state[f"{page.key}_{name}_ignored"] = True
    return None


def say_ignored(page: Page, name: str, label: str, *, is_untouched: bool) -> None:
    """That the link asked for what cannot be chosen, until the reader chooses something else."""
    key = f"{page.key}_{name}_ignored"
    if not is_untouched:
        st.session_state.pop(key, None)
    elif key in st.session_state:
        parts.note(page.words("filter.ignored", label=label))


def keep(name: str, value: str, *, default: str) -> None:
    """Write one choice into the address, or take a default out of it."""
    if value == default:
        st.query_params.pop(name, None)
    elif st.query_params.get(name) != value:
        st.query_params[name] = value


def choose_period(page: Page, sizes: Mapping[str, int]) -> str:
    """The `period_key` chosen; at first the shortest trailing one whose n is large enough."""
    words = page.words
    options = [key for key in PERIODS if key in sizes]
    enough = [key for key in options if sizes[key] >= words.small_n]
    default = enough[0] if enough else options[-1]
    chosen = choose(page, "period", options, word=words.period, default=default)
    if default != options[0] and chosen == default and default in TRAILING:
        parts.note(words("period.widened", n=default.removeprefix("trailing_")))
    return chosen


def tabs(page: Page, name: str, views: Mapping[str, Callable[[], None]]) -> None:
    """Tabs of which the open one alone is drawn. `<page>.<name>.<key>` is the word of a tab."""
    keys = list(views)
    labels = [page.words(f"{page.key}.{name}.{key}") for key in keys]
    wish = wished(page, name, keys)
    start = keys.index(wish) if wish is not None else 0
    drawn = st.tabs(
        labels,
        default=labels[start],
        key=f"{page.key}_{name}_{page.words.language}",
        on_change="rerun",
    )
    for key, tab in zip(keys, drawn, strict=True):
        if tab.open:
            keep(name, key, default=keys[0])
            with tab:
                label = page.words("filter.view")
                say_ignored(page, name, label, is_untouched=key == keys[start])
                views[key]()
