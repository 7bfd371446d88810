"""Finds out which model can be asked, from the server's own list."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import msgspec
from msgspec import Struct

from antiphon.conformance.reply import Reply
from antiphon.conformance.server import Body, Server, Subject
from antiphon.errors import AntiphonError, Unavailable
from antiphon.http.origin import ClientError


class Limits(Struct, frozen=True):
    """What llama.cpp's server says of a model."""

    n_ctx: int | None = None


class Architecture(Struct, frozen=True):
    """Which kinds of input a model takes."""

    input_modalities: list[str] = []


class Listed(Struct, frozen=True):
    """One entry of the list; servers say the same under several names."""

    id: str
    type: str | None = None
    modalities: list[str] | None = None
    architecture: Architecture | None = None
    context_length: int | None = None
    max_model_len: int | None = None
    meta: Limits | None = None
    supported_parameters: list[str] = []

    @property
    def context(self) -> int | None:
        """How many tokens fit; None where the server does not say."""
        return self.context_length or self.max_model_len or (self.meta.n_ctx if self.meta else None)

    @property
    def images(self) -> bool | None:
        """Whether it takes images; None where the server does not say."""
        kinds = self.modalities or (self.architecture.input_modalities if self.architecture else None)
        return "image" in kinds if kinds else None

    @property
    def settled(self) -> Body:
        """What keeps a model that thinks from spending a short answer on thoughts."""
        return {"reasoning_effort": "none"} if "reasoning_effort" in self.supported_parameters else {}


class Entries(Struct, frozen=True):
    """The list; each entry is read by itself."""

    data: list[msgspec.Raw]


async def find(server: Server) -> Subject:
    """The server's subject with what its list says of the model; without a name there, the first that generates."""
    wanted = server.subject
    try:
        reply = await server.send("GET", "/models")
    except ClientError as error:
        raise Unavailable(f"The server cannot be reached: {error}.") from error
    listed = _listed(reply)
    embeds = next((one.id for one in listed if one.type == "embedding"), None)
    if wanted.model:
        found = next((one for one in listed if one.id == wanted.model), Listed(wanted.model))
    else:
        found = next((one for one in listed if one.type != "embedding"), None) or _none(reply)
    return Subject(
        model=found.id,
        project=wanted.project,
        embedding_model=wanted.embedding_model or embeds,
        context_length=found.context,
        images=found.images,
        settled=found.settled,
    )


def _none(reply: Reply) -> Listed:
    told = f"answers {reply.status}" if reply.status != HTTPStatus.OK else "names no model that generates"
    raise AntiphonError(f"/v1/models {told}: name a model with --model. It says: {reply.shown}")


def _listed(reply: Reply) -> list[Listed]:
    """The entries that can be read."""
    try:
        entries: list[Any] = list(msgspec.json.decode(reply.body, type=Entries).data)  # Any: bytes of one entry
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return []
    found = []
    for entry in entries:
        try:
            found.append(msgspec.json.decode(entry, type=Listed))
        except msgspec.DecodeError:
            continue
    return found
