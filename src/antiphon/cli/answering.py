"""One answer, shown as it comes: to a person in pieces, to a script as one JSON object."""

from __future__ import annotations

from antiphon.cli.conversation import Answer, Conversation, Piece
from antiphon.cli.output import Output, faint


def answer(talk: Conversation, prompt: str, output: Output) -> Answer:
    """Ask, and show the answer as it comes; a stopped answer says so."""
    shown = _Shown(output)
    found = talk.ask(prompt, shown)
    if output.as_json:
        output.json(
            {
                "model": talk.model,
                "content": found.content,
                "reasoning": found.reasoning or None,
                "finish_reason": found.finish_reason,
                "usage": found.usage,
                "first_token_s": found.first_token_s,
                "total_s": found.total_s,
                "stopped": found.stopped,
            }
        )
        return found
    output.line()
    if found.stopped:
        output.note("(stopped)")
    elif found.finish_reason == "length":
        output.note("(cut: the limit of tokens was reached)")
    return found


class _Shown:
    """Shows pieces as they come: thinking faint and only to people, the answer plain."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._thinking = False

    def __call__(self, piece: Piece) -> None:
        if self._output.as_json:
            return
        if piece.reasoning and self._output.terminal:
            self._output.piece(faint(piece.reasoning))
            self._thinking = True
        if piece.content:
            if self._thinking:
                self._output.piece("\n\n")
                self._thinking = False
            self._output.piece(piece.content)
