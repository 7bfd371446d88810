"""A handler's answer goes to an answer, but for its last piece, which waits."""

from __future__ import annotations

from antiphon.idempotency.answer import Answer, Room
from antiphon.idempotency.recording import Recording
from tests.unit.idempotency.asking import ANN, BODY, request


def recorded() -> tuple[Recording, Answer]:
    """A recording of a request, and what it records."""
    exchange, _ = request()
    exchange.request_id, exchange.route, exchange.parameter = "req_1", "/r", "p"
    answer = Answer(bytes_max=1 << 20, room=Room(1 << 20))
    return Recording(exchange, BODY, answer), answer


async def test_the_handler_sees_the_request() -> None:
    """All that a handler asks an exchange for."""
    recording, _ = recorded()
    assert await recording.body() == BODY
    assert (recording.key, recording.request_id, recording.route, recording.parameter) == (ANN, "req_1", "/r", "p")
    assert (recording.method, recording.path, recording.gone) == ("POST", "/v1/chat/completions", False)


async def test_a_plain_answer_waits_whole() -> None:
    """Its head too, so that it can be sent in one piece."""
    recording, answer = recorded()
    recording.respond(200, b"{}", (b"a", b"1"))
    assert (recording.whole, recording.last, recording.answer_headers) == (True, b"{}", ((b"a", b"1"),))
    assert (answer.status, answer.body) == (0, b"")


async def test_a_stream_is_passed_on_but_for_its_end() -> None:
    """As it comes."""
    recording, answer = recorded()
    recording.start(200, (b"a", b"1"))
    assert recording.write(b"one")
    assert recording.write(b"")
    await recording.drain()
    assert not recording.whole
    recording.finish(b"end")
    assert (recording.whole, recording.last, answer.status, answer.body) == (True, b"end", 200, b"one")


async def test_what_is_no_good_answer() -> None:
    """One that failed on its way, one that has no end, a refusal."""
    failed, cut, refused = (recorded()[0] for _ in range(3))
    failed.start(200)
    failed.fail(b"error")
    cut.start(200)
    cut.break_off()
    refused.respond(404, b"")
    for recording in (failed, cut, refused):
        assert recording.responded
        assert not recording.whole
