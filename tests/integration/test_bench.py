"""The benchmark harness on its own: its upstream, its load and its report, with no gateway between."""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from xml.etree.ElementTree import parse

import msgspec
import pytest

from bench import dialects, gateways, goals, report, turns
from bench.build import Tools, build
from bench.load import EVENTS_IN_BURST, LoadResult, Spell, apply_load, mock_upstream
from bench.measures import burst
from bench.processes import all_cores, cpu_s, mapped_files, memory_mib
from bench.results import Cost, DoorFigures, Figures, Results, Row, Startup, TurnFigures, load, medians

EVENT = b'data: {"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":null}]}\n\n'
USAGE = b'data: {"choices":[],"usage":{"completion_tokens":2}}\n\n'
DONE = b"data: [DONE]\n\n"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Tools:
    """The two C programs, compiled with every warning an error."""
    return build(tmp_path_factory.mktemp("cache"))


def run(tools: Tools, spell: Spell, port: int) -> LoadResult:
    """One spell of load on a port."""
    return apply_load(tools, spell, to=port, key="sk-test", cores=all_cores())


def spell(*, model: str, stream: bool, connections: int, tokens: int, requests: int) -> Spell:
    """A spell that ends by its number of requests, long before its time."""
    return Spell(
        model=model,
        stream=stream,
        connections=connections,
        tokens=tokens,
        seconds=10,
        requests=requests,
    )


def test_every_plain_request_is_answered_and_counted(tools: Tools, tmp_path: Path) -> None:
    """Four connections with fifty requests each give two hundred completions with their usage."""
    asked = spell(model="mock-burst", stream=False, connections=4, tokens=7, requests=50)
    with mock_upstream(tools, cores=all_cores(), folder=tmp_path) as port:
        result = run(tools, asked, port)
    assert (result.completed, result.usage_tokens) == (200, 200 * 7)
    assert result.errors.total == 0
    assert 0 < result.latency_us.p50 <= result.latency_us.p99 <= result.latency_us.max


def test_paced_streams_keep_their_pace(tools: Tools, tmp_path: Path) -> None:
    """Every token arrives, each knows how long it was on its way, and none comes before its time."""
    asked = spell(model="mock-50", stream=True, connections=10, tokens=20, requests=1)
    with mock_upstream(tools, cores=all_cores(), folder=tmp_path) as port:
        result = run(tools, asked, port)
    assert (result.completed, result.tokens) == (10, 200)
    assert result.errors.total == 0
    assert result.delay_us.count == result.tokens
    assert result.elapsed_s >= 19 / 50
    assert result.gap_us.p50 == pytest.approx(20_000, rel=0.2)


def test_a_burst_has_as_many_events_as_the_method_says(tools: Tools, tmp_path: Path) -> None:
    """Each burst stream is 66 events, from the first token to `[DONE]`."""
    with mock_upstream(tools, cores=all_cores(), folder=tmp_path) as port:
        result = run(tools, burst(1), port)
    assert result.completed > 0
    assert result.errors.total == 0
    assert result.events == result.completed * EVENTS_IN_BURST


def test_a_spell_may_ask_elsewhere_and_say_more(tools: Tools) -> None:
    """Path and further fields stand in the request, so that another door can be asked what only it understands."""
    asked = replace(burst(1), path="/api/v1/chat/completions", fields='"store":false', requests=1, connections=1)
    received: list[bytes] = []
    with answering(HEAD + EVENT * asked.tokens + USAGE + DONE, received) as port:
        run(tools, asked, port)
    assert received[0].startswith(b"POST /api/v1/chat/completions HTTP/1.1\r\n")
    assert json.loads(received[0].partition(b"\r\n\r\n")[2])["store"] is False


