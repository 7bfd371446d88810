"""Engines that break off, talk nonsense or lie: errors are clean, garbage stays out, oddities do not matter."""

from __future__ import annotations

import json

import pytest

from antiphon.testing.faults import Fault, FaultName, GarbageKind
from antiphon.testing.garbage import LEAK
from antiphon.testing.text import expected_text

from .lab import COUNT, MESSAGES, Lab, assert_broken, assert_good, assert_refused, seen

pytestmark = pytest.mark.asyncio(loop_scope="package")
K = 3
STREAMED_PREFIX = expected_text(MESSAGES, K)
MEGABYTE = 1024 * 1024
TALKATIVE = [{"role": "user", "content": "[[answer tokens=1000]]"}]
BREAKS = (
    Fault(name="close", k=K),
    Fault(name="reset", k=K, delay_s=0.1),
    Fault(name="exit", k=K, delay_s=0.1),
    Fault(name="cut", k=K),
    Fault(name="end_early", k=K),
    Fault(name="stream_error", k=K),
    Fault(name="garbage", k=K, kind="json"),
    Fault(name="garbage", k=K, kind="encoding"),
    Fault(name="huge_line", k=K, size_bytes=5 * MEGABYTE),
    Fault(name="bad_chunking", k=K, kind="size"),
    Fault(name="bad_chunking", k=K, kind="crlf"),
    Fault(name="bad_chunking", k=K, kind="overflow"),
    Fault(name="no_finish"),
)
HARMLESS: tuple[FaultName, ...] = (
    "slow_headers", "informational", "slow", "one_byte", "wrong_model", "wrong_index", "bare", "extra_fields",
    "usage_each_chunk", "no_done", "double_done", "after_done", "keepalive_race", "close_idle",
)  # fmt: skip


def named(fault: Fault) -> str:
    """A fault as a test's name shows it."""
    return f"{fault.name}-{fault.kind}" if fault.name in ("garbage", "bad_chunking") else fault.name


@pytest.mark.parametrize("fault", BREAKS, ids=named)
async def test_broken_stream_ends_with_an_error_event(lab: Lab, fault: Fault) -> None:
    """What came before the break is delivered; then an error event, no [DONE], no finish_reason, no garbage."""
    lab.a.push(fault)
    response = await lab.ask(stream=True)
    assert lab.a.requests[-1].struck
    answer = seen(response)
    assert_broken(answer)
    assert answer.text == (STREAMED_PREFIX if fault.name != "no_finish" else expected_text(MESSAGES, COUNT))
    for foreign in (b"EngineCore", b"half a", b"caf\xe9", b"xxxx", b"zz;"):
        assert foreign not in response.body


@pytest.mark.parametrize("fault", BREAKS, ids=named)
async def test_broken_plain_answer_is_a_bad_gateway(lab: Lab, fault: Fault) -> None:
    """A plain answer that keeps breaking is 502 and nothing of it is shown."""
    lab.a.always(fault)
    answer = seen(await lab.ask(stream=False))
    assert lab.a.requests[-1].struck
    assert_refused(answer, *((502, 503) if fault.name == "exit" else (502,)))
    assert answer.error["code"] in ("engine_failed", "unavailable")


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("name", ["close", "reset", "exit"])
@pytest.mark.parametrize("k", [-1, 0])
async def test_break_before_the_first_token_keeps_its_status(lab: Lab, name: FaultName, k: int, stream: bool) -> None:
    """Nothing has been sent yet, so the client gets a true status, streaming or not."""
    lab.a.always(Fault(name=name, k=k))
    assert_refused(seen(await lab.ask(stream=stream)), 502, 503)
    assert lab.a.requests[-1].struck


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("name", HARMLESS)
async def test_oddities_do_not_matter(lab: Lab, name: FaultName, stream: bool) -> None:
    """Two requests after one another are whole, to the letter, on whatever connection there is."""
    lab.a.push(Fault(name=name, delay_s=0.002 if name in ("slow", "slow_headers") else 0), None)
    for _ in range(2):
        response = await lab.ask(stream=stream)
        assert_good(seen(response))
        assert b"unknown" not in response.body
        assert b"prompt_logprobs" not in response.body
        assert b"another-model" not in response.body


async def test_events_may_be_spelt_in_each_way_that_engines_use(lab: Lab) -> None:
    """Comments, CRLF, ids, no space after the colon: the same text."""
    lab.a.push(Fault(name="sse_dialect"))
    assert_good(seen(await lab.ask(stream=True)))


async def test_data_over_several_lines_is_read_or_refused(lab: Lab) -> None:
    """The standard joins the data lines of one event; no engine uses that, so a clean refusal will do."""
    lab.a.push(Fault(name="data_lines"))
    answer = seen(await lab.ask(stream=True))
    if answer.error:
        assert_refused(answer, 502)
    else:
        assert_good(answer)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("name", ["lying_usage", "no_usage"])
async def test_usage_is_never_more_than_was_generated(lab: Lab, name: FaultName, stream: bool) -> None:
    """An engine that lies about usage, or says nothing, does not make the client pay for tokens it cannot have had."""
    lab.a.push(Fault(name=name))
    answer = seen(await lab.ask(stream=stream))
    assert (answer.status, answer.text) == (200, expected_text(MESSAGES, COUNT))
    assert answer.usage["completion_tokens"] <= COUNT
    if stream:
        assert answer.usage["completion_tokens"] == COUNT


