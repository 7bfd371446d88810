"""The conversation at a terminal: reads lines, knows the commands, survives a failed answer."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

from antiphon.cli.answering import answer
from antiphon.cli.client import Client, checked
from antiphon.cli.conversation import Conversation
from antiphon.cli.output import Output
from antiphon.errors import AntiphonError

HISTORY_LINES_MAX = 1000
PROMPT = "> "
HELP = """\
/help           this list
/model          the models on offer
/model NAME     go on with another model
/system TEXT    set the system prompt; without a text, drop it
/clear          forget the conversation
/exit           leave, as Ctrl-D does
Ctrl-C stops an answer; pressed at the prompt it leaves."""


def converse(talk: Conversation, client: Client, output: Output, read_line: Callable[[str], str]) -> int:
    """Go on until the person leaves; the exit code."""
    output.note(f"{talk.model}. /help lists the commands, Ctrl-D leaves.")
    while True:
        try:
            line = read_line(PROMPT).strip()
        except (EOFError, KeyboardInterrupt):
            output.note("")
            return 0
        if line in {"/exit", "/quit"}:
            return 0
        try:
            if line.startswith("/"):
                _command(line, talk, client, output)
            elif line:
                answer(talk, line, output)
        except AntiphonError as error:
            output.note(f"antiphon: {error.message}")


def _command(line: str, talk: Conversation, client: Client, output: Output) -> None:
    command, _, rest = line.partition(" ")
    rest = rest.strip()
    if command == "/clear":
        talk.clear()
        output.note("The conversation is forgotten.")
    elif command == "/system":
        talk.system = rest or None
        output.note("The system prompt is set." if rest else "There is no system prompt now.")
    elif command == "/model" and rest:
        talk.model = _model_id(rest, client)
        output.note(f"{talk.model} answers from now on.")
    elif command == "/model":
        names = [str(model["id"]) for model in checked(client.get("/models"))["data"]]
        output.note("\n".join(f"{'*' if name == talk.model else ' '} {name}" for name in names))
    else:
        output.note(HELP if command == "/help" else f"There is no command {command}.\n{HELP}")


def _model_id(name: str, client: Client) -> str:
    """The model's id; a gateway that does not know the name refuses with the nearest one."""
    return str(checked(client.get(f"/models/{name}"))["id"])


def read_line_with_history(path: Path | None = None) -> Callable[[str], str]:
    """A function that reads a line, with editing and a history that is kept where only its owner reads it."""
    try:
        import readline
    except ImportError:  # Python without readline: lines still work
        return input
    kept = path or _state_dir() / "chat-history"
    readline.set_history_length(HISTORY_LINES_MAX)
    try:
        kept.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(kept, os.O_CREAT | os.O_APPEND, 0o600))
        readline.read_history_file(kept)
    except OSError:
        return input

    def read_line(prompt: str) -> str:
        line = input(prompt)
        with contextlib.suppress(OSError):  # a full disk must not end the conversation
            readline.append_history_file(1, kept)
        return line

    return read_line


def _state_dir() -> Path:
    return Path(os.environ.get("XDG_STATE_HOME") or "~/.local/state").expanduser() / "antiphon"
