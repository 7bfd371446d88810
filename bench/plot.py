"""Draws the cost of each gateway as two bar charts in one SVG, by hand: no library, crisp at any size, light and dark.

Bars start at zero on a linear scale; one that would dwarf the rest is cut off visibly and carries its number.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from bench.results import REFERENCE, Cost, Row

WIDTH = 960
MARGIN = 24
NAMES_WIDTH = 252
PANEL_WIDTH = 322
PANEL_GAP = 16
VALUE_WIDTH = 112
TOP = 96
ROW_HEIGHT = 44
BAR_HEIGHT = 20
BOTTOM = 62
CUT_RATIO = 4.0  # Bars longer than this many times the reference are cut off.

STYLE = """\
text { font-family: system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; fill: #1f2733; font-size: 13px }
.page { fill: #ffffff } .title { font-size: 18px; font-weight: 650 } .head { font-weight: 600 }
.quiet { fill: #667085; font-size: 11px } .ours { fill: #2563eb } .router, .proxy { fill: #9aa5b5 }
.floor { fill: #d5dbe4 } .own-name { font-weight: 650 }
.value { paint-order: stroke; stroke: #ffffff; stroke-width: 5px; stroke-linejoin: round }
.axis { stroke: #c3cad5 } .one { stroke: #667085 }
.cut { stroke: #ffffff; stroke-width: 3; fill: none }
@media (prefers-color-scheme: dark) {
  text { fill: #e6eaf0 } .page { fill: #0d1117 } .quiet { fill: #98a2b3 } .ours { fill: #5b8def }
  .router, .proxy { fill: #6b7686 } .floor { fill: #3a4350 } .axis { stroke: #3a4350 } .one { stroke: #98a2b3 }
  .cut, .value { stroke: #0d1117 }
}
"""


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One chart: which figure it shows, and where it begins. With `streams`, late gateways are marked."""

    figure: str
    streams: bool
    title: str
    left: int


PANELS = (
    Panel(
        figure="cpu_request_us",
        streams=False,
        title="CPU for one request",
        left=MARGIN + NAMES_WIDTH,
    ),
    Panel(
        figure="cpu_chunk_256_us",
        streams=True,
        title="CPU for one streamed token, 256 streams",
        left=MARGIN + NAMES_WIDTH + PANEL_WIDTH + PANEL_GAP,
    ),
)


def cost_chart(cost: Cost) -> str:
    """The whole SVG, its bars as multiples of the reference gateway's cost."""
    rows = cost.ordered()
    height = TOP + ROW_HEIGHT * len(rows) + BOTTOM
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="CPU cost of gateways, as multiples of {REFERENCE}">'
    )
    parts = [
        opening,
        f"<style>{STYLE}</style>",
        f'<rect class="page" width="{WIDTH}" height="{height}" rx="10"/>',
        _text(MARGIN, 36, "What a gateway costs", "title"),
        _text(
            MARGIN,
            56,
            f"CPU time as a multiple of {REFERENCE}'s, and in microseconds. Shorter is better.",
            "quiet",
        ),
        *(_name(row, at) for at, row in enumerate(rows)),
    ]
    for panel in PANELS:
        parts.extend(_panel(panel, rows, cost.row(REFERENCE)))
    parts.append(_text(MARGIN, height - 34, _footer(cost), "quiet"))
    parts.append(
        _text(
            MARGIN,
            height - 18,
            "nginx and HAProxy pass bytes on and nothing else: the floor.",
            "quiet",
        )
    )
    return "\n".join([*parts, "</svg>", ""])


def _footer(cost: Cost) -> str:
    return (
        f"Side by side over one mock upstream, each gateway on one core: medians of {cost.rounds} rounds, "
        f"{cost.date}, {cost.machine}, {cost.python}."
    )


def _name(row: Row, at: int) -> str:
    """The gateway's name, and below it what it does for its cost."""
    top = TOP + ROW_HEIGHT * at
    does = (
        "checks keys" if row.refuses_wrong_key else "",
        "meters usage" if row.meters_usage else "",
        "passes bytes on" if row.role == "floor" else "",
        row.note,
    )
    kind = "own-name" if row.role == "ours" else "name"
    return _text(MARGIN, top + 17, f"{row.label} {row.version}", kind) + _text(
        MARGIN, top + 32, ", ".join(filter(None, does)), "quiet"
    )


def _panel(panel: Panel, rows: tuple[Row, ...], reference: Row | None) -> Iterator[str]:
    values = {row.name: _value(row, panel.figure) for row in rows}
    unit = (_value(reference, panel.figure) if reference is not None else None) or next(
        (value for value in values.values() if value), 1.0
    )
    shown = [value / unit for value in values.values() if value and value / unit <= CUT_RATIO]
    room = PANEL_WIDTH - VALUE_WIDTH
    scale = room / max(1.1, *shown, 1.0)
    bottom = TOP + ROW_HEIGHT * len(rows)
    yield _text(panel.left, TOP - 16, panel.title, "head")
    yield _line(panel.left, TOP - 4, bottom, 'class="axis"')
    yield _line(panel.left + scale, TOP - 4, bottom, 'class="one" stroke-dasharray="2 4"')
    for at, row in enumerate(rows):
        value = values[row.name]
        if value:
            yield from _bar(panel, row, TOP + ROW_HEIGHT * at + 5, value, unit=unit, scale=scale)


def _bar(panel: Panel, row: Row, top: int, value: float, *, unit: float, scale: float) -> Iterator[str]:
    ratio = value / unit
    cut = ratio > CUT_RATIO
    length = PANEL_WIDTH - VALUE_WIDTH if cut else ratio * scale
    yield (f'<rect class="{row.role}" x="{panel.left}" y="{top}" width="{length:.1f}" height="{BAR_HEIGHT}" rx="2"/>')
    if cut:
        at = panel.left + length - 26
        yield f'<path class="cut" d="M{at + 4:.1f} {top - 2} l-8 {BAR_HEIGHT + 4} M{at + 11:.1f} {top - 2} l-8 24"/>'
    amount = f"{value:,.0f}" if value >= 100 else f"{value:.1f}"
    text = f"{ratio:,.0f}×" if ratio >= 10 else f"{ratio:.2f}×"
    if panel.streams and row.medians.behind:
        text = f"> {text}"
    kind = "value own-name" if row.role == "ours" else "value"
    yield (
        f'<text class="{kind}" x="{panel.left + length + 8:.1f}" y="{top + 15}">{text}'
        f'<tspan class="quiet" dx="6">{amount} µs</tspan></text>'
    )


def _value(row: Row, figure: str) -> float | None:
    value: float | None = getattr(row.medians, figure)
    return value


def _text(left: float, top: float, text: str, kind: str) -> str:
    return f'<text class="{kind}" x="{left}" y="{top}">{escape(text)}</text>'


def _line(left: float, top: float, bottom: float, style: str) -> str:
    return f'<line {style} x1="{left:.1f}" x2="{left:.1f}" y1="{top}" y2="{bottom}"/>'
