"""The picture."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from msgspec.structs import replace

from antiphon.simulation.plot import HEIGHT, WIDTH, svg
from tests.unit.simulation.test_figures import found


def test_each_policy_has_a_line_within_the_picture() -> None:
    """From the first client to the last one, also where waits are off the scale."""
    shown = found()
    picture = ET.fromstring(svg([shown, replace(shown, policy="<b>", waits_s=(0.0, 1.0, 1e6))], "1 & 2"))
    lines = [each for each in picture.iter() if each.tag.endswith("polyline")]
    points = [tuple(map(float, point.split(","))) for line in lines for point in line.attrib["points"].split()]
    assert len(lines) == 2
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in points)
    assert "1 & 2" in {each.text for each in picture.iter()}


def test_a_policy_without_answers_has_an_empty_line() -> None:
    """It is no error."""
    assert 'points=""' in svg([replace(found(), waits_s=())], "none")
