"""One choice while engines are away for a moment: they are waited for, a little."""

from __future__ import annotations

import pytest

from antiphon.chat import Sampling, Usage
from antiphon.completions import attempt, continuing, generate
from antiphon.engines import Job
from antiphon.errors import EngineLost, Unavailable
from tests.unit.completions.scripted import HELLO, ScriptedEngine, model_of, plan_of
from tests.unit.completions.test_continuing import BROKEN, Gone, choice_of, read, said, text


class Uncounted(ScriptedEngine):
    """Fails twice to count a prompt."""

    failures = 2

    async def count_prompt_tokens(self, job: Job) -> int | None:
        """Seven, the third time."""
        self.failures -= 1
        if self.failures >= 0:
            raise Unavailable("The broker begins anew.")
        return await super().count_prompt_tokens(job)


@pytest.mark.parametrize(("at_once", "prompt_tokens"), [("COUNTED_AGAIN_S", 7), ("COUNTED_FOR_S", 0)])
async def test_a_prompt_that_could_not_be_counted_is_counted_again(
    monkeypatch: pytest.MonkeyPatch, at_once: str, prompt_tokens: int
) -> None:
    """Where nothing else tells how long it was, its engine gone behind the last token; and not for ever."""
    monkeypatch.setattr(continuing, at_once, 0.0)
    engine = Uncounted(opens=((*said("a", "b"), BROKEN),), prompt_tokens=7)
    choice = choice_of(plan_of(model_of(engine), sampling=Sampling(max_tokens=2)))
    await read(choice)
    assert choice.usage == Usage(prompt_tokens, completion_tokens=2)


@pytest.mark.parametrize("behind", [(None,), ()])
async def test_a_usage_that_does_not_come_is_counted(monkeypatch: pytest.MonkeyPatch, behind: tuple[None, ...]) -> None:
    """Its engine went silent behind the end of its answer, or was cut off: it is asked until it can be reached."""
    monkeypatch.setattr(attempt, "USAGE_S_MAX", 0.0)
    monkeypatch.setattr(continuing, "COUNTED_AGAIN_S", 0.0)
    choice = choice_of(plan_of(model_of(Uncounted(opens=((*HELLO, *behind),), usage=None, prompt_tokens=7))))
    assert text(await read(choice)) == "Hello"
    assert choice.usage == Usage(7, completion_tokens=2)


class Away(ScriptedEngine):
    """Cannot be asked at first."""

    looks = 4

    def unavailable(self) -> int | None:
        """Until somebody has looked a few times."""
        self.looks -= 1
        return 1 if self.looks >= 0 else None


async def test_an_engine_that_is_away_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """By an answer whose own engine failed before it said anything."""
    monkeypatch.setattr(generate, "AGAIN_S", 0.0)
    choice = choice_of(plan_of(model_of(Gone("node-1", opens=((EngineLost(),),)), Away("node-2", opens=(HELLO,)))))
    assert text(await read(choice)) == "Hello"
    assert choice.node == "node-2"


async def test_an_engine_that_stays_away_is_not_waited_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then the client is told what failed."""
    monkeypatch.setattr(generate, "AGAIN_S", 0.0)
    monkeypatch.setattr(generate, "AWAY_S", 0.0)
    engines = Gone("node-1", opens=((EngineLost(),),)), ScriptedEngine("node-2", wait_s=1)
    with pytest.raises(EngineLost):
        await read(choice_of(plan_of(model_of(*engines))))
