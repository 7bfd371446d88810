"""Reads one call's JSON object as it comes: its name when complete, its arguments character by character."""

from __future__ import annotations

import json
from enum import Enum, auto

_SPACE = " \t\r\n"
_NAME_KEYS = ("name",)
_ARGUMENT_KEYS = ("arguments", "parameters")  # some models write the second


class _Phase(Enum):
    START = auto()  # before `{`
    KEY = auto()  # before a key, a comma or `}`
    IN_KEY = auto()
    COLON = auto()
    VALUE = auto()  # before a value
    IN_VALUE = auto()
    DONE = auto()


class MalformedError(ValueError):
    """The text is no call."""


class CallReader:
    """One call. `name` is None until it is known; `take_arguments` hands out what came since the last time."""

    def __init__(self) -> None:
        self.name: str | None = None
        self._phase = _Phase.START
        self._key = ""
        self._raw = ""  # of the key or value that is being read
        self._arguments = ""
        self._has_arguments = False
        self._depth = 0
        self._in_string = False
        self._escaped = False

    @property
    def done(self) -> bool:
        """Whether the object is closed."""
        return self._phase is _Phase.DONE

    def feed(self, text: str) -> int:
        """Take `text` up to the end of the object; return how much of it was taken. MalformedError: it is no call."""
        for index, char in enumerate(text):
            self._take(char)
            if self.done:
                return index + 1
        return len(text)

    def take_arguments(self) -> str:
        """The argument text that has not been handed out yet."""
        taken, self._arguments = self._arguments, ""
        return taken

    def _take(self, char: str) -> None:
        if self._phase is _Phase.IN_VALUE:
            self._take_value(char)
        elif self._phase is _Phase.IN_KEY:
            self._raw += char
            if self._closes_string(char):
                self._key = _string(self._raw)
                self._phase = _Phase.COLON
        elif char not in _SPACE:
            self._take_mark(char)

    def _take_mark(self, char: str) -> None:
        """A character between keys and values."""
        if self._phase is _Phase.START and char == "{":
            self._phase = _Phase.KEY
        elif self._phase is _Phase.KEY and char == "}":
            self._close()
        elif self._phase is _Phase.KEY and char == '"':
            self._phase, self._raw, self._in_string = _Phase.IN_KEY, char, True
        elif self._phase is _Phase.COLON and char == ":":
            self._phase = _Phase.VALUE
        elif self._phase is _Phase.VALUE and char not in ",:}]":
            self._phase, self._raw, self._depth = _Phase.IN_VALUE, "", 0
            self._take_value(char)
        elif not (self._phase is _Phase.KEY and char == ","):
            raise MalformedError(char)

    def _take_value(self, char: str) -> None:
        bare = not self._in_string and self._depth == 0 and self._raw  # a number, true, false or null
        if bare and char in ",}" + _SPACE:
            self._end_value()
            if char == "}":
                self._close()
            return
        self._raw += char
        streams = self._key in _ARGUMENT_KEYS and self._raw[0] != '"'
        if streams:
            self._arguments += char
            self._has_arguments = True
        if self._in_string:
            closes = self._closes_string(char) and self._depth == 0
        elif char == '"':
            self._in_string, closes = True, False
        else:
            self._depth += (char in "{[") - (char in "}]")
            closes = char in "}]" and self._depth == 0
        if closes:
            self._end_value()

    def _closes_string(self, char: str) -> bool:
        """Whether `char` ends the string that is being read."""
        if self._escaped:
            self._escaped = False
        elif char == "\\":
            self._escaped = True
        elif char == '"':
            self._in_string = False
        return not self._in_string

    def _end_value(self) -> None:
        """A name is known now; arguments written as a string of JSON are unpacked."""
        if self._key in _NAME_KEYS:
            self.name = _string(self._raw)
        elif self._key in _ARGUMENT_KEYS and self._raw[0] == '"':
            self._arguments += _string(self._raw)
            self._has_arguments = True
        self._phase = _Phase.KEY

    def _close(self) -> None:
        if self.name is None:
            raise MalformedError("no name")
        if not self._has_arguments:
            self._arguments = "{}"
        self._phase = _Phase.DONE


def _string(raw: str) -> str:
    """The text of a JSON string."""
    try:
        value = json.loads(raw)
    except ValueError as error:
        raise MalformedError(raw) from error
    if not isinstance(value, str):
        raise MalformedError(raw)
    return value
