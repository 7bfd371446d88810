"""Subjects: each names its node, so that the broker can hold the node to it."""

from __future__ import annotations

import pytest

from antiphon.errors import BadRequest
from antiphon.link import subjects


def test_subjects_name_their_parties() -> None:
    """Node, gateway and attempt are read back from both directions."""
    for make in (subjects.request, subjects.answer):
        subject = make("node-a", "gw_1", "att_1")
        assert subjects.parties(subject) == ("node-a", "gw_1", "att_1")
        assert subjects.node_of(subject) == "node-a"
    assert subjects.node_of(subjects.heartbeat("node-a").encode()) == "node-a"


def test_what_a_node_may_use_covers_what_it_uses() -> None:
    """The patterns of its rights are those of its own subjects."""
    assert subjects.request("n", "g", "a").startswith(subjects.requests_of("n").removesuffix(">").encode())
    assert subjects.answer("n", "g", "a").startswith(subjects.answers_of("n").removesuffix(">").encode())
    assert subjects.answers_to("g") == "out.*.g.>"
    assert subjects.HEARTBEATS == "hb.*"


@pytest.mark.parametrize("text", ["", "*", ">", "a.b", "a b", "a\n", "ü", "x" * 65])
def test_a_token_cannot_change_a_subject(text: str) -> None:
    """Wildcards, dots and blanks are no names."""
    with pytest.raises(BadRequest, match="letters, digits"):
        subjects.token(text)


def test_a_token_is_given_back() -> None:
    """So that it can be checked where it is used."""
    assert subjects.token("node_3f-A") == "node_3f-A"
