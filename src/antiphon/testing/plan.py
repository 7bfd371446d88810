"""From a request body to the whole answer, token by token, before a byte of it is sent. Pure.

What an engine without faults would say; `events.py` puts it on the wire and `player.py` breaks it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from msgspec import Struct

from antiphon.testing.begun import begun_at
from antiphon.testing.document import document
from antiphon.testing.faults import Order, marked_order
from antiphon.testing.grammar_text import grammar_text
from antiphon.testing.text import (
    TOKENS_MAX,
    WireMessage,
    after_prefix,
    count_prompt_tokens,
    message_text,
    prompt_key,
    split_pieces,
    text_tokens,
)

Body = Mapping[str, Any]  # Any: a request body is any JSON object
CHOICES_MAX = 128
THOUGHT_OPENING, THOUGHT_CLOSING = "<think>\n", "\n</think>\n\n"


class Habits(Struct, frozen=True):
    """How this engine answers when a request does not say otherwise."""

    model: str = "fault-model"
    answer_tokens: int = 32
    token_delay_s: float = 0.0
    context_tokens: int = 8192
    prefill_needs_flags: bool = False
    resumes_documents: bool = True
    follows_grammars: bool = False
    embeds: bool = False


class Answer(Struct, frozen=True):
    """One choice: its tokens (of text, or of a call's arguments), and how it ends."""

    tokens: tuple[str, ...]
    finish_reason: str
    reasoning: tuple[str, ...] = ()
    call_names: tuple[str, ...] = ()

    @property
    def spent(self) -> int:
        """Tokens generated for this choice; each further call repeats the arguments of the first."""
        return len(self.reasoning) + len(self.tokens) * max(1, len(self.call_names))


class Plan(Struct, frozen=True):
    """The whole answer to one request."""

    id: str
    created: int
    model: str
    answers: tuple[Answer, ...]
    prompt_tokens: int
    key: bytes
    seed: int | None
    token_delay_s: float
    stream: bool
    include_usage: bool
    top_logprobs: int | None  # None: logprobs were not asked for
    text: bool = False  # a text completion, which has another shape

    @property
    def completion_tokens(self) -> int:
        """Tokens of all choices together."""
        return sum(answer.spent for answer in self.answers)

    def beyond(self, choice: int) -> Iterator[str]:
        """Tokens that come after the planned ones, without an end."""
        return text_tokens(self.key, self.seed, choice, len(self.answers[choice].tokens))


class Refusal(Exception):
    """The engine will not answer this body: what a real one says with a 400."""


def plan_answer(body: Body, habits: Habits, *, number: int, created: int) -> Plan:
    """The answer to `body`; `number` makes its id. Refusal when the body is not for this engine."""
    text = "prompt" in body
    messages = prompt_messages(body["prompt"]) if text else _messages(body)
    turns = [message for message in messages if message.get("role") != "assistant"]
    asked = marked_order(message_text(turns[-1]) if turns else "")
    seed = body.get("seed")
    composer = _Composer(body, messages, habits, asked)
    choices = min(int(body.get("n") or 1), CHOICES_MAX)
    answers = tuple(composer.compose(choice) for choice in range(choices))
    return Plan(
        id=f"chatcmpl-fault-{number}",
        created=created,
        model=str(body.get("model") or habits.model),
        answers=answers,
        prompt_tokens=composer.prompt_tokens(),
        key=composer.key,
        seed=seed,
        token_delay_s=habits.token_delay_s if asked.delay_s is None else asked.delay_s,
        stream=bool(body.get("stream")),
        include_usage=bool((body.get("stream_options") or {}).get("include_usage")),
        top_logprobs=_text_logprobs(body) if text else _chat_logprobs(body),
        text=text,
    )


def prompt_messages(prompt: object) -> list[WireMessage]:
    """The prompt of a text completion as a conversation, which the text is made from; token ids are its words."""
    if isinstance(prompt, list) and prompt and all(isinstance(each, int) for each in prompt):
        prompt = " ".join(map(str, prompt))
    if not isinstance(prompt, str) or not prompt:
        raise Refusal("prompt must be a text or token ids")
    return [{"role": "user", "content": prompt}]


def count_text_tokens(text: str | list[int]) -> int:
    """How many tokens the engine says that a text has by itself."""
    return len(split_pieces(text)) if isinstance(text, str) else len(text)


def _chat_logprobs(body: Body) -> int | None:
    return int(body.get("top_logprobs") or 0) if body.get("logprobs") else None


def _text_logprobs(body: Body) -> int | None:
    """A number in this shape of request."""
    number = body.get("logprobs")
    return None if number is None else int(number)


def _messages(body: Body) -> list[WireMessage]:
    """The messages of a body that is well formed enough to be answered."""
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise Refusal("messages must be a list that is not empty")
    if not all(isinstance(message, Mapping) for message in messages):
        raise Refusal("each message must be an object")
    return messages


class _Composer:
    """Composes the choices of one request. What it is told of its own text it counts as the tokens that it wrote."""

    def __init__(self, body: Body, messages: Sequence[WireMessage], habits: Habits, order: Order) -> None:
        self._body = body
        self._order = order
        self._habits = habits
        self._seed = body.get("seed")
        self._messages = messages
        self._prefill = self._closing_prefill(messages)
        self._earlier = messages if self._prefill is None else messages[:-1]
        self._last_role = messages[-1].get("role")
        self._given = ""  # of the prefill, the client's own words
        self._told = 0  # tokens of the prefill that it wrote
        if "prompt" in body and isinstance(body["prompt"], str):
            self._begin_prompt(body["prompt"])
        self.key = prompt_key(self._earlier)

    def compose(self, choice: int) -> Answer:
        """Choice `choice`: calls when tools are to be used, a document when one is asked for, else text."""
        reasoning = tuple(islice(text_tokens(self.key, -1, choice), self._order.reasoning))
        names = self._call_names()
        if names:
            tokens = split_pieces(_dump(document(self._parameters(names[0]), self.key)))
            most = _token_limit(self._body)
            whole = most is None or len(tokens) <= most
            return Answer(tokens[:most], "tool_calls" if whole else "length", reasoning, names)
        schema, grammar = self._schema(), self._grammar()
        key = b"%b|%d" % (self.key, choice)
        if grammar is not None:
            key = b"%b|%d" % (key, self._seed or 0)
            return self._cut(self._resumed(split_pieces(grammar_text(grammar, key, self._prefill or ""))), ())
        if schema is not None:
            given = split_pieces(_dump(document(schema, key)))
            tokens = self._resumed(given) if self._habits.resumes_documents else given
        elif (self._prefill or "").startswith(THOUGHT_OPENING):
            tokens, reasoning = self._resumed(self._thought(choice, reasoning)), ()
        else:
            tokens = self._resumed(self._text(choice))
        return self._cut(tokens, reasoning)

    def prompt_tokens(self) -> int:
        """How long the prompt was that the first choice answers."""
        if "prompt" in self._body and not self._told:
            return count_text_tokens(self._body["prompt"])
        if not self._told:
            return count_prompt_tokens(self._messages)
        if "prompt" in self._body:
            return count_text_tokens(message_text(self._earlier[0])) + self._told
        given = [{"role": "assistant", "content": self._given}] if self._given else []
        return count_prompt_tokens([*self._earlier, *given]) + self._told

    def _begin_prompt(self, prompt: str) -> None:
        """A prompt that holds the beginning of its own answer is the shorter one, and that beginning."""
        at = begun_at((), "user", prompt, self._seed, 0)
        if at is not None:
            self._earlier, self._prefill = [{"role": "user", "content": prompt[:at]}], prompt[at:]

    def _thought(self, choice: int, reasoning: tuple[str, ...]) -> tuple[str, ...]:
        """A thought and the answer in one text, as a template that knows nothing of thoughts has it."""
        return (THOUGHT_OPENING, *reasoning, THOUGHT_CLOSING, *self._natural(choice))

    def _natural(self, choice: int) -> tuple[str, ...]:
        return tuple(islice(text_tokens(self.key, self._seed, choice), self._size))

    @property
    def _size(self) -> int:
        size = self._habits.answer_tokens if self._order.tokens is None else self._order.tokens
        return min(size, TOKENS_MAX)

    def _text(self, choice: int) -> tuple[str, ...]:
        """The natural text; behind a prefill that a client began, another one, from its start."""
        tokens, prefill = self._natural(choice), self._prefill or ""
        if after_prefix(tokens, prefill) is not None:
            return tokens
        at = begun_at(self._earlier, "assistant", prefill, self._seed, choice)
        self._given = prefill if at is None else prefill[:at]
        key = prompt_key([*self._earlier, {"role": "assistant", "content": self._given}])
        return (self._given, *islice(text_tokens(key, self._seed, choice), self._size))

    def _resumed(self, tokens: tuple[str, ...]) -> tuple[str, ...]:
        """What is left to say after the prefill; all of it when the prefill does not fit."""
        rest = after_prefix(tokens, self._prefill or "")
        if rest is None:
            return tokens
        marks = sum(
            mark in tokens[: len(tokens) - len(rest)] for mark in (self._given, THOUGHT_OPENING, THOUGHT_CLOSING)
        )
        self._told = len(tokens) - len(rest) - marks
        return rest

    def _cut(self, tokens: tuple[str, ...], reasoning: tuple[str, ...]) -> Answer:
        """Tokens up to the first stop text and within max_tokens; who reaches that limit ends by length."""
        finish = "stop"
        most = _token_limit(self._body)
        if most is not None and len(tokens) + len(reasoning) >= most:
            reasoning = reasoning[:most]
            tokens, finish = tokens[: most - len(reasoning)], "length"
        stopped = _until_stop(tokens, self._body.get("stop"))
        return Answer(tokens, finish, reasoning) if stopped is None else Answer(stopped, "stop", reasoning)

    def _closing_prefill(self, messages: Sequence[WireMessage]) -> str | None:
        """The text of a closing assistant message that is to be continued."""
        last = messages[-1]
        if last.get("role") != "assistant" or last.get("tool_calls") or len(messages) == 1:
            return None
        flags = self._body.get("continue_final_message") and self._body.get("add_generation_prompt") is False
        return None if self._habits.prefill_needs_flags and not flags else message_text(last)

    def _schema(self) -> Any | None:  # Any: the caller's schema
        """The schema that the answer must follow, in each of the two places where engines read one."""
        asked = self._body.get("response_format") or {}
        if asked.get("type") == "json_object":
            return {"type": "object", "properties": {"answer": {"type": "string"}, "count": {"type": "integer"}}}
        if asked.get("type") == "json_schema":
            return (asked.get("json_schema") or {}).get("schema", {})
        return (self._body.get("structured_outputs") or {}).get("json")

    def _grammar(self) -> str | None:
        """The GBNF that the text must follow, in each of the two places where engines read one."""
        if not self._habits.follows_grammars:
            return None
        grammar = self._body.get("grammar") or (self._body.get("structured_outputs") or {}).get("grammar")
        return None if grammar is None else str(grammar)

    def _call_names(self) -> tuple[str, ...]:
        """The functions to call: the forced one, or as many of the first as the marker says."""
        names = [tool["function"]["name"] for tool in self._body.get("tools") or ()]
        choice = self._body.get("tool_choice")
        if not names or choice == "none" or self._last_role == "tool":
            return ()
        if isinstance(choice, Mapping):
            return (str(choice["function"]["name"]),)
        return (names[0],) * (self._order.calls or (1 if choice == "required" else 0))

    def _parameters(self, name: str) -> Any:  # Any: the caller's schema
        """The schema of a function's arguments."""
        functions = [tool["function"] for tool in self._body.get("tools") or ()]
        found = [function.get("parameters") for function in functions if function["name"] == name]
        return (found and found[0]) or {"type": "object"}


def _token_limit(body: Body) -> int | None:
    """The most tokens that the request allows, by whichever name it says so."""
    for name in ("max_completion_tokens", "max_tokens", "n_predict"):
        value = body.get(name)
        if isinstance(value, int) and value >= 0:
            return value
    return None


def _until_stop(tokens: Sequence[str], stop: Any) -> tuple[str, ...] | None:  # Any: a string or a list of them
    """The tokens before the first stop text, the last one cut; None when no stop text comes."""
    stops = [stop] if isinstance(stop, str) else list(stop or ())
    text = "".join(tokens)
    found = [at for at in (text.find(each) for each in stops if each) if at >= 0]
    if not found:
        return None
    kept, left = [], min(found)
    for token in tokens:
        if left <= 0:
            break
        kept.append(token[:left])
        left -= len(token)
    return tuple(kept)


def _dump(value: Any) -> str:  # Any: a JSON document
    """A document as compact JSON text, characters left as they are."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
