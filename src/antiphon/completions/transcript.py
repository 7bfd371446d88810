"""What a choice has said so far, as its engines gave it: kept so that another engine can go on from there. Pure."""

from __future__ import annotations

from msgspec import Struct

from antiphon.chat import Delta

LOOSE_MAX = 32  # deltas that are folded into texts: each takes 150 bytes, and a thousand streams begin together


class SaidCall(Struct):
    """A tool call as far as it was told."""

    name: str = ""
    arguments: str = ""


class Transcript:
    """The deltas of one choice in order. Whoever hears them adds them to the list `loose`: that is done for every one.

    `fold` them now and then; reading does so by itself.
    """

    __slots__ = ("_calls", "_heads", "_logprobs", "_texts", "_thoughts", "_thoughts_count", "loose")

    def __init__(self, loose: list[Delta] | None = None) -> None:
        self.loose: list[Delta] = [] if loose is None else loose
        self._texts: list[str] = []
        self._thoughts: list[str] = []
        self._thoughts_count = 0
        self._logprobs = 0
        self._heads = 0
        self._calls: dict[int, SaidCall] = {}

    @property
    def text(self) -> str:
        """The answer so far, calls that are told apart from it left out."""
        self.fold()
        return "".join(self._texts)

    @property
    def thought(self) -> str:
        """What was thought."""
        self.fold()
        return "".join(self._thoughts)

    @property
    def thoughts_count(self) -> int:
        """How many deltas were thoughts."""
        self.fold()
        return self._thoughts_count

    @property
    def logprobs_count(self) -> int:
        """How many tokens were told with their log-probability."""
        self.fold()
        return self._logprobs

    @property
    def heads(self) -> int:
        """How many deltas only said which call comes: an engine tells of that whenever it likes, as of no token."""
        self.fold()
        return self._heads

    @property
    def calls(self) -> dict[int, SaidCall]:
        """The calls that the engine told apart from text, by their index."""
        self.fold()
        return self._calls

    def retell(self, text: str) -> None:
        """The calls so far are a part of the text from now on, which is this."""
        self.fold()
        self._texts = [text]
        self._calls.clear()

    def forget(self) -> None:
        """Nothing was said."""
        self.fold()
        self._texts, self._thoughts, self._thoughts_count = [], [], 0
        self._logprobs = self._heads = 0
        self._calls.clear()

    def fold(self) -> None:
        """Take the loose deltas together."""
        loose = self.loose.copy()
        if not loose:
            return
        self.loose.clear()
        self._texts = ["".join((*self._texts, *(delta.content for delta in loose)))]
        self._thoughts = ["".join((*self._thoughts, *(delta.reasoning for delta in loose)))]
        for delta in loose:
            self._thoughts_count += bool(delta.reasoning)
            self._logprobs += len(delta.logprobs)
            self._heads += bool(delta.tool_calls) and not any(piece.arguments for piece in delta.tool_calls)
            for piece in delta.tool_calls:
                call = self._calls.setdefault(piece.index, SaidCall())
                call.name = call.name or piece.name or ""
                call.arguments += piece.arguments
