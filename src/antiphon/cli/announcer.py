"""Tells a person, or a script, how `antiphon serve` starts: what it does, then where it is and how to call it."""

from __future__ import annotations

import json
import shlex
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from antiphon import __version__
from antiphon.cli.output import Output, bold
from antiphon.cli.progress import Progress
from antiphon.clock import Clock

if TYPE_CHECKING:
    from antiphon.gateway.announcements import Announcement

DEFAULT_PORT = 8000
GREETING = {"messages": [{"role": "user", "content": "Say hello in one sentence."}]}
EMBEDDED = {"input": "Why is the sky blue?"}


class JSONAnnouncer:
    """One JSON object a line, with `event` and what belongs to it."""

    def __init__(self, output: Output) -> None:
        self._output = output

    def __call__(self, announcement: Announcement) -> None:
        """Print one announcement."""
        import msgspec

        told = msgspec.to_builtins(announcement)
        fields = {name: value for name, value in told.items() if value or (value == 0 and value is not False)}
        event = fields.pop("kind")
        if event != "progress":
            fields.pop("done", None)
        if announcement.base_url:
            fields["base_url"] = _base_url(announcement)
        self._output.json({"event": event, **fields})


class TextAnnouncer:
    """Sentences for people. Each state of a model is told once, so that nothing is noisy after the start."""

    def __init__(self, output: Output, clock: Clock, *, drain_s: float) -> None:
        self._output = output
        self._drain_s = drain_s
        self._progress = Progress(output, clock)
        self._told: set[tuple[str, str]] = set()

    def __call__(self, announcement: Announcement) -> None:
        """Show one announcement."""
        if announcement.kind == "progress":
            self._progress.update(announcement.model, announcement.done, announcement.total)
            return
        self._progress.close()
        match announcement.kind:
            case "listening":
                self._output.line(f"Antiphon {__version__} listens on {_base_url(announcement)}")
            case "model":
                self._model(announcement)
            case "ready":
                self._output.line(ready_text(announcement, heading=bold if self._output.terminal else str))
            case "stopping":
                seconds = f"{self._drain_s:g}"
                self._output.line(f"Stopping: running requests have {seconds} s to end; Ctrl-C again ends them now.")

    def _model(self, announcement: Announcement) -> None:
        told = (announcement.model, announcement.state)
        if told not in self._told:
            self._told.add(told)
            detail = f" ({announcement.detail})" if announcement.detail else ""
            self._output.line(f"{announcement.model}: {announcement.state}{detail}")


def ready_text(announcement: Announcement, *, heading: Callable[[str], str] = str) -> str:
    """What a person needs to make the first request."""
    base_url = _base_url(announcement)
    lines = [
        "",
        heading("Ready."),
        f"  base URL  {base_url}",
        f"  key       {announcement.development_key or 'one of yours'}",
        f"  model     {announcement.model}",
        *((f"  console   {announcement.console}",) if announcement.console else ()),
        "",
        heading("Try it"),
        curl(announcement),
        "",
    ]
    if not announcement.embeds:
        lines += [
            heading("Or talk to it in another terminal"),
            f'{program()} chat{_address_flag(base_url)} "Why is the sky blue?"',
            "",
        ]
    return "\n".join(lines)


def program() -> str:
    """How this program is called here: by its name, or by its path where the name alone is not found."""
    called = Path(sys.argv[0])
    return str(called) if called.name == "antiphon" and shutil.which("antiphon") is None else "antiphon"


def curl(announcement: Announcement) -> str:
    """A command that gets an answer when it is pasted as it is."""
    path, asked = ("embeddings", EMBEDDED) if announcement.embeds else ("chat/completions", GREETING)
    body = {"model": announcement.model, **asked}
    key = announcement.development_key or "$ANTIPHON_CLIENT_KEY"
    return (
        f"curl {_base_url(announcement)}/{path}"
        f' -H "Authorization: Bearer {key}"'
        ' -H "Content-Type: application/json"'
        f" -d {shlex.quote(json.dumps(body))}"
    )


def _base_url(announcement: Announcement) -> str:
    return announcement.base_url.rstrip("/").removesuffix("/v1") + "/v1"


def _address_flag(base_url: str) -> str:
    return "" if base_url == f"http://127.0.0.1:{DEFAULT_PORT}/v1" else f" --base-url {base_url}"
