"""Numbers as the console writes them: money exact to the millionth, as the gateway's own; axes at round numbers."""

from __future__ import annotations

from itertools import pairwise
from random import Random
from typing import Any  # what a page's functions give is any JSON

import pytest
from playwright.async_api import Page

from antiphon.credits.ledger import AMOUNT_MAX
from antiphon.credits.money import usdc_text

from .visitor import Visitor

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="package")]

AMOUNTS = [0, 1, 9, 10, 100, 999_999, 1_000_000, 1_000_001, 2_500_000, 12_345_678_900, AMOUNT_MAX]
CALL = """
async ([module, name, all]) => {
  const found = await import(`/console/${module}`);
  return all.map((given) => found[name](...given));
}
"""


async def called(page: Page, module: str, name: str, *given: tuple[Any, ...]) -> list[Any]:
    """What a function of a module gives for each of these arguments."""
    found: list[Any] = await page.evaluate(CALL, [module, name, given])
    return found


async def test_money_is_written_as_the_gateway_does(operator: Visitor) -> None:
    """With thousands apart, and a true minus where it is less than nothing."""
    draws = Random(5)
    amounts = [*AMOUNTS, *(draws.randrange(AMOUNT_MAX) for _ in range(200))]
    written = await called(operator.page, "format.js", "usdc", *((amount,) for amount in amounts))
    assert [text.replace(",", "") for text in written] == [usdc_text(amount) for amount in amounts]
    assert await called(operator.page, "format.js", "usdc", (1_234_567_890_123,)) == ["1,234,567.890123"]
    less = await called(operator.page, "format.js", "change", (-1,), (5_000_000,), (0,))
    assert less == ["−0.000001", "+5.00", "0.00"]


async def test_amounts_are_read_exactly_or_not_at_all(operator: Visitor) -> None:
    """What has more than six decimals, a comma or a sign is no amount."""
    good = {
        "10": 10_000_000,
        "2.50": 2_500_000,
        "0.000001": 1,
        " 7.1 ": 7_100_000,
        "999999999.999999": 999_999_999_999_999,
    }
    bad = ("", "ten", "1.", ".5", "-1", "1,5", "1e3", "0.0000001", "1 000", "9999999999")
    assert await called(operator.page, "format.js", "micro", *((text,) for text in good)) == list(good.values())
    assert await called(operator.page, "format.js", "micro", *((text,) for text in bad)) == [None] * len(bad)


async def test_axes_have_round_numbers(operator: Visitor) -> None:
    """Within the range, in even steps, and not too many."""
    draws = Random(3)
    ranges = [(0, 1), (-0.2, 0.6), (0, 1_000_000), (412.1, 412.9), (5, 5)]
    ranges += [sorted((draws.uniform(-1e6, 1e6), draws.uniform(-1e6, 1e6))) for _ in range(100)]  # type: ignore[misc]
    for (low, high), ticks in zip(ranges, await called(operator.page, "charts.js", "ticks", *ranges), strict=True):
        room = 1e-6 * max(abs(low), abs(high), 1)
        assert len(ticks) <= 7
        assert all(low - room <= tick <= high + room for tick in ticks)
        assert len({f"{after - before:.6g}" for before, after in pairwise(ticks)}) <= 1
