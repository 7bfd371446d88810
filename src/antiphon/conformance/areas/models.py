"""The list of models, and one model: what a client needs to know before it asks."""

from __future__ import annotations

from http import HTTPStatus
from typing import Literal

from msgspec import Struct

from antiphon.conformance.check import Check
from antiphon.conformance.reply import Reply
from antiphon.conformance.server import Server, segment, served
from antiphon.conformance.verdict import expect, offered


class ShapeModel(Struct, frozen=True):
    """A model as OpenAI lists it."""

    id: str
    object: Literal["model"]
    created: int
    owned_by: str


class ShapeList(Struct, frozen=True):
    """OpenAI's list."""

    object: Literal["list"]
    data: list[ShapeModel]


class DetailedModel(Struct, frozen=True):
    """What clients choose a model by."""

    id: str
    nodes: int | None = None
    context_length: int | None = None
    modalities: list[str] | None = None


class DetailedList(Struct, frozen=True):
    """The list with these."""

    data: list[DetailedModel]


async def _good(server: Server, path: str) -> Reply:
    return served(await server.send("GET", path))


async def listing(server: Server) -> None:
    """The list is OpenAI's, and the model stands in it."""
    listed = (await _good(server, "/models")).read(ShapeList)
    names = [model.id for model in listed.data]
    expect(server.subject.model in names, f"{server.subject.model!r} is not listed.")
    expect(len(set(names)) == len(names), "A name stands twice.")


async def one(server: Server) -> None:
    """One model can be asked for by its name as it is, and with its slashes and colons escaped."""
    for name in (server.subject.model, segment(server.subject.model)):
        model = (await _good(server, f"/models/{name}")).read(ShapeModel)
        expect(model.id == server.subject.model, f"Asked for {name!r}, it tells of {model.id!r}.")


async def unknown(server: Server) -> None:
    """A model that does not exist is 404."""
    reply = await server.send("GET", "/models/no-such-model-anywhere")
    expect(reply.status == HTTPStatus.NOT_FOUND, f"The status is {reply.status}.")


async def details(server: Server) -> None:
    """The list tells of each model how many nodes serve it, its context and its kinds of input."""
    listed = (await _good(server, "/models")).read(DetailedList)
    found = next((model for model in listed.data if model.id == server.subject.model), None)
    offered(found is not None and found.nodes is not None, "`nodes` is missing.")
    offered(found is not None and found.context_length is not None, "`context_length` is missing.")
    offered(found is not None and bool(found.modalities), "`modalities` is missing.")


CHECKS = (
    Check("models", listing, "OpenAI, Dria"),
    Check("models", one, "OpenAI"),
    Check("models", unknown, "OpenAI"),
    Check("models", details, "Dria", mandatory=False),
)
