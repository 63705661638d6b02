"""The parts pages are made of: sentences, lines, cards, tables, charts, receipts.

Long: one short function per part, so that a page is a list of calls.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from dashboards import charts, tables
from dashboards.chart_data import Picture
from dashboards.page import Page
from dashboards.tables import HeatRow, Row
from dashboards.text import Cell, Words
from pipelines.actors import Role


@dataclass(frozen=True)
class Line:
    """One line that is well (✓) or not (!), with the place that shows more or mends it."""

    is_good: bool
    text: str
    link: str = ""
    link_text: str = ""


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


def answer(text: str) -> None:
    """The one sentence that answers."""
    st.html(f'<p class="ok-answer">{tables.escaped(text)}</p>')


def lines(entries: Sequence[Line]) -> None:
    """Lines that begin with ✓ or !, each with its link. Backticks become code."""
    body = "".join(
        f'<li><span class="{"good" if line.is_good else "bad"}">{"✓" if line.is_good else "!"}'
        f"</span>{coded(line.text)}{_link(line)}</li>"
        for line in entries
    )
    st.html(f'<ul class="ok-lines">{body}</ul>')


def _link(line: Line) -> str:
    """The link of a line, opened in the same tab."""
    if not line.link:
        return ""
    target, text = tables.escaped(line.link), tables.escaped(line.link_text)
    return f' <a href="{target}" target="_self">{text}</a>'


def cards(entries: Sequence[Card]) -> None:
    """At most four numbers side by side, one below the other on a phone."""
    body = "".join(
        f'<div class="ok-card"><div class="label">{tables.escaped(card.label)}</div>'
        f'<div class="main{" ok-small" if card.value.is_small else ""}">'
        f"{tables.escaped(card.value.main)}</div>"
        f'<div class="detail">{"<br>".join(map(coded, _details(card)))}</div></div>'
        for card in entries[:4]
    )
    st.html(f'<div class="ok-cards">{body}</div>')


def _details(card: Card) -> list[str]:
    """What stands under the number, empty parts left out."""
    return [part.strip() for part in (card.value.detail, card.note) if part.strip()]


def title(text: str, *, anchor: str = "") -> None:
    """Heading of a chart or table; with an anchor a line above may point to it."""
    place = f' id="{anchor}"' if anchor else ""
    st.html(f'<h2 class="ok-title"{place}>{tables.escaped(text)}</h2>')


def note(text: str) -> None:
    """A quiet line under a chart or table."""
    st.html(f'<p class="ok-note">{coded(text)}</p>')


def links(label: str, entries: Sequence[tuple[str, str]]) -> None:
    """A quiet line of links, opened in the same tab. Entries: address, text."""
    body = " · ".join(
        f'<a href="{tables.escaped(target)}" target="_self">{tables.escaped(text)}</a>'
        for target, text in entries
    )
    st.html(f'<p class="ok-note">{tables.escaped(label)}: {body}</p>')


def empty(words: Words, key: str, *, why: str | None = None) -> None:
    """Three lines: what is missing, why, and the one file or command that fills it."""
    texts = (words(key), why or words(f"{key}.why"), words(f"{key}.cure"))
    body = "".join(f"<p>{coded(text)}</p>" for text in texts)
    st.html(f'<div class="ok-empty">{body}</div>')


def coded(text: str) -> str:
    """Escaped text, what stands in backticks as code."""
    pieces = tables.escaped(text).split("`")
    return "".join(f"<code>{p}</code>" if i % 2 else p for i, p in enumerate(pieces))


def legend(entries: Sequence[tuple[str, str]]) -> None:
    """Colours and their words, wrapping where the screen is narrow. Entries: colour, word."""
    body = "".join(
        f'<span><i style="background:{colour}"></i>{tables.escaped(word)}</span>'
        for colour, word in entries
    )
    st.html(f'<div class="ok-legend">{body}</div>')


def chart(
    page: Page,
    name: str,
    drawn: Picture,
    *,
    about: str,
    colours: Sequence[tuple[str, str]] = (),
    metrics: Sequence[Metric] = (),
) -> None:
    """A chart in the colours of the screen, and folded below it what it shows.

    `about` is what a screen reader says of it. `colours`: the legend, where the chart has none.
    """
    dressed = charts.dressed(drawn.drawing, is_dark=is_dark())
    st.vega_lite_chart(spec=dressed, theme=None, key=f"{page.key}_{name}_chart", alt=about)
    if colours:
        legend(colours)
    head, rows = drawn.table(page.words)
    with st.expander(page.words("chart.data"), type="compact"):
        st.html(tables.table(head, rows))
        below(page, f"{name}_chart", head, rows, metrics)


def is_dark() -> bool:
    """Whether the reader's screen is dark."""
    return bool(st.context.theme.type == "dark")


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
    below(page, name, head, rows, metrics)


