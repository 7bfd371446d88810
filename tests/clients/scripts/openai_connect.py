"""How the scenarios of the Python SDK reach the gateway, and what they see of their own attempts."""

# The SDK is in its own environment only, so nothing is known of its types where types are checked.
# mypy: disable-error-code="import-not-found"

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx2
import openai

from .scenario import Lab, failure

TIMEOUT_S = 60.0
FEW_TOKENS = 12
Client = Any  # Any: openai.OpenAI, and below the SDK's own answers


def connect(lab: Lab, **options: Any) -> Client:  # Any: the SDK's options
    """A client with a good key that never tries twice, unless the options say otherwise."""
    settings = {"base_url": lab.base_url, "api_key": lab.key, "timeout": TIMEOUT_S, "max_retries": 0}
    return openai.OpenAI(**(settings | options))


def say(text: str) -> list[dict[str, str]]:
    """A conversation of one user's message."""
    return [{"role": "user", "content": text}]


@dataclass(frozen=True)
class Refusal:
    """Why a request was refused; `place` is the field, where the door tells it apart from the sentence."""

    message: str
    place: str | None


def refusal(lab: Lab, ask: Callable[[], object]) -> Refusal:
    """What a request that is wrong is refused with: each door has its own status, and its own form."""
    if lab.door == "nugen":
        (found,) = failure(openai.UnprocessableEntityError, ask).body["detail"]
        first, *rest = found["loc"]
        assert first == "body", found
        return Refusal(found["msg"], ".".join(map(str, rest)))
    error = failure(openai.BadRequestError, ask)
    if lab.door == "adaptive":
        assert isinstance(error.body, str), error.body
        return Refusal(error.body, None)
    return Refusal(error.message, error.param)


@dataclass
class Attempts:
    """The HTTP responses that a client got, and when (monotonic seconds)."""

    statuses: list[int] = field(default_factory=list)
    headers: list[httpx2.Headers] = field(default_factory=list)
    times_s: list[float] = field(default_factory=list)

    def client(self) -> httpx2.Client:
        """An HTTP client that writes down what comes."""
        return httpx2.Client(event_hooks={"response": [self._note]}, timeout=TIMEOUT_S)

    def _note(self, response: httpx2.Response) -> None:
        self.statuses.append(response.status_code)
        self.headers.append(response.headers)
        self.times_s.append(time.monotonic())
