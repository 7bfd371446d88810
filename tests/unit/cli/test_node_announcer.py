"""What `antiphon node` tells of itself."""

from __future__ import annotations

import io
import json

from antiphon.agent.announcements import Announcement
from antiphon.cli.node_announcer import JSONAnnouncer, TextAnnouncer
from antiphon.cli.output import Output
from antiphon.clock import ManualClock

STEPS = (
    Announcement("machine", text="2 processors"),
    Announcement("joined", "attic", text="http://g"),
    Announcement("progress", "m", "downloading", done=1, total=2),
    Announcement("model", "m", "loading"),
    Announcement("model", "m", "loading"),
    Announcement("model", "m", "failed", "no memory"),
    Announcement("speed", "m", prefill=99.6),
    Announcement("serving", "attic", models=("m", "n"), slots=4),
    Announcement("trouble", text="nobody answers"),
    Announcement("stopping"),
    Announcement("left"),
)


def test_people_read_sentences() -> None:
    """Each state of a model once."""
    out = io.StringIO()
    announcer = TextAnnouncer(Output(out=out), ManualClock())
    for step in STEPS:
        announcer(step)
    lines = out.getvalue().splitlines()
    assert lines[0].endswith("on 2 processors")
    assert lines[1:] == [
        "A node of http://g, called attic.",
        "m: loading",
        "m: failed (no memory)",
        "m: reads 100, writes an unknown number of tokens a second",
        "Serving m, n, 4 requests at once. Ctrl-C leaves.",
        "Trying again: nobody answers",
        "Leaving: running requests are finished first.",
        "Left.",
    ]


def test_scripts_read_json() -> None:
    """One object a line, without what says nothing."""
    out = io.StringIO()
    announcer = JSONAnnouncer(Output(as_json=True, out=out))
    for step in STEPS[:3] + STEPS[-1:]:
        announcer(step)
    assert [json.loads(line) for line in out.getvalue().splitlines()] == [
        {"event": "machine", "text": "2 processors"},
        {"event": "joined", "name": "attic", "text": "http://g"},
        {"event": "progress", "name": "m", "state": "downloading", "done": 1, "total": 2},
        {"event": "left"},
    ]