@pytest.mark.parametrize("name", ["endless", "endless_whitespace"])
async def test_endless_stream_is_cut_at_max_tokens(lab: Lab, name: FaultName) -> None:
    """Never more than max_tokens: the stream ends by length and the engine is told to stop."""
    lab.a.push(Fault(name=name))
    assert_good(seen(await lab.ask(stream=True)))
    exchange = lab.a.requests[-1]
    await lab.a.disconnected(exchange)
    assert exchange.struck


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("kind", ["long", "short"])
async def test_wrong_content_length_harms_nobody_else(lab: Lab, kind: str, stream: bool) -> None:
    """The lie may break its own answer, never the next one on that connection."""
    lab.a.push(Fault(name="wrong_length", kind="short" if kind == "short" else "long"), None, None)
    first = seen(await lab.ask(stream=stream))
    assert first.error or first.text == expected_text(MESSAGES, COUNT)
    for _ in range(2):
        assert_good(seen(await lab.ask(stream=stream)))


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    "fault",
    [
        Fault(name="compressed"),
        Fault(name="empty_body"),
        Fault(name="header_flood", size_bytes=MEGABYTE),
        Fault(name="status", status=204, shape="empty"),
        Fault(name="status", status=401, shape="string"),
        Fault(name="status", status=404, shape="detail"),
        Fault(name="status", status=500, shape="object"),
        Fault(name="status", status=500, shape="trace"),
        Fault(name="status", status=502, shape="html"),
        Fault(name="status", status=200, shape="html"),
        Fault(name="status", status=200, shape="object"),
        Fault(name="status", status=504, shape="text"),
        Fault(name="status", status=599, shape="empty"),
    ],
    ids=lambda fault: f"{fault.name}-{fault.status}-{fault.shape}-{fault.kind}",
)
async def test_nonsense_is_a_bad_gateway(lab: Lab, fault: Fault, stream: bool) -> None:
    """Whatever an engine says in place of an answer is 502, and its words stay out of it."""
    lab.a.push(fault)
    response = await lab.ask(stream=stream)
    assert lab.a.requests[-1].struck
    assert_refused(seen(response), 502)
    for foreign in (LEAK.encode(), b"Traceback", b"nginx", b"<html", b"EngineCore", b"engine says"):
        assert foreign not in response.body


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirections_are_not_followed(lab: Lab, status: int, stream: bool) -> None:
    """An engine cannot send the gateway elsewhere."""
    before = len(lab.b.requests)
    target = f"{lab.b.url}/chat/completions"
    lab.a.push(Fault(name="status", status=status, location=target, shape="empty"))
    assert_refused(seen(await lab.ask(stream=stream)), 502)
    assert len(lab.b.requests) == before


async def test_one_broken_choice_breaks_the_stream(lab: Lab) -> None:
    """When one of two choices breaks, the stream ends with an error event and the other engine request is stopped."""
    lab.a.push(Fault(name="close", k=2), Fault(name="slow", delay_s=0.05))
    response = await lab.ask(stream=True, n=2, max_tokens=1000, messages=TALKATIVE)
    assert "error" in json.loads(response.events()[-1])
    await lab.a.idle()
    assert lab.a.requests[-1].tokens < 100


async def test_one_broken_choice_breaks_the_plain_answer(lab: Lab) -> None:
    """Two choices are both whole, or there is none."""
    lab.a.push(Fault(name="cut", k=2), None)
    assert_refused(seen(await lab.ask(stream=False, n=2)), 502)
    await lab.a.idle()


@pytest.mark.parametrize("stream", [False, True])
async def test_text_that_breaks_its_schema_is_an_error(lab: Lab, stream: bool) -> None:
    """An engine that ignores the grammar and says it stopped does not pass for a valid document."""
    messages = [{"role": "user", "content": "[[answer tokens=4]]"}]
    answer = seen(await lab.ask(stream=stream, messages=messages, response_format={"type": "json_object"}))
    assert answer.error["code"] == "engine_failed"
    assert not answer.finish_reasons


@pytest.mark.parametrize("kind", ["html", "binary"])
async def test_lines_that_are_no_events_stay_out(lab: Lab, kind: GarbageKind) -> None:
    """The standard has a reader skip lines that it does not know: the stream is whole or broken, never both."""
    lab.a.push(Fault(name="garbage", k=K, kind=kind))
    response = await lab.ask(stream=True)
    answer = seen(response)
    if answer.error:
        assert_broken(answer)
    else:
        assert_good(answer)
    assert b"html" not in response.body
    assert bytes(range(128, 140)) not in response.body


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(("given_s", "told_s"), [(7, "7"), (100_000, "60"), (0, "1"), (None, "1")])
async def test_busy_engine_says_when_to_come_back(
    lab: Lab, status: int, given_s: int | None, told_s: str, stream: bool
) -> None:
    """429 and 503 become 503 with the engine's Retry-After, kept between 1 and 60 seconds."""
    lab.a.push(Fault(name="status", status=status, retry_after_s=given_s, shape="html"))
    response = await lab.ask(stream=stream)
    assert_refused(seen(response), 503)
    assert response.headers["retry-after"] == told_s


@pytest.mark.parametrize("stream", [False, True])
async def test_refusal_of_the_request_stays_one(lab: Lab, stream: bool) -> None:
    """An engine's 400 is the client's 400, whatever the form of its body."""
    for shape in ("object", "string", "html", "empty"):
        lab.a.push(Fault(name="status", status=400, shape=shape))
        answer = seen(await lab.ask(stream=stream))
        assert_refused(answer, 400)
        assert "html" not in answer.error["message"]
