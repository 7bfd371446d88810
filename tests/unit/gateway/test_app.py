"""Tests of the application: the order of its checks, request ids, and what becomes of errors."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import msgspec
import pytest

from antiphon.accounts.keys import digest
from antiphon.console.cookies import NAME
from antiphon.db.open import open_database
from antiphon.errors import Unavailable
from antiphon.gateway.overload import Shedding
from antiphon.ids import seeded
from antiphon.key import Key
from antiphon.testing.raw_client import events_of
from tests.unit.console.desk import SAME_ORIGIN, Desk
from tests.unit.gateway.serving import ONCE, ORIGIN, PAIR, SECRET, STORED, Served, bearer
from tests.unit.http.recording import exchange_of


async def test_the_address_is_checked_before_the_key() -> None:
    """404 and 405 need no key; 401 is for addresses that are there."""
    served = Served()
    assert (await served.ask("POST", "/nothing")).status == 404
    refused = await served.ask("GET", "/chat")
    assert (refused.status, refused.headers["allow"]) == (405, "POST")
    unknown = await served.ask("POST", "/chat")
    assert (unknown.status, unknown.headers["www-authenticate"]) == (401, "Bearer")
    assert (await served.ask("POST", "/chat", bearer("sk-wrong"))).status == 401
    assert served.seen == []


async def test_the_key_is_checked_before_the_limit_and_the_limit_before_the_handler() -> None:
    """A second request within the minute is refused, a wrong address or key still gets its own refusal."""
    served = Served()
    assert (await served.ask("POST", "/chat", bearer(ONCE))).status == 200
    limited = await served.ask("POST", "/chat", bearer(ONCE))
    assert limited.status == 429
    assert 1 <= int(limited.headers["retry-after"]) <= 60
    assert (await served.ask("GET", "/chat", bearer(ONCE))).status == 405
    assert (await served.ask("POST", "/chat", bearer("sk-wrong"))).status == 401
    assert (await served.ask("POST", "/chat", bearer(SECRET))).status == 200
    assert len(served.seen) == 2


async def test_who_signed_in_at_the_console_needs_no_key(tmp_path: Path) -> None:
    """Where the console itself asks; a key that is shown counts, and what the session may not do is refused."""
    database = open_database(None, data_dir=tmp_path)
    desk = Desk(database, named={digest(SECRET): Key("alice")})
    served = Served(visitors=desk.visitors)
    token = (await desk.sessions.begin(Key("alice"), SECRET)).token
    cookie = SAME_ORIGIN | {b"cookie": f"{NAME}={token}".encode()}
    assert (await served.ask("POST", "/chat", cookie)).status == 200
    assert served.seen[-1].key == Key("alice")
    assert [course.status for course in served.courses] == [200]  # which the console shows, whoever watches
    assert (await served.ask("POST", "/keys", cookie)).status == 403
    assert (await served.ask("POST", "/chat", cookie | bearer("sk-wrong"))).status == 401
    assert (await served.ask("POST", "/chat", {b"cookie": cookie[b"cookie"]})).status == 401
    assert (await served.ask("POST", "/chat", cookie | {b"sec-fetch-site": b"cross-site"})).status == 403
    await database.close()


async def test_the_scope_is_checked_before_the_limit() -> None:
    """Who may not ask at all uses nothing up."""
    served = Served()
    refused = await served.ask("POST", "/keys", bearer(ONCE))
    assert (refused.status, b"scope `keys`" in refused.body) == (403, True)
    assert (await served.ask("POST", "/chat", bearer(ONCE))).status == 200


async def test_answers_tell_what_is_left_of_a_limit() -> None:
    """Good ones and refusals; keys without a limit are told nothing."""
    served = Served()
    assert (await served.ask("POST", "/chat", bearer(ONCE))).headers["x-ratelimit-remaining-requests"] == "0"
    refused = await served.ask("POST", "/chat", bearer(ONCE))
    assert (refused.status, refused.headers["x-ratelimit-limit-requests"]) == (429, "1")
    assert "x-ratelimit-limit-requests" not in (await served.ask("POST", "/chat", bearer(SECRET))).headers


async def test_so_many_of_a_key_are_served_at_once() -> None:
    """One more is refused; those that end, however they end, make room."""
    served = Served()
    exchanges = [exchange_of("POST", "/waits", bearer(PAIR))[0] for _ in range(3)]
    tasks = [asyncio.create_task(served.app(exchange)) for exchange in exchanges]
    await asyncio.sleep(0)
    assert [exchange.status for exchange in exchanges] == [0, 0, 429]
    tasks[0].cancel()
    await asyncio.wait([tasks[0]])
    served.gate.set()
    await asyncio.wait(tasks)
    for _ in range(5):
        assert (await served.ask("POST", "/chat", bearer(PAIR))).status == 200


@pytest.mark.parametrize(("path", "sent"), [("/waits", 401), ("/streams", 200)])
async def test_a_revoked_key_takes_its_requests_with_it(path: str, sent: int) -> None:
    """What has not begun is refused, what streams is cut off; requests of other keys go on."""
    served = Served()
    (own, wire), (other, other_wire) = (exchange_of("POST", path, bearer(key)) for key in (STORED, SECRET))
    for exchange in (own, other):
        exchange.task = asyncio.create_task(served.app(exchange))
    await asyncio.sleep(0)
    served.running.break_off(["key_1"])
    assert own.task is not None
    await own.task
    assert (wire.status, wire.ends, wire.sent.endswith(b"0\r\n\r\n")) == (sent, 1, False)
    served.gate.set()
    assert other.task is not None
    await other.task
    assert other_wire.status == 200
    assert (await served.ask("POST", "/chat", bearer(STORED))).status == 200


async def test_a_stream_that_is_ended_ends_with_an_error() -> None:
    """Its last event says why, and neither silence nor `[DONE]` passes it off as whole; then the connection ends."""
    served = Served()
    exchange, wire = exchange_of("POST", "/events", bearer(SECRET))
    exchange.task = asyncio.create_task(served.app(exchange))
    await asyncio.sleep(0)
    exchange.end(Unavailable("The gateway ends."))
    await exchange.task
    first, last = events_of(b"".join(re.split(rb"\r\n|(?m:^)[0-9a-f]+\r\n", wire.body)))
    assert (first, msgspec.json.decode(last)["error"]["message"]) == ("1", "The gateway ends.")
    assert wire.sent.endswith(b"0\r\n\r\n")
    assert (wire.ends, exchange.keep_alive, exchange.failed) == (1, False, True)


async def test_a_mistake_in_the_middle_ends_a_plain_answer_with_an_error() -> None:
    """Behind the blank lines that kept it alive stands the error as JSON."""
    served = Served()
    wire = await served.ask("GET", "/breaks-late")
    shown = b'{"error":{"message":"Something went wrong here.","type":"server_error","param":null,"code":null}}'
    assert (wire.status, shown in wire.body, wire.sent.endswith(b"0\r\n\r\n")) == (200, True, True)
    assert "ZeroDivisionError" in served.lines.getvalue()


async def test_too_many_requests_at_once_are_refused() -> None:
    """Beyond the limit a request with a key gets 503; probes are answered all the same."""
    served = Served(in_flight_max=0)
    refused = await served.ask("POST", "/chat", bearer(SECRET))
    assert (refused.status, refused.headers["retry-after"]) == (503, "1")
    assert (await served.ask("GET", "/open")).status == 200


async def test_an_overloaded_gateway_refuses_before_it_looks() -> None:
    """Whoever asks: no key is looked up, no limit counted, no body read; other routes are served."""
    served = Served()
    served.load.shedding, served.load.sheds = Shedding(work=True), True
    for headers in (bearer(ONCE), bearer("sk-wrong"), {}):
        refused = await served.ask("POST", "/chat", headers)
        assert (refused.status, msgspec.json.decode(refused.body)["error"]["code"]) == (503, "overloaded")
        assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert (await served.ask("GET", "/open")).status == 200
    served.load.shedding, served.load.sheds = Shedding(), False
    assert (await served.ask("POST", "/chat", bearer(ONCE))).status == 200


async def test_the_handler_is_told_who_asks_for_what() -> None:
    """The exchange holds the route, the key and the parameter of the path."""
    served = Served()
    await served.ask("GET", "/models/org/llama", bearer(SECRET))
    (exchange,) = served.seen
    assert (exchange.route, exchange.key, exchange.parameter) == ("/models/{model}", Key("alice"), "org/llama")


@pytest.mark.parametrize("given", [b"a", b"Trace-1.2_3", b"x" * 128])
async def test_a_good_request_id_is_kept(given: bytes) -> None:
    """The client finds its own id again."""
    wire = await Served().ask("GET", "/open", {b"x-request-id": given})
    assert wire.headers["x-request-id"] == given.decode()


@pytest.mark.parametrize("given", [None, b"", b"x" * 129, b"two words", b"\xff", b"a\n", b"<script>"])
async def test_another_request_id_is_made(given: bytes | None) -> None:
    """What is absent, too long or not plain is replaced, in refusals too."""
    headers = {} if given is None else {b"x-request-id": given}
    for path in ("/open", "/nothing"):
        wire = await Served().ask("GET", path, headers)
        assert wire.headers["x-request-id"] == seeded(1).make("req_")


async def test_an_error_takes_the_form_that_was_asked_for() -> None:
    """JSON by default, text where Accept prefers it or the key is a `dkn_` one."""
    served = Served()
    shown = msgspec.json.decode((await served.ask("GET", "/refuses")).body)
    assert shown["error"]["param"] == "n"
    for headers in ({b"accept": b"text/plain"}, bearer("dkn_live_abc")):
        wire = await served.ask("GET", "/refuses", headers)
        assert (wire.status, wire.body) == (400, b"n: expected 1 or more.")
        assert wire.headers["content-type"] == "text/plain; charset=utf-8"


async def test_a_mistake_of_ours_is_told_to_the_log_alone() -> None:
    """The client gets 500 and no trace; the log gets the trace and the request's id."""
    served = Served()
    wire = await served.ask("GET", "/breaks")
    assert wire.status == 500
    assert msgspec.json.decode(wire.body)["error"]["message"] == "Something went wrong here."
    for trace in (b"Traceback", b"ZeroDivisionError", b"inner secret", b".py"):
        assert trace not in wire.sent
    line = served.logged()[0]
    assert (line["level"], line["request_id"]) == ("error", wire.headers["x-request-id"])
    assert "ZeroDivisionError: the inner secret" in str(line["trace"])


