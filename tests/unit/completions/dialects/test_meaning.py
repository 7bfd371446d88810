"""Whatever a model says arrives as it was said: answers are read again by the vendors' pages, for any answer."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from antiphon.chat import Choice, Delta, FinishReason, Logprob, TokenLogprob, ToolCallDelta, Usage
from antiphon.completions.dialects import Dialect, Head
from tests.fixtures.dialects import recorded
from tests.fixtures.dialects.recorded import Said
from tests.unit.completions.dialects import (
    documented_chats,
    documented_messages,
    documented_responses,
    documented_texts,
)
from tests.unit.completions.dialects.documented import Meaning, Read, Reader, events

# How a dialect's plain answers and streams are read, and which parts of an answer its vendor has words for.
READERS: dict[str, tuple[Reader, Reader, frozenset[str]]] = {
    "canonical": (documented_chats.openai, documented_chats.openai_stream, frozenset({"calls", "logprobs"})),
    "nugen": (documented_chats.nugen, documented_chats.nugen_stream, frozenset({"calls", "reasoning", "confidence"})),
    "adaptive": (documented_chats.adaptive, documented_chats.adaptive_stream, frozenset({"calls"})),
    "canonical_text": (documented_texts.openai, documented_texts.openai_stream, frozenset({"logprobs"})),
    "nugen_text": (documented_texts.nugen, documented_texts.nugen_stream, frozenset({"confidence"})),
    "adaptive_text": (documented_texts.adaptive, documented_texts.adaptive_stream, frozenset()),
    "responses": (
        documented_responses.responses,
        documented_responses.responses_stream,
        frozenset({"calls", "reasoning", "logprobs"}),
    ),
    "anthropic": (
        documented_messages.messages,
        documented_messages.messages_stream,
        frozenset({"objects", "reasoning"}),
    ),
}
DIALECTS = {spoken.name: spoken.dialect for spoken in recorded.generating()}
SINGLE = ["responses", "anthropic"]  # which have one answer a request
CHATS = [name for name in DIALECTS if not name.endswith("_text") and name not in SINGLE]
TEXTS = [name for name in DIALECTS if name.endswith("_text")]
ODD = ('"', "\\", "\n\n", "data: [DONE]\n\n", "\x00", "\u2028", "é", "e\u0301", "👩\u200d🚀", "\ufffd", "\U0010ffff")
TEXT = st.text(max_size=8) | st.sampled_from(ODD)
WORD = st.text(min_size=1, max_size=6) | st.sampled_from(ODD)
LOGPROB = st.floats(-50, 0).map(lambda value: round(value, 4))
FINISHES: list[FinishReason] = ["stop", "length", "content_filter"]


def reads(name: str, said: Said) -> Meaning:
    """What the dialect must tell of what was said."""
    completion = said.completion
    parts = READERS[name][2]
    choices = {
        one.index: Read(
            text=one.content or "",
            calls=calls_of(one, parts),
            finish=one.finish_reason,
            reasoning=one.reasoning if "reasoning" in parts else "",
            logprobs=tuple((one.token, one.logprob) for one in one.logprobs or ()) if "logprobs" in parts else (),
        )
        for one in completion.choices
    }
    confidence = said.confidence if "confidence" in parts else None
    return Meaning(choices, (said.usage.prompt_tokens, said.usage.completion_tokens), confidence)


def calls_of(choice: Choice, parts: frozenset[str]) -> tuple[tuple[str, str, str], ...]:
    """The calls as a vendor tells them: with their arguments as they are, or as objects."""
    if "objects" in parts:
        return tuple((call.id, call.name, documented_messages.arguments(call.arguments)) for call in choice.tool_calls)
    return tuple((call.id, call.name, call.arguments) for call in choice.tool_calls) if "calls" in parts else ()


def streamed(dialect: Dialect, said: Said, head: Head) -> bytes:
    """All events of what was said."""
    stream = dialect.stream(head)
    return b"".join([*map(stream.delta, said.deltas), stream.end(said.usage, said.confidence)])


@st.composite
def spoken_tokens(draw: st.DrawFn, *, logprobs: bool) -> Delta:
    """A piece of text, with its token where log-probabilities were asked for."""
    if not logprobs:
        return Delta(content=draw(TEXT))
    token = draw(WORD)
    others = draw(st.lists(st.builds(TokenLogprob, WORD, LOGPROB, st.none() | st.just([65])), max_size=2))
    entry = Logprob(token, draw(LOGPROB), list(token.encode()), others)
    return Delta(content=token, logprobs=(entry,))


@st.composite
def calls(draw: st.DrawFn) -> list[Delta]:
    """Calls one after the other: each begins with its id and name, its arguments come in pieces."""
    made = []
    for index in range(draw(st.integers(1, 3))):
        pieces = draw(st.lists(TEXT, max_size=3))
        first = ToolCallDelta(index, f"call_{index}", draw(st.sampled_from(["f", "sky__weather"])), draw(TEXT))
        made.append(Delta(tool_calls=(first,)))
        made += [Delta(tool_calls=(ToolCallDelta(index, arguments=piece),)) for piece in pieces]
    return made


@st.composite
def choice(draw: st.DrawFn, *, chat: bool, logprobs: bool) -> list[Delta]:
    """One choice from its first delta to its end, which may come with the last of the text, or behind it."""
    thoughts = [Delta(reasoning=text) for text in draw(st.lists(WORD, max_size=3))] if chat else []
    text = draw(st.lists(spoken_tokens(logprobs=logprobs), max_size=5))
    called = draw(calls()) if chat and draw(st.booleans()) else []
    finish: FinishReason = "tool_calls" if called else draw(st.sampled_from(FINISHES))
    pieces = [*thoughts, *text, *called]
    if draw(st.booleans()) and pieces:
        return [*pieces[:-1], replace(pieces[-1], finish_reason=finish)]
    return [*pieces, Delta(finish_reason=finish)]


@st.composite
def said(draw: st.DrawFn, *, chat: bool, choices_max: int = 3) -> Said:
    """An answer of one to three choices whose deltas come in any order but their own."""
    logprobs = draw(st.booleans())
    choices = draw(st.lists(choice(chat=chat, logprobs=logprobs), min_size=1, max_size=choices_max))
    order = draw(st.permutations([i for i, deltas in enumerate(choices) for _ in deltas]))
    waiting = [iter(deltas) for deltas in choices]
    count = st.integers(0, 10**6)
    return Said(
        head=Head(
            id="id-1",
            created=draw(st.integers(0, 2**33) | st.floats(0, 2**33)),
            model=draw(st.sampled_from(["m", "lab/m:1b", 'a "b"'])),
            node="node-1",
            session_id="0b1c9a52-7c0f-4c86-9a8b-0d4e0c5c8a11",
            completion_ids=tuple(f"completion-{i}" for i in range(len(choices))),
            include_usage=True,
        ),
        deltas=tuple(replace(next(waiting[i]), index=i) for i in order),
        usage=Usage(draw(count), draw(count), draw(count), draw(count)),
        confidence=draw(st.none() | st.floats(0, 100)),
        logprobs=logprobs,
    )


def test_every_dialect_has_a_reader() -> None:
    """Whoever adds a dialect writes down what its vendor documents."""
    assert set(READERS) == set(DIALECTS)


@given(said=said(chat=True))
def test_chats_mean_what_was_said(said: Said) -> None:
    """At every door, plain and streamed: the same text, calls, ends and usage."""
    for name in CHATS:
        assert_kept(name, said)


@given(said=said(chat=True, choices_max=1))
def test_single_answers_mean_what_was_said(said: Said) -> None:
    """At the doors that know no choices."""
    for name in SINGLE:
        assert_kept(name, said)


@given(said=said(chat=False))
def test_texts_mean_what_was_said(said: Said) -> None:
    """Text completions too."""
    for name in TEXTS:
        assert_kept(name, said)


def assert_kept(name: str, said: Said) -> None:
    """Plain answer and stream mean what was said; where `exact` is asked for, they hold nothing undocumented."""
    plain, stream, _ = READERS[name]
    dialect, meant = DIALECTS[name], reads(name, said)
    for exact in (False, True):
        head = replace(said.head, exact=exact)
        assert plain(dialect.render(said.completion, head), exact) == meant, name
        assert stream(streamed(dialect, said, head), exact) == meant, name


def test_recorded_answers_mean_what_was_said() -> None:
    """The files, which clients could read, are what the vendors document."""
    for spoken in recorded.generating():
        plain, stream, _ = READERS[spoken.name]
        for folder in spoken.answers():
            said = recorded.read(folder)
            meant = reads(spoken.name, said)
            forms = [("", False)] if said.head.dria else [("", False), (".exact", True)]  # Dria's own are read below
            for infix, exact in forms:
                assert plain((folder / f"plain{infix}.json").read_bytes(), exact) == meant
                assert stream((folder / f"stream{infix}.sse").read_bytes(), exact).choices == meant.choices


@given(said=said(chat=True))
def test_drias_answers_mean_what_was_said(said: Said) -> None:
    """In Dria's words: a stream is one text, and nothing else."""
    dialect, head = DIALECTS["canonical"], replace(said.head, exact=True, dria=True)
    told = documented_chats.dria(dialect.render(said.completion, head), True)
    meant = reads("canonical", said)
    for read in meant.choices.values():
        read.logprobs = ()
    assert told == meant
    text = documented_chats.dria_stream(streamed(dialect, said, head), True)
    assert text.choices[0].text == "".join(delta.content for delta in said.deltas)


@given(said=said(chat=True))
def test_the_superset_has_thoughts_and_logprobs_at_every_door(said: Said) -> None:
    """Under the names that OpenAI's clients know, plain and streamed, whatever the vendor documents."""
    meant = {
        one.index: (one.reasoning, [(entry.token, entry.logprob) for entry in one.logprobs or ()])
        for one in said.completion.choices
    }
    for dialect in [DIALECTS[name] for name in CHATS]:
        assert further([dialect.render(said.completion, said.head)], "message") == meant
        assert further(events(streamed(dialect, said, said.head)), "delta") == meant


def further(parts: list[bytes], key: str) -> dict[int, tuple[str, list[tuple[str, float]]]]:
    """Thoughts and log-probabilities of all choices, from a plain answer or the events of a stream."""
    found: dict[int, tuple[str, list[tuple[str, float]]]] = {}
    for part in parts:
        for one in msgspec.json.decode(part)["choices"]:
            text, entries = found.get(one["index"], ("", []))
            text += one[key].get("reasoning_content") or ""
            entries += [(entry["token"], entry["logprob"]) for entry in (one.get("logprobs") or {}).get("content", ())]
            found[one["index"]] = text, entries
    return found
