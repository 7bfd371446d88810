"""An agent that waits for requests in a channel, asks a model, and answers there; each request once.

Nothing but Python: OPENAI_BASE_URL and OPENAI_API_KEY say where the gateway is. The first argument is the channel
(`requests` otherwise), the second how many requests to answer before it ends (all that ever come otherwise).
"""

from __future__ import annotations

import json
import os
import sys
import urllib.request
from collections.abc import Iterator
from urllib.parse import urlencode

NAME = "agent"
MODEL = os.environ.get("MODEL", "smollm2:135m")
WAIT_S = 30


def call(path: str, body: dict | None = None, once: str | None = None) -> dict:
    """The gateway's answer."""
    headers = {"Authorization": f"Bearer {os.environ['OPENAI_API_KEY']}", "Content-Type": "application/json"}
    if once is not None:
        headers["Idempotency-Key"] = once
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(os.environ["OPENAI_BASE_URL"] + path, data, headers)  # noqa: S310 - the caller's own gateway
    with urllib.request.urlopen(request, timeout=WAIT_S * 4) as response:  # noqa: S310 - as above
        return json.load(response)


def requests(channel: str) -> Iterator[dict]:
    """Messages that others wrote, from the last fifty on, as they come."""
    fields = {"channel": channel, "wait": WAIT_S}
    while True:
        page = call(f"/channel?{urlencode(fields)}")
        yield from (message for message in page["messages"] if message["authorName"] != NAME)
        fields["after"] = page["next"]


def answer(message: dict) -> str:
    """What a model says to a request, in a few words."""
    prompt = [
        {"role": "system", "content": "Answer in one short sentence."},
        {"role": "user", "content": message["content"]},
    ]
    body = {"model": MODEL, "messages": prompt, "max_tokens": 40}
    # Named by the request: an agent that was ended and begun anew is given the answer of before.
    said = call("/chat/completions", body, once=f"ask {message['id']}")["choices"][0]["message"]["content"]
    return said.strip() or "I have nothing to say."


def main() -> None:
    """Answer one request after the other."""
    channel = sys.argv[1] if len(sys.argv) > 1 else "requests"
    most = int(sys.argv[2]) if len(sys.argv) > 2 else None
    for number, message in enumerate(requests(channel), 1):
        content = f"To {message['id']}: {answer(message)}"
        posted = call("/channel", {"channel": channel, "name": NAME, "content": content}, once=f"post {message['id']}")
        print(posted["id"], content, flush=True)
        if number == most:
            return


if __name__ == "__main__":
    main()
