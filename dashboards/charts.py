"""Charts: months as text, few colours that colour-blind readers tell apart, no English menu.

Long: one function per kind of chart. Each gives the drawing beside what it was drawn from. A row
may bring a `cell`: how the table below the chart writes it.

The engine is brought where something is drawn: half a second of a page's first look, and the first
sentence stands above the first chart.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from dashboards.chart_data import Picture, Rows

if TYPE_CHECKING:
    import altair as alt

    from dashboards.chart_data import Drawing

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
    import altair as alt

    end = max((row["running_to"] for row in rows), default=0)
    y = alt.Y("bar:N", sort=list(bars), title=None, axis=alt.Axis(labelLimit=150, grid=False))
    # Room at the right end for the text of a bar that reaches the total.
    scale = alt.Scale(domain=[0, end * 1.36], nice=False)
    colour = alt.Color(
        # The page draws the legend: the engine's own does not wrap on a phone.
        "state:N",
        scale=alt.Scale(domain=list(colours), range=list(colours.values())),
        legend=None,
    )
    blocks = (
        alt.Chart(_values(rows))
        .mark_bar(size=26)
        .encode(
            x=alt.X("running_from:Q", scale=scale, title=title, axis=_counts()),
            x2="running_to:Q",
            y=y,
            color=colour,
            tooltip=[alt.Tooltip("tip:N", title=" ")],
        )
    )
    texts = (
        alt.Chart(_values(totals))
        .mark_text(align="left", dx=6, fontSize=12)
        .encode(x=alt.X("end:Q", scale=scale), y=y, text="text:N")
    )
    drawn = (blocks + texts).properties(height=40 * len(bars) + 50)
    return Picture(drawn, rows, "name", "amount")


def stacked_months(
    rows: Rows, *, series: Mapping[str, str], title: str, is_sorted: bool = True
) -> Picture:
    """Bars of months, or of steps in the order given, in one or two colours.

    `rows`: month (text), series, place, amount, tip.
    """
    import altair as alt

    colours = [BLUE, SKY, ORANGE][: len(series)]
    chart = (
        alt.Chart(_values(rows))
        .mark_bar()
        .encode(
            x=alt.X(
                "month:O",
                title=None,
                sort="ascending" if is_sorted else None,
                axis=_month_axis(),
            ),
            y=alt.Y("amount:Q", title=title, axis=alt.Axis(format=",d", tickCount=5)),
            color=alt.Color(
                "series:N",
                title=None,
                scale=alt.Scale(domain=list(series.values()), range=colours),
                legend=alt.Legend(orient="top") if len(series) > 1 else None,
            ),
            order=alt.Order("place:Q"),
            tooltip=[alt.Tooltip("tip:N", title=" ")],
        )
    )
    return Picture(chart.properties(height=250), rows, "month", "amount", "series")


def rate_lines(
    rows: Rows, *, series: Sequence[str], x_title: str | None = None, format_: str = "%"
) -> Picture:
    """Rates, or amounts, with their intervals as bands.

    `rows`: x (text), series, value, low, high, tip.
    """
    import altair as alt

    dashes = [[1, 0], [6, 3], [2, 2]][: len(series)]
    base = alt.Chart(_values(rows)).encode(
        x=alt.X(
            "x:O",
            title=x_title,
            sort=None,
            axis=alt.Axis(labelAngle=0) if x_title else _month_axis(),
        ),
        color=alt.Color(
            "series:N",
            title=None,
            scale=alt.Scale(domain=list(series), range=[BLUE, ORANGE, SKY][: len(series)]),
            legend=_lines() if len(series) > 1 else None,
        ),
    )
    band = base.mark_area(opacity=0.16).encode(
        y=alt.Y("low:Q", title=None, axis=alt.Axis(format=format_, tickCount=5)), y2="high:Q"
    )
    line = base.mark_line(point=alt.OverlayMarkDef(size=36), strokeWidth=2).encode(
        y="value:Q",
        strokeDash=alt.StrokeDash(
            "series:N", scale=alt.Scale(domain=list(series), range=dashes), legend=None
        ),
        tooltip=[alt.Tooltip("tip:N", title=" ")],
    )
    drawn = (band + line).properties(height=260)
    title = x_title or ""
    return Picture(drawn, rows, "x", "value", "series", title, is_rate=format_ == "%")


def rising(rows: Rows, *, series: Sequence[str], x_title: str, marks: Rows) -> Picture:
    """Shares that grow from day to day, as steps with their intervals, and marked days.

    `rows`: day, series, value, low, high, tip. `marks`: day, text.
    """
    import altair as alt

    dashes = [[1, 0], [6, 3], [2, 2]][: len(series)]
    base = alt.Chart(_values(rows)).encode(
        x=alt.X("day:Q", title=x_title, scale=alt.Scale(nice=False), axis=_counts()),
        color=alt.Color(
            "series:N",
            title=None,
            scale=alt.Scale(domain=list(series), range=[BLUE, ORANGE, SKY][: len(series)]),
            legend=_lines() if len(series) > 1 else None,
        ),
    )
    band = base.mark_area(opacity=0.16, interpolate="step-after").encode(
        y=alt.Y("low:Q", title=None, axis=alt.Axis(format="%", tickCount=5)), y2="high:Q"
    )
    line = base.mark_line(strokeWidth=2, interpolate="step-after").encode(
        y="value:Q",
        strokeDash=alt.StrokeDash(
            "series:N", scale=alt.Scale(domain=list(series), range=dashes), legend=None
        ),
    )
    # A line this thin is hard to point at: wide, unseen dots carry what is told of each day.
    told = base.mark_circle(size=90, opacity=0).encode(
        y="value:Q", tooltip=[alt.Tooltip("tip:N", title=" ")]
    )
    drawn: alt.LayerChart = band + line + told
    if marks:
        days = alt.Chart(_values(marks)).encode(x="day:Q")
        drawn += days.mark_rule(strokeDash=[3, 3], color=ORANGE) + days.mark_text(
            align="left", dx=5, dy=-6, baseline="top"
        ).encode(y=alt.value(8), text="text:N")
    finished = drawn.properties(height=280)
    return Picture(finished, rows, "day", "value", "series", x_title, is_rate=True)


def steps(rows: Rows, *, title: str) -> Picture:
    """Horizontal bars in the order given. `rows`: stage, count, text."""
    import altair as alt

    order = [row["stage"] for row in rows]
    widest = max((row["count"] for row in rows), default=0)
    scale = alt.Scale(domain=[0, widest * 1.3 or 1], nice=False)
    y = alt.Y("stage:N", sort=order, title=None, axis=alt.Axis(labelLimit=150, grid=False))
    bars = (
        alt.Chart(_values(rows))
        .mark_bar(color=BLUE, size=20)
        .encode(x=alt.X("count:Q", scale=scale, title=title, axis=_counts()), y=y)
    )
    texts = (
        alt.Chart(_values(rows))
        .mark_text(align="left", dx=6, fontSize=12)
        .encode(x=alt.X("count:Q", scale=scale), y=y, text="text:N")
    )
    drawn = (bars + texts).properties(height=36 * len(rows) + 50)
    return Picture(drawn, rows, "stage", "count")


def dots(rows: Rows, *, title: str) -> Picture:
    """One dot per row with its interval as a bar. `rows`: arm, value, low, high, text, tip."""
    import altair as alt

    order = [row["arm"] for row in rows]
    y = alt.Y("arm:N", sort=order, title=None, axis=alt.Axis(labelLimit=150, grid=False))
    scale = alt.Scale(zero=True, nice=True)
    axis = alt.Axis(format="%", tickCount=5)
    base = alt.Chart(_values(rows)).encode(y=y)
    bars = base.mark_rule(strokeWidth=3, color=SKY).encode(
        x=alt.X("low:Q", scale=scale, title=title, axis=axis), x2="high:Q"
    )
    marks = base.mark_circle(size=170, color=BLUE, opacity=1).encode(
        x=alt.X("value:Q", scale=scale), tooltip=[alt.Tooltip("tip:N", title=" ")]
    )
    texts = base.mark_text(dy=-16, fontSize=13).encode(
        x=alt.X("value:Q", scale=scale), text="text:N"
    )
    drawn = (bars + marks + texts).properties(height=62 * len(rows) + 50)
    return Picture(drawn, rows, "arm", "value", is_rate=True)


def _lines() -> "alt.Legend":
    """The band behind a line is pale; its mark in the legend must not be."""
    import altair as alt

    return alt.Legend(orient="top", symbolOpacity=1, symbolType="stroke", symbolStrokeWidth=3)


def _counts() -> "alt.Axis":
    """Counts, as many as fit."""
    import altair as alt

    return alt.Axis(tickCount=5, labelOverlap="greedy", labelSeparation=8)


def _month_axis() -> "alt.Axis":
    """Months as the words they are; the engine leaves out what does not fit."""
    import altair as alt

    return alt.Axis(labelAngle=0, labelOverlap="greedy", labelSeparation=6)


def _values(rows: Rows) -> pl.DataFrame:
    """Rows as a frame the chart library reads; what only the table needs stays out."""
    bare = [{name: row[name] for name in row if name != "cell"} for row in rows]
    return pl.DataFrame(bare, infer_schema_length=None)


def dressed(chart: "Drawing", *, is_dark: bool) -> "Drawing":
    """The chart with the house's fonts and quiet axes, and without Vega's English menu."""
    import altair as alt

    colours = DARK if is_dark else LIGHT
    # Said at once: every call of its own copies the whole chart.
    finished: Drawing = chart.properties(usermeta={"embedOptions": {"actions": False}}).configure(
        font=FONT,
        background="transparent",
        view=alt.ViewConfig(strokeWidth=0),
        text=alt.MarkConfig(color=colours.ink),
        bar=alt.BarConfig(stroke=colours.ground, strokeWidth=0.6),
        axis=alt.AxisConfig(
            labelColor=colours.quiet,
            titleColor=colours.quiet,
            titleFontWeight="normal",
            gridColor=colours.grid,
            domainColor=colours.grid,
            tickColor=colours.grid,
            labelFontSize=12,
            titleFontSize=12,
        ),
        axisY=alt.AxisConfig(grid=True),
        legend=alt.LegendConfig(labelColor=colours.ink, labelFontSize=12),
    )
    return finished


def state_colours(*, is_dark: bool) -> Mapping[str, str]:
    """State → colour on the ground it is drawn on."""
    return {**STATE_COLOURS, **(DARK_STATES if is_dark else {})}
