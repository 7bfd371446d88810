"""One answer looked at: an honest one passes each check, each lie fails the check that is made for it."""

from __future__ import annotations

from random import Random

import pytest
from msgspec.structs import replace

from antiphon.chat import Logprob, Message, Sampling
from antiphon.engines import DeltaStream, Job
from antiphon.errors import Unavailable
from antiphon.ids import seeded
from antiphon.trust.examiner import Examiner, forced
from antiphon.trust.kinds import Kind
from antiphon.trust.model import Answer, Look, Outcome

from .nodes import Lies, ToyEngine, ToyStream, answered, reference

TEXT = "a text that this node gives to everybody who asks it anything at all, whatever that may be"


class Down(ToyEngine):
    """A reference that does not answer."""

    async def complete(self, job: Job) -> tuple[object, object]:  # type: ignore[override]
        """Not now."""
        raise Unavailable

    async def open(self, job: Job) -> ToyStream:
        """Not now."""
        raise Unavailable

    async def count_prompt_tokens(self, job: Job) -> int | None:
        """Not now."""
        raise Unavailable


async def examined(
    engine: ToyEngine, own: ToyEngine | None, count: int = 12, look: Look = "asked", *, temperature: float = 0.8
) -> list[Outcome]:
    """What is found of some answers of a node."""
    examiner = Examiner(lambda _model, _node: None if own is None else reference(own), draw=Random(7), ids=seeded(7))
    found: list[Outcome] = []
    for number in range(count):
        found += await examiner.examine(await answered(engine, number, look, temperature=temperature))
    return found


def failures(found: list[Outcome]) -> dict[Kind, int]:
    """How many checks of each kind failed."""
    failed = [outcome.kind for outcome in found if outcome.failed]
    return {kind: failed.count(kind) for kind in failed}


async def test_an_honest_node_passes() -> None:
    """All three checks, also where its machine rounds otherwise."""
    found = await examined(ToyEngine("node", Lies(noise=0.02)), ToyEngine("own"))
    assert failures(found) == {}
    assert {outcome.kind for outcome in found} == {"usage", "copy", "model"}


@pytest.mark.parametrize(
    ("lies", "kind", "least"),
    [
        (Lies(weights=2), "model", 12),
        (Lies(rounding=0.6), "model", 11),
        (Lies(inflation=3.0), "usage", 12),
        (Lies(inflation=1.4), "usage", 12),
        (Lies(text=TEXT), "copy", 11),  # the first time it may have been an answer
        (Lies(text=TEXT), "model", 12),
        (Lies(silent=True), "model", 12),
    ],
)
async def test_a_lie_is_found(lies: Lies, kind: Kind, least: int) -> None:
    """By its own check, nearly every time."""
    found = await examined(ToyEngine("node", lies), ToyEngine("own"))
    assert failures(found)[kind] >= least
    says = next(outcome.says for outcome in found if outcome.failed and outcome.kind == kind)
    assert says.endswith(".")


@pytest.mark.parametrize("temperature", [0.0, 0.5, 1.0])
async def test_an_honest_node_passes_unseen(temperature: float) -> None:
    """Where no log-probabilities are asked for its text is looked at, or another that is drawn with less chance."""
    node = ToyEngine("node", Lies(noise=0.05))
    found = await examined(node, ToyEngine("own"), 60, "hidden", temperature=temperature)
    assert {outcome.kind for outcome in found} == {"usage", "copy", "text"}
    assert failures(found).get("text", 0) <= 3
    assert node.asked == (60 if temperature <= 0.5 else 120)


@pytest.mark.parametrize("temperature", [0.0, 0.5, 1.0])
@pytest.mark.parametrize(
    ("lies", "kind", "least"),
    [
        (Lies(weights=2, sly=True), "text", 11),
        (Lies(rounding=1.5, sly=True), "text", 7),
        (Lies(inflation=1.5, sly=True), "usage", 12),
        (Lies(text=TEXT, sly=True), "copy", 11),
    ],
)
async def test_a_lie_that_hides_is_found(lies: Lies, kind: Kind, least: int, temperature: float) -> None:
    """A node that behaves while it is asked for log-probabilities passes then, and is found by all else."""
    node, own = ToyEngine("node", lies), ToyEngine("own")
    assert failures(await examined(node, own, temperature=temperature)) == {}
    assert failures(await examined(node, own, look="hidden", temperature=temperature))[kind] >= least


