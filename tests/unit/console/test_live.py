"""Tests of the latest requests and of whoever watches them."""

from __future__ import annotations

import asyncio

import pytest

from antiphon.console.live import LATEST_MAX, WATCHERS_MAX, Live
from antiphon.course import Course, Wanted
from antiphon.errors import BadRequest, Unavailable
from antiphon.key import Key


def begun(live: Live, name: str, *, account: str = "acme") -> Course:
    """A request of an account that is planned."""
    course = Course(name, "/v1/chat/completions", begun_at=1.0, began_at_ms=5.0, tell=live.told)
    course.planned(Wanted(f"chatcmpl-{name}", account, "a key", "m", "chat", "openai"))
    return course


def test_the_latest_are_kept() -> None:
    """In their order, whether somebody watched or not; those before are forgotten."""
    live = Live(latest_max=3)
    for name in "abcde":
        begun(live, name)
    with live.watcher(None) as (watcher, latest):
        assert [course.request_id for course in latest] == ["c", "d", "e"]
        assert watcher.take() == []


def test_what_changes_is_told_once() -> None:
    """However many steps a request took since somebody looked."""
    live = Live()
    with live.watcher(None) as (watcher, _):
        one, two = begun(live, "one"), begun(live, "two")
        one.attempted("att-1", 0, "node", 2.0)
        one.heard("node", 0, 3.0)
        assert watcher.take() == [one, two]
        assert watcher.take() == []
        two.ended(200, 4.0)
        assert watcher.take() == [two]


def test_an_account_sees_its_own() -> None:
    """Neither what there is already nor what comes is of others."""
    live = Live()
    begun(live, "of others", account="umbrella")
    own = begun(live, "own")
    with live.watcher("acme") as (watcher, latest):
        assert latest == [own]
        begun(live, "more of others", account="umbrella")
        refused = Course("refused", "/v1/chat/completions", begun_at=1.0, began_at_ms=5.0, tell=live.told)
        refused.refused(BadRequest(), Key("a key", account_name="acme"))
        refused.ended(400, 2.0)
        assert watcher.take() == [refused]
    with live.watcher("acme") as (_, latest):
        assert latest == [own, refused]


def test_who_looks_seldom_is_told_the_latest() -> None:
    """What is kept for a watcher is bounded."""
    live = Live()
    with live.watcher(None) as (watcher, _):
        courses = [begun(live, f"{number}") for number in range(LATEST_MAX + 5)]
        assert watcher.take() == courses[5:]


async def test_a_watcher_waits_until_there_is_something() -> None:
    """Or until its time is over."""
    live = Live()
    with live.watcher(None) as (watcher, _):
        await watcher.wait(0.001)
        waiting = asyncio.create_task(watcher.wait(60))
        await asyncio.sleep(0)
        begun(live, "one")
        await waiting
        assert len(watcher.take()) == 1


async def test_the_end_of_the_gateway_ends_all_watching() -> None:
    """At once, and nobody begins to watch any more."""
    live = Live()
    with live.watcher(None) as (watcher, _):
        waiting = asyncio.create_task(watcher.wait(60))
        await asyncio.sleep(0)
        live.leave()
        await waiting
        watcher.take()
        await watcher.wait(60)
        assert watcher.ending
    with pytest.raises(Unavailable), live.watcher(None):
        pass


def test_so_many_may_watch_at_once() -> None:
    """Whoever leaves makes room."""
    live = Live()
    watching = [live.watcher(None) for _ in range(WATCHERS_MAX)]
    for one in watching:
        one.__enter__()
    with pytest.raises(Unavailable), live.watcher(None):
        pass
    watching[0].__exit__(None, None, None)
    with live.watcher(None) as (_, latest):
        assert latest == []
