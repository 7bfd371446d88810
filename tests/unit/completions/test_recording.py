"""Which interactions are stored for a request that has ended."""

from __future__ import annotations

import msgspec
import pytest

from antiphon.campaigns.entering import Assigned
from antiphon.chat import ChatRequest, Choice, Message, Sampling, Usage
from antiphon.completions.plan import Caller, Plan
from antiphon.completions.record import Record
from antiphon.completions.recording import counted, interactions
from antiphon.key import Key
from antiphon.models.catalogue import Model, Prices
from antiphon.projects.model import Project

ASKED = ChatRequest(
    "p", (Message("user", "Hi"),), n=2, door="adaptive", user="u", labels={"a": "1"}, tags=("t",), campaign="c-id"
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
    assigned=Assigned("c-id", "c", "v", 7),
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
    assert (first.session_id, first.user) == ("s", "u")
    assert (
        (first.campaign, first.variant, first.unit) == (second.campaign, second.variant, second.unit) == ("c", "v", 7)
    )
    assert (first.labels, first.tags, first.messages) == ({"a": "1"}, ("t",), ASKED.messages)
    assert (first.timings.ttft_ms, first.timings.total_ms) == (250.0, 500.0)
    assert first.created_at_ms == 1_700_000_000_000


def test_what_takes_part_in_nothing() -> None:
    """Neither a campaign nor a variant is told."""
    plan = msgspec.structs.replace(PLAN, assigned=None)
    (row, _) = interactions(msgspec.structs.replace(RECORD, plan=plan), 0)
    assert (row.campaign, row.variant, row.unit) == (None, None, None)


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


def test_what_a_campaign_counts() -> None:
    """One for all choices together, without a word of them, stored or not; at the list's prices."""
    model = msgspec.structs.replace(PLAN.model, prices=Prices(prompt=1_000_000, completion=2_000_000))
    plan = msgspec.structs.replace(PLAN, stored=False, model=model)
    found = counted(msgspec.structs.replace(RECORD, plan=plan), 9)
    assert found is not None
    assert (found.campaign_id, found.variant, found.unit, found.answer_id, found.at_ms) == (
        "c-id",
        "v",
        7,
        "chatcmpl-1",
        9,
    )
    assert (found.latency_ms, found.ttft_ms, found.cost_micro_usdc) == (500.0, 250.0, 15)
    assert (found.prompt_tokens, found.completion_tokens, found.failed, found.refused) == (3, 6, False, False)


@pytest.mark.parametrize(
    ("failure", "failed", "refused"),
    [("engine_failed", True, False), ("client_gone", False, False), ("engine_refused", False, True)],
)
def test_what_a_campaign_counts_of_a_failure(failure: str, failed: bool, refused: bool) -> None:
    """No times: a variant that fails at once is not a fast one."""
    found = counted(msgspec.structs.replace(RECORD, failure=failure), 9)
    assert found is not None
    assert (found.failed, found.refused, found.latency_ms, found.ttft_ms) == (failed, refused, None, None)


def test_a_filtered_answer_is_a_refusal() -> None:
    """Whichever of the choices it is."""
    choices = (CHOICES[0], msgspec.structs.replace(CHOICES[1], finish_reason="content_filter"))
    found = counted(msgspec.structs.replace(RECORD, choices=choices), 9)
    assert found is not None
    assert found.refused


@pytest.mark.parametrize("assigned", [None, Assigned("c-id", "c", "v", None)])
def test_what_no_campaign_counts(assigned: Assigned | None) -> None:
    """A request that took part in none, or that chose its variant by its model."""
    plan = msgspec.structs.replace(PLAN, assigned=assigned)
    assert counted(msgspec.structs.replace(RECORD, plan=plan), 9) is None
