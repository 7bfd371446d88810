"""The server under test, as a stranger meets it: HTTP and a key, nothing else is known of it."""

from __future__ import annotations

import asyncio
import json
from http import HTTPStatus
from typing import Any, Literal
from urllib.parse import quote

from msgspec import Struct

from antiphon.conformance.reply import Refusal, Reply, streamed
from antiphon.conformance.verdict import Failed, Hindered, Lacking
from antiphon.conformance.wire import Answer, Streamed
from antiphon.http.client import Answer as HttpAnswer
from antiphon.http.client import Pool
from antiphon.http.sse import EventReader
from antiphon.ids import Ids

DoorName = Literal["v1", "nugen", "adaptive"]
Body = dict[str, Any]  # Any: JSON, often wrong on purpose
Headers = tuple[tuple[str, str], ...]

PREFIXES: dict[DoorName, str] = {"v1": "/v1", "nugen": "/api/v3/inference", "adaptive": "/api/v1"}
VALIDATION: dict[DoorName, int] = {"v1": 400, "nugen": 422, "adaptive": 400}
CHAT = "/chat/completions"
JSON_PLEASE: Headers = (("accept", "application/json"),)
SAY_HI = "Say hi."
FEW_TOKENS = 8
BODY_BYTES_MAX = 8 * 1024 * 1024
RETRIES_MAX = 2
RETRY_AFTER_S_MAX = 10
ABSENT = (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED)
CLOSED = (
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.SERVICE_UNAVAILABLE,
)


class Subject(Struct, frozen=True):
    """Which model is asked, and what its server says of it; None where it says nothing."""

    model: str
    project: str = "default"
    embedding_model: str | None = None
    context_length: int | None = None
    images: bool | None = None
    settled: Body = {}  # fields that every request has


class Server:
    """One door of a server. Requests that it refuses for their number are sent again, a few times."""

    def __init__(self, pool: Pool, subject: Subject, *, key: str | None, ids: Ids, door: DoorName = "v1") -> None:
        self._pool = pool
        self._key = key
        self.subject = subject
        self.ids = ids
        self.door = door

    def at(self, door: DoorName) -> Server:
        """The same server at another door."""
        return Server(self._pool, self.subject, key=self._key, ids=self.ids, door=door)

    def asking(self, subject: Subject) -> Server:
        """The same for another model."""
        return Server(self._pool, subject, key=self._key, ids=self.ids, door=self.door)

    def keyed(self, key: str | None) -> Server:
        """The same for somebody with another key, or with none."""
        return Server(self._pool, self.subject, key=key, ids=self.ids, door=self.door)

    @property
    def model(self) -> str:
        """What requests at this door call the model."""
        return f"{self.subject.project}/{self.subject.model}" if self.door == "adaptive" else self.subject.model

    def body(self, prompt: str = SAY_HI, /, **fields: object) -> Body:
        """A short request; `fields` add to it and replace its parts."""
        messages = [{"role": "user", "content": prompt}]
        return {"model": self.model, "messages": messages, "max_tokens": FEW_TOKENS} | self.subject.settled | fields

    async def send(self, method: str, path: str, body: object = None, *, headers: Headers = JSON_PLEASE) -> Reply:
        """Whatever comes for a request below this door; bytes are sent as they are, anything else as JSON."""
        for _ in range(RETRIES_MAX):
            reply = await self._once(method, path, body, headers)
            wait = reply.headers.get("retry-after", "")
            if reply.status != HTTPStatus.TOO_MANY_REQUESTS or not wait.isdecimal() or int(wait) > RETRY_AFTER_S_MAX:
                return reply
            await asyncio.sleep(int(wait))
        return await self._once(method, path, body, headers)

    async def chat(self, prompt: str = SAY_HI, /, **fields: object) -> Reply:
        """Whatever comes for a chat request."""
        return await self.send("POST", CHAT, self.body(prompt, **fields))

    async def good(self, body: Body, path: str = CHAT, *, headers: Headers = JSON_PLEASE) -> Reply:
        """What comes for a request that must succeed."""
        return served(await self.send("POST", path, body, headers=headers))

    async def ask(self, prompt: str = SAY_HI, /, **fields: object) -> Answer:
        """The plain answer to a chat request that must succeed."""
        return answered(await self.good(self.body(prompt, **fields)))

    async def text(self, prompt: str = SAY_HI, /, **fields: object) -> str:
        """The text of a plain answer; Hindered when there is none, as nothing can be told by it."""
        text = (await self.ask(prompt, **fields)).first.text
        if not text:
            raise Hindered("The model said nothing within the tokens of this check.")
        return text

    async def stream(self, prompt: str = SAY_HI, /, **fields: object) -> Streamed:
        """The stream of a chat request that must succeed, read to its end."""
        return await self.stream_of(CHAT, self.body(prompt, **fields))

    async def stream_of(self, path: str, body: Body) -> Streamed:
        """The stream of a request below this door that must succeed, read to its end."""
        answer = await self.open(path, body | {"stream": True})
        try:
            headers = read_headers(answer)
            if answer.status != HTTPStatus.OK:
                raise unserved(Reply(answer.status, headers, await answer.read(bytes_max=BODY_BYTES_MAX)))
            return streamed(headers, await _events(answer))
        finally:
            answer.close()

    async def refuse(self, prompt: str = SAY_HI, /, *, status: int | None = None, **fields: object) -> Refusal:
        """The refusal of a chat request that must be refused, with the door's status for what is wrong."""
        return refused(await self.chat(prompt, **fields), status or VALIDATION[self.door], named(fields))

    async def open(self, path: str, body: Body) -> HttpAnswer:
        """An answer of which nothing but the head was read; close it."""
        return await self._begin("POST", path, body, JSON_PLEASE)

    async def _once(self, method: str, path: str, body: object, headers: Headers) -> Reply:
        answer = await self._begin(method, path, body, headers)
        try:
            content = await answer.read(bytes_max=BODY_BYTES_MAX)
            return Reply(answer.status, read_headers(answer), content)
        finally:
            answer.close()

    async def _begin(self, method: str, path: str, body: object, headers: Headers) -> HttpAnswer:
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        sent = (*headers, ("content-type", "application/json")) if content else headers
        if self._key is not None and not any(name == "authorization" for name, _ in headers):
            sent = (*sent, ("authorization", f"Bearer {self._key}"))
        answer = await self._pool.send(method, PREFIXES[self.door] + path, headers=sent, body=content)
        try:
            while not await answer.head():
                pass  # a kept connection that was closed meanwhile is replaced by a fresh one
        except BaseException:
            answer.close()
            raise
        return answer


