"""One or several texts, as characters or token ids: a completion's `prompt`, the `input` of embeddings. Pure."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from antiphon.chat import Prompt
from antiphon.completions.dialects.openai.fields import TokenId
from antiphon.errors import BadRequest

TEXT_CHARACTERS_MAX = 1024 * 1024
Ids = Annotated[list[TokenId], Meta(min_length=1)]
# A text, texts, the ids of one text, or the ids of several: a list that mixes them is refused by `prompts`.
Prompts = str | list[str | TokenId | Ids]


def prompts(value: Prompts, param: str, count_max: int) -> tuple[Prompt, ...]:
    """Every text by itself; BadRequest for an empty one, for a mixture, for more than `count_max`."""
    items = [value] if isinstance(value, str) else value
    found = _sorted_out(items, param)
    if len(found) > count_max:
        raise BadRequest(f"{param}: at most {count_max} are allowed.", param=param)
    for number, prompt in enumerate(found):
        place = param if len(found) == 1 else f"{param}[{number}]"
        if not prompt:
            raise BadRequest(f"{place}: at least one character or token is expected.", param=place)
        if isinstance(prompt, str) and len(prompt) > TEXT_CHARACTERS_MAX:
            raise BadRequest(f"{place}: at most {TEXT_CHARACTERS_MAX} characters are allowed.", param=place)
    return found


def _sorted_out(items: list[str] | list[str | TokenId | Ids], param: str) -> tuple[Prompt, ...]:
    """The texts of a list that holds one kind; its numbers together are one text."""
    if not items:
        raise BadRequest(f"{param}: at least one is expected.", param=param)
    texts = tuple(item for item in items if isinstance(item, str))
    numbers = tuple(item for item in items if isinstance(item, int))
    lists = tuple(tuple(item) for item in items if isinstance(item, list))
    if len(items) not in (len(texts), len(numbers), len(lists)):
        raise BadRequest(f"{param}: texts, token ids and lists of token ids cannot be mixed.", param=param)
    return texts or lists or (numbers,)
