"""The events of a response that streams, numbered from 0: items begin, grow and end, one within the other. Pure."""

from __future__ import annotations

from typing import Any

from antiphon.chat import Delta, FinishReason, Logprob, ToolCallDelta, Usage
from antiphon.completions.dialects import Head
from antiphon.completions.dialects.openai_responses import answer
from antiphon.completions.dialects.openai_responses.answer import Json, encode
from antiphon.errors import AntiphonError


class ResponseStream:
    """One response's events; plain text, the usual case, is put together without building objects."""

    def __init__(self, head: Head) -> None:
        self._head = head
        self._ids = answer.suffix(head)
        self._number = 0
        self._output: list[Json] = []  # of items that have ended, in their order, and places of those that have not
        self._open: _Item | None = None
        self._calls: dict[int, _Call] = {}  # by the index of the call; they end together
        self._kinds = {"rs": 0, "msg": 0}
        self._finish_reason: FinishReason | None = None

    def delta(self, delta: Delta) -> bytes:
        """The events of one delta; before the first, those that begin the response."""
        events = b"" if self._number else self._begin()
        if delta.reasoning:
            events += self._text("rs", delta.reasoning, ())
        if delta.content:
            events += self._text("msg", delta.content, delta.logprobs)
        for piece in delta.tool_calls:
            events += self._call(piece)
        if delta.finish_reason is not None:
            self._finish_reason = delta.finish_reason
        return events

    def end(self, usage: Usage, confidence: float | None) -> bytes:
        """What is open ends, then the response does, with all of its output."""
        events = b"" if self._number else self._begin()
        if not self._output:
            events += self._text("msg", "", ())
        cut = self._finish_reason in ("length", "content_filter")
        events += self._close("incomplete" if cut else "completed") + self._close_calls()
        wire = answer.response(self._head, "completed", self._output)
        answer.ended(wire, self._finish_reason, usage, self._head)
        return events + self._event(f"response.{wire.status}", {"response": wire})

    def failed(self, error: AntiphonError) -> bytes:
        """The event of a response that comes to no end, with what there was of it."""
        events = b"" if self._number else self._begin()
        wire = answer.response(self._head, "failed", [item for item in self._output if item])
        code = "rate_limit_exceeded" if error.status == 429 else "server_error"
        wire.error = answer.WireError(code, error.message)
        return events + self._event("response.failed", {"response": wire})

    def _begin(self) -> bytes:
        wire = answer.response(self._head, "in_progress")
        return self._event("response.created", {"response": wire}) + self._event(
            "response.in_progress", {"response": wire}
        )

    def _text(self, kind: str, text: str, logprobs: tuple[Logprob, ...]) -> bytes:
        events = b""
        item = self._open
        if item is None or item.kind != kind:
            events = self._close("completed") + self._opened(kind)
            item = self._open
        assert item is not None, "it has just been opened"
        item.texts.append(text)
        if not text:
            return events
        if not logprobs:
            self._number += 1
            return events + item.delta % (self._number - 1, encode(text))
        item.logprobs += logprobs
        return events + self._event(
            "response.output_text.delta",
            {**item.place, "delta": text, "logprobs": answer.shown_logprobs(logprobs)},
        )

    def _opened(self, kind: str) -> bytes:
        """A text or a thought begins."""
        number = self._kinds[kind]
        self._kinds[kind] += 1
        item_id = f"{kind}_{self._ids}" + (f"_{number}" if number else "")
        summary = kind == "rs" and answer.summarizes(self._head)
        item = self._open = _Item(kind, item_id, len(self._output), summary=summary)
        self._output.append({})
        begun = self._event("response.output_item.added", {"output_index": item.index, "item": item.begun})
        return begun + self._event(f"response.{item.part_name}.added", {**item.place, "part": item.part("")})

    def _close(self, status: str) -> bytes:
        """What is open ends."""
        item, self._open = self._open, None
        if item is None:
            return b""
        text = "".join(item.texts)
        told: Json = {**item.place, "text": text}
        if item.kind == "msg":
            told["logprobs"] = answer.shown_logprobs(item.logprobs)
        events = self._event(f"response.{item.text_name}.done", told)
        events += self._event(f"response.{item.part_name}.done", {**item.place, "part": item.part(text)})
        return events + self._done(item.index, item.whole(text, status))

    def _call(self, piece: ToolCallDelta) -> bytes:
        events = b""
        call = self._calls.get(piece.index)
        if call is None:
            events = self._close("completed")
            item_id = f"fc_{self._ids}_{piece.index}"
            call = self._calls[piece.index] = _Call(item_id, len(self._output), piece.id or "", piece.name or "")
            self._output.append({})
            begun = {"output_index": call.index, "item": call.item("in_progress")}
            events += self._event("response.output_item.added", begun)
        if not piece.arguments:
            return events
        call.arguments.append(piece.arguments)
        told = {"item_id": call.id, "output_index": call.index, "delta": piece.arguments}
        return events + self._event("response.function_call_arguments.delta", told)

    def _close_calls(self) -> bytes:
        events = b""
        for call in self._calls.values():
            item = call.item("completed")
            told = {"item_id": call.id, "output_index": call.index, "name": call.name, "arguments": item["arguments"]}
            events += self._event("response.function_call_arguments.done", told) + self._done(call.index, item)
        return events

    def _done(self, index: int, item: Json) -> bytes:
        self._output[index] = item
        return self._event("response.output_item.done", {"output_index": index, "item": item})

    def _event(self, name: str, told: dict[str, Any]) -> bytes:  # Any: the vendor's JSON
        payload = encode({"type": name, "sequence_number": self._number, **told})
        self._number += 1
        return b"event: %s\ndata: %s\n\n" % (name.encode(), payload)


