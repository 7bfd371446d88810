"""The completion that feedback is about: found within a work, or refused with the reason."""

from __future__ import annotations

from antiphon.db import Connection
from antiphon.errors import BadRequest, NotFound
from antiphon.interactions import store
from antiphon.interactions.model import Interaction, Reach
from antiphon.projects.model import UUID
from antiphon.projects.resolve import shown

RULE = "expected the `completion_id` of a choice, a UUID; the `id` of an answer is not one"
NEVER = "it is not known here, was deleted, or came with `store: false`"


def completion(completion_id: str, param: str) -> str:
    """The id in its usual spelling; BadRequest for what no completion can be called."""
    if not UUID.fullmatch(completion_id):
        raise BadRequest(f"{param}: {RULE}.", param=param)
    return completion_id.lower()


def stored(connection: Connection, reach: Reach, completion_id: str, param: str) -> Interaction:
    """The interaction of that completion; NotFound says the same of one that is unknown and one of somebody else."""
    found = store.get(connection, reach, completion_id)
    if found is not None:
        return found
    if store.is_answer(connection, reach.account, completion_id):
        raise BadRequest(f"{param}: {RULE}.", param=param)
    raise gone(completion_id, param)


def gone(completion_id: str, param: str) -> NotFound:
    """The refusal of a completion that is not stored."""
    message = f"The completion {shown(completion_id)} is not stored: {NEVER}."
    return NotFound(message, param=param, code="completion_not_found")
