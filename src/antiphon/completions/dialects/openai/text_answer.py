"""The shapes of a text completion's answer that its doors share: the older form of log-probabilities. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from antiphon.chat import Logprob, TokenLogprob

REPLACEMENT = "\ufffd"  # stands for bytes that are no character by themselves


class TextLogprobs(Struct):
    """Parallel lists, one place a token; `text_offset` counts characters from the beginning of the choice's text."""

    tokens: list[str]
    token_logprobs: list[float]
    top_logprobs: list[dict[str, float]]
    text_offset: list[int]


def text_logprobs(entries: Sequence[Logprob], offset: int) -> TextLogprobs:
    """The lists for tokens whose first one begins at `offset`. The drawn token is always among its alternatives."""
    made = TextLogprobs([], [], [], [])
    for entry in entries:
        name = _shown(entry)
        made.tokens.append(name)
        made.token_logprobs.append(entry.logprob)
        likeliest = {_shown(one): one.logprob for one in reversed(entry.top_logprobs)}  # of two names the likelier wins
        made.top_logprobs.append(dict(reversed(likeliest.items())) | {name: entry.logprob})
        made.text_offset.append(offset)
        offset += len(entry.token)
    return made


def _shown(token: Logprob | TokenLogprob) -> str:
    """The token's text; the bytes of one that holds a part of a character, as OpenAI writes them."""
    if REPLACEMENT not in token.token or not token.bytes or bytes(token.bytes) == token.token.encode():
        return token.token
    return "bytes:" + "".join(f"\\x{byte:02x}" for byte in token.bytes)
