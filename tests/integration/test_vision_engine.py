"""A real engine sees: colours through image decoder, CLIP tower, projector and text model, on whatever serves them.

The tests know only a client for each kind of projector, so that they hold for a bare engine and for a gateway alike.
"""

from __future__ import annotations

import pytest
from tests.fixtures.vision.client import Clients
from tests.fixtures.vision.colours import SAFE
from tests.fixtures.vision.pictures import halves, solid

QUESTION = "What color is the image?"
QUESTIONS = (QUESTION, "What colour is this picture?", "Describe the image.")
IMAGE_TOKENS = 9


@pytest.fixture(scope="module", params=["bare llama.cpp server"])
def clients(vision_servers: Clients) -> Clients:
    """Where to send questions."""
    return vision_servers


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
