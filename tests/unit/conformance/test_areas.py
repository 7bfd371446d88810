"""Checks against servers that are none: nothing passes by accident, nothing hangs, nothing is our own mistake."""

from __future__ import annotations

import pytest

from antiphon.clock import SystemClock
from antiphon.conformance.run import run
from antiphon.conformance.server import Subject
from antiphon.conformance.suite import CHECKS

from .stub import Script, always, asking, events

SUBJECT = Subject("m", embedding_model="v", context_length=2048, images=True)
EMPTY_ANSWER = {"choices": [{"message": {}}], "usage": {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}}
CHUNK = {"choices": [{"index": 0, "delta": {}}]}
SERVERS: dict[str, Script] = {
    "an empty object": always({}),
    "a list": always([]),
    "a web page": always(b"<html>", content_type="text/html"),
    "bytes": always(b"\xff\xfe\x00"),
    "nothing": always(b""),
    "an answer without anything": always(EMPTY_ANSWER),
    "no choice": always({"choices": []}),
    "null everywhere": always({"choices": [{"message": None}], "usage": None}),
    "an empty stream": events(done=False),
    "a stream without anything": events(CHUNK),
    "a stream of errors": events({"error": {"message": "no"}}),
    "a broken stream": events("{", done=False),
    "not found": always({"detail": "Not Found"}, 404),
    "refused": always({"error": "no"}, 400),
    "a redirection": always(b"", 302, location="/"),
    "an accident": always(b"Traceback", 500),
    "closed connections": lambda _: None,
}
# What such a server keeps all the same: that something is refused, or left out.
KEPT: dict[str, set[str]] = {
    "an answer without anything": {
        *("adaptive.options_without_stream", "confidence.form", "errors.timeout_secs", "interactions.not_stored"),
        *("logprobs.off", "n.null", "nugen.limit_lowered", "nugen.provider", "plain.developer", "plain.null"),
        *("plain.parts", "reasoning.effort", "sessions.no_memory", "stream.body_decides", "tools.auto"),
        *("stream.options_without_stream", "tools.empty_list", "vision.flat", "vision.text_model"),
    },
    "a stream without anything": {"stream.head", "stream.no_usage"},
    "not found": {"models.unknown"},
    "refused": {
        *("adaptive.addresses", "adaptive.error_string", "adaptive.switches", "errors.broken_json", "reasoning.both"),
        *("reasoning.unknown_effort", "stream.refusal", "text.refusal", "vision.broken", "vision.text_model"),
        *(check.id for check in CHECKS if check.area == "ranges"),
    },
}


@pytest.mark.parametrize("server", SERVERS)
async def test_nothing_passes_by_accident(server: str) -> None:
    """Each check of each area finds that this server does not do it."""
    passed = await _passed(SERVERS[server])
    assert passed <= KEPT.get(server, set()), passed


async def _passed(script: Script) -> set[str]:
    async with asking(script, SUBJECT) as server:
        outcomes = await run(CHECKS, server, clock=SystemClock(), at_once=16, timeout_s=5)
    assert all(outcome.reason for outcome in outcomes if outcome.verdict != "pass")
    return {outcome.check.id for outcome in outcomes if outcome.verdict == "pass"}
