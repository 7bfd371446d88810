"""How long a page kept its main thread busy at a stretch, by Chromium's own trace."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any  # a trace's events are any JSON

from playwright.async_api import Page

CATEGORIES = ["toplevel", "devtools.timeline"]
MAIN_THREAD = "CrRendererMain"
TASKS = ("RunTask", "ThreadControllerImpl::RunTask")
US_PER_MS = 1000


@asynccontextmanager
async def traced(page: Page) -> AsyncIterator[list[float]]:
    """The page's tasks while the block ran, in ms of processor time, the longest first; filled at the block's end.

    Processor time, because a task that waits for its turn on a busy machine blocks nothing that is its own doing.
    """
    browser = page.context.browser
    assert browser is not None
    found: list[float] = []
    await browser.start_tracing(page=page, categories=CATEGORIES)
    try:
        yield found
    finally:
        found += _tasks(json.loads(await browser.stop_tracing())["traceEvents"])


def _tasks(events: list[dict[str, Any]]) -> list[float]:
    names = {_thread(event): event["args"]["name"] for event in events if event.get("name") == "thread_name"}
    tasks = [event for event in events if event.get("name") in TASKS and event.get("ph") == "X"]
    return sorted(
        (event.get("tdur", event["dur"]) / US_PER_MS for event in tasks if names.get(_thread(event)) == MAIN_THREAD),
        reverse=True,
    )


def _thread(event: dict[str, Any]) -> tuple[int, int]:
    return event["pid"], event["tid"]
