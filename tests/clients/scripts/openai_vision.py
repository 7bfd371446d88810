"""Images with the official Python SDK."""

# mypy: disable-error-code="import-not-found"

from __future__ import annotations

from typing import Any

import openai

from .openai_connect import connect
from .scenario import Lab, failure

Content = list[dict[str, Any]]  # Any: parts as the SDK takes them


def a_picture_is_seen(lab: Lab) -> None:
    """A data URL, as the SDK's guide shows it: the model names the colour, and the image is counted."""
    answer = connect(lab).chat.completions.create(
        model=lab.vision_model, messages=_shown(lab.red_image), max_tokens=12, temperature=0
    )
    assert "red" in answer.choices[0].message.content.lower(), answer
    assert answer.usage.prompt_tokens > 10, answer


def a_picture_is_seen_in_a_stream(lab: Lab) -> None:
    """The same, streamed."""
    asked = connect(lab).chat.completions.stream(
        model=lab.vision_model, messages=_shown(lab.red_image), max_tokens=12, temperature=0
    )
    with asked as stream:
        assert "red" in stream.get_final_completion().choices[0].message.content.lower()


def a_text_model_refuses_pictures(lab: Lab) -> None:
    """The 400 names the part and the model."""

    def ask() -> object:
        return connect(lab).chat.completions.create(model=lab.model, messages=_shown(lab.red_image))

    error = failure(openai.BadRequestError, ask)
    assert lab.model in error.message, error.body
    assert error.param.startswith("messages[0].content"), error.body


def a_broken_picture_is_refused(lab: Lab) -> None:
    """Bytes that are no image: a 400, not the engine's trouble."""

    def ask() -> object:
        messages = _shown("data:image/png;base64,aGVsbG8=")
        return connect(lab).chat.completions.create(model=lab.vision_model, messages=messages)

    assert failure(openai.BadRequestError, ask).param.startswith("messages[0].content")


def _shown(url: str) -> Content:
    """A question about an image."""
    parts = [{"type": "image_url", "image_url": {"url": url}}, {"type": "text", "text": "What color is the image?"}]
    return [{"role": "user", "content": parts}]
