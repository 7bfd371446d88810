"""The console's pure modules, in the browser that runs them: money, times, streams cut anywhere, code, phases."""

from __future__ import annotations

from typing import Any  # what modules give is any JSON

import pytest
import pytest_asyncio
from playwright.async_api import Page

from .lab import Site
from .visitor import Visitor

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="package")]

CALL = """
async ([module, name, parameters]) => {
  const found = await import(`/console/${module}.js`);
  return found[name](...parameters);
}
"""
CUT = """
async (text) => {
  const { Parser } = await import("/console/sse.js");
  const whole = new Parser().feed(text);
  for (let at = 0; at <= text.length; at += 1) {
    const parser = new Parser();
    const told = [...parser.feed(text.slice(0, at)), ...parser.feed(text.slice(at))];
    if (JSON.stringify(told) !== JSON.stringify(whole)) return `differs when cut at ${at}: ${JSON.stringify(told)}`;
  }
  return whole.map((event) => [event.event, event.data, event.id]);
}
"""
GROWN = """
async (text) => {
  const { Prose, prose } = await import("/console/prose.js");
  const whole = document.createElement("div");
  prose(whole, text);
  for (const step of [1, 3, 7]) {
    const grown = document.createElement("div");
    const made = new Prose(grown);
    for (let at = 0; at < text.length; at += step) made.push(text.slice(at, at + step));
    if (!grown.isEqualNode(whole)) return `differs by pieces of ${step}: ${grown.textContent}`;
  }
  return whole.children.length;
}
"""
MARKDOWN = "One\n\n1. a\n2. b\n\n~~~\n```\nnot the end\n\n~~~\n> said\n\n## Head\nbelow `x`\n\n```js\nopen\n"
COURSE = {
    "streamed": True,
    "began_at_ms": 1_000.0,
    "queued_ms": 1.0,
    "placed_ms": 11.0,
    "first_token_ms": 31.0,
    "ended_ms": 131.0,
    "settled_ms": 141.0,
}


@pytest_asyncio.fixture(loop_scope="package")
async def page(visitor: Visitor, lab: Site) -> Page:
    """Any page of the origin: modules need no session."""
    await visitor.page.goto(f"{lab.url}/")
    return visitor.page


async def call(page: Page, module: str, name: str, *parameters: Any) -> Any:
    """What a module's function gives."""
    return await page.evaluate(CALL, [module, name, list(parameters)])


@pytest.mark.parametrize(
    ("micro", "text"),
    [
        (0, "0.00"),
        (1, "0.000001"),
        (1_500_000, "1.50"),
        (1_234_567_890_123, "1,234,567.890123"),
        (-120_000, "\N{MINUS SIGN}0.12"),
        (9_007_199_254_740_991, "9,007,199,254.740991"),
    ],
)
async def test_money_is_written_exactly(page: Page, micro: int, text: str) -> None:
    """From whole micro-USDC, without a rounding anywhere."""
    assert await call(page, "format", "usdc", micro) == text


@pytest.mark.parametrize(
    ("text", "micro"), [("10", 10_000_000), (" 0.000001 ", 1), ("1.1234567", None), ("1e3", None), ("-1", None)]
)
async def test_money_is_read_exactly(page: Page, text: str, micro: int | None) -> None:
    """What is no amount of USDC is none, and nothing is rounded to one."""
    assert await call(page, "format", "micro", text) == micro


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (0.5, "0.50 ms"),
        (12.4, "12 ms"),
        (1_340, "1.34 s"),
        (61_000, "1 min 1 s"),
        (3_660_000, "1 h 1 min"),
        (None, "–"),
    ],
)
async def test_times_are_written_in_the_unit_that_fits(page: Page, ms: float | None, text: str) -> None:
    """Short ones in milliseconds, long ones in minutes and hours."""
    assert await call(page, "format", "duration", ms) == text


async def test_events_are_the_same_wherever_a_stream_is_cut(page: Page) -> None:
    """Any way of ending lines, data over several lines, comments, and ids."""
    text = ": hello\r\ndata: one\n\nevent: two\rdata:a\rdata: b\r\r: beat\n\nid: 7\r\ndata\r\n\r\nevent: none\n\n"
    assert await page.evaluate(CUT, text) == [["message", "one", ""], ["two", "a\nb", ""], ["message", "", "7"]]


async def test_an_answer_that_grows_looks_as_one_that_came_whole(page: Page) -> None:
    """However Markdown is cut into pieces, the same elements come of it."""
    assert await page.evaluate(GROWN, MARKDOWN) == 7


async def test_a_requests_stretches_follow_each_other(page: Page) -> None:
    """From its beginning to its settlement, without a gap; while it goes on, up to now."""
    stretches = await call(page, "live/phases", "phases", COURSE, 2_000.0)
    assert [(one["kind"], one["from"], one["to"]) for one in stretches] == [
        ("planning", 0, 1), ("queue", 1, 11), ("prefill", 11, 31), ("writing", 31, 131), ("settling", 131, 141),
    ]  # fmt: skip
    plain = COURSE | {"streamed": False, "first_token_ms": None}
    kinds = [one["kind"] for one in await call(page, "live/phases", "phases", plain, 2_000.0)]
    assert kinds == ["planning", "queue", "writing", "settling"], "nobody is told of a plain answer's first token"
    begun = COURSE | {"placed_ms": None, "first_token_ms": None, "ended_ms": None, "settled_ms": None}
    assert [one["kind"] for one in await call(page, "live/phases", "phases", begun, 1_500.0)] == ["planning", "queue"]


@pytest.mark.parametrize(("most", "span"), [(0.2, 1), (1, 1), (1.1, 2), (350, 500), (500.1, 1_000)])
async def test_bars_are_drawn_on_a_round_scale(page: Page, most: float, span: int) -> None:
    """So that the scale does not move with every request."""
    assert await call(page, "live/phases", "span", most) == span
