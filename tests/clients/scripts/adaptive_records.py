"""Interactions and preferences with Adaptive Engine's own client, in any version."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from functools import partial
from uuid import UUID, uuid4

from .adaptive_connect import connect, connect_async, say
from .scenario import Lab, failure

PROMPT = say("Which is the capital of Norway?")


def an_interaction_is_added(lab: Lab) -> None:
    """Its completion has an id, and so has each of its feedbacks; the session is the caller's own."""
    session = uuid4()
    added = connect(lab).interactions.create(
        messages=PROMPT,
        completion="Oslo.",
        model=lab.id_of(lab.model),
        feedbacks=[{"feedback_key": lab.metric, "value": True, "details": "Right."}],
        user=uuid4(),
        session_id=session,
        labels={"city": "Oslo"},
        created_at=datetime.now(UTC).isoformat(),
    )
    assert isinstance(added.completion_id, UUID), added
    assert added.session_id == session, added
    assert len(added.feedback_ids) == 1, added


def an_interaction_is_added_asynchronously(lab: Lab) -> None:
    """The least that it takes; the session is a new one."""

    async def add() -> None:
        client = connect_async(lab)
        added = await client.interactions.create(messages=PROMPT, completion="Oslo.")
        assert isinstance(added.session_id, UUID), added
        assert added.feedback_ids == [], added
        await client.close()

    asyncio.run(add())


def an_unknown_metric_is_told(lab: Lab) -> None:
    """404, and nothing is added."""
    interactions, feedback = connect(lab).interactions, [{"feedback_key": "nothing", "value": 1}]
    error = failure(Exception, lambda: interactions.create(messages=PROMPT, completion="Oslo.", feedbacks=feedback))
    assert "Client error 404" in str(error), error
    assert "EntityNotFound: metric" in str(error), error


def a_preference_is_logged(lab: Lab) -> None:
    """Of two completions, by the ids that chat answered with."""
    client, asked = connect(lab), {"model": lab.id_of(lab.fault_model), "messages": PROMPT, "max_tokens": 4}
    better, worse = [client.chat.create(**asked).choices[0].completion_id for _ in range(2)]
    log = partial(client.feedback.log_preference, lab.metric, better)
    assert isinstance(log(worse, user=uuid4()).comparison_id, UUID)
    for other, status in ((better, 400), (str(uuid4()), 404)):
        assert f"Client error {status}" in str(failure(Exception, partial(log, other)))


def a_preference_of_texts_is_logged(lab: Lab) -> None:
    """Asynchronously; the texts come with their prompt."""

    async def log() -> None:
        client = connect_async(lab)
        better, worse = [{"model": lab.id_of(lab.model), "text": text} for text in ("Oslo.", "Bergen.")]
        logged = await client.feedback.log_preference(lab.metric, better, worse, messages=PROMPT)
        assert isinstance(logged.comparison_id, UUID), logged
        await client.close()

    asyncio.run(log())


def what_was_not_stored_cannot_be_compared(lab: Lab) -> None:
    """`store=False` leaves nothing that a preference could be about."""
    client, asked = connect(lab), {"model": lab.id_of(lab.fault_model), "messages": PROMPT, "max_tokens": 4}
    kept, forgotten = [client.chat.create(**asked, store=store).choices[0].completion_id for store in (True, False)]
    error = failure(Exception, lambda: client.feedback.log_preference(lab.metric, kept, forgotten))
    assert "Client error 404" in str(error), error