class _Item:
    """A text or a thought under way. `delta` is the event of one piece, but for its number and the piece."""

    def __init__(self, kind: str, item_id: str, index: int, *, summary: bool) -> None:
        self.kind = kind
        self.id = item_id
        self.index = index
        self.texts: list[str] = []
        self.logprobs: list[Logprob] = []
        self._summary = summary
        self.part_name = "reasoning_summary_part" if summary else "content_part"
        self.text_name = "output_text" if kind == "msg" else "reasoning_summary_text" if summary else "reasoning_text"
        part = "summary_index" if summary else "content_index"
        self.place: Json = {"item_id": item_id, "output_index": index, part: 0}
        name = f"response.{self.text_name}.delta".encode()
        place = encode(self.place)[1:-1].replace(b"%", b"%%")
        ending = b',"logprobs":[]}\n\n' if kind == "msg" else b"}\n\n"
        self.delta = (
            b'event: %s\ndata: {"type":"%s","sequence_number":' % (name, name)
            + b"%d,"
            + place
            + b',"delta":%s'
            + ending
        )

    @property
    def begun(self) -> Json:
        """The item before anything of it was said."""
        if self.kind == "msg":
            return {"id": self.id, "type": "message", "status": "in_progress", "role": "assistant", "content": []}
        begun: Json = {"id": self.id, "type": "reasoning", "summary": []}
        return begun if self._summary else {**begun, "content": []}

    def part(self, text: str) -> Json:
        """Its only part, with this text."""
        if self.kind == "msg":
            return answer.text_part(text, self.logprobs)
        return {"type": "summary_text" if self._summary else "reasoning_text", "text": text}

    def whole(self, text: str, status: str) -> Json:
        """The item at its end."""
        if self.kind == "msg":
            return answer.message(self.id, text, self.logprobs, status)
        return answer.thought(self.id, text, summary=self._summary)


class _Call:
    """A call under way."""

    def __init__(self, item_id: str, index: int, call_id: str, name: str) -> None:
        self.id = item_id
        self.index = index
        self.call_id = call_id
        self.name = name
        self.arguments: list[str] = []

    def item(self, status: str) -> Json:
        """The item, with the arguments so far."""
        return answer.call(self.id, self.call_id, self.name, "".join(self.arguments), status)
