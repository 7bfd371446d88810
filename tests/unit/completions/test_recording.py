"""Which interactions are stored for a request that has ended."""

from __future__ import annotations

import msgspec

from antiphon.chat import ChatRequest, Choice, Message, Sampling, Usage
from antiphon.completions.plan import Caller, Plan
from antiphon.completions.record import Record
from antiphon.completions.recording import interactions
from antiphon.key import Key
from antiphon.models.catalogue import Model
from antiphon.projects.model import Project

ASKED = ChatRequest(
    "p", (Message("user", "Hi"),), n=2, door="adaptive", user="u", labels={"a": "1"}, tags=("t",), campaign="c"
)
PLAN = Plan(
    ASKED,
    Caller(Key("alice", account_name="acme"), "chatcmpl-1", "req_1"),
    Model("m", ()),
    Sampling(max_tokens=5, temperature=0.5),
    begun_at=10.0,
    total_at=70.0,
    first_token_at=20.0,
    project=Project("project-id", "p", "P"),
    session_id="s",
    stored=True,
    completion_ids=("one", "two"),
)
CHOICES = (Choice(0, "Hello"), Choice(1, "Hey", finish_reason="length"))
USAGES = (Usage(3, 1), Usage(3, 5))
RECORD = Record(PLAN, Usage(3, 6), 10.5, None, 10.25, "node-1", CHOICES, USAGES)


def test_a_row_for_each_choice() -> None:
    """With its own id, text, end and usage, and all that the request said."""
    first, second = interactions(RECORD, 1_700_000_000_000)
    assert (first.completion_id, second.completion_id) == ("one", "two")
    assert (first.completion.text, second.completion.text) == ("Hello", "Hey")
    assert (first.finish_reason, second.finish_reason) == ("stop", "length")
    assert (first.usage, second.usage) == USAGES
    assert (first.account, first.answer_id, first.request_id) == ("acme", "chatcmpl-1", "req_1")
    assert (first.project_id, first.model, first.node, first.door) == ("project-id", "m", "node-1", "adaptive")
    assert (first.session_id, first.user, first.campaign) == ("s", "u", "c")
    assert (first.labels, first.tags, first.messages) == ({"a": "1"}, ("t",), ASKED.messages)
    assert (first.timings.ttft_ms, first.timings.total_ms) == (250.0, 500.0)
    assert first.created_at_ms == 1_700_000_000_000


def test_parameters_as_they_took_effect() -> None:
    """Defaults of door, project and model are in them."""
    (row, _) = interactions(RECORD, 0)
    assert row.parameters.sampling == PLAN.sampling
    assert (row.parameters.n, row.parameters.timeout_s, row.parameters.max_ttft_s) == (2, 60.0, 10.0)


def test_nothing_is_stored_that_should_not_be() -> None:
    """Where the caller, or the door, does not want it."""
    plan = msgspec.structs.replace(PLAN, stored=False)
    assert interactions(msgspec.structs.replace(RECORD, plan=plan), 0) == []


def test_what_broke_off() -> None:
    """What was delivered is kept with the reason and without an end; nothing is, where nothing was."""
    broken = msgspec.structs.replace(RECORD, failure="client_gone")
    assert [(row.error, row.finish_reason) for row in interactions(broken, 0)] == [("client_gone", None)] * 2
    empty = msgspec.structs.replace(broken, choices=(Choice(0, ""), Choice(1, "")))
    assert interactions(empty, 0) == []
