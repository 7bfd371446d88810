"""What `antiphon serve` tells while it starts."""

from __future__ import annotations

import io
import json
import shlex

import msgspec
import pytest
from msgspec.structs import replace

from antiphon.cli.announcer import JSONAnnouncer, TextAnnouncer, curl, ready_text
from antiphon.cli.output import Output
from antiphon.clock import ManualClock
from antiphon.gateway.announcements import Announcement

READY = Announcement("ready", base_url="http://127.0.0.1:8000", development_key="dkn_test_x", model="smollm2:135m")


def told(*announcements: Announcement) -> tuple[str, str]:
    """What a person sees of these."""
    out, notes = io.StringIO(), io.StringIO()
    clock = ManualClock()
    announcer = TextAnnouncer(Output(out=out, notes=notes), clock, drain_s=30)
    for announcement in announcements:
        announcer(announcement)
        clock.advance(2.0)
    return out.getvalue(), notes.getvalue()


def test_ready_tells_all_that_is_needed() -> None:
    """Base URL as SDKs want it, key, model, and two things to try."""
    text = ready_text(READY)
    for part in ("http://127.0.0.1:8000/v1\n", "dkn_test_x", "smollm2:135m", "curl ", 'antiphon chat "'):
        assert part in text


def test_the_curl_line_is_one_good_command() -> None:
    """The shell gives curl the address, the headers and well-formed JSON."""
    (line,) = [line for line in ready_text(READY).splitlines() if line.startswith("curl ")]
    words = shlex.split(line)
    assert words[:2] == ["curl", "http://127.0.0.1:8000/v1/chat/completions"]
    assert "Authorization: Bearer dkn_test_x" in words
    assert json.loads(words[words.index("-d") + 1])["model"] == "smollm2:135m"


def test_odd_model_names_survive_the_shell() -> None:
    """An upstream may have any."""
    line = curl(Announcement("ready", base_url="http://h", model="it's $HOME"))
    assert json.loads(shlex.split(line)[-1])["model"] == "it's $HOME"


def test_another_port_is_named_for_chat() -> None:
    """Where chat would not find the gateway by itself."""
    assert 'antiphon chat --base-url http://127.0.0.1:9000/v1 "' in ready_text(
        Announcement("ready", base_url="http://127.0.0.1:9000", model="m")
    )


def test_the_console_is_named_where_there_is_one() -> None:
    """By the address that a browser takes."""
    assert "console" not in ready_text(READY)
    up = replace(READY, console="http://127.0.0.1:8000/")
    assert "  console   http://127.0.0.1:8000/" in ready_text(up).splitlines()


def test_each_state_is_told_once() -> None:
    """A model that is loaded again and again is not noisy."""
    loading = Announcement("model", model="m", state="loading", detail="2 threads")
    out, _ = told(loading, loading, Announcement("model", model="m", state="ready"), loading)
    assert out.splitlines() == ["m: loading (2 threads)", "m: ready"]


def test_the_whole_start_reads_well() -> None:
    """Where it listens, how the model comes, that it is ready, that it stops."""
    out, notes = told(
        Announcement("listening", base_url="http://127.0.0.1:8000"),
        Announcement("progress", model="m", done=0, total=1000),
        Announcement("progress", model="m", done=1000, total=1000),
        READY,
        Announcement("stopping"),
    )
    lines = [line for line in out.splitlines() if line]
    assert lines[0].endswith("listens on http://127.0.0.1:8000/v1")
    assert "Ready." in lines
    assert lines[-1].startswith("Stopping: running requests have 30 s")
    assert notes.splitlines() == ["m: 1.0 kB of 1.0 kB (100 %)"]


@pytest.mark.parametrize(
    ("announcement", "event"),
    [
        (
            READY,
            {
                "event": "ready",
                "base_url": "http://127.0.0.1:8000/v1",
                "development_key": "dkn_test_x",
                "model": "smollm2:135m",
            },
        ),
        (
            Announcement("progress", model="m", done=0, total=9),
            {"event": "progress", "model": "m", "done": 0, "total": 9},
        ),
        (Announcement("stopping"), {"event": "stopping"}),
    ],
)
def test_scripts_get_events(announcement: Announcement, event: dict[str, object]) -> None:
    """One object a line, without what is empty."""
    out = io.StringIO()
    JSONAnnouncer(Output(as_json=True, out=out))(announcement)
    assert json.loads(out.getvalue()) == event


def test_a_model_that_embeds_is_tried_with_a_text() -> None:
    """Nobody can talk to it."""
    text = ready_text(msgspec.structs.replace(READY, embeds=True))
    (line,) = [line for line in text.splitlines() if line.startswith("curl ")]
    words = shlex.split(line)
    assert words[1] == "http://127.0.0.1:8000/v1/embeddings"
    assert set(json.loads(words[words.index("-d") + 1])) == {"model", "input"}
    assert " chat" not in text
