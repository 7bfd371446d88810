"""Images: read where the model can, refused by name where it cannot, never an accident."""

from __future__ import annotations

from http import HTTPStatus

from antiphon.conformance.check import Check
from antiphon.conformance.server import Body, Server, answered
from antiphon.conformance.verdict import Failed, Lacking, expect, offered

# 64 x 64 pixels, one half red and the other blue; and something that only says that it is an image.
IMAGE = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAEAAAABACAIAAAAlC+aJAAAAT0lEQVR42u3PsQkAAAzDsPz/dHpCp2wCzwalybTxvgEA"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA+Dq47PDiz8p6GQAAAABJRU5ErkJggg=="
)
BROKEN = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUg=="
WORDS = {"type": "text", "text": "Which colours are these?"}


def about(image: object) -> list[Body]:
    """A question about an image."""
    return [{"role": "user", "content": [WORDS, {"type": "image_url", "image_url": image}]}]


async def image(server: Server) -> None:
    """A model that takes images reads a data URL, which makes the prompt longer."""
    if server.subject.images is False:
        raise Lacking("The model takes no images.")
    seen = await server.ask(messages=about({"url": IMAGE}))
    alone = await server.ask(WORDS["text"])
    more = seen.spent.prompt_tokens - alone.spent.prompt_tokens
    expect(more > 10, f"The image made the prompt {more} tokens longer.")


async def flat(server: Server) -> None:
    """The address may stand flat, as Adaptive has it."""
    if server.subject.images is False:
        raise Lacking("The model takes no images.")
    await server.ask(messages=about(IMAGE))


async def text_model(server: Server) -> None:
    """An image is either read or refused with 400, before anything is generated."""
    reply = await server.chat(messages=about({"url": IMAGE}))
    if reply.status == HTTPStatus.OK:
        answered(reply)
    offered(reply.status in {HTTPStatus.OK, HTTPStatus.BAD_REQUEST}, f"It answers {reply.status}: {reply.shown}")


async def broken(server: Server) -> None:
    """What only says that it is an image is refused with 400."""
    reply = await server.chat(messages=about({"url": BROKEN}))
    if reply.status == HTTPStatus.OK:
        raise Lacking("A broken image is taken.")
    if reply.status != HTTPStatus.BAD_REQUEST:
        raise Failed(f"It answers {reply.status} instead of 400: {reply.shown}")


CHECKS = (
    Check("vision", image, "OpenAI, Dria, Nugen, Adaptive", mandatory=False),
    Check("vision", flat, "Adaptive", mandatory=False),
    Check("vision", text_model, "OpenAI, Dria"),
    Check("vision", broken, "OpenAI"),
)
