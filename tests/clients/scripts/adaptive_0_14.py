"""What Adaptive Engine's client has since 0.14: structured output, images, and embeddings."""

# mypy: disable-error-code="import-not-found", disallow-subclassing-any=False

from __future__ import annotations

import asyncio
import struct
from base64 import b64decode
from typing import Any, Literal
from uuid import uuid4

from adaptive_sdk.resources.chat import ResponseFormatJsonSchema
from pydantic import BaseModel, Field

from .adaptive_connect import FEW_TOKENS, connect, connect_async, say, spoken
from .scenario import Lab, failure

TOKENS = 160
QUESTION = say("Describe a red apple and a green pear.")


class Fruit(BaseModel):
    """One fruit."""

    name: Literal["apple", "pear", "plum"]
    grams: int = Field(ge=1, le=500)
    colour: Literal["red", "green"] | None


class Basket(BaseModel):
    """Fruits, by reference, which the client puts in place."""

    fruits: list[Fruit] = Field(min_length=1, max_length=2)


def a_class_makes_the_format(lab: Lab) -> None:
    """Plain and streamed, the text is a value of it."""
    asked = {"model": lab.id_of(lab.model), "messages": QUESTION, "max_tokens": TOKENS, "response_format": Basket}
    chat = connect(lab).chat
    Basket.model_validate_json(chat.create(**asked).choices[0].message.content)
    Basket.model_validate_json(spoken(list(chat.create(**asked, stream=True))))


def a_written_schema_is_taken(lab: Lab) -> None:
    """The client's own type of a format."""
    spec = {"name": "fruit", "schema": Fruit.model_json_schema(), "strict": True}
    wanted = ResponseFormatJsonSchema.model_validate({"type": "json_schema", "json_schema": spec})
    asked = {"model": lab.id_of(lab.model), "messages": QUESTION, "max_tokens": TOKENS}
    Fruit.model_validate_json(connect(lab).chat.create(**asked, response_format=wanted).choices[0].message.content)


def a_picture_is_seen(lab: Lab) -> None:
    """The address flat or nested, as the client takes it; it sends it flat."""
    for address in (lab.red_image, {"url": lab.red_image}):
        asked = {"model": lab.id_of(lab.vision_model), "messages": _shown(address), "max_tokens": FEW_TOKENS}
        answer = connect(lab).chat.create(**asked, temperature=0)
        assert "red" in answer.choices[0].message.content.lower(), answer


def a_text_model_refuses_pictures(lab: Lab) -> None:
    """400, naming the part and the model."""
    chat, model = connect(lab).chat, lab.id_of(lab.model)
    told = str(failure(Exception, lambda: chat.create(model=model, messages=_shown(lab.red_image))))
    assert "Client error 400" in told, told
    assert model in told, told


def an_address_of_a_picture_is_refused(lab: Lab) -> None:
    """400: only data URLs are taken at this door."""
    chat, model = connect(lab).chat, lab.id_of(lab.vision_model)
    told = str(failure(Exception, lambda: chat.create(model=model, messages=_shown("https://example.org/a.png"))))
    assert "Client error 400" in told, told
    assert "data URL" in told, told


def a_text_is_embedded(lab: Lab) -> None:
    """As numbers, and as base64 of the same."""
    embeddings, model = connect(lab).embeddings, lab.id_of(lab.embedding_model)
    made = embeddings.create(input="Oslo", model=model, user=uuid4())
    (one,) = made.data
    assert one.index == 0, made
    assert made.usage.total_tokens > 0, made
    (other,) = embeddings.create(input="Oslo", model=model, encoding_format="Base64").data
    packed = b64decode(other.embedding)
    assert packed == struct.pack(f"<{len(one.embedding)}f", *one.embedding), made


def a_text_is_embedded_asynchronously(lab: Lab) -> None:
    """The same vector again."""

    async def embed() -> None:
        client, asked = connect_async(lab), {"input": "Oslo", "model": lab.id_of(lab.embedding_model)}
        first, second = [(await client.embeddings.create(**asked)).data[0].embedding for _ in range(2)]
        assert first == second
        await client.close()

    asyncio.run(embed())


def a_model_of_words_makes_no_embeddings(lab: Lab) -> None:
    """400, naming the model."""
    embeddings, model = connect(lab).embeddings, lab.id_of(lab.model)
    told = str(failure(Exception, lambda: embeddings.create(input="Oslo", model=model)))
    assert "Client error 400" in told, told
    assert model in told, told


def _shown(address: object) -> list[dict[str, Any]]:  # Any: parts
    """A question about an image."""
    parts = [{"type": "image_url", "image_url": address}, {"type": "text", "text": "What color is the image?"}]
    return [{"role": "user", "content": parts}]