@contextmanager
def answering(answer: bytes, received: list[bytes] | None = None) -> Iterator[int]:
    """The port of a server that gives one client this answer, whatever it asks, and hangs up."""
    heard = [] if received is None else received
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        client, _ = listener.accept()
        with client:
            heard.append(client.recv(65536))
            client.sendall(answer)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield int(listener.getsockname()[1])
    finally:
        thread.join(10)
        listener.close()


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        ("none", HEAD + EVENT + EVENT + USAGE + DONE),
        ("miscounted", HEAD + EVENT + USAGE + DONE),  # A token was lost.
        ("incomplete", HEAD + EVENT + EVENT + DONE),  # The usage was.
        ("incomplete", HEAD + EVENT + EVENT + USAGE),  # The end was.
        (
            "incomplete",
            HEAD + EVENT + EVENT + b'data: {"error":{"message":"x"}}\n\n' + USAGE + DONE,
        ),
        ("status", HEAD.replace(b"200", b"503")),
        ("broken", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\ndata: "),
        ("broken", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
        ("broken", b"220 ready\r\n\r\n"),
    ],
)
def test_the_load_generator_sees_what_goes_wrong(tools: Tools, kind: str, answer: bytes) -> None:
    """A stream that lost something is an error of its own kind; only the whole one is completed."""
    asked = spell(model="mock-burst", stream=True, connections=1, tokens=2, requests=1)
    with answering(answer) as port:
        result = run(tools, asked, port)
    assert result.errors.total == (0 if kind == "none" else 1)
    assert result.completed == (1 if kind == "none" else 0)
    assert kind == "none" or getattr(result.errors, kind) == 1


def test_a_tree_of_processes_shows_what_it_uses(tools: Tools, tmp_path: Path) -> None:
    """Below our own process the mock upstream is found, with its program mapped, memory held and time spent."""
    with mock_upstream(tools, cores=all_cores(), folder=tmp_path):
        used = mapped_files(os.getpid(), suffix="mock_upstream")
        assert used == {tools.mock_upstream}
        assert memory_mib(os.getpid(), kind="Pss") > 0
        assert cpu_s(os.getpid()) > 0
    assert mapped_files(os.getpid(), suffix="mock_upstream") == set()


def row(name: str, role: str, request_us: float, chunk_us: float) -> Row:
    """A gateway that was measured in one round."""
    figures = Figures(cpu_request_us=request_us, cpu_chunk_48_us=chunk_us, cpu_chunk_256_us=chunk_us, errors=0.0)
    return Row(
        name=name,
        label=name,
        note="",
        version="1",
        role=role,
        refuses_wrong_key=role == "ours",
        meters_usage=role == "ours",
        medians=figures,
        rounds=(figures,),
    )


@pytest.fixture
def cost() -> Cost:
    """A comparison in which ours is cheap for a request, dear for a chunk, and one peer is far off the scale."""
    rows = (
        row("antiphon", "ours", 30.0, 60.0),
        row("antiphon-metered", "ours", 64.0, 60.0),
        row("vllm-router", "router", 40.0, 40.0),
        row("litellm", "proxy", 8000.0, 700.0),
        row("nginx", "floor", 20.0, 30.0),
    )
    by_turns = turns.turns(
        {
            "antiphon": (turn_figures(30.0, 60.0),),
            "antiphon-metered": (turn_figures(64.0, 60.0),),
            "vllm-router": (turn_figures(40.0, 40.0),),
        }
    )
    return Cost(date="2026-01-01", machine="2 cores", python="3", mode="full", rounds=1, rows=rows, turns=by_turns)


def turn_figures(request_us: float, chunk_us: float, errors: int = 0) -> TurnFigures:
    """What one gateway took in one turn."""
    return TurnFigures(cpu_request_us=request_us, cpu_chunk_48_us=chunk_us, cpu_chunk_256_us=chunk_us, errors=errors)


def test_gateways_are_compared_within_each_turn() -> None:
    """A slow turn falls on ours and on the reference, so a ratio is the median of the turns' own ratios."""
    measured = {
        "antiphon": (turn_figures(30.0, 20.0, errors=1), turn_figures(60.0, 40.0), turn_figures(45.0, 40.0)),
        "vllm-router": (turn_figures(40.0, 16.0), turn_figures(80.0, 32.0), turn_figures(30.0, 8.0)),
    }
    (ours,) = turns.turns(measured)
    assert (ours.request_ratio, ours.chunk_48_ratio, ours.turns, ours.errors) == (0.75, 1.25, 3, 1)


def test_nothing_is_compared_without_the_reference() -> None:
    """There is nothing to take turns with."""
    assert turns.opponents(gateways.named(("antiphon", "nginx"))) == ()
    assert [one.name for one in turns.opponents(gateways.named(("antiphon", "vllm-router", "nginx")))] == [
        "antiphon",
        "vllm-router",
    ]
    assert turns.turns({"antiphon": (turn_figures(30.0, 20.0),)}) == ()


