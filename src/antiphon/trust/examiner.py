"""Looks at one finished answer: its tokens counted, its text beside earlier ones, its numbers beside a reference's.

A reference is asked for one token at a few places of the answer, drawn at random when the answer is finished, so that a
node cannot know which. It is an engine of the operator's own: a prompt goes to nobody else.

An answer without log-probabilities is held against what the reference would say at these places. Where it was drawn too
wildly to tell, the node is asked once more, as a client might that wants a soberer answer and soon leaves.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from random import Random

from msgspec.structs import replace

from antiphon.chat import Logprob, Message, Sampling
from antiphon.engines import Job
from antiphon.engines.receipt import prompt_sha256
from antiphon.errors import AntiphonError
from antiphon.ids import Ids
from antiphon.trust import likelihood, scoring
from antiphon.trust.copies import Copies
from antiphon.trust.kinds import Kind
from antiphon.trust.model import Answer, Outcome, Reference
from antiphon.trust.usage import Counts, inflated

ALTERNATIVES = 20  # that a reference tells at each place
ONE_TOKEN = Sampling(max_tokens=1, temperature=0.0, logprobs=True, top_logprobs=ALTERNATIVES)
EXCERPT_CHARACTERS = 160
SOBER = (0.0, 0.2, 0.3, 0.5)  # temperatures, as clients like them
AGAIN_S = 30.0
AGAIN_CHARACTERS = 240  # as many words as there are places to look at


class Examiner:
    """Makes all checks that an answer by itself allows. `reference` finds who serves a model, but for one node."""

    def __init__(self, reference: Callable[[str, str], Reference | None], *, draw: Random, ids: Ids) -> None:
        self._reference = reference
        self._ids = ids
        self._draw = draw
        self._copies = Copies()

    async def examine(self, answer: Answer) -> list[Outcome]:
        """What was found; a check that nobody can make is left out."""
        reference = self._reference(answer.model, answer.node)
        found = (
            await self._usage(answer, reference),
            self._copy(answer),
            None if reference is None else await self._genuine(answer, reference),
        )
        return [outcome for outcome in found if outcome is not None]

    async def _usage(self, answer: Answer, reference: Reference | None) -> Outcome | None:
        counted = None if reference is None else await _counted(answer.text, reference)
        size = len(answer.text.encode("utf-8", "surrogatepass"))
        verdict = inflated(Counts(answer.told_tokens, len(answer.entries), counted, size))
        if verdict is None:
            return None
        by = f"a reference counts {counted}" if counted is not None else f"{len(answer.entries)} came"
        says = f"It told of {answer.told_tokens} tokens, {by} in {size} bytes of text."
        return _outcome(answer, "usage", says, failed=verdict)

    def _copy(self, answer: Answer) -> Outcome | None:
        verdict = self._copies.repeats(answer.node, prompt_sha256(answer.job), answer.text)
        if verdict is None:
            return None
        return _outcome(answer, "copy", "It gave the same text to another prompt before.", failed=verdict)

    async def _genuine(self, answer: Answer, reference: Reference) -> Outcome | None:
        if answer.entries or answer.owes_logprobs:
            return await self._model(answer, reference)
        return await self._text(answer, reference)

    async def _text(self, answer: Answer, reference: Reference) -> Outcome | None:
        sampling, text = answer.job.sampling, answer.text
        if not likelihood.suits(sampling):
            return None
        if not likelihood.cool(sampling):
            sampling = replace(sampling, temperature=self._draw.choice(SOBER))
            text = await self._again(answer, sampling)
        found = []
        for sight in likelihood.sights(text, self._draw):
            told = await _asked(answer.job, sight.before, reference)
            seen = None if told is None else likelihood.surprise(sight.after, told, sampling.temperature or 0.0)
            found += [] if seen is None else [seen]
        if len(found) < likelihood.PLACES_MIN:
            return None
        above, deviations = likelihood.excess(found)
        says = (
            f"Its text is {above:.2f} nats a place more surprising to {reference.engine.name} than its own would be, by"
            f" {len(found)} places: {deviations:.1f} standard deviations."
        )
        failed = likelihood.unlikely(above, deviations)
        return _outcome(replace(answer, text=text), "text", says, failed=failed)

    async def _again(self, answer: Answer, sampling: Sampling) -> str:
        """The beginning of what the node says to the same request at another temperature; "" when it says nothing."""
        if answer.engine is None:
            return ""
        request_id = answer.job.request_id
        if request_id.startswith("req_"):  # one of ours; a client that names its requests may well ask again by one
            request_id = self._ids.make("req_")
        attempt = self._ids.make("att-")
        asked = replace(answer.job, sampling=sampling, attempt=attempt, deadline_s=AGAIN_S, request_id=request_id)
        said, until = "", asyncio.get_running_loop().time() + AGAIN_S
        try:
            stream = await answer.engine.open(asked)
            try:
                while len(said) < AGAIN_CHARACTERS and (deltas := await stream.next(until)):
                    said += "".join(delta.content for delta in deltas)
            finally:
                stream.close()
        except AntiphonError:
            return ""
        return said

    async def _model(self, answer: Answer, reference: Reference) -> Outcome | None:
        if not answer.entries:
            owed = answer.owes_logprobs and bool(answer.text)
            return _outcome(answer, "model", "It told no log-probabilities.", failed=True) if owed else None
        places = scoring.places(answer.entries, answer.text, self._draw)
        if not places:
            return _outcome(answer, "model", "Its tokens do not make up its text.", failed=True)
        differences = []
        for place in places:
            told = await _asked(answer.job, place.before, reference)
            apart = None if told is None else scoring.apart(place.told, told)
            if apart is not None:
                differences.append(apart)
        apart_by = scoring.middle(differences)
        if apart_by is None:
            return None
        says = (
            f"Its log-probabilities are {apart_by:.3f} nats from those of {reference.engine.name}, by the median of"
            f" {len(differences)} places; {reference.tolerance:.3f} are allowed."
        )
        return _outcome(answer, "model", says, failed=apart_by > reference.tolerance)


async def _counted(text: str, reference: Reference) -> int | None:
    """How many tokens a text is to the reference; None when it cannot tell."""
    try:
        return await reference.engine.count_prompt_tokens(Job(reference.model, (), Sampling(), prompt=text))
    except AntiphonError:
        return None


async def _asked(job: Job, before: str, reference: Reference) -> Logprob | None:
    """What the reference tells of the token behind a text; None when it does not, which is no fault of the node's."""
    if before and not reference.engine.continues:
        return None
    try:
        choice, _ = await reference.engine.complete(forced(job, before, reference.model))
    except AntiphonError:
        return None
    return choice.logprobs[0] if choice.logprobs else None


def forced(job: Job, before: str, model: str) -> Job:
    """The same request, as if the answer had begun with `before`."""
    messages = job.messages
    begun = (job.prefill or "") + before
    if job.prefill is not None:
        messages = messages[:-1]
    if begun:
        messages = (*messages, Message("assistant", begun))
    return replace(job, model=model, messages=messages, sampling=ONE_TOKEN, attempt="", deadline_s=None)


def _outcome(answer: Answer, kind: Kind, says: str, *, failed: bool) -> Outcome:
    details = {"answer": answer.text[:EXCERPT_CHARACTERS]} if failed else {}
    return Outcome(answer.node, kind, failed, answer.model, answer.request, says, details)
