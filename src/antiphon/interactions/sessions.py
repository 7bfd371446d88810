"""Sessions: the turns that share a session id. For people who read them, and for keys that opted into memory."""

from __future__ import annotations

from msgspec.structs import replace

from antiphon.chat import Message
from antiphon.db import Connection, Database
from antiphon.errors import NotFound
from antiphon.interactions import session_store, store
from antiphon.interactions.model import Filter, Interaction, Reach, Session
from antiphon.interactions.paging import Page, Paging
from antiphon.interactions.recorder import Recorder
from antiphon.interactions.service import Interactions
from antiphon.projects.resolve import shown

MEMORY_MESSAGES_MAX = 200
IMAGE_LEFT_OUT = "[image]"


class Sessions:
    """Sessions by (account, session id); what was not stored is no part of any."""

    def __init__(self, database: Database, recorder: Recorder, interactions: Interactions) -> None:
        self._database = database
        self._recorder = recorder
        self._interactions = interactions

    async def page(self, reach: Reach, paging: Paging) -> Page[Session]:
        """A part of the list of sessions, by their last turns."""
        await self._recorder.all_settled()
        return await self._database.read(lambda connection: session_store.page(connection, reach, paging))

    async def get(self, reach: Reach, session_id: str, paging: Paging) -> tuple[Session, Page[Interaction]]:
        """A session and a part of its turns; NotFound when it has none that the caller may see."""
        await self._recorder.all_settled()

        def work(connection: Connection) -> tuple[Session, Page[Interaction]] | None:
            session = session_store.get(connection, reach, session_id)
            if session is None:
                return None
            return session, store.page(connection, reach, Filter(session_id=session_id), paging)

        found = await self._database.read(work)
        if found is None:
            raise missing(session_id)
        return found

    async def delete(self, reach: Reach, session_id: str) -> int:
        """Delete all turns of a session; how many completions those were. NotFound as for `get`."""
        deleted = await self._interactions.delete_all(reach, Filter(session_id=session_id))
        if not deleted:
            raise missing(session_id)
        return deleted

    async def history(self, reach: Reach, session_id: str) -> tuple[Message, ...]:
        """The conversation so far, without system prompts: what the last good turn was asked, and what it said."""
        await self._recorder.all_settled()
        last = await self._database.read(lambda connection: store.last_turn(connection, reach, session_id))
        return () if last is None else remembered(last)


def remembered(last: Interaction) -> tuple[Message, ...]:
    """What a session's last turn hands on to the next one.

    Each turn holds those before it, whether the client repeated them or the gateway put them there. Images are not
    kept, so they are left out; a word stands for a turn that was nothing else.
    """
    said = last.completion
    answer = Message("assistant", said.text, tool_calls=said.tool_calls, completion_id=last.completion_id)
    turns = [*(_without_images(message) for message in last.messages if message.role != "system"), answer]
    begin = max(0, len(turns) - MEMORY_MESSAGES_MAX)
    while begin and begin < len(turns) and turns[begin].role != "user":
        begin += 1  # a tool's result without its call, or an answer without its question, helps nobody
    return tuple(turns[begin:])


def _without_images(message: Message) -> Message:
    if message.content is None or isinstance(message.content, str):
        return message
    return replace(message, content=message.text or IMAGE_LEFT_OUT)


def missing(session_id: str) -> NotFound:
    """The refusal of a session id that the caller cannot mean."""
    message = f"The session {shown(session_id)} has no stored turns."
    return NotFound(message, param="session_id", code="session_not_found")
