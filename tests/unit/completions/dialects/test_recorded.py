"""What clients really sent is understood, and what they were shown is still shown, to the byte."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from antiphon.completions.dialects import Dialect, EmbeddingDialect, RequestBounds
from tests.fixtures.dialects import recorded
from tests.fixtures.dialects.recorded import SAID, Request, Spoken, rendered, rendered_vectors

BOUNDS = RequestBounds(n_max=8, messages_max=100)
Either = Spoken[Dialect] | Spoken[EmbeddingDialect]
Render = Callable[[], dict[str, bytes]]
ALL: list[Either] = [*recorded.generating(), *recorded.embedding()]
REQUESTS = [pytest.param(spoken, sent, id=f"{spoken.name}-{sent.name}") for spoken in ALL for sent in spoken.requests()]


def answers() -> Iterator[tuple[str, Path, Render]]:
    """Every recorded answer: its name, its folder, and what renders it."""
    for spoken in recorded.generating():
        for folder in spoken.answers():
            yield f"{spoken.name}-{folder.name}", folder, partial(rendered, spoken.dialect, folder)
    for embedder in recorded.embedding():
        for folder in embedder.answers():
            yield f"{embedder.name}-{folder.name}", folder, partial(rendered_vectors, embedder.dialect, folder)


ANSWERS = [pytest.param(folder, render, id=name) for name, folder, render in answers()]
# Fields that no door knows; the answer's header `x-ignored-fields` names them.
FOREIGN = {
    "service_tier": "OpenAI's own scheduling",
    "verbosity": "of models that are OpenAI's alone",
    "min_tokens": "vLLM's",
    "chat_template_kwargs": "what engines of our own are told is not the caller's to say",
    "serialized_python": "Adaptive's, of versions that are gone",
    "constrained_decoding": "Adaptive's, of versions that are gone",
}


@pytest.mark.parametrize("spoken", ALL, ids=lambda spoken: spoken.name)
def test_every_dialect_was_recorded(spoken: Either) -> None:
    """Whoever adds a door, or a seat of one, adds what its clients send and are shown."""
    assert spoken.requests(), f"no request in {spoken.folder}/requests"
    assert spoken.answers(), f"no answer in {spoken.folder}/answers"


def test_every_recording_belongs_to_a_dialect() -> None:
    """Nothing is left behind by one that is gone, and no file stands where no test looks."""
    named = {spoken.folder for spoken in ALL}
    folders = {path.parent for path in recorded.FOLDER.glob("*/requests")}
    assert folders == named
    for spoken in ALL:
        assert {path.suffix for path in (spoken.folder / "requests").iterdir()} == {".http"}
        assert all((path / SAID).is_file() for path in (spoken.folder / "answers").iterdir())


@pytest.mark.parametrize(("spoken", "sent"), REQUESTS)
def test_requests_are_understood(spoken: Either, sent: Request) -> None:
    """At their own address; no field is left aside but those that are nobody's here."""
    assert sent.path == spoken.path
    request = spoken.dialect.parse(sent.body, sent.headers, BOUNDS)
    assert set(request.ignored_fields) == set(sent.fields) & set(FOREIGN)
    assert request.model == sent.fields["model"]


@pytest.mark.parametrize(("folder", "render"), ANSWERS)
def test_answers_are_the_same_to_the_byte(folder: Path, render: Render) -> None:
    """Plain and streamed, with all that clients need and with nothing but what is documented."""
    shown = render()
    assert set(shown) == {path.name for path in folder.iterdir()} - {SAID}
    for name, body in shown.items():
        assert body == (folder / name).read_bytes(), name
