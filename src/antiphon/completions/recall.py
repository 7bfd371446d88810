"""Conversations that go on from a stored answer: its turns and what it said stand in front of the new ones."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from msgspec.structs import replace

from antiphon.chat import ChatRequest, Image, Message
from antiphon.completions.dialects.openai_responses.items import composed
from antiphon.errors import BadRequest, NotFound
from antiphon.interactions.access import reach
from antiphon.interactions.messages import PLACEHOLDER
from antiphon.interactions.model import Filter, Interaction, Reach
from antiphon.interactions.paging import Paging
from antiphon.interactions.patience import Patience
from antiphon.interactions.service import Interactions
from antiphon.key import Key
from antiphon.projects.model import Project
from antiphon.projects.resolve import shown

DOOR = "responses"
PARAM = "previous_response_id"
Recall = Callable[[Key, ChatRequest], Awaitable[ChatRequest]]


class Recalling:
    """Finds stored responses, and what was said up to one. `projects` gives all projects by id and key."""

    def __init__(
        self,
        interactions: Interactions,
        projects: Callable[[], Mapping[str, Project]],
        patience: Patience = Patience(),
    ) -> None:
        self._interactions = interactions
        self._projects = projects
        self._patience = patience

    def reach(self, key: Key) -> Reach:
        """What the key may see."""
        return reach(key, self._projects())

    async def find(self, key: Key, answer_id: str) -> Interaction:
        """The stored answer; NotFound says the same whether there is none or it is somebody else's."""
        return await self._patience.attempt(lambda: self._look(key, answer_id))

    async def _look(self, key: Key, answer_id: str) -> Interaction:
        if "\0" in answer_id:  # which no database could look for
            raise missing(answer_id)
        found = (await self._interactions.page(self.reach(key), Filter(answer_id=answer_id), Paging(limit=1))).items
        if not found or found[0].door != DOOR:
            raise missing(answer_id)
        return found[0]

    async def delete(self, key: Key, answer_id: str) -> None:
        """Delete it, with its feedback; NotFound as for `find`."""
        found = await self.find(key, answer_id)
        await self._interactions.delete(self.reach(key), found.completion_id)

    async def __call__(self, key: Key, request: ChatRequest) -> ChatRequest:
        """The request with all turns before it; BadRequest when there is no such answer, or not all of it was kept."""
        assert request.previous_id is not None, "asked for a request that goes on"
        try:
            found = await self.find(key, request.previous_id)
        except NotFound as error:
            raise BadRequest(error.message, param=PARAM, code="previous_response_not_found") from None
        earlier = turns(found)
        if any(_lacks(turn) for turn in earlier):
            message = f"{PARAM}: images are not kept, send the conversation itself."
            raise BadRequest(message, param=PARAM)
        return replace(request, messages=composed(request.instructions, earlier, request.messages))


def missing(answer_id: str) -> NotFound:
    """The refusal of an id that the caller cannot mean."""
    message = f"The response {shown(answer_id)} is not stored."
    return NotFound(message, param="response_id", code="response_not_found")


def turns(stored: Interaction) -> tuple[Message, ...]:
    """What was said up to the end of a stored answer."""
    said = stored.completion
    if not said.text and not said.tool_calls:
        return stored.messages
    turn = Message("assistant", said.text, tool_calls=said.tool_calls, reasoning=said.reasoning or None)
    return (*stored.messages, turn)


def _lacks(turn: Message) -> bool:
    """Whether something of the turn was not kept."""
    if not isinstance(turn.content, tuple):
        return False
    return any(isinstance(part, Image) and part.url.startswith(PLACEHOLDER) for part in turn.content)
