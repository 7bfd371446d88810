"""A real engine sees: colours through image decoder, CLIP tower, projector and text model, on whatever serves them.

The tests know only a client for each kind of projector, so that they hold for a bare engine and for a gateway alike.
"""

from __future__ import annotations

import asyncio
import time
import urllib.error
from collections.abc import Iterator
from pathlib import Path

import pytest

from antiphon.testing.gateway_process import GatewayProcess
from tests.fixtures.vision.client import Clients, VisionClient
from tests.fixtures.vision.colours import SAFE
from tests.fixtures.vision.pictures import halves, solid
from tests.fixtures.vision.plugin import Projectors
from tests.fixtures.vision.projector import Kind

QUESTION = "What color is the image?"
QUESTIONS = (QUESTION, "What colour is this picture?", "Describe the image.")
IMAGE_TOKENS = 9
LOAD_S_MAX = 60.0


KEY = "sk-vision"
KINDS: tuple[Kind, ...] = ("solid", "random", "pair")


@pytest.fixture(scope="module")
def gateway(
    vision_text_model: Path, vision_projectors: Projectors, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Clients]:
    """The gateway with a model for each kind of projector."""
    settings = f'[[keys]]\nname = "eyes"\nkey = "{KEY}"\n'
    for kind in KINDS:
        settings += f'[[models]]\nname = "{kind}"\nreference = "{vision_text_model}"\n'
        settings += f'mmproj = "{vision_projectors(kind)}"\nparallel = 1\ncontext_length = 1024\n'
    process = GatewayProcess(settings, tmp_path_factory.mktemp("vision"))
    with asyncio.Runner() as runner:
        runner.run(process.start())
        try:
            yield lambda kind: _when_ready(VisionClient(process.url, kind, KEY))
        finally:
            runner.run(process.stop())


def _when_ready(client: VisionClient) -> VisionClient:
    """The client of a model whose engine has finished loading."""
    deadline = time.monotonic() + LOAD_S_MAX
    while True:
        try:
            client.ask("Hi")
        except urllib.error.HTTPError as error:
            assert error.code == 503, error
            assert time.monotonic() < deadline, "the engine does not become ready"
        else:
            return client


@pytest.fixture(scope="module", params=["bare llama.cpp server", "gateway"])
def clients(request: pytest.FixtureRequest) -> Clients:
    """Where to send questions."""
    name = "gateway" if request.param == "gateway" else "vision_servers"
    found: Clients = request.getfixturevalue(name)
    return found


def picture(name: str) -> bytes:
    """Return an image of a colour."""
    return solid(SAFE[name], size=(64, 64))


def test_colours_are_named(clients: Clients) -> None:
    """At least 95 of 100 questions about plain images are answered by the right colour first."""
    client = clients("solid")
    asked = [(question, name) for question in QUESTIONS for name in SAFE]
    wrong = [(question, name) for question, name in asked if client.ask(question, picture(name)).colours[:1] != [name]]
    assert len(wrong) <= 0.05 * len(asked), wrong


def test_a_projector_of_random_numbers_is_blind(clients: Clients) -> None:
    """With noise in place of its last matrix the same engine names less than half of the colours: the test can fail."""
    client = clients("random")
    right = [name for name in SAFE if client.ask(QUESTION, picture(name)).colours[:1] == [name]]
    assert len(right) < 0.5 * len(SAFE), right


@pytest.mark.parametrize(("left", "right"), [("red", "blue"), ("blue", "red"), ("yellow", "black"), ("white", "green")])
def test_the_places_of_colours_are_seen(clients: Clients, left: str, right: str) -> None:
    """Two halves are named from left to right."""
    image = halves(SAFE[left], SAFE[right])
    assert clients("pair").ask(QUESTION, image).colours == [left, right]


def test_an_image_counts_as_prompt_tokens(clients: Clients) -> None:
    """Each image adds its nine tokens to the prompt."""
    client, image = clients("solid"), picture("red")
    counts = [client.ask(QUESTION, *[image] * number).prompt_tokens for number in range(3)]
    assert [count - counts[0] for count in counts] == [0, IMAGE_TOKENS, 2 * IMAGE_TOKENS]


def test_the_prompt_cache_is_not_fooled(clients: Clients) -> None:
    """The same text with another image gets another answer, and the first image its first answer again."""
    client = clients("solid")
    seen = [client.ask(QUESTION, picture(name)).colours for name in ("red", "blue", "red", "yellow")]
    assert seen == [["red"], ["blue"], ["red"], ["yellow"]]
