"""Tells a person, or a script, what `antiphon node` does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from antiphon import __version__
from antiphon.cli.output import Output
from antiphon.cli.progress import Progress
from antiphon.clock import Clock

if TYPE_CHECKING:
    from antiphon.agent.announcements import Announcement


class JSONAnnouncer:
    """One JSON object a line, with `event` and what belongs to it."""

    def __init__(self, output: Output) -> None:
        self._output = output

    def __call__(self, announcement: Announcement) -> None:
        """Print one announcement."""
        import msgspec

        fields = {name: value for name, value in msgspec.to_builtins(announcement).items() if value}
        self._output.json({"event": fields.pop("kind"), **fields})


class TextAnnouncer:
    """Sentences for people. Each state of a model is told once, so that nothing is noisy after the start."""

    def __init__(self, output: Output, clock: Clock) -> None:
        self._output = output
        self._progress = Progress(output, clock)
        self._told: set[tuple[str, str]] = set()

    def __call__(self, announcement: Announcement) -> None:
        """Show one announcement."""
        if announcement.kind == "progress":
            self._progress.update(announcement.name, announcement.done, announcement.total)
            return
        self._progress.close()
        if announcement.kind == "model":
            told = (announcement.name, announcement.state)
            if told in self._told:
                return
            self._told.add(told)
        self._output.line(_sentence(announcement))


def _sentence(told: Announcement) -> str:
    sentences = {
        "machine": f"Antiphon {__version__} on {told.text}",
        "joined": f"A node of {told.text}, called {told.name}.",
        "model": f"{told.name}: {told.state}{f' ({told.text})' if told.text else ''}",
        "speed": f"{told.name}: reads {_rate(told.prefill)}, writes {_rate(told.decode)} tokens a second",
        "serving": f"Serving {', '.join(told.models)}, {told.slots} requests at once. Ctrl-C leaves.",
        "trouble": f"Trying again: {told.text}",
        "stopping": "Leaving: running requests are finished first.",
        "left": "Left.",
    }
    return sentences[told.kind]


def _rate(speed: float | None) -> str:
    return "an unknown number of" if speed is None else f"{speed:.0f}"
