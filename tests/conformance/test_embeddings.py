"""Embeddings: a vector for each text, in both forms, alike whatever stands beside it, and shorter where asked for."""

from __future__ import annotations

import base64
import math
import struct
from collections.abc import Iterator

import httpx2
import pytest

from .answers import JSON, Refusal
from .client import CHAT, Client, connect
from .conftest import serving
from .engines import engine
from .processes import wait_until

PATH = "/v1/embeddings"
FOX, DOG, LAW = "A fox runs through the wood.", "A dog runs over the field.", "The court dismissed the appeal."
KNOWN_S = 30.0  # an upstream is tried once before that is known
ALIKE = 0.999  # engines sum in another order when several texts are read together


@pytest.fixture(scope="module")
def vectors(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A gateway over an engine of the chosen kind whose model makes embeddings."""
    option = request.config.getoption
    if option("gateway_url", default=None) or option("engine_url", default=None):
        pytest.skip("the engine must be started to make embeddings")
    folder = tmp_path_factory.mktemp("embeddings")
    with (
        engine(option("engine", default="embedded"), None, folder, embedding=True) as below,
        serving(folder, below) as started,
    ):
        made = connect(started.url, started.key, started.model)
        with made.http:
            wait_until(lambda: listed(made)["type"] == "embedding", within_s=KNOWN_S, what="it is known to embed")
            yield made


def listed(client: Client) -> JSON:
    """The model as the gateway lists it."""
    model: JSON = client.http.get(f"/v1/models/{client.model}").json()
    return model


def send(client: Client, given: object, /, **fields: object) -> httpx2.Response:
    """Send a request and return whatever comes."""
    return client.http.post(PATH, json={"model": client.model, "input": given} | fields)


def ask(client: Client, given: object, /, **fields: object) -> JSON:
    """The answer to a request that must succeed."""
    response = send(client, given, **fields)
    assert response.status_code == 200, response.text[:500]
    answer: JSON = response.json()
    return answer


def of(client: Client, given: object, /, **fields: object) -> list[list[float]]:
    """The vectors of an answer, which come in the order of their inputs."""
    data = ask(client, given, **fields)["data"]
    assert [each["index"] for each in data] == list(range(len(data)))
    return [each["embedding"] for each in data]


def cosine(one: list[float], other: list[float]) -> float:
    """How alike two vectors of length 1 are."""
    return sum(a * b for a, b in zip(one, other, strict=True))


def test_a_text_has_a_vector(vectors: Client) -> None:
    """OpenAI's shape; of length 1, and the same each time."""
    answer = ask(vectors, FOX)
    assert (answer["object"], answer["model"]) == ("list", vectors.model)
    (item,) = answer["data"]
    assert (item["object"], item["index"]) == ("embedding", 0)
    assert math.isclose(math.hypot(*item["embedding"]), 1, abs_tol=1e-4)
    assert answer["usage"]["prompt_tokens"] == answer["usage"]["total_tokens"] > 0
    assert cosine(of(vectors, FOX)[0], item["embedding"]) > ALIKE


def test_what_is_alike_lies_close(vectors: Client) -> None:
    """Two animals that run are nearer to each other than to a court."""
    fox, dog, law = of(vectors, [FOX, DOG, LAW])
    assert cosine(fox, dog) > cosine(fox, law)


def test_a_vector_does_not_depend_on_its_neighbours(vectors: Client) -> None:
    """In whichever order they stand, and in as many requests as the engine needs."""
    texts = [f"Text number {number} is about {word}." for number in range(12) for word in ("foxes", "law", "tea")]
    alone = {text: of(vectors, text)[0] for text in texts[:6]}
    together = of(vectors, texts)
    backwards = of(vectors, texts[::-1])[::-1]
    assert len(together) == 36
    for place, text in enumerate(texts[:6]):
        assert cosine(together[place], alone[text]) > ALIKE
        assert cosine(backwards[place], alone[text]) > ALIKE


def test_usage_is_the_sum_over_inputs(vectors: Client) -> None:
    """Each text counts by itself, in as many requests as the engine needs."""
    each = [ask(vectors, text)["usage"]["prompt_tokens"] for text in (FOX, DOG)]
    assert ask(vectors, [FOX, DOG] * 20)["usage"]["prompt_tokens"] == 20 * sum(each)


@pytest.mark.parametrize("word", ["base64", "Base64"])
def test_base64_holds_the_same_floats(vectors: Client, word: str) -> None:
    """Little-endian, 32 bits each."""
    numbers = of(vectors, [FOX, LAW], encoding_format="float")
    data = ask(vectors, [FOX, LAW], encoding_format=word)["data"]
    for each, expected in zip(data, numbers, strict=True):
        decoded = base64.b64decode(each["embedding"], validate=True)
        assert cosine(list(struct.unpack(f"<{len(decoded) // 4}f", decoded)), expected) > ALIKE


@pytest.mark.parametrize("dimensions", [1, 64, 256.0])
def test_fewer_dimensions(vectors: Client, dimensions: float) -> None:
    """The first ones, again of length 1."""
    (whole,), (short,) = of(vectors, FOX), of(vectors, FOX, dimensions=dimensions)
    kept = whole[: int(dimensions)]
    length = math.hypot(*kept)
    assert len(short) == dimensions
    assert cosine(short, [number / length for number in kept]) > ALIKE


def test_all_dimensions_and_more(vectors: Client) -> None:
    """As many as there are is the vector as it is; one more is refused with their number."""
    own = len(of(vectors, FOX)[0])
    assert len(of(vectors, FOX, dimensions=own)[0]) == own
    refusal = Refusal.of(send(vectors, FOX, dimensions=own + 1))
    assert (refusal.status, refusal.param) == (400, "dimensions")
    assert str(own) in refusal.message


def test_token_ids(vectors: Client) -> None:
    """One text as its ids, or several; they are as many as they are."""
    ids = [504, 2939, 282, 4649, 314]
    answer = ask(vectors, ids)
    assert (len(answer["data"]), answer["usage"]["prompt_tokens"]) == (1, 5)
    one, two = of(vectors, [ids, ids[:2]])
    assert cosine(one, answer["data"][0]["embedding"]) > ALIKE
    assert cosine(one, two) < ALIKE


def test_a_text_that_is_too_long_is_named(vectors: Client) -> None:
    """By its place and its length, with all that fit beside it."""
    context = listed(vectors)["context_length"]
    refusal = Refusal.of(send(vectors, [FOX, "word " * (context + 50)]))
    assert (refusal.status, refusal.param, refusal.code) == (400, "input[1]", "context_length_exceeded")
    assert str(context) in refusal.message
    assert len(of(vectors, "word " * (context - 50))) == 1


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"input": ""}, "input"),
        ({"input": []}, "input"),
        ({"input": None}, "input"),
        ({"input": ["a", ""]}, "input[1]"),
        ({"input": ["a", 1]}, "input"),
        ({"input": [[]]}, "input[0]"),
        ({"input": [-1]}, "input[0]"),
        ({"input": [1.5]}, "input[0]"),
        ({"input": [True]}, "input[0]"),
        ({"input": {"text": "a"}}, "input"),
        ({"input": ["a"] * 2049}, "input"),
        ({"dimensions": 0}, "dimensions"),
        ({"dimensions": -1}, "dimensions"),
        ({"dimensions": 1.5}, "dimensions"),
        ({"dimensions": "64"}, "dimensions"),
        ({"encoding_format": "int8"}, "encoding_format"),
        ({"encoding_format": 5}, "encoding_format"),
        ({"timeout_secs": 0}, "timeout_secs"),
        ({"timeout_secs": 1801}, "timeout_secs"),
        ({"user": 5}, "user"),
    ],
)
def test_what_is_refused(vectors: Client, fields: JSON, param: str) -> None:
    """400 with the field at fault, before any engine sees it."""
    refusal = Refusal.of(send(vectors, FOX, **fields))
    assert (refusal.status, refusal.param) == (400, param)
    assert refusal.message.startswith(f"{param}: ")


def test_each_model_does_what_it_does(vectors: Client, client: Client) -> None:
    """A model that embeds neither chats nor goes on; one that generates does not embed; both are told by name."""
    asked = (
        vectors.http.post(CHAT, json=vectors.body()),
        vectors.http.post("/v1/completions", json={"model": vectors.model, "prompt": "a"}),
        send(client, FOX),
    )
    for response in asked:
        refusal = Refusal.of(response)
        assert (refusal.status, refusal.param, refusal.code) == (400, "model", "model_not_supported")
        assert repr(vectors.model) in refusal.message
    assert listed(client)["type"] == "text"
