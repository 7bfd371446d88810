"""Stop texts: up to four, found wherever tokens break, and never shown."""

from __future__ import annotations

from antiphon.conformance.areas.plain import STORY
from antiphon.conformance.check import Check
from antiphon.conformance.server import Server
from antiphon.conformance.verdict import Hindered, expect, offered

GREEDY = {"temperature": 0, "max_tokens": 20}
NEVER = "☃ ⛄ ☃"


async def _known(server: Server) -> tuple[str, str]:
    """A text that the model always says, and a stop in the middle of it that begins and ends within words."""
    text = await server.text(STORY, **GREEDY)
    middle = len(text) // 2
    stop = text[middle : middle + 5]
    if len(stop) < 5:
        raise Hindered(f"The model says too little to be stopped: {text!r}.")
    return text[: text.index(stop)], stop


async def one(server: Server) -> None:
    """The text ends before the stop text, and the reason is `stop`."""
    wanted, stop = await _known(server)
    choice = (await server.ask(STORY, **GREEDY, stop=stop)).first
    offered(stop not in choice.text, f"{stop!r} is in the text.")
    expect(choice.text == wanted, f"The text is {choice.text!r} instead of {wanted!r}.")
    expect(choice.finish_reason == "stop", f"The reason is {choice.finish_reason!r}.")


async def four(server: Server) -> None:
    """Of up to four stop texts the first that comes ends the text."""
    wanted, stop = await _known(server)
    choice = (await server.ask(STORY, **GREEDY, stop=[NEVER, NEVER + "1", stop, NEVER + "2"])).first
    expect(choice.text == wanted, f"The text is {choice.text!r} instead of {wanted!r}.")


async def streamed(server: Server) -> None:
    """A stream shows no letter of a stop text, wherever its pieces begin and end."""
    wanted, stop = await _known(server)
    stream = await server.stream(STORY, **GREEDY, stop=[stop])
    expect(stream.text() == wanted, f"The stream says {stream.text()!r} instead of {wanted!r}.")
    expect(stream.reasons() == ["stop"], f"The reasons are {stream.reasons()}.")


async def held_back(server: Server) -> None:
    """What only looked like the beginning of a stop text is delivered after all."""
    text = await server.text(STORY, **GREEDY)
    inside = next((place for place in range(2, len(text)) if text[place] not in text[-4:]), 0)
    found = (await server.stream(STORY, **GREEDY, stop=[text[inside : inside + 3] + NEVER])).text()
    expect(found == text, f"The stream says {found!r} instead of {text!r}.")


async def held_back_at_limit(server: Server) -> None:
    """So is what looked like it when `max_tokens` ended the text, since those tokens are paid for."""
    text = await server.text(STORY, **GREEDY)
    stop = [text[-1] + NEVER]
    found = await server.text(STORY, **GREEDY, stop=stop), (await server.stream(STORY, **GREEDY, stop=stop)).text()
    for one_text in found:
        expect(one_text == text, f"It says {one_text!r} instead of {text!r}.")


async def none(server: Server) -> None:
    """Null and an empty list are no stop."""
    text = await server.text(STORY, **GREEDY)
    nothing: list[str] = []
    for stop in (None, nothing):
        found = (await server.ask(STORY, **GREEDY, stop=stop)).first.text
        expect(found == text, f"With stop {stop} the text is {found!r} instead of {text!r}.")


CHECKS = (
    Check("stop", one, "OpenAI, DMind"),
    Check("stop", four, "OpenAI, DMind"),
    Check("stop", streamed, "OpenAI"),
    Check("stop", held_back, "OpenAI"),
    Check("stop", held_back_at_limit, "OpenAI"),
    Check("stop", none, "DMind, Adaptive"),
)
