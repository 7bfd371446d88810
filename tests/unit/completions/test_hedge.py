"""Two attempts at once."""

from __future__ import annotations

import asyncio

import pytest

from antiphon.chat import Delta, Usage
from antiphon.completions.generate import ChoiceStream
from antiphon.completions.hedge import RacedStream
from antiphon.completions.poison import Poison
from antiphon.completions.suspicion import Suspicion
from antiphon.engines import DeltaStream, ModelFacts
from antiphon.errors import AntiphonError, EngineFailed, EngineLost, PoisonPrompt
from antiphon.ids import seeded
from antiphon.models.load import Place
from antiphon.models.placement import Placement
from tests.unit.completions.scripted import BOUNDS, HELLO, ScriptedEngine, ScriptedStream, Step, model_of, plan_of

SAID: tuple[Step, ...] = ([Delta(content="a")], [Delta(finish_reason="stop")])


class Race:
    """A race of two scripts, and who won."""

    def __init__(self, first: tuple[Step, ...], second: tuple[Step, ...]) -> None:
        self.streams = ScriptedStream(first, Usage(1, 1)), ScriptedStream(second, Usage(1, 2))
        self.won: list[tuple[int, AntiphonError | None]] = []
        self.raced = RacedStream(*self.streams, self._note)

    def _note(self, stream: DeltaStream, error: AntiphonError | None) -> None:
        self.won.append((0 if stream is self.streams[0] else 1, error))

    async def next(self, patience_s: float = 0.05) -> list[Delta] | None:
        """What comes next."""
        return await self.raced.next(asyncio.get_running_loop().time() + patience_s)


@pytest.mark.parametrize("late", [0, 1])
async def test_the_first_to_say_something_is_heard(late: int) -> None:
    """The other one is closed, whatever it might still have said; usage is the winner's."""
    scripts: list[tuple[Step, ...]] = [SAID, SAID]
    scripts[late] = (None, *SAID)
    race = Race(scripts[0], scripts[1])
    assert await race.next() == [Delta(content="a")]
    assert race.won == [(1 - late, None)]
    assert [stream.closed for stream in race.streams] == [late == 0, late == 1]
    assert await race.next() == [Delta(finish_reason="stop")]
    assert await race.next() == []
    assert race.raced.usage == Usage(1, 2 - late)


async def test_neither_says_anything_in_time() -> None:
    """Both go on."""
    race = Race((None, None, *SAID), (None, *SAID))
    assert await race.next(0.01) is None
    assert (race.won, race.raced.usage) == ([], None)
    assert await race.next() == [Delta(content="a")]
    race.raced.close()
    assert all(stream.closed for stream in race.streams)


async def test_one_that_fails_drops_out() -> None:
    """The failure of the last one is raised."""
    broken = EngineFailed("It broke.")
    race = Race((broken,), (None, broken))
    assert await race.next(0.01) is None
    assert race.won == [(1, broken)]
    with pytest.raises(EngineFailed, match="It broke"):
        await race.next()
    with pytest.raises(EngineFailed, match="It broke"):
        await Race((broken,), (broken,)).next()


class Impatient(Placement):
    """Finds every first token late at once."""

    def first_token_limit_s(self, place: Place) -> float:
        """No time at all."""
        return 0.0


async def read(choice: ChoiceStream) -> str:
    """All that a choice says."""
    await choice.start()
    said = ""
    while (deltas := await choice.next()) != []:
        said += "".join(delta.content for delta in deltas or [])
    return said


async def test_a_late_first_token_is_looked_for_elsewhere_too() -> None:
    """Whoever says something first serves; the other's place is given back, and it counts for nothing."""
    engines = (ScriptedEngine("node-1", opens=((None, None, *HELLO),)), ScriptedEngine("node-2", opens=(HELLO,)))
    placement = Impatient(queue_max=9)
    choice = ChoiceStream(plan_of(model_of(*engines)), 0, placement, bounds=BOUNDS, ids=seeded(1))
    assert await read(choice) == "Hello"
    assert len({job.attempt for engine in engines for job in engine.jobs}) == 2
    assert engines[0].streams[0].closed
    assert choice.node == "node-2"
    choice.close()


async def test_without_another_engine_the_late_one_is_waited_for() -> None:
    """Also where the other one refuses."""
    alone = ScriptedEngine(opens=((None, *HELLO),))
    choice = ChoiceStream(plan_of(model_of(alone)), 0, Impatient(queue_max=9), bounds=BOUNDS, ids=seeded(1))
    assert await read(choice) == "Hello"
    engines = (
        ScriptedEngine("node-1", opens=((None, None, *HELLO),)),
        ScriptedEngine("node-2", opens=(EngineFailed(),)),
    )
    choice = ChoiceStream(plan_of(model_of(*engines)), 0, Impatient(queue_max=9), bounds=BOUNDS, ids=seeded(1))
    assert await read(choice) == "Hello"


async def test_a_prompt_under_suspicion_is_not_asked_for_twice_at_once() -> None:
    """It might kill both."""
    engines = (ScriptedEngine("node-1", opens=((None, *HELLO),)), ScriptedEngine("node-2"))
    plan, poison = plan_of(model_of(*engines)), Poison(asyncio.get_running_loop().time)
    await Suspicion(poison, plan).lost(ScriptedEngine("dead", wait_s=1), soon=True)
    choice = ChoiceStream(plan, 0, Impatient(queue_max=9), bounds=BOUNDS, ids=seeded(1), poison=poison)
    assert await read(choice) == "Hello"
    assert engines[1].jobs == []


async def test_two_that_die_of_one_prompt_at_once_are_two() -> None:
    """The one that dropped out counts once the other one breaks too."""

    class Dead(ScriptedEngine):
        async def models(self) -> list[ModelFacts]:
            """Nothing listens any more."""
            raise EngineFailed

    engines = (
        Dead("node-1", opens=((None, EngineLost()),)),
        Dead("node-2", opens=((EngineLost(),),)),
        ScriptedEngine("node-3"),
    )
    choice = ChoiceStream(plan_of(model_of(*engines)), 0, Impatient(queue_max=9), bounds=BOUNDS, ids=seeded(1))
    with pytest.raises(PoisonPrompt):
        await read(choice)
    assert engines[2].jobs == []
