"""A verdict as a picture (SVG): each pair's effect with its interval, and each variant's mean over time. Pure.

It has no scripts and loads nothing; colours are told apart by lightness too, and every line has its name beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from msgspec import Struct

from antiphon.verdict.compare import Comparison
from antiphon.verdict.judge import MetricVerdict, Verdict
from antiphon.verdict.text import number, sentence

WIDTH = 860
MARGIN = 24
NAMES = 190  # what stands left of an interval
NUMBERS = 250  # and right of it
NAME_CHARACTERS = 11  # of each variant of a pair, as many as fit there
ROW = 26
CHART = 150
COLOURS = ("#1b5e8c", "#d1651f", "#4b8b3b", "#8c3a78", "#6b6b6b", "#b59a00", "#2a9d9d", "#a33b3b")


class Point(Struct, frozen=True):
    """The values of one variant that came within one stretch of time: how many, and their mean."""

    variant: str
    from_ms: int
    n: int
    mean: float


def svg(verdict: Verdict, title: str, points: Sequence[Point]) -> str:
    """The picture; `points` are of the metric that decides."""
    parts, top = [_text(MARGIN, 30, title, size=17), _text(MARGIN, 52, sentence(verdict))], 66
    for metric in verdict.metrics:
        top += 24
        parts.append(_text(MARGIN, top, f"{metric.key} ({metric.better} is better)", weight=600))
        made, height = _forest(metric, top + 8)
        parts += made
        top += height
        if metric.decides and points:
            parts += _chart(metric, points, top + 16)
            top += CHART + 40
    height = top + MARGIN
    box = f'width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}"'
    body = "".join(parts)
    label = escape(sentence(verdict), quote=True)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {box} role="img" aria-label="{label}">'
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>{body}</svg>\n'
    )


def _forest(metric: MetricVerdict, top: int) -> tuple[list[str], int]:
    """One line for each pair, on one scale, and a line through 0."""
    known = [one for one in metric.comparisons if one.low is not None and one.high is not None]
    reach = max((max(abs(one.low or 0), abs(one.high or 0)) for one in known), default=0.0) or 1.0
    left, right = NAMES, WIDTH - NUMBERS
    place = Place(-reach, reach, left, right)
    bottom = top + ROW * max(1, len(metric.comparisons))
    parts = [_line(place(0), top, place(0), bottom, "#999", dash=True)]
    for row, one in enumerate(metric.comparisons):
        middle = top + ROW * row + ROW // 2
        parts.append(_text(MARGIN, middle + 4, f"{_short(one.second)} - {_short(one.first)}"))
        if one.low is not None and one.high is not None:
            parts += _interval(one, middle, place)
        around = f"{one.effect:+.3g} ({number(one.low)} to {number(one.high)})"
        parts.append(_text(right + 14, middle + 4, around))
    return parts, bottom - top + 8


def _interval(one: Comparison, middle: int, place: Place) -> list[str]:
    colour = "#999" if one.better is None else COLOURS[0]
    return [
        _line(place(one.low or 0.0), middle, place(one.high or 0.0), middle, colour, width=3),
        f'<circle cx="{place(one.effect):.1f}" cy="{middle}" r="5" fill="{colour}"/>',
    ]


class Place:
    """Where on a line a number stands."""

    def __init__(self, low: float, high: float, left: float, right: float) -> None:
        self._low = low
        self._by = (right - left) / ((high - low) or 1.0)
        self._left = left

    def __call__(self, number: float) -> float:
        """In pixels from the left, or from the top."""
        return self._left + (number - self._low) * self._by


def _chart(metric: MetricVerdict, points: Sequence[Point], top: int) -> list[str]:
    """The mean of each variant over time."""
    times, means = [point.from_ms for point in points], [point.mean for point in points]
    across = Place(min(times), max(times), NAMES, WIDTH - NUMBERS)
    down = Place(min(means), max(means), top + CHART, top)
    parts = [
        _line(NAMES, top + CHART, WIDTH - NUMBERS, top + CHART, "#ccc"),
        _text(MARGIN, top + 10, f"most {number(max(means))}"),
        _text(MARGIN, top + CHART, f"least {number(min(means))}"),
    ]
    for place, standing in enumerate(metric.standings):
        own = [point for point in points if point.variant == standing.variant]
        colour = COLOURS[place % len(COLOURS)]
        path = " ".join(f"{across(point.from_ms):.1f},{down(point.mean):.1f}" for point in own)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts.append(_text(WIDTH - NUMBERS + 14, top + 14 + 18 * place, standing.variant, fill=colour))
    return parts


def _short(name: str) -> str:
    return name if len(name) <= NAME_CHARACTERS else f"{name[: NAME_CHARACTERS - 1]}\N{HORIZONTAL ELLIPSIS}"


def _text(x: float, y: float, text: str, *, size: int = 13, weight: int = 400, fill: str = "#222") -> str:
    style = f'font-family="system-ui, sans-serif" font-size="{size}" font-weight="{weight}" fill="{fill}"'
    return f'<text x="{x:g}" y="{y:g}" {style}>{escape(text)}</text>'


def _line(x: float, y: float, x2: float, y2: float, colour: str, *, width: int = 1, dash: bool = False) -> str:
    dashed = ' stroke-dasharray="4 4"' if dash else ""
    ends = f'x1="{x:.1f}" y1="{y:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
    return f'<line {ends} stroke="{colour}" stroke-width="{width}"{dashed}/>'
