"""Whether an answer uses tools of its project, as the request and the project say."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec
import pytest

from antiphon.chat import ChatRequest, Choice, ToolOverride
from antiphon.completions.answering import Answering
from antiphon.completions.plan import Caller
from antiphon.completions.prepare import Preparation
from antiphon.completions.record import Record
from antiphon.completions.service import Completions
from antiphon.completions.stream import CompletionStream
from antiphon.completions.tool_stream import ToolStream
from antiphon.errors import BadRequest
from antiphon.ids import seeded
from antiphon.key import Key
from antiphon.models.catalogue import Catalogue
from antiphon.models.placement import Placement
from antiphon.projects.model import Project
from antiphon.providers.model import ServerTool
from antiphon.vision.admission import ImageAdmission
from antiphon.vision.limits import ImageLimits
from antiphon.wheel import TimerWheel
from tests.unit.completions.scripted import ASKED, BOUNDS, USAGE, ScriptedEngine, model_of
from tests.unit.completions.tooling import ROME, TOOLS, ScriptedTools, calling, loop_of, saying

PROJECT = Project("project-id", "p", "P", default_model="m", tool_providers=("sky",))
BY_PROJECT = msgspec.structs.replace(ASKED, model="p", project_first=True)
CALLER = Caller(Key("alice"))


class Served:
    """Answers of one engine, whose project has tools, and what was told of them."""

    def __init__(self, engine: ScriptedEngine, *results: str) -> None:
        self.records: list[Record] = []
        catalogue = Catalogue()
        catalogue.replace("tests", (model_of(engine, native_tools=True),))
        images = ImageAdmission(ImageLimits())
        preparation = Preparation(catalogue, images, BOUNDS, ids=seeded(9), projects=lambda: {"p": PROJECT})
        wheel = TimerWheel(asyncio.get_running_loop())
        completions = Completions(
            preparation, Placement(queue_max=9), BOUNDS, ids=seeded(1), wheel=wheel, on_end=self.records.append
        )
        self.answering = Answering(completions, loop_of(ScriptedTools(*results), self.records), self._offered)

    async def _offered(self, names: Sequence[str], request: ChatRequest) -> tuple[ServerTool, ...]:
        assert tuple(names) == ("sky",)
        return () if request.use_tools is False else TOOLS


async def test_a_project_with_tools() -> None:
    """The model's call is made here; what it says after it is the answer, told of once."""
    engine = ScriptedEngine(opens=(calling(("sky__weather", ROME)), saying("Sun", "ny.")))
    served = Served(engine, "Sunny in Rome")
    plan = await served.answering.plan(BY_PROJECT, CALLER)
    assert plan.server_tools == TOOLS
    completion, node = await served.answering.complete(plan, lambda: None)
    assert (completion.choices[0].content, node) == ("Sunny.", "node-1")
    assert len(served.records) == 1
    assert isinstance(served.answering.open(plan), ToolStream)


async def test_a_request_without_tools() -> None:
    """Of a project whose tools it turns off, or of a model by itself: straight from the engine."""
    for request in (msgspec.structs.replace(BY_PROJECT, use_tools=False), ASKED):
        served = Served(ScriptedEngine(answers=((Choice(content="Hello"), USAGE),)))
        plan = await served.answering.plan(request, CALLER)
        assert plan.server_tools == ()
        completion, _ = await served.answering.complete(plan, lambda: None)
        assert completion.choices[0].content == "Hello"
        assert isinstance(served.answering.open(plan), CompletionStream)


@pytest.mark.parametrize(
    ("asked", "param"), [({"use_tools": True}, "use_tools"), ({"tool_overrides": (ToolOverride("a", True),)}, "tools")]
)
async def test_tools_without_a_project(asked: dict[str, object], param: str) -> None:
    """They are refused by name, since there are none."""
    request = msgspec.structs.replace(ASKED, **asked)
    with pytest.raises(BadRequest, match=param):
        await Served(ScriptedEngine()).answering.plan(request, CALLER)
    await Served(ScriptedEngine()).answering.plan(msgspec.structs.replace(ASKED, use_tools=False), CALLER)
