"""How likely a reference engine finds texts: vLLM reads each behind its prompt, and tells of every token of it."""

from __future__ import annotations

from typing import Any

import httpx2

ANSWER_S_MAX = 120.0
JSON = Any  # Any: the wire


class Reference:
    """A vLLM that serves `model`."""

    def __init__(self, url: str, model: str) -> None:
        self._http = httpx2.AsyncClient(base_url=url, timeout=ANSWER_S_MAX)
        self._model = model

    async def log_probabilities(self, content: str, text: str) -> list[float]:
        """Of each token of an answer to that prompt."""
        asked = [{"role": "user", "content": content}]
        answered = [*asked, {"role": "assistant", "content": text}]
        prompt = await self._tokens(asked, add_generation_prompt=True)
        whole = await self._tokens(answered, add_generation_prompt=False, continue_final_message=True)
        assert whole[: len(prompt)] == prompt, "the answer changes how its prompt is read"
        body = {"model": self._model, "prompt": whole, "max_tokens": 1, "prompt_logprobs": 0}
        told = (await self._asked("/v1/completions", body))["choices"][0]["prompt_logprobs"]
        pairs = zip(whole, told, strict=True)
        return [float(found[str(token)]["logprob"]) for token, found in list(pairs)[len(prompt) :]]

    async def close(self) -> None:
        """Ask no more."""
        await self._http.aclose()

    async def _tokens(self, messages: list[JSON], **flags: bool) -> list[int]:
        told = await self._asked("/tokenize", {"model": self._model, "messages": messages, **flags})
        return list(told["tokens"])

    async def _asked(self, path: str, body: JSON) -> JSON:
        answer = await self._http.post(path, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()
