"""A fault engine in a process of its own that says which answers it begins: `python -m tests.chaos.engine_child PORT`.

`begun ID N`: it was asked for the answer `ID`, of which N characters are there already. `first ID`: and said a token.
An `ID` is the same wherever that answer is begun, so whoever reads what all engines say sees it wander.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping
from typing import Any

from antiphon.clock import SystemClock
from antiphon.testing.connection import Request
from antiphon.testing.fault_engine import CHAT_PATH, FaultEngine
from antiphon.testing.record import Exchange, Record
from antiphon.testing.text import message_text, prompt_key
from tests.chaos.stories import HABITS

JSON = Any  # Any: whatever the client sent


def identity(body: Mapping[str, JSON]) -> tuple[str, int]:
    """Which answer a request is for, and how many characters of it are given."""
    messages = body["messages"]
    closing = len(messages) > 1 and messages[-1].get("role") == "assistant" and not messages[-1].get("tool_calls")
    asked = messages[:-1] if closing else messages
    given = len(message_text(messages[-1])) if closing else 0
    return f"{prompt_key(asked).hex()}-{body.get('seed')}", given


class TellingRecord(Record):
    """A record that says what comes to it."""

    def begin(self, request: Request, *, path: str, body: JSON) -> Exchange:
        """Say which answer is begun."""
        exchange = super().begin(request, path=path, body=body)
        if path == CHAT_PATH:
            say("begun {} {}".format(*identity(body)))
        return exchange

    def token(self, exchange: Exchange) -> None:
        """Say that an answer has its first token here."""
        super().token(exchange)
        if exchange.tokens == 1 and exchange.path == CHAT_PATH:
            say(f"first {identity(exchange.body)[0]}")


def say(line: str) -> None:
    """One line, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def serve(port: int) -> None:
    """Serve until killed, or until whoever started this is gone."""
    engine = FaultEngine(HABITS, port=port)
    engine.record = TellingRecord(SystemClock())
    async with engine:
        say(json.dumps({"url": engine.url}))
        await asyncio.to_thread(sys.stdin.buffer.read)


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
