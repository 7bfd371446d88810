"""What servers tell of their models and of a prompt's length, by what they answer."""

from __future__ import annotations

import json

import msgspec
import pytest

from antiphon.chat import Message, Sampling
from antiphon.engines import Job, ModelFacts, facts
from antiphon.engines.kinds import kind

JOB = Job("m", (Message("user", "Hi"),), Sampling())
PROPS = (
    b'{"default_generation_settings": {"n_ctx": 512}, "modalities": {"vision": true}, "chat_template_caps": '
    b'{"supports_tools": true, "supports_tool_calls": true}}'
)


class Server:
    """Answers from a table, None for what is not in it, and keeps what was posted."""

    def __init__(self, answers: dict[str, bytes]) -> None:
        self.answers = answers
        self.posted: list[tuple[str, bytes]] = []

    async def get(self, path: str) -> bytes | None:
        """The answer of that address."""
        return self.answers.get(path)

    async def post(self, path: str, body: bytes) -> bytes | None:
        """The answer of that address."""
        self.posted.append((path, body))
        return self.answers.get(path)


async def read(name: str, answers: dict[str, bytes]) -> list[ModelFacts]:
    """What a server of that kind tells."""
    return await facts.read(Server(answers).get, kind(name))


async def test_vllm_tells_the_context() -> None:
    """Each model that is listed, with its length."""
    listed = b'{"data": [{"id": "a", "max_model_len": 9}, {"id": "b", "context_length": 8}, {"id": "c"}]}'
    assert await read("vllm", {"/v1/models": listed, "/props": PROPS}) == [
        ModelFacts("a", 9),
        ModelFacts("b", 8),
        ModelFacts("c"),
    ]


async def test_llamacpp_tells_more() -> None:
    """Its properties go before what the list says."""
    listed = b'{"data": [{"id": "a", "meta": {"n_ctx_train": 2048, "n_vocab": 77, "ftype": "Q8_0"}}]}'
    assert await read("llama.cpp", {"/v1/models": listed, "/props": PROPS}) == [
        ModelFacts("a", 512, modalities=("text", "image"), native_tools=True, quantisation="Q8_0", vocabulary_size=77)
    ]


async def test_llamacpp_without_properties_tells_its_list() -> None:
    """A server whose /props is closed still has models."""
    assert await read("llama.cpp", {"/v1/models": b'{"data": [{"id": "a"}]}'}) == [ModelFacts("a")]


@pytest.mark.parametrize("capability", ["supports_tools", "supports_tool_calls"])
async def test_llamacpp_needs_both_capabilities(capability: str) -> None:
    """A template that shows tools but reads no calls, or the reverse, knows no tools."""
    props = b'{"chat_template_caps": {"%s": true}}' % capability.encode()
    told = await read("llama.cpp", {"/v1/models": b'{"data": [{"id": "a"}]}', "/props": props})
    assert told == [ModelFacts("a")]


async def test_a_server_without_a_list_serves_nothing() -> None:
    """No answer is no model."""
    assert await read("openai", {}) == []


async def test_vllm_counts_messages() -> None:
    """The job's own body is posted, the count is read."""
    server = Server({"/tokenize": b'{"count": 12, "tokens": [1, 2]}'})
    assert await facts.count_prompt_tokens(server.post, JOB, kind("vllm")) == 12
    ((path, body),) = server.posted
    assert path == "/tokenize"
    assert json.loads(body) == {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}


async def test_llamacpp_counts_the_templates_text() -> None:
    """The messages become a prompt first, whose tokens are counted."""
    server = Server({"/apply-template": b'{"prompt": "<user>Hi"}', "/tokenize": b'{"tokens": [1, 2, 3]}'})
    assert await facts.count_prompt_tokens(server.post, JOB, kind("llama.cpp")) == 3
    assert [path for path, _ in server.posted] == ["/apply-template", "/tokenize"]
    assert json.loads(server.posted[1][1]) == {"content": "<user>Hi", "add_special": True, "parse_special": True}


@pytest.mark.parametrize(
    ("name", "answers"),
    [
        ("openai", {"/tokenize": b'{"count": 1}'}),
        ("vllm", {}),
        ("llama.cpp", {}),
        ("llama.cpp", {"/apply-template": b'{"prompt": ""}'}),
    ],
)
async def test_a_server_that_cannot_count_says_none(name: str, answers: dict[str, bytes]) -> None:
    """None where there is no such address, or none that answers."""
    assert await facts.count_prompt_tokens(Server(answers).post, JOB, kind(name)) is None


async def test_a_text_is_counted_as_it_is() -> None:
    """Without a template, by either engine's own words; token ids are as many as they are."""
    job = msgspec.structs.replace(JOB, messages=(), prompt="Once")
    llamacpp = Server({"/tokenize": b'{"tokens": [1, 2, 3]}'})
    assert await facts.count_prompt_tokens(llamacpp.post, job, kind("llama.cpp")) == 3
    assert json.loads(llamacpp.posted[0][1]) == {"content": "Once", "add_special": True, "parse_special": True}
    vllm = Server({"/tokenize": b'{"count": 4}'})
    assert await facts.count_prompt_tokens(vllm.post, job, kind("vllm")) == 4
    assert json.loads(vllm.posted[0][1]) == {"model": "m", "prompt": "Once"}
    assert await facts.count_prompt_tokens(vllm.post, job, kind("openai")) is None
    ids = msgspec.structs.replace(job, prompt=(5, 6))
    assert await facts.count_prompt_tokens(Server({}).post, ids, kind("openai")) == 2
