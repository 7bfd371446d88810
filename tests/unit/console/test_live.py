"""Tests of the latest requests and of whoever watches them."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from antiphon.clock import ManualClock
from antiphon.console.live import LATEST_MAX, WATCHERS_MAX, WATCHERS_OF_ACCOUNT_MAX, Live
from antiphon.course import Course, Wanted
from antiphon.errors import BadRequest, Unavailable
from antiphon.key import Key


class Watch:
    """Whether every request is to be told."""

    def __init__(self) -> None:
        self.on = False
        self.changed = asyncio.Event()

    def __call__(self, *, on: bool) -> None:
        """Keep it."""
        self.on = on
        self.changed.set()


def live_of(latest_max: int = LATEST_MAX) -> Live:
    """One whose watching nobody hears of."""
    return Live(clock=ManualClock(), on_watch=Watch(), latest_max=latest_max)


def begun(live: Live, name: str, *, account: str = "acme") -> Course:
    """A request of an account that is planned."""
    course = Course(name, "/v1/chat/completions", begun_at=1.0, began_at_ms=5.0, tell=live.told)
    course.planned(Wanted(f"chatcmpl-{name}", account, "a key", "m", "chat", "openai"))
    return course


async def test_the_latest_are_kept() -> None:
    """In their order, whether somebody watched or not; those before are forgotten."""
    live = live_of(3)
    for name in "abcde":
        begun(live, name)
    with live.watcher(None) as (watcher, latest):
        assert [course.request_id for course in latest] == ["c", "d", "e"]
        assert watcher.take() == []


async def test_what_changes_is_told_once() -> None:
    """However many steps a request took since somebody looked."""
    live = live_of()
    with live.watcher(None) as (watcher, _):
        one, two = begun(live, "one"), begun(live, "two")
        one.attempted("att-1", 0, "node", 2.0)
        one.heard("node", 0, 3.0)
        assert watcher.take() == [one, two]
        assert watcher.take() == []
        two.ended(200, 4.0)
        assert watcher.take() == [two]


async def test_an_account_sees_its_own() -> None:
    """Neither what there is already nor what comes is of others."""
    live = live_of()
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


async def test_who_looks_seldom_is_told_the_latest() -> None:
    """What is kept for a watcher is bounded."""
    live = live_of()
    with live.watcher(None) as (watcher, _):
        courses = [begun(live, f"{number}") for number in range(LATEST_MAX + 5)]
        assert watcher.take() == courses[5:]


async def test_a_watcher_waits_until_there_is_something() -> None:
    """Or until its time is over."""
    live = live_of()
    with live.watcher(None) as (watcher, _):
        await watcher.wait(0.001)
        waiting = asyncio.create_task(watcher.wait(60))
        await asyncio.sleep(0)
        begun(live, "one")
        await waiting
        assert len(watcher.take()) == 1


async def test_the_end_of_the_gateway_ends_all_watching() -> None:
    """At once, and nobody begins to watch any more."""
    live = live_of()
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


async def test_so_many_may_watch_at_once() -> None:
    """Whoever leaves makes room."""
    live = live_of()
    watching = [live.watcher(None) for _ in range(WATCHERS_MAX)]
    for one in watching:
        one.__enter__()
    with pytest.raises(Unavailable), live.watcher(None):
        pass
    watching[0].__exit__(None, None, None)
    with live.watcher(None) as (_, latest):
        assert latest == []


async def test_no_account_takes_the_room_of_others() -> None:
    """Whoever may see all is bounded by the whole alone."""
    live = live_of()
    with contextlib.ExitStack() as stack:
        for _ in range(WATCHERS_OF_ACCOUNT_MAX):
            stack.enter_context(live.watcher("acme"))
        with pytest.raises(Unavailable):
            stack.enter_context(live.watcher("acme"))
        for whose in ("umbrella", None):
            stack.enter_context(live.watcher(whose))


async def test_requests_are_noted_while_somebody_watches() -> None:
    """And for a while after, since whoever comes back soon wants to see what was meanwhile."""
    watch, clock = Watch(), ManualClock(now=5.0)
    live = Live(clock=clock, on_watch=watch, linger_s=0.001)
    assert not watch.on
    with live.watcher(None):
        assert watch.on
        assert live.since_ms == 5_000
        clock.advance(1)
        with live.watcher(None):
            assert live.since_ms == 5_000
    assert watch.on
    watch.changed.clear()
    await watch.changed.wait()
    assert not watch.on
    assert live.since_ms is None


async def test_who_comes_back_soon_misses_nothing() -> None:
    """What ends in the meantime is not the noting of requests."""
    watch = Watch()
    live = Live(clock=ManualClock(now=5.0), on_watch=watch)
    with live.watcher(None):
        pass
    begun(live, "meanwhile")
    with live.watcher(None) as (_, latest):
        assert [course.request_id for course in latest] == ["meanwhile"]
        assert (watch.on, live.since_ms) == (True, 5_000)
    live.leave()
