"""What must be done to the text of a choice before it is sent, where an engine does less than was promised. Pure."""

from __future__ import annotations

import msgspec

from antiphon.chat import Delta, ToolCallDelta, Usage, finish
from antiphon.completions.plan import Plan
from antiphon.engines.stop_cutter import StopCutter
from antiphon.ids import Ids
from antiphon.models.catalogue import Offer
from antiphon.structured.validate import validate
from antiphon.tools.parse import ToolCallParser


class Shaper:
    """What must be done to text before it is sent: read tool calls out of it, hold the whole against a schema.

    Where calls are read out of it, stop texts are looked for in what is left. `cut` once one has come: then the engine,
    which knows nothing of it, must be ended; the last `unused` of the deltas that were fed are no part of the answer.
    """

    def __init__(self, plan: Plan, parser: ToolCallParser | None) -> None:
        self.cut = False
        self.unused = 0
        self._parser = parser
        self._cutter = StopCutter(plan.sampling.stop) if parser is not None and plan.sampling.stop else None
        self._schema = None if plan.sampling.stop else plan.schema  # a stop text may cut it anywhere
        self._text = [plan.prefill or ""]

    def feed(self, deltas: list[Delta]) -> list[Delta]:
        """The deltas to send for those that came. Raises EngineFailed for a finished text that its schema refuses."""
        shaped: list[Delta] = []
        for i, delta in enumerate(deltas, 1):
            shaped += [delta] if self._parser is None else self._parse(delta, self._parser)
            if self.cut:
                self.unused = sum(late.finish_reason is None for late in deltas[i:])
                break
        if self._schema is not None:
            self._check(shaped)
        return shaped

    def used(self, usage: Usage | None) -> Usage | None:
        """What the answer took, by what its engine says that it generated."""
        if usage is None or not self.unused:
            return usage
        return msgspec.structs.replace(usage, completion_tokens=usage.completion_tokens - self.unused)

    def _parse(self, delta: Delta, parser: ToolCallParser) -> list[Delta]:
        pieces = list(parser.feed(delta.content)) if delta.content else []
        told = delta.finish_reason
        if told is not None:
            pieces += parser.finish(cut=told == "length")
        shaped = [self._piece(piece) for piece in pieces]
        if delta.reasoning or delta.logprobs:
            shaped.insert(0, Delta(reasoning=delta.reasoning, logprobs=delta.logprobs))
        if told is not None:
            shaped.append(Delta(finish_reason=finish(told, called=parser.calls_count > 0)))
        return shaped if self._cutter is None else self._before_stop(shaped, self._cutter, parser)

    def _before_stop(self, deltas: list[Delta], cutter: StopCutter, parser: ToolCallParser) -> list[Delta]:
        """What can be shown of them, up to the first stop text."""
        shown: list[Delta] = []
        for delta in deltas:
            shown += cutter.feed(delta)
            if cutter.cut:
                self.cut = True
                told = finish("stop", called=parser.calls_count > 0)
                shown[-1] = Delta(finish_reason=told, stop=shown[-1].stop if told == "stop" else None)
                break
        return shown

    @staticmethod
    def _piece(piece: str | ToolCallDelta) -> Delta:
        return Delta(content=piece) if isinstance(piece, str) else Delta(tool_calls=(piece,))

    def _check(self, deltas: list[Delta]) -> None:
        self._text += [delta.content for delta in deltas]
        if deltas and deltas[-1].finish_reason == "stop" and self._schema is not None:
            validate("".join(self._text), self._schema)


def shaper(plan: Plan, offer: Offer, ids: Ids, *, begun: str = "") -> Shaper | None:
    """None for plain text, the usual case, which then costs nothing. `begun` was read already, and told."""
    parser = ToolCallParser(lambda: ids.make("call_")) if plan.emulates_tools(offer) else None
    if parser is not None:
        parser.feed(begun)
    return Shaper(plan, parser) if parser is not None or plan.schema is not None else None
