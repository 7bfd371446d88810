"""Chat with Adaptive Engine's own client, in any version. It names a project, and models without theirs."""

from __future__ import annotations

import asyncio
import time
from uuid import UUID, uuid4

from .adaptive_connect import FEW_TOKENS, connect, connect_async, say, spoken
from .scenario import Lab


def chat_answers(lab: Lab) -> None:
    """Every documented field has its type, and the counts add up."""
    model = lab.id_of(lab.model)
    answer = connect(lab).chat.create(model=model, messages=say("Say hi."), max_tokens=FEW_TOKENS)
    (choice,) = answer.choices
    assert abs(answer.created - time.time()) < 60, answer
    assert isinstance(answer.session_id, UUID), answer
    assert (choice.index, choice.model, choice.message.role) == (0, model, "assistant"), answer
    assert choice.message.content, answer
    assert choice.finish_reason in ("stop", "length"), answer
    UUID(choice.completion_id)
    assert 0 < answer.usage.completion_tokens <= FEW_TOKENS, answer
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens, answer


def the_projects_own_model_answers(lab: Lab) -> None:
    """Where no model is named."""
    answer = connect(lab).chat.create(messages=say("Say hi."), max_tokens=2)
    assert answer.choices[0].model == lab.id_of(lab.model), answer


def a_stream_says_what_a_plain_answer_says(lab: Lab) -> None:
    """To the letter; one session, one completion, one reason, and no usage that nobody asked for."""
    asked = {"model": lab.id_of(lab.fault_model), "messages": say("[[answer tokens=80]] Tell me all.")}
    chat = connect(lab).chat
    chunks = list(chat.create(**asked, stream=True))
    assert spoken(chunks) == chat.create(**asked).choices[0].message.content
    assert len({chunk.session_id for chunk in chunks}) == 1, chunks
    assert len({chunk.choices[0].completion_id for chunk in chunks}) == 1, chunks
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices[0].finish_reason] == ["stop"], chunks
    assert all(chunk.usage is None for chunk in chunks), chunks


def the_small_model_streams(lab: Lab) -> None:
    """Real text in pieces."""
    asked = {"model": lab.id_of(lab.model), "messages": say("Say hi."), "max_tokens": FEW_TOKENS}
    assert spoken(list(connect(lab).chat.create(**asked, stream=True)))


def usage_comes_last_when_asked_for(lab: Lab) -> None:
    """In a chunk of its own, without a choice."""
    asked = {"model": lab.id_of(lab.fault_model), "messages": say("Hi."), "max_tokens": 5}
    *others, last = connect(lab).chat.create(**asked, stream=True, stream_include_usage=True)
    assert last.choices == [], last
    assert last.usage.completion_tokens == 5, last
    assert all(chunk.choices and chunk.usage is None for chunk in others), others


def the_asynchronous_client_works(lab: Lab) -> None:
    """Several plain answers at once, then their streams."""

    async def ask() -> None:
        client = connect_async(lab)
        asked = [
            {"model": lab.id_of(lab.fault_model), "messages": say(f"Number {i}"), "max_tokens": 8} for i in range(4)
        ]
        answers = await asyncio.gather(*[client.chat.create(**one) for one in asked])
        for one, answer in zip(asked, answers, strict=True):
            stream = await client.chat.create(**one, stream=True)
            assert spoken([chunk async for chunk in stream]) == answer.choices[0].message.content
        await client.close()

    asyncio.run(ask())


def every_argument_is_taken(lab: Lab) -> None:
    """None is refused or left aside; the session is the caller's own."""
    session = uuid4()
    headers: list[dict[str, str]] = []
    client = connect(lab)
    client._rest_client.event_hooks["response"].append(lambda response: headers.append(dict(response.headers)))
    answer = client.chat.create(
        model=lab.id_of(lab.model), messages=[{"role": "system", "content": "Be short."}, *say("Say hi.")],
        stop=["never"], max_tokens=FEW_TOKENS, temperature=0.5, top_p=0.9, session_id=session, user=uuid4(),
        labels={"purpose": "test"}, store=False,
    )  # fmt: skip
    assert answer.session_id == session, answer
    assert "x-ignored-fields" not in headers[0], headers


def no_tokens_are_an_empty_answer(lab: Lab) -> None:
    """`max_tokens=0` is allowed here."""
    (choice,) = connect(lab).chat.create(model=lab.id_of(lab.model), messages=say("Hi."), max_tokens=0).choices
    assert (choice.message.content, choice.finish_reason) == ("", "length"), choice


def the_documented_shape_can_be_read(lab: Lab) -> None:
    """`X-Wire: exact`, plain and streamed."""
    chat = connect(lab, default_headers={"X-Wire": "exact"}).chat
    asked = {"model": lab.id_of(lab.fault_model), "messages": say("Hi."), "max_tokens": 8}
    chunks = list(chat.create(**asked, stream=True, stream_include_usage=True))
    answer = chat.create(**asked)
    assert spoken(chunks) == answer.choices[0].message.content
    assert chunks[-1].usage == answer.usage
