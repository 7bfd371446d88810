"""A request of a batch, as its handler sees it."""

from __future__ import annotations

from antiphon.gateway.line_exchange import BROKEN_OFF, LineExchange
from antiphon.http.exchange import JSON
from antiphon.key import Key


def exchange() -> LineExchange:
    """A request that has arrived whole."""
    return LineExchange("/v1/chat/completions", b"{}", Key("ann"), "req_1")


async def test_an_answer_is_kept() -> None:
    """Whole, or in pieces behind blank lines."""
    whole, slow = exchange(), exchange()
    assert await whole.body() == b"{}"
    whole.respond(200, b'{"a": 1}', JSON)
    slow.start(200, JSON)
    assert slow.write(b"\n")
    slow.finish(b'{"a": 1}')
    for one in (whole, slow):
        assert (one.status, one.answer, one.responded) == (200, b'{"a": 1}', True)


def test_one_that_fails_on_the_way_is_no_good_answer() -> None:
    """Whatever its head said."""
    failed, broken = exchange(), exchange()
    for one in (failed, broken):
        one.start(200, JSON)
    failed.fail(b'{"error": {}}')
    broken.break_off()
    assert (failed.status, failed.answer, failed.failed) == (BROKEN_OFF, b'{"error": {}}', True)
    assert broken.status == BROKEN_OFF


def test_it_is_told_once_whether_it_stands() -> None:
    """And not before that is known."""
    told: list[bool] = []
    one = exchange()
    one.conclude(told.append)
    assert told == []
    one.concluded(True)
    one.concluded(False)
    assert told == [True]
