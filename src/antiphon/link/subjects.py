"""The subjects of the link: a node reads `req.<node>.>`, writes `out.<node>.>` and `hb.<node>`, nothing else. Pure.

The broker holds each node to that, so the node's name in a subject is true: a frame need not say who sent it.
"""

from __future__ import annotations

import re

from antiphon.errors import BadRequest

TOKEN = re.compile(r"[A-Za-z0-9_-]{1,64}")
PULSE = "pulse"  # stands in the place of an attempt


def token(text: str) -> str:
    """The text, which is one whole token of a subject; BadRequest when it cannot be."""
    if not TOKEN.fullmatch(text):
        raise BadRequest("id: must be 1 to 64 letters, digits, '_' or '-'.", param="id")
    return text


def request(node: str, gateway: str, attempt: str) -> bytes:
    """What a gateway has to say to a node about one attempt."""
    return f"req.{node}.{gateway}.{attempt}".encode()


def answer(node: str, gateway: str, attempt: str) -> bytes:
    """What a node answers to that gateway about it."""
    return f"out.{node}.{gateway}.{attempt}".encode()


def requests_of(node: str) -> str:
    """All that gateways say to a node."""
    return f"req.{node}.>"


def answers_of(node: str) -> str:
    """All that a node may answer, to whatever gateway."""
    return f"out.{node}.>"


def answers_to(gateway: str) -> str:
    """All that nodes answer to one gateway: its only inbox."""
    return f"out.*.{gateway}.>"


def heartbeat(node: str) -> str:
    """Where a node tells every gateway how it is."""
    return f"hb.{node}"


HEARTBEATS = heartbeat("*")


def node_of(subject: bytes) -> str:
    """The node that a subject names."""
    return subject.split(b".", 2)[1].decode()


def parties(subject: bytes) -> tuple[str, str, str]:
    """Node, gateway and attempt of a request or an answer."""
    _, node, gateway, attempt = subject.decode().split(".", 3)
    return node, gateway, attempt
