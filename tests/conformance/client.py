"""The client of the suite: plain HTTP against one gateway, with as little cleverness as possible."""

from __future__ import annotations

from dataclasses import dataclass

import httpx2

from .answers import JSON, Refusal, Streamed

CHAT = "/v1/chat/completions"
FEW_TOKENS = 12
TIMEOUT_S = 60.0


@dataclass(frozen=True)
class Client:
    """A gateway as its clients reach it. `http` carries the key and asks for JSON errors, as the SDKs do."""

    http: httpx2.Client
    model: str

    def body(self, prompt: str = "Say hi.", /, **fields: object) -> JSON:
        """A short request; `fields` add to it and replace its parts."""
        messages = [{"role": "user", "content": prompt}]
        return {"model": self.model, "messages": messages, "max_tokens": FEW_TOKENS} | fields

    def send(self, prompt: str = "Say hi.", /, **fields: object) -> httpx2.Response:
        """Send a request and return whatever comes."""
        return self.http.post(CHAT, json=self.body(prompt, **fields))

    def ask(self, prompt: str = "Say hi.", /, **fields: object) -> JSON:
        """The plain answer to a request that must succeed."""
        response = self.send(prompt, **fields)
        assert response.status_code == 200, response.text
        answer: JSON = response.json()
        return answer

    def stream(self, prompt: str = "Say hi.", /, **fields: object) -> Streamed:
        """The stream of a request that must succeed, read to its end."""
        body = self.body(prompt, **fields) | {"stream": True}
        with self.http.stream("POST", CHAT, json=body) as response:
            if response.status_code != 200:
                raise AssertionError(response.read().decode())
            return Streamed(response.status_code, response.headers).read(response.iter_lines())

    def refuse(self, prompt: str = "Say hi.", /, *, status: int = 400, **fields: object) -> Refusal:
        """The refusal of a request that must be refused with `status`."""
        response = self.send(prompt, **fields)
        assert response.status_code == status, f"{response.status_code}: {response.text[:500]}"
        return Refusal.of(response)


def connect(url: str, key: str, model: str, *, accept: str = "application/json") -> Client:
    """A client for the gateway at `url`, the address without `/v1`."""
    headers = {"authorization": f"Bearer {key}", "accept": accept}
    return Client(httpx2.Client(base_url=url, headers=headers, timeout=TIMEOUT_S), model)
