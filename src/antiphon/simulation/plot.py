"""A picture of figures as SVG: how many clients had their first token after how long, a line for each policy. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from xml.sax.saxutils import escape

from antiphon.simulation.figures import Figures

WIDTH, HEIGHT = 720, 420
LEFT, RIGHT, TOP, BOTTOM = 60, 20, 40, 50
COLOURS = ("#2563eb", "#d97706", "#16a34a", "#db2777", "#7c3aed")  # seen on white and on black
STYLE = """<style>
text { font: 12px system-ui, sans-serif; fill: #5b6676 } .head { font-size: 14px; fill: #1f2733 }
.page { fill: #ffffff } .grid { stroke: #dde2ea } polyline { fill: none; stroke-width: 2 }
@media (prefers-color-scheme: dark) {
text { fill: #98a2b3 } .head { fill: #e6eaf0 } .page { fill: #0d1117 } .grid { stroke: #2a313c }
}
</style>"""
SHORTEST_S, LONGEST_S = 0.01, 100.0
TICKS_S = (0.01, 0.1, 1, 10, 100)
POINTS = 120


def svg(found: Sequence[Figures], title: str) -> str:
    """The whole picture."""
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
        f"<title>{escape(title)}</title>",
        STYLE,
        f'<rect class="page" width="{WIDTH}" height="{HEIGHT}"/>',
        f'<text class="head" x="{LEFT}" y="22">{escape(title)}</text>',
        *_axes(),
    ]
    for number, figures in enumerate(found):
        colour = COLOURS[number % len(COLOURS)]
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in _curve(figures.waits_s))
        lines.append(f'<polyline points="{points}" stroke="{colour}"/>')
        y = HEIGHT - BOTTOM - 16 * (len(found) - number)
        label = f"{figures.policy}: p50 {figures.ttft_p50_s:.2f} s, p95 {figures.ttft_p95_s:.2f} s"
        lines.append(f'<text x="{WIDTH - RIGHT - 250}" y="{y}" style="fill: {colour}">{escape(label)}</text>')
    return "\n".join([*lines, "</svg>", ""])


def _axes() -> list[str]:
    bottom = HEIGHT - BOTTOM
    lines = []
    for seconds in TICKS_S:
        x = _x(seconds)
        lines.append(f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{bottom}" class="grid"/>')
        lines.append(f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{seconds:g} s</text>')
    for percent in (0, 25, 50, 75, 100):
        y = _y(percent / 100)
        lines.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" class="grid"/>')
        lines.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{percent} %</text>')
    middle = (LEFT + WIDTH - RIGHT) / 2
    lines.append(f'<text x="{middle}" y="{HEIGHT - 10}" text-anchor="middle">time to first token</text>')
    return lines


def _curve(waits_s: Sequence[float]) -> list[tuple[float, float]]:
    """The share of clients that had waited no longer, at evenly spaced shares."""
    if not waits_s:
        return []
    last = len(waits_s) - 1
    return [(_x(waits_s[round(last * i / POINTS)]), _y(i / POINTS)) for i in range(POINTS + 1)]


def _x(seconds: float) -> float:
    span = math.log(LONGEST_S / SHORTEST_S)
    at = math.log(min(LONGEST_S, max(SHORTEST_S, seconds)) / SHORTEST_S) / span
    return LEFT + at * (WIDTH - LEFT - RIGHT)


def _y(share: float) -> float:
    return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)