def served(reply: Reply) -> Reply:
    """The reply, if its status is 200."""
    if reply.status != HTTPStatus.OK:
        raise unserved(reply)
    return reply


def answered(reply: Reply) -> Answer:
    """The plain answer in a good reply; Failed where it holds no choice."""
    answer = reply.read(Answer)
    if not answer.choices:
        raise Failed("The answer holds no choice.")
    return answer


def unserved(reply: Reply) -> Exception:
    """What it means that a good request was not answered."""
    told = f"It answers {reply.status}: {reply.refusal.message}"
    if reply.status in CLOSED:
        return Hindered(told)
    if HTTPStatus.BAD_REQUEST <= reply.status < HTTPStatus.INTERNAL_SERVER_ERROR or reply.status in ABSENT:
        return Lacking(told)
    return Failed(told)


def refused(reply: Reply, status: int, what: str) -> Refusal:
    """The refusal, with that status; Lacking where `what` was taken, Failed where it has another status."""
    if reply.status < HTTPStatus.BAD_REQUEST:
        raise Lacking(f"{what} is taken; it should be refused with {status}.")
    if reply.status != status:
        if reply.status in {*CLOSED, *ABSENT}:
            raise unserved(reply)
        raise Failed(f"{what} is refused with {reply.status} instead of {status}: {reply.refusal.message}")
    return reply.refusal


def read_headers(answer: HttpAnswer) -> dict[str, str]:
    """The answer's headers as text."""
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in answer.headers.items()}


def segment(name: str) -> str:
    """A name as one part of a path."""
    return quote(name, safe="")


def named(fields: Body) -> str:
    """Fields and values as a sentence begins with them."""
    told = ", ".join(f"`{name}`: {json.dumps(value)[:60]}" for name, value in fields.items())
    return told or "The request"


async def _events(answer: HttpAnswer) -> list[bytes]:
    reader = EventReader()
    events: list[bytes] = []
    size = 0
    while (data := await answer.read_some()) != b"":
        events += reader.feed(data or b"")
        size += len(data or b"")
        if size > BODY_BYTES_MAX:
            raise Failed(f"The stream is longer than {BODY_BYTES_MAX} bytes.")
    return events
