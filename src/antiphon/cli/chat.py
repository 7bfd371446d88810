"""`antiphon chat`: one question from the command line, or a conversation in the terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from antiphon.cli.connection import ConnectionFlags, connect
from antiphon.cli.output import Output

if TYPE_CHECKING:
    from antiphon.cli.client import Client

STDIN_CHARACTERS_MAX = 1_000_000


def chat(
    *prompt: str,
    model: str | None = None,
    system: str | None = None,
    temperature: float | None = None,
    max_tokens: int | None = None,
    json: bool = False,
    connection: Annotated[ConnectionFlags, Parameter(name="*")] = ConnectionFlags(),
) -> int:
    """Answer a prompt, or hold a conversation when there is none and a person sits at the terminal.

    Parameters
    ----------
    prompt
        The question; without it, standard input when that is no terminal, else a conversation.
    model
        The model; otherwise the first one that the gateway lists.
    system
        The system prompt.
    temperature
        How varied the answer is, 0 to 2.
    max_tokens
        Most tokens of an answer.
    json
        Print one JSON object for each answer.
    connection
        Which gateway, with which key.

    """
    from antiphon.cli.answering import answer
    from antiphon.cli.conversation import Conversation
    from antiphon.clock import SystemClock

    client = connect(connection)
    options: dict[str, object] = {"temperature": temperature, "max_tokens": max_tokens}
    given = {name: value for name, value in options.items() if value is not None}
    talk = Conversation(client, SystemClock(), model=model or first_model(client), options=given)
    talk.system = system
    text = " ".join(prompt)
    if not text and not sys.stdin.isatty():
        text = sys.stdin.read(STDIN_CHARACTERS_MAX)
    output = Output(as_json=json)
    if text.strip():
        return 130 if answer(talk, text, output).stopped else 0
    if not sys.stdin.isatty():
        output.note("There is no prompt: give it as an argument or on standard input.")
        return 2
    from antiphon.cli.terminal import converse, read_line_with_history

    return converse(talk, client, output, read_line_with_history())


def first_model(client: Client) -> str:
    """The first model on offer that generates, one that can answer now before one that cannot."""
    from antiphon.cli.client import checked
    from antiphon.errors import Unavailable

    listed = checked(client.get("/models")).get("data") or []
    models = [model for model in listed if model.get("type") != "embedding"]
    ready = [model for model in models if model.get("state") != "unavailable"] or models
    if not ready:
        raise Unavailable("The gateway offers no model yet; `antiphon models` shows when it does.")
    return str(ready[0]["id"])
