"""Verdicts as pictures: well-formed, complete, and nothing of a caller's words is markup."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from antiphon.verdict.arm import Arm
from antiphon.verdict.judge import Measured, judge
from antiphon.verdict.picture import WIDTH, Point, svg
from antiphon.verdict.ratio import Period

SVG = "{http://www.w3.org/2000/svg}"
VARIANTS = ("a", "<b>")
ARMS = {"a": Arm(4_000, 2_000, 2_000), "<b>": Arm(4_000, 2_240, 2_240)}
VERDICT = judge(
    VARIANTS,
    [Measured(key="liked & co", kind="bounded", arms=ARMS), Measured(key="latency_ms", kind="scalar", better="lower")],
    [Period(dict.fromkeys(VARIANTS, 1.0), dict.fromkeys(VARIANTS, 4_000))],
    alpha=0.05,
    enough=100,
)
POINTS = [Point(variant, 60_000 * minute, 10, 0.5 + 0.01 * minute) for minute in range(5) for variant in VARIANTS]


def drawn(points: list[Point]) -> ET.Element:
    """The picture's elements."""
    return ET.fromstring(svg(VERDICT, "Tone \N{BULLET} </svg><script>", points))


def texts(picture: ET.Element) -> list[str]:
    """All that can be read."""
    return [one.text or "" for one in picture.iter(f"{SVG}text")]


def test_it_holds_what_there_is_to_say() -> None:
    """The title, the sentence, each metric and pair, whatever characters they have."""
    picture = drawn(POINTS)
    found = texts(picture)
    assert found[0] == "Tone \N{BULLET} </svg><script>"
    assert found[1].startswith("<b> is the best by liked & co")
    assert {"liked & co (higher is better)", "<b> - a", "latency_ms (lower is better)"} <= set(found)
    assert {one.tag.removeprefix(SVG) for one in picture.iter()} == {
        "svg", "rect", "text", "line", "circle", "polyline",
    }  # fmt: skip


def test_every_mark_is_inside() -> None:
    """Lines and points lie within the picture, also one without any spread."""
    for points in (POINTS, POINTS[:1], [Point("a", 0, 1, 0.5), Point("<b>", 0, 1, 0.5)]):
        picture = drawn(points)
        for line in picture.iter(f"{SVG}line"):
            assert all(0 <= float(line.attrib[name]) <= WIDTH for name in ("x1", "x2"))
        for path in picture.iter(f"{SVG}polyline"):
            pairs = [tuple(map(float, pair.split(","))) for pair in path.attrib["points"].split()]
            assert all(0 <= x <= WIDTH and 0 <= y <= float(picture.attrib["height"]) for x, y in pairs)


def test_without_points_there_is_no_chart() -> None:
    """Nothing is drawn of a time in which nothing came."""
    assert list(drawn([]).iter(f"{SVG}polyline")) == []
