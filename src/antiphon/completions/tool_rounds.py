"""The rounds of an answer that uses tools of the server: what each is asked for, and what of it may be shown. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from antiphon.chat import Choice, Delta, Message, ToolCall, ToolChoice, Usage
from antiphon.completions.collect import Collector
from antiphon.completions.plan import Plan
from antiphon.errors import BadRequest
from antiphon.providers.model import ServerTool
from antiphon.providers.results import cleaned
from antiphon.tools.check import check_tools
from antiphon.tools.grammar import tool_grammar, wordy_grammar

RESULT_CHARACTERS_MIN = 200  # below that a result is not cut further to make room in the model's context
ENDS_IN_CALLS = ("stop", "tool_calls")


class Round:
    """The deltas of one round, kept back until it is certain that they are the answer.

    `certain` from the start: the round has no tools.
    """

    def __init__(self, *, certain: bool) -> None:
        self.certain = certain
        self._held: list[Delta] = []
        self._collector = Collector()
        self._called = False

    def take(self, deltas: list[Delta], *, first_text_decides: bool) -> list[Delta]:
        """What can be shown now. `first_text_decides`: after text of the answer there can be no call."""
        if self.certain:
            return [delta for delta in map(_without_calls, deltas) if delta is not None]
        for delta in deltas:
            self._collector.add(delta)
            self._held.append(delta)
            self._called = self._called or bool(delta.tool_calls)
            if delta.finish_reason is None:
                self.certain = self.certain or bool(first_text_decides and delta.content and not self._called)
            elif not self._called:
                self.certain = True
            elif delta.finish_reason not in ENDS_IN_CALLS:
                # Cut within a call: what was said before it is no answer, and the call cannot be made.
                self.certain = True
                self._held = [Delta(finish_reason=delta.finish_reason)]
        if not self.certain:
            return []
        held, self._held = self._held, []
        return [delta for delta in map(_without_calls, held) if delta is not None]

    @property
    def asks(self) -> Choice | None:
        """The calls that the round ended in, None if it was the answer."""
        return None if self.certain else self._collector.choice()


class Asked(Struct, frozen=True):
    """What one round asked for and what it got; of each result the model is shown `characters_max`."""

    choice: Choice
    texts: tuple[str, ...]
    characters_max: int

    def after(self, messages: tuple[Message, ...]) -> tuple[Message, ...]:
        """The conversation with calls and results."""
        shown = [cleaned(text, characters_max=self.characters_max) for text in self.texts]
        return answered(messages, self.choice, shown)

    def shorter(self) -> Asked | None:
        """The same with half of the longest result, None when that would be too little to be of use."""
        longest = min(self.characters_max, max(map(len, self.texts)))
        if longest < 2 * RESULT_CHARACTERS_MIN:
            return None
        return Asked(self.choice, self.texts, longest // 2)


def round_plan(
    plan: Plan, messages: tuple[Message, ...], tools: Sequence[ServerTool], choice: ToolChoice, now: float
) -> Plan:
    """The plan of one round that begins now: the same deadline, the same patience for the first token.

    BadRequest if the tools cannot be offered together.
    """
    offered = tuple(one.tool for one in tools)
    request = msgspec.structs.replace(plan.request, messages=messages, tools=offered, tool_choice=choice)
    planned = msgspec.structs.replace(
        plan,
        request=request,
        begun_at=now,
        first_token_at=now + plan.first_token_at - plan.begun_at,
        stored=False,
    )
    return _with_grammar(planned) if tools else _in_words(planned)


def answered(messages: tuple[Message, ...], choice: Choice, results: Sequence[str]) -> tuple[Message, ...]:
    """The conversation with the round's calls and what they brought, in the order of the calls."""
    calls = choice.tool_calls
    asked = Message(
        role="assistant",
        content=choice.content or None,
        tool_calls=tuple(map(_sound, calls)),
        reasoning=choice.reasoning or None,
    )
    brought = [
        Message(role="tool", content=text, name=call.name, tool_call_id=call.id)
        for call, text in zip(calls, results, strict=True)
    ]
    return (*messages, asked, *brought)


def added(first: Usage, second: Usage) -> Usage:
    """Two rounds together: each reads its own prompt, so prompts count each time."""
    return Usage(
        first.prompt_tokens + second.prompt_tokens,
        first.completion_tokens + second.completion_tokens,
        first.cached_tokens + second.cached_tokens,
        first.reasoning_tokens + second.reasoning_tokens,
        first.image_tokens + second.image_tokens,
    )


def _with_grammar(plan: Plan) -> Plan:
    """Bind what is emulated as in any request with tools, but for text before a call, which would never be shown."""
    request = plan.request
    try:
        check_tools(request.tools, request.tool_choice)
        if all(offer.native_tools for offer in plan.model.offers):
            return plan
        grammar = tool_grammar(
            request.tools,
            choice=request.tool_choice,
            parallel=request.parallel_tool_calls,
            response_format=request.response_format,
            preamble=False,
        )
    except BadRequest as error:
        if (error.param or "").startswith("tool_choice"):
            raise
        reason = error.message.rstrip(".")
        message = f"tools: the project's tools cannot be offered together ({reason}); turn some of them off."
        raise BadRequest(message, param="tools") from error
    return msgspec.structs.replace(plan, tool_grammar=grammar)


def _in_words(plan: Plan) -> Plan:
    """Keep a model from calling in plain text, as it has seen itself do, where there is nothing left to call."""
    native = all(offer.native_tools for offer in plan.model.offers)
    if native or plan.grammar is not None or not any(turn.tool_calls for turn in plan.request.messages):
        return plan
    return msgspec.structs.replace(plan, grammar=wordy_grammar())


def _without_calls(delta: Delta) -> Delta | None:
    """A delta of the answer: a model that calls where nothing can be called says nothing by it."""
    if not delta.tool_calls and delta.finish_reason != "tool_calls":
        return delta
    finish_reason = "stop" if delta.finish_reason == "tool_calls" else delta.finish_reason
    delta = msgspec.structs.replace(delta, tool_calls=(), finish_reason=finish_reason)
    return delta if delta.content or delta.reasoning or delta.logprobs or delta.finish_reason else None


def _sound(call: ToolCall) -> ToolCall:
    """A call that every chat template can print: arguments that are no JSON object were told to the model already."""
    return call if is_object(call.arguments) else ToolCall(call.id, call.name, "{}")


def is_object(arguments: str) -> bool:
    """Whether a call's arguments are a JSON object."""
    try:
        return isinstance(msgspec.json.decode(arguments), dict)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return False
