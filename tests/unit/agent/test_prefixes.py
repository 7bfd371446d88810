"""What a node tells of the prompts that it has read."""

from __future__ import annotations

from antiphon.agent.prefixes import Prefixes
from antiphon.chat import Message, Sampling
from antiphon.engines import Job
from antiphon.models.fingerprint import DIGEST_BYTES, fingerprint
from antiphon.sources.nodes import PREFIXES_MAX

LONG = "All work and no play makes Jack a dull boy. " * 100


def job(text: str, model: str = "m") -> Job:
    """A job that begins with a text."""
    return Job(model, (Message(role="user", content=text),), Sampling())


def numbers(packed: bytes) -> list[int]:
    """What was told."""
    return [int.from_bytes(packed[at : at + DIGEST_BYTES]) for at in range(0, len(packed), DIGEST_BYTES)]


def test_gateways_make_the_same_numbers() -> None:
    """Of a plain conversation, with the model's name as the node knows it; told once."""
    prefixes = Prefixes()
    prefixes.note(job(LONG))
    prefixes.note(job("Hi"))
    assert numbers(prefixes.take()) == list(fingerprint("m\n", ("user", LONG)))
    assert prefixes.take() == b""


def test_no_more_than_fit() -> None:
    """The oldest are forgotten first, and what is read again is young again."""
    prefixes = Prefixes()
    for number in range(40):
        prefixes.note(job(LONG, f"m{number}"))
        prefixes.note(job(LONG, "m0"))
    told = numbers(prefixes.take())
    assert len(told) == PREFIXES_MAX
    assert told[-1] == fingerprint("m0\n", ("user", LONG))[-1]


def test_prompts_without_turns_are_left_out() -> None:
    """A text completion has nothing in common with a conversation."""
    prefixes = Prefixes()
    prefixes.note(Job("m", (), Sampling(), prompt=LONG))
    assert prefixes.take() == b""
