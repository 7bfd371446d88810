"""Asks with the openai SDK: `python sdk_child.py BASE_URL KEY CLIENTS [RETRIES]`, in the SDK's environment.

Without RETRIES it retries nothing.

Reads one request a line from standard input, and writes one line for each answer, put together as the SDK gave it.
"""

# mypy: disable-error-code="import-not-found"

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from typing import Any

import openai

ANSWER_S_MAX = 90.0
JSON = Any  # Any: the wire


async def main(base_url: str, key: str, clients: str, retries: str = "0") -> None:
    """So many clients, until there is no request left."""
    requests = (json.loads(line) for line in sys.stdin)
    async with openai.AsyncOpenAI(
        base_url=base_url, api_key=key, max_retries=int(retries), timeout=ANSWER_S_MAX
    ) as client:
        await asyncio.gather(*(asking(client, requests) for _ in range(int(clients))))


async def asking(client: openai.AsyncOpenAI, requests: Iterator[JSON]) -> None:
    """One client: request after request."""
    for request in requests:
        answer = await asked(client, request["body"])
        sys.stdout.write(json.dumps({"number": request["number"], "answer": answer}) + "\n")
        sys.stdout.flush()


async def asked(client: openai.AsyncOpenAI, body: JSON) -> JSON:
    """What came of one request."""
    ids: set[str] = set()
    models: set[str] = set()
    answer: JSON = {"status": 200, "choices": {}, "usages": [], "error": None, "done": False, "first_token_s": None}
    begun_at = time.monotonic()
    try:
        async for chunk in await client.chat.completions.create(**body):
            ids.add(chunk.id)
            models.add(chunk.model)
            if chunk.usage is not None:
                answer["usages"].append(chunk.usage.to_dict())
            for part in chunk.choices:
                put(answer["choices"], part)
                if answer["first_token_s"] is None and (part.delta.content or part.delta.tool_calls):
                    answer["first_token_s"] = time.monotonic() - begun_at
        answer["done"] = True
    except openai.APIStatusError as error:
        answer |= {"status": error.status_code, "error": str(error)}
    except openai.APIError as error:
        answer["error"] = f"{type(error).__name__}: {error}"
    return answer | {"ids": sorted(ids), "models": sorted(models)}


def put(choices: JSON, part: JSON) -> None:
    """Put one choice of a chunk to what is there."""
    choice = choices.setdefault(part.index, {"text": "", "finish_reasons": [], "calls": {}})
    choice["text"] += part.delta.content or ""
    for piece in part.delta.tool_calls or ():
        call = choice["calls"].setdefault(piece.index, {"id": None, "name": "", "arguments": ""})
        call["id"] = call["id"] or piece.id
        if piece.function is not None:
            call["name"] += piece.function.name or ""
            call["arguments"] += piece.function.arguments or ""
    if part.finish_reason:
        choice["finish_reasons"].append(part.finish_reason)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
