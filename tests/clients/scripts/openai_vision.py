"""Images with the official Python SDK, at any door."""

# mypy: disable-error-code="import-not-found"

from __future__ import annotations

from typing import Any

from .openai_connect import connect, refusal
from .scenario import Lab

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
    """The part and the model are named."""

    def ask() -> object:
        return connect(lab).chat.completions.create(model=lab.model, messages=_shown(lab.red_image))

    told = refusal(lab, ask)
    assert lab.id_of(lab.model) in told.message, told
    assert _is_part(told.place or told.message), told


def a_broken_picture_is_refused(lab: Lab) -> None:
    """Bytes that are no image: the caller's fault, not the engine's trouble."""

    def ask() -> object:
        messages = _shown("data:image/png;base64,aGVsbG8=")
        return connect(lab).chat.completions.create(model=lab.vision_model, messages=messages)

    told = refusal(lab, ask)
    assert _is_part(told.place or told.message), told


def _is_part(place: str) -> bool:
    """Whether a place begins with the content of the first message, as either door writes it."""
    return place.startswith(("messages[0].content", "messages.0.content"))


def _shown(url: str) -> Content:
    """A question about an image."""
    parts = [{"type": "image_url", "image_url": {"url": url}}, {"type": "text", "text": "What color is the image?"}]
    return [{"role": "user", "content": parts}]
