"""An answer on the screen: pieces as they come for people, one object for scripts."""

from __future__ import annotations

import io
import json
from collections.abc import Callable

import pytest

from antiphon.cli.answering import answer
from antiphon.cli.client import Client
from antiphon.cli.conversation import Answer, Conversation, Piece
from antiphon.cli.endpoint import Endpoint
from antiphon.cli.output import Output, faint
from antiphon.clock import ManualClock

THOUGHT = (Piece(reasoning="Hm"), Piece(reasoning="m."), Piece(content="Ye"), Piece(content="s."))


class Terminal(io.StringIO):
    """A person looks at it."""

    def isatty(self) -> bool:
        """Yes."""
        return True


class Said(Conversation):
    """A conversation whose next answer is known."""

    def __init__(self, pieces: tuple[Piece, ...], *, finish_reason: str | None = "stop", stopped: bool = False) -> None:
        client = Client(Endpoint("http://nowhere.invalid", None), read_timeout_s=1.0)
        super().__init__(client, ManualClock(), model="m", options={})
        self._pieces = pieces
        self._answer = Answer(
            content="".join(piece.content for piece in pieces),
            reasoning="".join(piece.reasoning for piece in pieces),
            finish_reason=finish_reason,
            usage={"total_tokens": 5},
            first_token_s=0.5,
            total_s=1.5,
            stopped=stopped,
        )

    def ask(self, prompt: str, show: Callable[[Piece], None]) -> Answer:
        """Say it."""
        assert prompt == "Really?"
        for piece in self._pieces:
            show(piece)
        return self._answer


def shown(talk: Conversation, *, out: io.StringIO, as_json: bool = False) -> tuple[str, str]:
    """The answer and the notes of one question."""
    notes = io.StringIO()
    answer(talk, "Really?", Output(as_json=as_json, out=out, notes=notes))
    return out.getvalue(), notes.getvalue()


def test_a_person_sees_thoughts_faint() -> None:
    """The answer stands apart from what was thought before it."""
    assert shown(Said(THOUGHT), out=Terminal()) == (f"{faint('Hm')}{faint('m.')}\n\nYes.\n", "")


def test_a_pipe_gets_the_answer_alone() -> None:
    """Thoughts are no part of it."""
    assert shown(Said(THOUGHT), out=io.StringIO()) == ("Yes.\n", "")


@pytest.mark.parametrize("out", [io.StringIO, Terminal])
def test_a_script_gets_one_object(out: type[io.StringIO]) -> None:
    """Nothing is shown before it is whole."""
    text, notes = shown(Said(THOUGHT), out=out(), as_json=True)
    assert notes == ""
    assert text.count("\n") == 1
    assert json.loads(text) == {
        "model": "m",
        "content": "Yes.",
        "reasoning": "Hmm.",
        "finish_reason": "stop",
        "usage": {"total_tokens": 5},
        "first_token_s": 0.5,
        "total_s": 1.5,
        "stopped": False,
    }


def test_without_thoughts_there_is_no_reasoning() -> None:
    """A script sees null, not an empty text."""
    text, _ = shown(Said((Piece(content="Yes."),)), out=io.StringIO(), as_json=True)
    assert json.loads(text)["reasoning"] is None


@pytest.mark.parametrize(
    ("finish_reason", "stopped", "note"),
    [("stop", False, ""), ("length", False, "(cut: the limit of tokens was reached)\n"), (None, True, "(stopped)\n")],
)
def test_an_answer_that_is_not_whole_says_so(finish_reason: str | None, stopped: bool, note: str) -> None:
    """Beside the answer, not in it."""
    talk = Said((Piece(content="Ye"),), finish_reason=finish_reason, stopped=stopped)
    assert shown(talk, out=io.StringIO()) == ("Ye\n", note)
