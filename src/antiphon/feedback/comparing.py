"""Which of two completions is better: of stored ones by their ids, or of ones that were only written down."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from antiphon.chat import Message
from antiphon.clock import Clock
from antiphon.db import Connection, ConstraintBroken, Database
from antiphon.errors import BadRequest, Conflict
from antiphon.feedback import store
from antiphon.feedback.lookup import completion, stored
from antiphon.feedback.metrics import find_metric
from antiphon.feedback.model import Comparison, Tie, same_prompt
from antiphon.ids import Ids
from antiphon.interactions import store as interaction_store
from antiphon.interactions.model import Answer, Interaction, Reach, kept_rows
from antiphon.interactions.patience import Patience
from antiphon.interactions.service import Interactions
from antiphon.projects.model import Project

PREFERRED, OTHER = "preferred_completion", "other_completion"


class Written(Struct, frozen=True):
    """A completion that is given by its text and the name of its model."""

    text: str
    model: str


class Preference(Struct, frozen=True, kw_only=True):
    """A comparison as somebody makes it. `messages` are the prompt of written completions, and needed for them."""

    metric: str
    project: Project
    preferred: str | Written
    other: str | Written
    messages: tuple[Message, ...] = ()
    tied: Tie | None = None
    user: str | None = None


class Comparisons:
    """Comparisons of completions. Written ones become interactions of their own, so that all refer to stored ones."""

    def __init__(
        self,
        database: Database,
        interactions: Interactions,
        *,
        clock: Clock,
        ids: Ids,
        patience: Patience = Patience(),
    ) -> None:
        self._database = database
        self._interactions = interactions
        self._patience = patience
        self._clock = clock
        self._ids = ids

    async def compare(self, reach: Reach, given: Preference) -> str:
        """Keep a comparison; its id. What the same user said of the same two before is history."""
        sides = [
            await self._side(reach, given, given.preferred, PREFERRED),
            await self._side(reach, given, given.other, OTHER),
        ]
        if sides[0] == sides[1]:
            raise BadRequest(f"{OTHER}: expected another than {PREFERRED}.", param=OTHER)
        comparison_id, now_ms = self._ids.uuid(), int(self._clock.now() * 1000)

        def work(connection: Connection) -> str:
            metric = find_metric(connection, reach.account, given.metric)
            preferred = _row(connection, reach, sides[0], given.project, PREFERRED)
            other = _row(connection, reach, sides[1], given.project, OTHER)
            if not same_prompt(preferred, other):
                raise BadRequest(f"{OTHER}: expected one of the same prompt as {PREFERRED}.", param=OTHER)
            comparison = Comparison(
                id=comparison_id,
                account=reach.account,
                project_id=given.project.id,
                metric_id=metric.id,
                preferred_id=preferred.completion_id,
                other_id=other.completion_id,
                tied=given.tied,
                user=given.user,
                created_at_ms=now_ms,
            )
            store.insert_comparison(connection, comparison)
            return comparison_id

        try:
            return await self._patience.attempt(lambda: self._database.write(work))
        except ConstraintBroken:
            raise Conflict("One of the completions was deleted while they were compared.") from None

    async def of(self, account: str, completion_ids: Sequence[str]) -> tuple[Comparison, ...]:
        """The standing comparisons of the account in which these completions take part."""
        return await self._database.read(lambda connection: store.comparisons_of(connection, account, completion_ids))

    async def _side(self, reach: Reach, given: Preference, side: str | Written, param: str) -> str | Interaction:
        """The id of a stored completion that is on the disk, or an interaction to be kept."""
        if isinstance(side, str):
            completion_id = completion(side, param)
            await self._interactions.settled(completion_id)
            return completion_id
        if not given.messages:
            raise BadRequest(f"messages: required where {param} is a text.", param="messages")
        row = Interaction(
            completion_id=self._ids.uuid(),
            account=reach.account,
            created_at_ms=int(self._clock.now() * 1000),
            messages=given.messages,
            completion=Answer(side.text),
            source="OFFLINE",
            door="adaptive",
            project_id=given.project.id,
            model=side.model,
            user=given.user,
        )
        return kept_rows([row])[0]


def _row(connection: Connection, reach: Reach, side: str | Interaction, project: Project, param: str) -> Interaction:
    """The stored interaction of a side; a written one is stored here."""
    if isinstance(side, Interaction):
        interaction_store.insert(connection, side)
        return side
    found = stored(connection, reach, side, param)
    if found.project_id not in (None, project.id):
        raise BadRequest(f"{param}: belongs to another project than `project`.", param=param)
    return found
