"""An engine that plays scripts, and the parts of a request around it: for tests of `completions` only."""

from __future__ import annotations

import asyncio

import msgspec

from antiphon.chat import ChatRequest, Choice, Delta, Message, Prompt, Sampling, Usage, Vector
from antiphon.completions.plan import Bounds, Caller, Plan
from antiphon.engines import DeltaStream, Job, ModelFacts, Take
from antiphon.errors import AntiphonError
from antiphon.key import Key
from antiphon.models.catalogue import Model, Offer

# A step is deltas that arrive together, silence until the reader's patience ends (None), or a failure.
Step = list[Delta] | AntiphonError | None

HELLO: tuple[Step, ...] = ([Delta(content="Hel")], [Delta(content="lo")], [Delta(finish_reason="stop")])
USAGE = Usage(prompt_tokens=7, completion_tokens=2)
BOUNDS = Bounds(first_token_s=60, inter_token_s=60, total_s=60, total_s_max=600, heartbeat_s=60)
BREAKING = msgspec.structs.replace(BOUNDS, continuations_max=0)  # what breaks off stays so
ASKED = ChatRequest(model="m", messages=(Message(role="user", content="Hi"),))


class ScriptedStream:
    """Gives one step for each `next`, [] after the last; hands deltas to `take` as long as it takes them."""

    def __init__(self, steps: tuple[Step, ...], usage: Usage | None) -> None:
        self._steps = list(steps)
        self._told = usage
        self.usage: Usage | None = None
        self.closed = False

    async def next(self, until: float, take: Take | None = None) -> list[Delta] | None:
        """The next step that is not taken; silence lasts until `until`."""
        while take is not None and self._steps and isinstance(self._steps[0], list):
            if not take(self._steps.pop(0)):  # type: ignore[arg-type]
                return None
        if not self._steps:
            self.usage = self._told
            return []
        step = self._steps.pop(0)
        if isinstance(step, AntiphonError):
            raise step
        if step is None:
            await silence(until)
        return step

    def close(self) -> None:
        """Remember that it was ended."""
        self.closed = True


class ScriptedEngine:
    """Each `open` and `complete` takes the next of its scripts; keeps the jobs and streams for the test to look at."""

    def __init__(
        self,
        name: str = "node-1",
        *,
        opens: tuple[tuple[Step, ...] | AntiphonError, ...] = (),
        answers: tuple[tuple[Choice, Usage] | AntiphonError | None, ...] = (),
        usage: Usage | None = USAGE,
        prompt_tokens: int | AntiphonError | None = None,
        embeddings: tuple[tuple[tuple[Vector, ...], Usage] | AntiphonError | None, ...] = (),
        stops_plain: bool = True,
        continues: bool = True,
        wait_s: int | None = None,
    ) -> None:
        self.name = name
        self.jobs: list[Job] = []
        self.streams: list[ScriptedStream] = []
        self._opens = list(opens)
        self._answers = list(answers)
        self._usage = usage
        self._prompt_tokens = prompt_tokens
        self._embeddings = list(embeddings)
        self.embedded: list[tuple[str, tuple[Prompt, ...]]] = []
        self._stops_plain = stops_plain
        self.continues = continues
        self._wait_s = wait_s

    @property
    def takes_grammar(self) -> bool:
        """Always."""
        return True

    @property
    def stops_plain(self) -> bool:
        """As the test wants it."""
        return self._stops_plain

    async def models(self) -> list[ModelFacts]:
        """One, named as jobs name it."""
        return [ModelFacts("upstream-m")]

    async def complete(self, job: Job) -> tuple[Choice, Usage]:
        """The next answer; None never comes."""
        self.jobs.append(job)
        answer = self._answers.pop(0)
        if answer is None:
            await asyncio.Event().wait()
            raise AssertionError
        if isinstance(answer, AntiphonError):
            raise answer
        return answer

    async def open(self, job: Job) -> DeltaStream:
        """The next stream."""
        self.jobs.append(job)
        steps = self._opens.pop(0)
        if isinstance(steps, AntiphonError):
            raise steps
        stream = ScriptedStream(steps, self._usage)
        self.streams.append(stream)
        return stream

    async def count_prompt_tokens(self, job: Job) -> int | None:
        """What the test says."""
        self.jobs.append(job)
        if isinstance(self._prompt_tokens, AntiphonError):
            raise self._prompt_tokens
        return self._prompt_tokens

    async def embed(self, model: str, inputs: tuple[Prompt, ...]) -> tuple[tuple[Vector, ...], Usage]:
        """The next vectors; None never comes."""
        self.embedded.append((model, inputs))
        answer = self._embeddings.pop(0)
        if answer is None:
            await asyncio.Event().wait()
            raise AssertionError
        if isinstance(answer, AntiphonError):
            raise answer
        return answer

    def unavailable(self) -> int | None:
        """What the test says."""
        return self._wait_s

    async def close(self) -> None:
        """Nothing to let go of."""


def ignore() -> None:
    """Take a heartbeat and do nothing."""


async def silence(until: float) -> None:
    """Wait for nothing until the event loop's time `until`."""
    try:
        async with asyncio.timeout_at(until):
            await asyncio.Event().wait()
    except TimeoutError:
        return


def offer_of(engine: ScriptedEngine, *, native_tools: bool = False) -> Offer:
    """The engine's serving of the model `m`."""
    return Offer(engine=engine, upstream_name="upstream-m", native_tools=native_tools)


def model_of(*engines: ScriptedEngine, native_tools: bool = False) -> Model:
    """The model `m` on these engines, tried in this order."""
    return Model(id="m", offers=tuple(offer_of(engine, native_tools=native_tools) for engine in engines))


def plan_of(
    model: Model,
    request: ChatRequest = ASKED,
    *,
    sampling: Sampling | None = None,
    first_token_s: float = 60,
    total_s: float = 60,
) -> Plan:
    """A plan that begins now; negative bounds have passed already."""
    now = asyncio.get_running_loop().time()
    return Plan(
        request=request,
        caller=Caller(Key("alice")),
        model=model,
        sampling=request.sampling if sampling is None else sampling,
        begun_at=now,
        total_at=now + total_s,
        first_token_at=now + first_token_s,
    )