async def test_what_a_text_cannot_tell() -> None:
    """One drawn with penalties, one of few words, and one whose node says nothing the second time."""
    examiner = Examiner(lambda _model, _node: reference(ToyEngine("own")), draw=Random(7), ids=seeded(7))
    answer = await answered(ToyEngine("node", Lies(weights=2)), 1, "hidden", temperature=0.0)
    penalised = replace(answer, job=replace(answer.job, sampling=Sampling(temperature=0.0, presence_penalty=1.0)))
    hot = replace(answer, job=replace(answer.job, sampling=Sampling(temperature=1.0)))
    for other in (penalised, replace(answer, text="Yes."), replace(hot, engine=None), replace(hot, engine=Down("n"))):
        assert "text" not in {outcome.kind for outcome in await examiner.examine(other)}
    assert "text" in {outcome.kind for outcome in await examiner.examine(hot)}


class Noting(ToyEngine):
    """A node that notes which requests it is asked for by name."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.requests: list[str] = []

    async def open(self, job: Job) -> DeltaStream:
        """As it is, noted."""
        self.requests.append(job.request_id)
        return await super().open(job)


@pytest.mark.parametrize(("given", "same"), [("req_7", False), ("order-7", True)])
async def test_a_second_request_is_named_as_a_client_s_would_be(given: str, same: bool) -> None:
    """A new id where the gateway names requests, else it would tell the node that it is looked at."""
    node = Noting("node")
    examiner = Examiner(lambda _model, _node: reference(ToyEngine("own")), draw=Random(7), ids=seeded(7))
    answer = await answered(node, 1, "hidden", temperature=1.0)
    await examiner.examine(replace(answer, job=replace(answer.job, request_id=given)))
    assert [one == given for one in node.requests] == [same]
    assert all(node.requests)


async def test_another_temperature_is_told_truly() -> None:
    """A node that draws more wildly than it was asked tells the model's own numbers: they are not what is wrong."""
    assert failures(await examined(ToyEngine("node", Lies(temperature=2.0)), ToyEngine("own"))) == {}


@pytest.mark.parametrize("own", [None, Down("own")])
async def test_without_a_reference(own: ToyEngine | None) -> None:
    """Nothing is held against a node that nobody can check; absurd usage and copies are still found."""
    assert failures(await examined(ToyEngine("node", Lies(weights=2)), own)) == {}
    assert set(failures(await examined(ToyEngine("node", Lies(text=TEXT, inflation=9)), own))) <= {
        "copy",
        "usage",
        "model",
    }
    assert failures(await examined(ToyEngine("node", Lies(inflation=40)), own))["usage"] == 12


async def test_an_engine_that_owes_none() -> None:
    """An upstream whose engine tells no log-probabilities is not accused of it."""
    examiner = Examiner(lambda _model, _node: reference(ToyEngine("own")), draw=Random(7), ids=seeded(7))
    answer = await answered(ToyEngine("node", Lies(silent=True)), 1)
    kinds = {outcome.kind for outcome in await examiner.examine(_free(answer))}
    assert kinds == {"usage", "copy", "text"}  # what it says can be held against the reference all the same


async def test_the_evidence_shows_the_answer() -> None:
    """Its beginning, which a person can read."""
    found = await examined(ToyEngine("node", Lies(weights=2)), ToyEngine("own"), 1)
    failed = next(outcome for outcome in found if outcome.failed)
    assert failed.details["answer"]
    assert failed.request == "req_0"


def test_a_forced_place_goes_on_from_the_answer() -> None:
    """The text before it closes the conversation, behind what the client itself had begun."""
    asked = Job("node's", (Message("user", "Hi"),), Sampling(max_tokens=9), attempt="att_1", deadline_s=3)
    made = forced(asked, "Once", "ours")
    assert (made.model, made.prefill, made.attempt, made.deadline_s) == ("ours", "Once", "", None)
    assert (made.sampling.max_tokens, made.sampling.temperature, made.sampling.logprobs) == (1, 0.0, True)
    begun = Job("m", (Message("user", "Hi"), Message("assistant", "On")), Sampling())
    assert forced(begun, "ce", "ours").messages == made.messages
    assert forced(asked, "", "ours").messages == asked.messages


def _free(answer: Answer) -> Answer:
    assert answer.entries == tuple[Logprob, ...]()
    return replace(answer, owes_logprobs=False)