async def test_a_response_under_way_is_cut_off() -> None:
    """Nothing can be said after the head: the body ends without its last chunk."""
    wire = await Served().ask("GET", "/stops")
    assert (wire.status, wire.body) == (200, b"4\r\nhalf\r\n")


@pytest.mark.parametrize(("path", "headers"), [("/gone", {}), ("/cancelled", {b"x-gone": b"1"})])
async def test_a_client_that_left_is_noted(path: str, headers: dict[bytes, bytes]) -> None:
    """Nothing is sent; the log shows 499."""
    served = Served()
    wire = await served.ask("GET", path, headers)
    assert wire.sent == b""
    assert served.logged()[-1]["status"] == 499


async def test_a_cancelled_task_stays_cancelled() -> None:
    """While the client is there, a cancellation goes on to whoever asked for it, and the connection is let go."""
    served = Served()
    exchange, wire = exchange_of("GET", "/cancelled")
    with pytest.raises(asyncio.CancelledError):
        await served.app(exchange)
    assert (wire.ends, exchange.keep_alive, served.metrics.in_flight) == (1, False, 0)


async def test_a_handler_that_says_nothing_ends_the_connection() -> None:
    """No client waits for ever."""
    served = Served()
    exchange, wire = exchange_of("GET", "/silent")
    await served.app(exchange)
    assert (wire.sent, wire.ends, exchange.keep_alive) == (b"", 1, False)


