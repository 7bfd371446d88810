"""What is /v1's own, with the official Python SDK: ids, models, and Dria's bare shape."""

# mypy: disable-error-code="import-not-found"

from __future__ import annotations

import openai

from .openai_connect import FEW_TOKENS, connect, say
from .scenario import Lab, failure

EXACT = {"X-Wire": "exact"}


def an_answer_has_openais_shape(lab: Lab) -> None:
    """An id that begins as OpenAI's do, whole seconds, and Dria's node."""
    answer = connect(lab).chat.completions.create(model=lab.model, messages=say("Say hi."), max_tokens=FEW_TOKENS)
    assert answer.id.startswith("chatcmpl-"), answer
    assert type(answer.created) is int, answer
    assert answer.metadata["node_id"], answer


def drias_bare_answer_can_be_read(lab: Lab) -> None:
    """A Dria key that asks for the documented shape alone gets it; the SDK sees None for what is not there."""
    client = connect(lab, api_key=lab.dkn_key, default_headers=EXACT)
    answer = client.chat.completions.create(model=lab.fault_model, messages=say("Say hi."), max_tokens=FEW_TOKENS)
    assert answer.id.startswith("gen-"), answer
    assert answer.choices[0].message.content, answer
    assert (answer.object, answer.created, answer.choices[0].message.role) == (None, None, None), answer
    assert answer.metadata["node_id"], answer


def drias_bare_stream_can_be_read(lab: Lab) -> None:
    """Nothing but text, and the same text as in full."""
    fields = {"model": lab.fault_model, "messages": say("Say hi."), "max_tokens": FEW_TOKENS}
    client = connect(lab, api_key=lab.dkn_key, default_headers=EXACT)
    chunks = list(client.chat.completions.create(**fields, stream=True))
    assert {(chunk.id, chunk.object, chunk.usage) for chunk in chunks} == {(None, None, None)}
    text = "".join(chunk.choices[0].delta.content for chunk in chunks)
    assert text == connect(lab).chat.completions.create(**fields).choices[0].message.content


def models_are_listed(lab: Lab) -> None:
    """All models, each as the SDK's type has it."""
    found = {model.id: model for model in connect(lab).models.list()}
    assert {lab.model, lab.vision_model, lab.fault_model, lab.down_model} <= set(found), found
    assert all(model.object == "model" and isinstance(model.created, int) for model in found.values()), found
    assert found[lab.vision_model].model_extra["modalities"] == ["text", "image"], found


def a_model_is_retrieved(lab: Lab) -> None:
    """The SDK writes a slash in a name as %2F."""
    assert "/" in lab.model
    found = connect(lab).models.retrieve(lab.model)
    assert found.id == lab.model
    assert found.model_extra["context_length"] > 0, found


def an_unknown_model_is_not_retrieved(lab: Lab) -> None:
    """NotFoundError, as for a completion."""
    error = failure(openai.NotFoundError, lambda: connect(lab).models.retrieve("nobody/nothing"))
    assert error.code == "model_not_found", error.body