def test_doors_are_compared_within_each_turn() -> None:
    """A slow turn falls on all doors, so a ratio is the median of the turns' own ratios."""
    measured = {
        "v1": (DoorFigures(cpu_request_us=50.0, cpu_chunk_us=20.0, errors=0),) * 2
        + (DoorFigures(cpu_request_us=100.0, cpu_chunk_us=40.0, errors=0),),
        "other": (DoorFigures(cpu_request_us=54.0, cpu_chunk_us=25.0, errors=1),) * 2
        + (DoorFigures(cpu_request_us=108.0, cpu_chunk_us=50.0, errors=0),),
    }
    canonical, other = dialects.doors(measured, {"v1": "/v1/chat/completions", "other": "/other/chat/completions"})
    assert (canonical.request_ratio, canonical.chunk_ratio, canonical.errors) == (1.0, 1.0, 0)
    assert (other.request_ratio, other.chunk_ratio, other.errors) == (1.08, 1.25, 2)


def test_doors_have_their_own_table_and_goals(cost: Cost, tmp_path: Path) -> None:
    """What a further door costs is shown beside the canonical one, and more than a tenth on top misses the goal."""
    measured = {
        "v1": (DoorFigures(cpu_request_us=50.0, cpu_chunk_us=20.0, errors=0),),
        "other": (DoorFigures(cpu_request_us=54.0, cpu_chunk_us=25.0, errors=0),),
    }
    paths = {"v1": "/v1/chat/completions", "other": "/other/chat/completions"}
    compared = msgspec.structs.replace(cost, doors=dialects.doors(measured, paths))
    report.update(tmp_path, cost=compared)
    assert "| other | `/other/chat/completions` | 54 | 1.08 | 25 | 1.25 | 0 |" in (tmp_path / "results.md").read_text()
    verdicts = {goal.text: goal.met for goal in goals.of_cost(compared)}
    assert verdicts["CPU of a request, over the canonical door's, at /other/chat/completions"]
    assert not verdicts["CPU of a chunk, over the canonical door's, at /other/chat/completions"]


def test_goals_are_met_or_missed_by_the_figures(cost: Cost) -> None:
    """0.75 of the reference's request is met, 1.5 of its chunk is missed, and so is a slow start."""
    verdicts = {goal.text: goal.met for goal in goals.of_cost(cost)}
    assert verdicts["CPU of a request, over vllm-router's"]
    assert not verdicts["CPU of a chunk, 256 streams, over vllm-router's"]
    assert not verdicts["CPU of a request, metered, over vllm-router's"]
    slow = Startup(date="2026-01-01", runs=1, ready_s=1.6, ready_s_max=1.6, idle_rss_mib=119.0)
    assert [goal.met for goal in goals.of_rest(Results(startup=slow))] == [False, True]


def test_results_are_kept_part_by_part(cost: Cost, tmp_path: Path) -> None:
    """A second benchmark adds its part; page and plot are written with ratios to the reference."""
    report.update(tmp_path, cost=cost)
    startup = Startup(date="2026-01-01", runs=1, ready_s=0.5, ready_s_max=0.6, idle_rss_mib=50.0)
    report.update(tmp_path, startup=startup)
    stored = load(tmp_path)
    assert (stored.cost, stored.startup) == (cost, startup)
    page = (tmp_path / "results.md").read_text()
    assert "| **antiphon 1** | yes | yes | 30 | 0.75 | 1.50 |" in page
    assert "| **antiphon 1** | 0.75 | 1.50 | 1.50 | 1 | 0 |" in page
    drawn = parse(tmp_path / "cost.svg")
    texts = [text for element in drawn.iter() if (text := element.text) is not None]
    assert "0.75×" in texts
    assert "200×" in texts


def test_a_median_is_taken_of_what_was_measured() -> None:
    """Rounds that lack a figure do not count for it."""
    rounds = (
        Figures(cpu_request_us=1.0),
        Figures(cpu_request_us=3.0, errors=2.0),
        Figures(cpu_request_us=9.0),
    )
    assert medians(rounds) == Figures(cpu_request_us=3.0, errors=2.0)