async def test_a_preflight_needs_no_key_and_no_route() -> None:
    """It is answered before anything else; a refusal of the real call still carries the origin."""
    served = Served()
    asked = {b"origin": ORIGIN.encode(), b"access-control-request-method": b"POST"}
    assert (await served.ask("OPTIONS", "/chat", asked)).status == 204
    refused = await served.ask("POST", "/chat", {b"origin": ORIGIN.encode()})
    assert (refused.status, refused.headers["access-control-allow-origin"]) == (401, ORIGIN)


async def test_every_response_is_counted_and_logged_without_the_key() -> None:
    """Counts go by route and status, log lines name the key's owner, and unknown paths are one series."""
    served = Served()
    await served.ask("POST", "/chat", bearer(SECRET))
    await served.ask("GET", "/guess/1", bearer(SECRET))
    await served.ask("GET", "/guess/2", bearer(SECRET))
    text = served.metrics.text().decode()
    assert 'antiphon_http_responses_total{route="/chat",status="200"} 1.0' in text
    assert 'antiphon_http_responses_total{route="unknown",status="404"} 2.0' in text
    assert "guess" not in text
    assert [(line["route"], line["status"], line["key"]) for line in served.logged()] == [
        ("/chat", 200, "alice"),
        ("unknown", 404, None),
        ("unknown", 404, None),
    ]
    assert SECRET not in served.lines.getvalue()


async def test_requests_that_engines_work_for_can_be_followed() -> None:
    """To their end, whatever it is; others are none of their followers' business."""
    service = Served()
    await service.ask("POST", "/chat", bearer(SECRET))
    assert service.courses == []
    service.following.watch(on=True)
    await service.ask("POST", "/chat", bearer(SECRET))
    await service.ask("POST", "/chat")
    await service.ask("POST", "/generates-not")
    await service.ask("GET", "/open")
    assert [(one.status, one.error_code) for one in service.courses] == [
        (200, None),
        (401, "missing_api_key"),
        (400, "invalid_value"),
    ]
    assert all(one.ended_at is not None and one.route for one in service.courses)
