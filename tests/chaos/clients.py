"""Clients that ask for stories: raw sockets in this process, and the openai SDK, without retries, in one of its own."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from antiphon.testing.raw_client import RawClient, request_bytes
from tests.chaos.reading import Answer, decode, read
from tests.chaos.stories import Body, Story
from tests.clients.clients import OPENAI_PYTHON
from tests.clients.environments import prepare

CHAT = "/v1/chat/completions"
FIRST_DELTA = b'"delta":{'
ANSWER_S_MAX = 90.0
LINE_BYTES_MAX = 16 * 1024 * 1024
SDK = Path(__file__).with_name("sdk_child.py")
OnAnswer = Callable[[Story, Answer], None]


class Load:
    """Clients of one gateway, with one key."""

    def __init__(self, url: str, key: str) -> None:
        self._url = url
        self._key = key

    async def raw(self, stories: Sequence[Story], *, clients: int, on_answer: OnAnswer) -> None:
        """Ask for all of them over raw sockets, so many at once; each answer is handed over as it ends."""
        waiting = iter(stories)
        async with asyncio.TaskGroup() as group:
            for _ in range(clients):
                group.create_task(self._raw_client(waiting, on_answer))

    async def sdk(self, stories: Sequence[Story], *, clients: int, on_answer: OnAnswer) -> None:
        """Ask for all of them with the SDK; it must not retry by itself."""
        environment = await asyncio.to_thread(prepare, OPENAI_PYTHON)
        process = await asyncio.create_subprocess_exec(
            *(str(environment / "bin" / "python"), str(SDK), f"{self._url}/v1", self._key, str(clients)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=LINE_BYTES_MAX,
        )
        by_number = {story.number: story for story in stories}
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            sending = asyncio.create_task(self._send(process.stdin, stories))
            while told := await process.stdout.readline():
                number, answer = decode(told)
                on_answer(by_number.pop(number), answer)
            await sending
            assert await process.wait() == 0
            assert not by_number, f"the SDK told nothing of {len(by_number)} answers"
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()

    async def ask(self, body: Body) -> Answer:
        """The answer to one request over a raw socket of its own."""
        begun_at = time.monotonic()
        async with await RawClient.connect(self._url) as client:
            await client.send(request_bytes(CHAT, body, headers=self._headers()))
            await client.until(FIRST_DELTA, timeout_s=ANSWER_S_MAX)
            first_token_s = time.monotonic() - begun_at
            response = await client.response(timeout_s=ANSWER_S_MAX)
        if response.status != 200:
            return Answer(status=response.status, error=response.body.decode(errors="replace"))
        answer = read(response.events())
        answer.asked_at, answer.first_token_s = begun_at, first_token_s
        if response.ending != "whole":
            answer.error = f"the connection broke off: {response.ending}"
        return answer

    async def _raw_client(self, waiting: Iterator[Story], on_answer: OnAnswer) -> None:
        for story in waiting:
            try:
                answer = await self.ask(story.body)
            except (OSError, TimeoutError) as error:
                answer = Answer(status=0, error=f"{type(error).__name__}: {error}")
            on_answer(story, answer)

    async def _send(self, writer: asyncio.StreamWriter, stories: Sequence[Story]) -> None:
        for story in stories:
            writer.write(json.dumps({"number": story.number, "body": story.body}).encode() + b"\n")
            await writer.drain()
        writer.close()

    def _headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self._key}", "accept": "application/json"}
