"""Requests that find what they name, for operations on things that a document cannot say are there.

Each is made anew, together with what it is about: what one request deletes is not there for the next.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from itertools import count
from typing import Any
from uuid import uuid4

from msgspec import Struct

from tests.examples.processes import Gateway, ask

JSON = Any  # Any: the wire
HELLO: JSON = [{"role": "user", "content": "hello"}]
VARIANTS: JSON = [{"key": "a"}, {"key": "b", "model": "one"}]
LINE: JSON = {"custom_id": "1", "method": "POST", "url": "/v1/embeddings", "body": {"model": "vectors", "input": "Hi"}}


class Example(Struct, frozen=True):
    """The value of the address's parameter, the fields of the query and the body; none where there is none."""

    parameter: str = ""
    body: dict[str, JSON] = {}
    query: dict[str, str] = {}


class Examples(Struct, frozen=True):
    """Makes things at a gateway, each under a name of its own. `names` are of things that stay."""

    gateway: Gateway
    names: Mapping[str, JSON]
    numbers: count[int]

    def of(self, label: str) -> Example | None:
        """An example for the operation, by its method and path; None where the document says enough."""
        body = self._bodies().get(label)
        if body is not None:
            return Example(body=body)
        make = self._made().get(label)
        return None if make is None else make()

    def _bodies(self) -> dict[str, JSON]:
        """What is sent to operations that need nothing else."""
        names = {name: self.names[name] for name in ("metric", "completion_id", "preferred_completion")}
        both = {**names, "other_completion": self.names["other_completion"], "project": "default"}
        del both["completion_id"]
        return {
            "POST /api/v1/comparison": both,
            "POST /api/v1/feedback": {"metric": names["metric"], "completion_id": names["completion_id"], "value": 1},
            "POST /api/v1/interactions": {"messages": HELLO, "completion": "hello", "project": "default"},
            "POST /v1/campaigns": self._campaign(),
            "POST /v1/channel": {"channel": "general", "content": "hello"},
            "POST /v1/channels": {"name": self._name()},
            "POST /v1/feedback/metrics": {"key": self._name(), "kind": "BOOL"},
            "POST /v1/keys": {"name": self._name()},
            "POST /v1/messages": {"model": "one", "messages": HELLO, "max_tokens": 4},
            "POST /v1/messages/count_tokens": {"model": "one", "messages": HELLO},
            "POST /v1/projects": {"key": self._name()},
            "POST /v1/responses": {"model": "one", "input": "hello"},
            "POST /v1/responses/input_tokens": {"model": "one", "input": "hello"},
            "POST /api/graphql": {"query": "{me{id}}"},
        }

    def _made(self) -> dict[str, Callable[[], Example]]:
        """What is done with things that are made for it."""
        campaigns = {
            f"POST /v1/campaigns/{{campaign}}/{step}": lambda steps=steps: Example(self.campaign(*steps))
            for step, steps in {"start": (), "pause": ("start",), "stop": ("start",), "archive": ()}.items()
        }
        return {
            **campaigns,
            "PATCH /v1/campaigns/{campaign}": lambda: Example(self.campaign(), {"weights": {"a": 2.0}}),
            "GET /docs/{page}": lambda: Example("index.md"),
            "GET /v1/channel": lambda: Example(query={"channel": "general"}),
            "DELETE /v1/channel/{message}": lambda: Example(self._message()),
            "GET /v1/channels/{channel}": lambda: Example(self._channel()),
            "PATCH /v1/channels/{channel}": lambda: Example(self._channel(), {"addMembers": ["friend"]}),
            "DELETE /v1/channels/{channel}": lambda: Example(self._channel()),
            "GET /v1/files/{file}": lambda: Example(self.file()),
            "GET /v1/files/{file}/content": lambda: Example(self.file()),
            "DELETE /v1/files/{file}": lambda: Example(self.file()),
            "POST /v1/batches": lambda: Example(body=self._batch()),
            "GET /v1/batches/{batch}": lambda: Example(self._made_at("/v1/batches", self._batch())["id"]),
            "POST /v1/batches/{batch}/cancel": lambda: Example(self._made_at("/v1/batches", self._batch())["id"]),
            "DELETE /v1/interactions": lambda: Example(query={"session_id": self._session()["session_id"]}),
            "DELETE /v1/interactions/{completion_id}": lambda: Example(self._session()["completion_id"]),
            "GET /v1/sessions/{session_id}": lambda: Example(self._session()["session_id"]),
            "DELETE /v1/sessions/{session_id}": lambda: Example(self._session()["session_id"]),
            "DELETE /v1/responses/{response}": lambda: Example(self._response()),
            "DELETE /v1/keys/{key}": lambda: Example(self._key()),
            "POST /v1/keys/{key}/rotate": lambda: Example(self._key()),
            "DELETE /v1/nodes/invites/{invite}": lambda: Example(self._made_at("/v1/nodes/invites", {})["id"]),
            "PATCH /v1/projects/{project}": lambda: Example(self._project(), {"description": "hello"}),
            "DELETE /v1/projects/{project}": lambda: Example(self._project()),
        }

    def file(self) -> str:
        """A file of one request."""
        import requests

        headers = {"authorization": f"Bearer {self.gateway.key}"}
        parts = {"purpose": (None, "batch"), "file": ("one.jsonl", json.dumps(LINE))}
        answer = requests.post(f"{self.gateway.root}/v1/files", headers=headers, files=parts, timeout=30)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["id"])

    def campaign(self, *steps: str) -> str:
        """A campaign that has come so far."""
        key = str(self._made_at("/v1/campaigns", self._campaign())["key"])
        for step in steps:
            self._made_at(f"/v1/campaigns/{key}/{step}", {})
        return key

    def _name(self) -> str:
        """One that nothing else has."""
        return f"made-{next(self.numbers)}"

    def _campaign(self) -> JSON:
        return {"key": self._name(), "project": "default", "variants": VARIANTS, "share": 0.0}

    def _batch(self) -> JSON:
        return {"input_file_id": self.file(), "endpoint": "/v1/embeddings", "completion_window": "24h"}

    def _message(self) -> str:
        return str(self._made_at("/v1/channel", {"channel": "general", "content": "hello"})["id"])

    def _channel(self) -> str:
        return str(self._made_at("/v1/channels", {"name": self._name()})["channel"])

    def _session(self) -> JSON:
        """A turn in a session of its own."""
        turn = {"messages": HELLO, "completion": "hello", "project": "default", "session_id": str(uuid4())}
        return self._made_at("/api/v1/interactions", turn)

    def _response(self) -> str:
        return str(self._made_at("/v1/responses", {"model": "one", "input": "hello"})["id"])

    def _key(self) -> str:
        return str(self._made_at("/v1/keys", {"name": self._name()})["key"]["id"])

    def _project(self) -> str:
        return str(self._made_at("/v1/projects", {"key": self._name()})["key"])

    def _made_at(self, path: str, body: JSON) -> JSON:
        status, made = ask(self.gateway.root + path, self.gateway.key, body)
        assert status in {200, 201}, made
        return made
