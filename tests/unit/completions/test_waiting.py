"""Requests that find all slots taken: they wait for their turn, are kept alive meanwhile, and are not late for it."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from antiphon.chat import ChatRequest, Choice, Delta, Sampling
from antiphon.completions.generate import ChoiceStream
from antiphon.completions.merge import MergedStream
from antiphon.completions.plan import Bounds, Plan
from antiphon.completions.prepare import Preparation
from antiphon.completions.record import Record
from antiphon.completions.service import Completions
from antiphon.errors import DeadlineExceeded, EngineFailed, FirstTokenTimeout, Unavailable
from antiphon.ids import seeded
from antiphon.models.ask import Ask
from antiphon.models.catalogue import Catalogue, Model
from antiphon.models.load import Place
from antiphon.models.placement import Placement
from antiphon.vision.admission import ImageAdmission
from antiphon.vision.limits import ImageLimits
from antiphon.wheel import TimerWheel
from tests.unit.completions.scripted import ASKED, BOUNDS, HELLO, USAGE, ScriptedEngine, model_of, plan_of

BROKEN = EngineFailed("It broke.")
HASTY = msgspec.structs.replace(BOUNDS, heartbeat_s=0.001)


def one_slot(*engines: ScriptedEngine) -> Model:
    """The model on engines that do one thing at a time."""
    model = model_of(*engines)
    return msgspec.structs.replace(model, offers=tuple(msgspec.structs.replace(each, slots=1) for each in model.offers))


class Taken:
    """A model whose engines are all busy with something else, and choices that come then."""

    def __init__(self, *engines: ScriptedEngine, queue_max: int = 9) -> None:
        self.placement = Placement(queue_max=queue_max)
        self.model = one_slot(*engines)
        self.places: list[Place] = []
        self.fill()

    def fill(self) -> None:
        """Keep every engine busy with something else."""
        self.places.clear()
        for _ in self.model.offers:
            place = self.placement.take(Ask(self.model, "other"))
            assert place is not None
            self.places.append(place)

    def plan(self, *, request: ChatRequest = ASKED, first_token_s: float = 60, total_s: float = 60) -> Plan:
        """What is to be generated."""
        return plan_of(self.model, request, first_token_s=first_token_s, total_s=total_s)

    def choice(self, plan: Plan | None = None, *, bounds: Bounds = BOUNDS) -> ChoiceStream:
        """One of it, not started."""
        return ChoiceStream(plan or self.plan(), 0, self.placement, bounds=bounds, ids=seeded(1))

    def free(self, number: int = 0) -> None:
        """The engine is done with the other thing."""
        self.placement.give_back(self.places[number])

    @property
    def at_rest(self) -> bool:
        """Whether nothing is in flight and nobody waits."""
        return not self.placement._queues and all(
            not load.in_flight and not load.by_account for load in self.placement._loads
        )


async def text_of(stream: ChoiceStream | MergedStream) -> str:
    """All that is said."""
    said = ""
    while (deltas := await stream.next()) != []:
        said += "".join(delta.content for delta in deltas or ())
    return said


async def test_a_choice_waits_and_beats() -> None:
    """The engine is asked when it has a slot, and silence until then is told as any other."""
    engine = ScriptedEngine(opens=(HELLO,))
    taken = Taken(engine)
    choice = taken.choice(bounds=HASTY)
    await choice.start()
    assert (await choice.next(), await choice.next(), engine.jobs) == (None, None, [])
    taken.free()
    assert await text_of(choice) == "Hello"
    assert choice.node == "node-1"
    assert taken.at_rest  # others may have the slot though nobody closed the choice yet
    choice.close()


async def test_nobody_waits_longer_than_for_a_first_token() -> None:
    """Nor longer than for the whole; the place in the queue is given up."""
    for bounds, expected in (((0.01, 60.0), FirstTokenTimeout), ((60.0, 0.01), DeadlineExceeded)):
        taken = Taken(ScriptedEngine())
        choice = taken.choice(taken.plan(first_token_s=bounds[0], total_s=bounds[1]))
        await choice.start()
        with pytest.raises(expected):
            await choice.next()
        choice.close()
        assert not taken.placement._queues


async def test_a_client_that_leaves_gives_up_its_place() -> None:
    """Whether it is still waiting or has just been given a slot."""
    taken = Taken(ScriptedEngine())
    choices = [taken.choice() for _ in range(2)]
    for choice in choices:
        await choice.start()
    taken.free()
    for choice in choices:
        choice.close()
    assert taken.at_rest


async def test_a_full_queue_is_told_at_once() -> None:
    """Before anything of an answer was sent."""
    taken = Taken(ScriptedEngine(), queue_max=1)
    await taken.choice().start()
    with pytest.raises(Unavailable, match="are busy"):
        await taken.choice().start()


async def test_an_engine_that_fails_after_the_wait_is_replaced() -> None:
    """By one that has to be waited for, too; when none is left, the failure is told."""
    taken = Taken(ScriptedEngine("node-1", opens=(BROKEN, BROKEN)), ScriptedEngine("node-2", opens=(HELLO, BROKEN)))
    for expected in ("Hello", "It broke"):
        choice = taken.choice()
        await choice.start()
        reading = asyncio.create_task(text_of(choice))
        await asyncio.sleep(0)
        taken.free(0)
        for _ in range(5):
            await asyncio.sleep(0)
        assert choice.node == "node-1"
        taken.free(1)
        if expected == "Hello":
            assert await reading == expected
        else:
            with pytest.raises(EngineFailed, match=expected):
                await reading
        choice.close()
        assert taken.at_rest
        taken.fill()


async def test_choices_of_one_request_take_their_turns() -> None:
    """More choices than slots are generated one after the other, each place given on when its choice is done."""
    engine = ScriptedEngine(opens=(HELLO,) * 3)
    model, placement = one_slot(engine), Placement(queue_max=9)
    plan = plan_of(model, sampling=Sampling(seed=3))
    choices = [ChoiceStream(plan, i, placement, bounds=BOUNDS, ids=seeded(1)) for i in range(3)]
    stream = MergedStream(choices, heartbeat_s=60)
    await stream.start()
    assert await text_of(stream) == "Hello" * 3
    assert (stream.complete, len(engine.jobs)) == (True, 3)
    stream.close()
    assert placement._loads.of("node-1").in_flight == 0


async def test_a_plain_answer_waits() -> None:
    """It is asked for when there is a slot; a deadline that passes meanwhile gives up the place."""
    engine = ScriptedEngine(answers=((Choice(content="Hello"), USAGE),))
    taken = Taken(engine)
    wheel, records = TimerWheel(asyncio.get_running_loop()), list[Record]()
    preparation = Preparation(Catalogue(), ImageAdmission(ImageLimits()), BOUNDS, ids=seeded(9), projects=dict)
    service = Completions(preparation, taken.placement, BOUNDS, ids=seeded(1), wheel=wheel, on_end=records.append)
    with pytest.raises(DeadlineExceeded):
        await service.complete(taken.plan(total_s=0.01), lambda: None)
    assert not taken.placement._queues
    answering = asyncio.create_task(service.complete(taken.plan(), lambda: None))
    await asyncio.sleep(0)
    assert engine.jobs == []
    taken.free()
    completion, node = await answering
    assert (completion.choices[0].content, node) == ("Hello", "node-1")
    assert [record.failure for record in records] == ["deadline_exceeded", None]
    assert taken.at_rest


async def test_deltas_after_a_wait_are_those_of_the_engine() -> None:
    """What is read is what a choice that did not wait would give."""
    taken = Taken(ScriptedEngine(opens=(HELLO,)))
    choice = taken.choice()
    await choice.start()
    taken.free()
    deltas = list[Delta]()
    while found := await choice.next():
        deltas += found
    assert [delta.content or delta.finish_reason for delta in deltas] == ["Hel", "lo", "stop"]
    choice.close()
