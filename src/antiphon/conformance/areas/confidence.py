"""Confidence: a number on answers of models that are tuned to a domain, and no field on others."""

from __future__ import annotations

from msgspec import UNSET, Struct, UnsetType

from antiphon.conformance.check import Check
from antiphon.conformance.reply import decode
from antiphon.conformance.server import Server, answered
from antiphon.conformance.verdict import expect, offered

MOST = 100


class Scored(Struct, frozen=True):
    """An answer, or an event of one, with its confidence."""

    confidence_score: float | UnsetType | None = UNSET


async def _score(server: Server) -> float | UnsetType | None:
    reply = await server.good(server.body())
    answered(reply)
    return reply.read(Scored).confidence_score


async def form(server: Server) -> None:
    """`confidence_score` is a number from 0 to 100 or not there, and never null."""
    score = await _score(server)
    expect(score is not None, "It is null.")
    if isinstance(score, float):
        expect(0 <= score <= MOST, f"It is {score}.")


async def plain(server: Server) -> None:
    """A model that is tuned to a domain says how sure it is."""
    offered(isinstance(await _score(server), float), "The model is not marked as one that is tuned to a domain.")


async def streamed(server: Server) -> None:
    """In a stream the confidence is in the finishing event only."""
    found = await server.stream()
    scores = [decode(payload, Scored, "An event").confidence_score for payload in found.payloads]
    offered(isinstance(scores[-1], float), "The model is not marked as one that is tuned to a domain.")
    expect(not any(isinstance(score, float) for score in scores[:-1]), "An earlier event has one as well.")


CHECKS = (
    Check("confidence", form, "Nugen", "nugen"),
    Check("confidence", plain, "Nugen", "nugen", mandatory=False),
    Check("confidence", streamed, "Nugen", "nugen", mandatory=False),
)
