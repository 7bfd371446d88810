"""The doors: which published APIs are served, under which addresses, in which dialect, with which errors.

A further dialect is one module in `dialects/` and one row here.
"""

from __future__ import annotations

from msgspec import Struct

from antiphon.completions.dialects import (
    Dialect,
    EmbeddingDialect,
    adaptive,
    adaptive_embeddings,
    adaptive_text,
    anthropic,
    canonical,
    canonical_embeddings,
    canonical_text,
    nugen,
    nugen_embeddings,
    nugen_text,
    responses,
)
from antiphon.completions.dialects.anthropic_messages.stream import PING
from antiphon.completions.dialects.field_names import AS_CHATS, FieldNames
from antiphon.http.errors import ErrorShape
from antiphon.http.sse import DONE, HEARTBEAT

CHAT = "/chat/completions"


class Door(Struct, frozen=True):
    """One published API; `prefix` is what its addresses begin with. Not every one has `text` and `embeddings`.

    `chat` is where it answers, behind the prefix; a door without it has one address, the prefix itself, and no list of
    models of its own. `done` ends a whole stream, `heartbeat` stands where one is silent. `echoes`: answers say again
    what was asked for. `id_header` tells the request's id once more, under the vendor's name. `names` are the
    vendor's for the fields that a refusal names.
    """

    name: str
    title: str
    prefix: str
    dialect: Dialect
    errors: ErrorShape
    text: Dialect | None = None
    embeddings: EmbeddingDialect | None = None
    chat: str = CHAT
    done: bytes = DONE
    heartbeat: bytes = HEARTBEAT
    echoes: bool = False
    id_header: bytes = b""
    names: FieldNames = AS_CHATS

    @property
    def address(self) -> str:
        """Where it answers."""
        return self.prefix + self.chat

    @property
    def below(self) -> str:
        """What all addresses begin with whose errors have its shape."""
        return f"{self.prefix}/" if self.chat else self.prefix


RESPONSES = Door(
    "responses", "OpenAI Responses", "/v1/responses", responses, "openai", chat="", done=b"", echoes=True,
    names=responses.NAMES,
)  # fmt: skip
MESSAGES = Door(
    "anthropic", "Anthropic", "/v1/messages", anthropic, "anthropic", chat="", done=b"", heartbeat=PING,
    id_header=b"request-id", names=anthropic.NAMES,
)  # fmt: skip
DOORS = (
    Door("v1", "OpenAI, Dria, DMind", "/v1", canonical, "openai", canonical_text, canonical_embeddings),
    Door("nugen", "Nugen", "/api/v3/inference", nugen, "detail", nugen_text, nugen_embeddings),
    Door("adaptive", "Adaptive Engine", "/api/v1", adaptive, "error", adaptive_text, adaptive_embeddings),
    RESPONSES,
    MESSAGES,
)


def shapes(doors: tuple[Door, ...]) -> tuple[tuple[str, ErrorShape], ...]:
    """Which errors stand below which addresses, the longest first."""
    return tuple(sorted(((door.below, door.errors) for door in doors), key=lambda one: -len(one[0])))