def heat(
    page: Page,
    name: str,
    head: Sequence[str],
    rows: Sequence[HeatRow],
    *,
    metrics: Sequence[Metric] = (),
) -> None:
    """A table of coloured squares, with the same below it as below every table.

    Rows without a size (`HeatRow.size`) have no column for it in the file.
    """
    st.html(tables.heat(head, rows))
    has_size = any(row.size for row in rows)
    plain: list[Row] = [
        [row.label, *([row.size] if has_size else []), *(s.cell for s in row.squares)]
        for row in rows
    ]
    below(page, name, [head[0], *head[1 if has_size else 2 :]], plain, metrics)


def entries_table(head: Sequence[str], rows: Sequence[Row]) -> None:
    """A table of single cases, for who may see them. It is no file: a file's address is open."""
    st.html(f'<div class="ok-entries">{tables.table(head, rows)}</div>')


def below(
    page: Page,
    name: str,
    head: Sequence[str],
    rows: Sequence[Row],
    metrics: Sequence[Metric],
) -> None:
    """What stands below every table of figures: it as a file, and what it is made of."""
    with st.container(horizontal=True):
        download(page, name, head, rows)
        receipt(page, name, metrics)


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


def is_few(page: Page, count: int | None) -> bool:
    """Whether so few people are nobody's business but the exporter's."""
    few = int(page.snapshot.settings["hide_below"])
    return count is not None and count < few and not page.viewer.may(Role.EXPORTER)


def people_or_few(page: Page, count: int | None) -> str:
    """People in words, or that they are few."""
    if is_few(page, count):
        return page.words("few.people", n=int(page.snapshot.settings["hide_below"]))
    return page.words.count(count, "person")


def receipt(page: Page, name: str, metrics: Sequence[Metric]) -> None:
    """What the numbers above are made of: definition, window, maturity, instant, version."""
    words, facts = page.words, page.snapshot.facts
    told = [page.snapshot.metric(metric.table, metric.column) for metric in metrics]
    lines = [words("receipt.interval")]
    lines.append(words("receipt.as_of", instant=words.instant(facts.as_of_at), zone=facts.timezone))
    if page.viewer.may(Role.EXPORTER):
        lines.append(
            words(
                "receipt.version",
                snapshot=facts.snapshot_id,
                settings=facts.settings_version,
                code=facts.code_version,
            )
        )
    described = "description_ja" if words.language == "ja" else "description"
    body = "".join(
        f"<p><b>{tables.escaped(metric.label)}</b> — {coded(about.get(described) or '—')}</p>"
        for metric, about in zip(metrics, told, strict=True)
    )
    basis = dict.fromkeys(line for about in told for line in _basis(page, about))
    body += "".join(f'<p class="ok-note">{coded(line)}</p>' for line in (*basis, *lines))
    with st.popover(words("receipt.title"), key=f"{page.key}_{name}_receipt", type="tertiary"):
        # One element: a page has many receipts, and each element is a message of its own.
        st.html(body)


def _basis(page: Page, about: Mapping[str, Any]) -> list[str]:
    """Window and maturity of one metric, as its model declares them."""
    words = page.words
    window, maturity = (f"{kind}.{about.get(kind)}" for kind in ("window", "maturity"))
    lines = []
    if words.has(window):
        length = page.snapshot.settings.get(str(about["window"]))
        lines.append(words(window, n=int(length)) if length is not None else "")
    if words.has(maturity):
        lines.append(words(maturity))
    return [line for line in lines if line]


def print_button(label: str, file_name: str) -> None:
    """Button that prints the sheet of paper; a browser offers `file_name` for its PDF."""
    name = tables.escaped(file_name)
    st.html(
        f'<button class="ok-print" data-name="{name}">{tables.escaped(label)}</button>'
        "<script>for (const button of document.querySelectorAll('.ok-print')) {"
        " button.onclick = () => { const before = document.title;"
        " document.title = button.dataset.name; window.print(); document.title = before; };"
        "}</script>",
        unsafe_allow_javascript=True,
    )
