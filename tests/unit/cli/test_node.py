"""`antiphon node`: its flags, and what it says of a wrong step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from antiphon.cli.flags import assignments
from antiphon.cli.node import NodeFlags, machine_name, setting_flags
from antiphon.nodes.enrolment import Token, written


def test_flags_stand_for_those_of_serve() -> None:
    """Slots are what a model that runs here generates at once; a server beside it knows its own."""
    own = setting_flags(NodeFlags(model=("m.gguf",), slots=3, data_dir="d"))
    assert (own.model, own.parallel, own.data_dir) == (("m.gguf",), 3, "d")
    wrapped = setting_flags(NodeFlags(engine=("vllm+http://g:1",), slots=3, engine_key="k"))
    assert (wrapped.upstream, wrapped.parallel, wrapped.upstream_key) == (("vllm+http://g:1",), None, "k")
    assert assignments(setting_flags(NodeFlags())) == []


@pytest.mark.parametrize(
    ("host", "name"), [("attic", "attic"), ("Ann's Mac.local", "Ann-s-Mac"), ("...", "node"), ("x" * 99, "x" * 64)]
)
def test_a_machine_has_a_name(host: str, name: str) -> None:
    """One that a node may have."""
    assert machine_name(host) == name


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "antiphon nodes invite"),
        (("--join", "join_x"), "Copy the whole line"),
        (("--model", "there-is-no-such-model"), "there-is-no-such-model"),
    ],
)
def test_a_wrong_step_is_told(run: Callable[..., Any], words: tuple[str, ...], says: str) -> None:
    """With what to do instead."""
    token = ("--join", written(Token("http://127.0.0.1:9", "0f" * 24)))
    with_token = words if "--join" in words or not words else (*words, *token)
    ran = run("node", *with_token)
    assert (ran.code, says in ran.notes) == (2, True)
