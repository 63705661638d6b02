"""Charts: months as text, few colours that colour-blind readers tell apart, no English menu.

Long: one function per kind of chart. Each gives a Vega-Lite document, written out as it is: making
it of checked objects took half of every click. Beside it stands what it was drawn from; a row may
bring a `cell`: how the table below the chart writes it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from dashboards.chart_data import Document, Picture, Rows

FONT: Final = "Noto Sans JP, Noto Sans CJK JP, Hiragino Sans, Yu Gothic UI, Meiryo, sans-serif"
BLUE: Final = "#0072B2"
SKY: Final = "#7CC3EC"
ORANGE: Final = "#D55E00"


@dataclass(frozen=True)
class Palette:
    """Colours of one theme: ink, quiet ink, grid, and what lies behind."""

    ink: str
    quiet: str
    grid: str
    ground: str


LIGHT: Final = Palette("#1E2329", "#5A6472", "#E4E8EE", "#FFFFFF")
DARK: Final = Palette("#E8EBEF", "#A5AFBB", "#39414C", "#14181D")
# Okabe and Ito's palette: what happened to people stands out, what did not stays grey.
STATE_COLOURS: Final[Mapping[str, str]] = {
    "not_identified": "#A9B2BE",
    "no_address": "#B9C1CB",
    "no_consent": "#C7CED6",
    "suppressed": "#D5DAE0",
    "no_campaign": "#E1E5EA",
    "self_ordered_before_step_1": "#009E73",
    "emptied_before_step_1": "#9ED7C6",
    "held_out": "#CC79A7",
    "gated": "#E69F00",
    "recovered": BLUE,
    "self_ordered_later": SKY,
    "open": "#F0E442",
    "not_delivered": "#8F6A3A",
    "emptied_later": "#C9B9A6",
    "lost": "#8D97A5",
}
# The greys on a dark ground: as quiet there as the pale ones are on white.
DARK_STATES: Final[Mapping[str, str]] = {
    "not_identified": "#6B7683",
    "no_address": "#5C6672",
    "no_consent": "#505965",
    "suppressed": "#454E59",
    "no_campaign": "#3A424C",
    "emptied_before_step_1": "#4F8474",
    "emptied_later": "#85796B",
    "lost": "#77828F",
}

DASHES: Final = ([1, 0], [6, 3], [2, 2])
INK: Final = (BLUE, ORANGE, SKY)
# The band behind a line is pale; its mark in the legend must not be.
LINES: Final[Document] = {
    "orient": "top",
    "symbolOpacity": 1,
    "symbolType": "stroke",
    "symbolStrokeWidth": 3,
}
COUNTS: Final[Document] = {"tickCount": 5, "labelOverlap": "greedy", "labelSeparation": 8}
# Months as the words they are; the engine leaves out what does not fit.
MONTHS: Final[Document] = {"labelAngle": 0, "labelOverlap": "greedy", "labelSeparation": 6}
NAMES: Final[Document] = {"labelLimit": 150, "grid": False}
TIP: Final[Document] = {"field": "tip", "type": "nominal", "title": " "}


def waterfall(
    rows: Rows,
    *,
    bars: Sequence[str],
    totals: Rows,
    colours: Mapping[str, str],
    title: str,
) -> Picture:
    """Bars end to end: every cart is in one of them, the last ends at the total. Long: two layers.

    `rows`: bar, state, name, running_from, running_to, amount, tip. `totals`: bar, end, text.
    `colours`: word of a state → its colour.
    """
    end = max((row["running_to"] for row in rows), default=0)
    # Room at the right end for the text of a bar that reaches the total.
    x: Document = {
        "type": "quantitative",
        "title": title,
        "axis": COUNTS,
        "scale": {"domain": [0, float(end) * 1.36], "nice": False},
    }
    y = _names("bar", bars)
    colour = {
        # The page draws the legend: the engine's own does not wrap on a phone.
        "field": "state",
        "type": "nominal",
        "scale": {"domain": list(colours), "range": list(colours.values())},
        "legend": None,
    }
    blocks = {
        "data": _values(rows),
        "mark": {"type": "bar", "size": 26},
        "encoding": {
            "x": {**x, "field": "running_from"},
            "x2": {"field": "running_to"},
            "y": y,
            "color": colour,
            "tooltip": [TIP],
        },
    }
    texts = _texts(totals, x={**x, "field": "end"}, y=y)
    drawing = {"layer": [blocks, texts], "height": 40 * len(bars) + 50}
    return Picture(drawing, rows, "name", "amount")


def stacked_months(
    rows: Rows, *, series: Mapping[str, str], title: str, is_sorted: bool = True
) -> Picture:
    """Bars of months, or of steps in the order given, in one or two colours.

    `rows`: month (text), series, place, amount, tip.
    """
    x = {"field": "month", "type": "ordinal", "title": None, "axis": MONTHS}
    bars = {
        "data": _values(rows),
        "mark": {"type": "bar"},
        "encoding": {
            "x": {**x, "sort": "ascending" if is_sorted else None},
            "y": _amount("amount", title=title, format_=",d"),
            "color": {
                "field": "series",
                "type": "nominal",
                "title": None,
                "scale": {
                    "domain": list(series.values()),
                    "range": [BLUE, SKY, ORANGE][: len(series)],
                },
                "legend": {"orient": "top"} if len(series) > 1 else None,
            },
            "order": {"field": "place", "type": "quantitative"},
            "tooltip": [TIP],
        },
    }
    return Picture({"layer": [bars], "height": 250}, rows, "month", "amount", "series")


def rate_lines(
    rows: Rows, *, series: Sequence[str], x_title: str | None = None, format_: str = "%"
) -> Picture:
    """Rates, or amounts, with their intervals as bands.

    `rows`: x (text), series, value, low, high, tip.
    """
    axis = {"labelAngle": 0} if x_title else MONTHS
    x = {"field": "x", "type": "ordinal", "title": x_title, "sort": None, "axis": axis}
    shared = {"x": x, "color": _line_colour(series)}
    band = {
        "mark": {"type": "area", "opacity": 0.16},
        "encoding": {
            **shared,
            "y": _amount("low", title=None, format_=format_),
            "y2": {"field": "high"},
        },
    }
    line = {
        "mark": {"type": "line", "point": {"size": 36}, "strokeWidth": 2},
        "encoding": {
            **shared,
            "y": {"field": "value", "type": "quantitative"},
            "strokeDash": _dash(series),
            "tooltip": [TIP],
        },
    }
    layers = [{"data": _values(rows), "layer": [band, line]}]
    drawing = {"layer": layers, "height": 260}
    title = x_title or ""
    return Picture(drawing, rows, "x", "value", "series", title, is_rate=format_ == "%")


def rising(rows: Rows, *, series: Sequence[str], x_title: str, marks: Rows) -> Picture:
    """Shares that grow from day to day, their intervals, and marked days. Long: layers.

    `rows`: day, series, value, low, high, tip. `marks`: day, text.
    """
    x = {
        "field": "day",
        "type": "quantitative",
        "title": x_title,
        "scale": {"nice": False},
        "axis": COUNTS,
    }
    shared = {"x": x, "color": _line_colour(series)}
    value = {"field": "value", "type": "quantitative"}
    band = {
        "mark": {"type": "area", "opacity": 0.16, "interpolate": "step-after"},
        "encoding": {
            **shared,
            "y": _amount("low", title=None, format_="%"),
            "y2": {"field": "high"},
        },
    }
    line = {
        "mark": {"type": "line", "strokeWidth": 2, "interpolate": "step-after"},
        "encoding": {**shared, "y": value, "strokeDash": _dash(series)},
    }
    # A line this thin is hard to point at: wide, unseen dots carry what is told of each day.
    told = {
        "mark": {"type": "circle", "size": 90, "opacity": 0},
        "encoding": {**shared, "y": value, "tooltip": [TIP]},
    }
    layers: list[Document] = [{"data": _values(_risers(rows)), "layer": [band, line, told]}]
    if marks:
        day = {"field": "day", "type": "quantitative"}
        rule = {
            "mark": {"type": "rule", "strokeDash": [3, 3], "color": ORANGE},
            "encoding": {"x": day},
        }
        text = {
            "mark": {"type": "text", "align": "left", "dx": 5, "dy": -6, "baseline": "top"},
            "encoding": {
                "x": day,
                "y": {"value": 8},
                "text": {"field": "text", "type": "nominal"},
            },
        }
        layers.append({"data": _values(marks), "layer": [rule, text]})
    drawing = {"layer": layers, "height": 280}
    return Picture(drawing, rows, "day", "value", "series", x_title, is_rate=True)


def _risers(rows: Rows) -> Rows:
    """Where a line of steps rises by what can be seen, and where it begins and ends."""
    found: list[Mapping[str, Any]] = []
    for before, row, after in zip([None, *rows], rows, [*rows[1:], None], strict=False):
        is_edge = any(one is None or one["series"] != row["series"] for one in (before, after))
        shown = [round(row[name], 3) for name in ("value", "low", "high")]
        if is_edge or shown != [round(found[-1][name], 3) for name in ("value", "low", "high")]:
            found.append(row)
    return found


def steps(rows: Rows, *, title: str) -> Picture:
    """Horizontal bars in the order given. `rows`: stage, count, text."""
    widest = max((row["count"] for row in rows), default=0)
    x: Document = {
        "field": "count",
        "type": "quantitative",
        "title": title,
        "axis": COUNTS,
        "scale": {"domain": [0, float(widest) * 1.3 or 1], "nice": False},
    }
    y = _names("stage", [row["stage"] for row in rows])
    bars = {
        "data": _values(rows),
        "mark": {"type": "bar", "color": BLUE, "size": 20},
        "encoding": {"x": x, "y": y},
    }
    drawing = {"layer": [bars, _texts(rows, x=x, y=y)], "height": 36 * len(rows) + 50}
    return Picture(drawing, rows, "stage", "count")


def dots(rows: Rows, *, title: str) -> Picture:
    """One dot per row with its interval as a bar. `rows`: arm, value, low, high, text, tip."""
    y = _names("arm", [row["arm"] for row in rows])
    scale = {"zero": True, "nice": True}
    ends = {
        "x": {**_amount("low", title=title, format_="%"), "scale": scale},
        "x2": {"field": "high"},
    }
    value = {"field": "value", "type": "quantitative", "scale": scale}
    bars = {
        "mark": {"type": "rule", "strokeWidth": 3, "color": SKY},
        "encoding": {**ends, "y": y},
    }
    marks = {
        "mark": {"type": "circle", "size": 170, "color": BLUE, "opacity": 1},
        "encoding": {"x": value, "y": y, "tooltip": [TIP]},
    }
    texts = {
        "mark": {"type": "text", "dy": -16, "fontSize": 13},
        "encoding": {"x": value, "y": y, "text": {"field": "text", "type": "nominal"}},
    }
    layers = [{"data": _values(rows), "layer": [bars, marks, texts]}]
    drawing = {"layer": layers, "height": 62 * len(rows) + 50}
    return Picture(drawing, rows, "arm", "value", is_rate=True)


def _names(field: str, order: Sequence[str]) -> Document:
    """Words down the left side, in this order."""
    return {"field": field, "type": "nominal", "sort": list(order), "title": None, "axis": NAMES}


def _amount(field: str, *, title: str | None, format_: str) -> Document:
    """An axis of amounts or rates."""
    axis = {"format": format_, "tickCount": 5}
    return {"field": field, "type": "quantitative", "title": title, "axis": axis}


def _texts(rows: Rows, *, x: Document, y: Document) -> Document:
    """What is written at the end of each bar."""
    return {
        "data": _values(rows),
        "mark": {"type": "text", "align": "left", "dx": 6, "fontSize": 12},
        "encoding": {"x": x, "y": y, "text": {"field": "text", "type": "nominal"}},
    }


def _line_colour(series: Sequence[str]) -> Document:
    """One colour per line, with a legend where there are several."""
    return {
        "field": "series",
        "type": "nominal",
        "title": None,
        "scale": {"domain": list(series), "range": list(INK[: len(series)])},
        "legend": LINES if len(series) > 1 else None,
    }


def _dash(series: Sequence[str]) -> Document:
    """One kind of dash per line: who sees no colours tells them apart too."""
    return {
        "field": "series",
        "type": "nominal",
        "scale": {"domain": list(series), "range": list(DASHES[: len(series)])},
        "legend": None,
    }


def _values(rows: Rows) -> Document:
    """Rows as the document holds them; what only the table needs stays out."""
    return {
        "values": [
            {name: _plain(value) for name, value in row.items() if name != "cell"} for row in rows
        ]
    }


def _plain(value: Any) -> Any:
    """An amount as a number of the document."""
    return float(value) if isinstance(value, Decimal) else value


def dressed(drawing: Document, *, is_dark: bool) -> Document:
    """The chart with the house's fonts and quiet axes, and without Vega's English menu."""
    colours = DARK if is_dark else LIGHT
    return {
        **drawing,
        "usermeta": {"embedOptions": {"actions": False}},
        "config": {
            "font": FONT,
            "background": "transparent",
            "view": {"strokeWidth": 0},
            "text": {"color": colours.ink},
            "bar": {"stroke": colours.ground, "strokeWidth": 0.6},
            "axis": {
                "labelColor": colours.quiet,
                "titleColor": colours.quiet,
                "titleFontWeight": "normal",
                "gridColor": colours.grid,
                "domainColor": colours.grid,
                "tickColor": colours.grid,
                "labelFontSize": 12,
                "titleFontSize": 12,
            },
            "axisY": {"grid": True},
            "legend": {"labelColor": colours.ink, "labelFontSize": 12},
        },
    }


def state_colours(*, is_dark: bool) -> Mapping[str, str]:
    """State → colour on the ground it is drawn on."""
    return {**STATE_COLOURS, **(DARK_STATES if is_dark else {})}
