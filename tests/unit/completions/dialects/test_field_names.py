"""Refusals in a vendor's own words."""

from __future__ import annotations

import pytest

from antiphon.completions.dialects import anthropic, responses
from antiphon.completions.dialects.field_names import AS_CHATS
from antiphon.errors import AntiphonError, BadRequest, KeyReused, ModelNotFound

FITS = "max_tokens: 90 and a prompt of 20 tokens exceed the model's context of 100."
TOO_LONG = "messages: the prompt and max_tokens do not fit the model's context."
IMAGE = "messages[1].content[0].image_url: the image has more than 9 pixels."
SCHEMA = "response_format.json_schema.schema.properties.max_tokens must be a schema: an object, true or false."
TOOL = "tools[2].function.name is used by another tool."
PARAMETERS = 'tools[2].function.parameters.type must be "object".'
CHOICE = "tool_choice.function.name must be the name of one of the tools."
THOUGHT = "reasoning.max_tokens: 9 leaves no answer within max_tokens 5."


def refusal(message: str) -> BadRequest:
    """As it is raised behind a dialect: the message begins with its field."""
    return BadRequest(message, param=message.split(" ", maxsplit=1)[0].rstrip(":"), code="a_code")


@pytest.mark.parametrize(
    ("message", "in_responses", "in_messages"),
    [
        (FITS, FITS.replace("max_tokens", "max_output_tokens"), FITS),
        (TOO_LONG, "input: the prompt and max_output_tokens do not fit the model's context.", TOO_LONG),
        (
            IMAGE,
            "input: the image has more than 9 pixels.",
            "messages: the image has more than 9 pixels.",
        ),
        (
            SCHEMA,
            SCHEMA.replace("response_format.json_schema", "text.format"),
            SCHEMA.replace("response_format.json_schema", "output_config.format"),
        ),
        (TOOL, TOOL.replace(".function", ""), TOOL.replace(".function", "")),
        (
            PARAMETERS,
            PARAMETERS.replace(".function", ""),
            PARAMETERS.replace(".function.parameters", ".input_schema"),
        ),
        (CHOICE, CHOICE.replace(".function", ""), CHOICE.replace(".function", "")),
        (
            THOUGHT,
            "reasoning.max_tokens: 9 leaves no answer within max_output_tokens 5.",
            "thinking.budget_tokens: 9 leaves no answer within max_tokens 5.",
        ),
        ("stop: the model takes none.", "stop: the model takes none.", "stop_sequences: the model takes none."),
        ("logit_bias: keys are token ids.", "logit_bias: keys are token ids.", "logit_bias: keys are token ids."),
    ],
)
def test_a_field_has_the_vendors_name(message: str, in_responses: str, in_messages: str) -> None:
    """In the sentence and beside it, and telling it twice changes nothing; a chat's own stay."""
    error = refusal(message)
    assert AS_CHATS.told(error) is error
    for names, expected in ((responses.NAMES, in_responses), (anthropic.NAMES, in_messages)):
        told = names.told(error)
        assert (told.message, told.code) == (expected, "a_code")
        assert told.param == refusal(expected).param
        assert names.told(told) is told


@pytest.mark.parametrize(
    "error",
    [
        ModelNotFound("The model m does not exist.", param="model"),
        KeyReused("messages: no.", param="messages"),
        BadRequest("The body: JSON is expected."),
    ],
)
def test_all_else_stays_as_it_is(error: AntiphonError) -> None:
    """The very same error: it may have more to tell than its message."""
    assert responses.NAMES.told(error) is error


def test_what_an_engine_says_is_not_put_into_other_words() -> None:
    """Only the field is, which the engine knows by the name that it was told."""
    error = BadRequest("The model cannot take this request: max_tokens is too much", param="max_tokens")
    told = responses.NAMES.told(error)
    assert (told.message, told.param) == (error.message, "max_output_tokens")
