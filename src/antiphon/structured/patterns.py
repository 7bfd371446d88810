"""Reads a regular expression (the ECMA-262 subset that is truly regular) into a tree.

Look-around, back-references and word borders are refused: no automaton, and so no grammar, can keep them.
"""

from __future__ import annotations

from msgspec import Struct

from antiphon.structured import charsets
from antiphon.structured.charsets import CharSet

GROUP_DEPTH_MAX = 16
REPEAT_MAX = 1000

_SPACE = charsets.of(" \t\n\r\f\v")
_WORD = charsets.union([charsets.DIGITS, ((0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A))])
# Every white space that some regex dialect knows, so that \S is never wrong in any of them.
_ALL_SPACE = charsets.union(
    [((0x09, 0x0D), (0x1C, 0x20), (0x85, 0x85), (0xA0, 0xA0), (0x1680, 0x1680)),
     ((0x2000, 0x200A), (0x2028, 0x2029), (0x202F, 0x202F), (0x205F, 0x205F), (0x3000, 0x3000), (0xFEFF, 0xFEFF))]
)  # fmt: skip
_ASCII: CharSet = ((0, 0x7F),)
_LINE_ENDS = charsets.of("\n\r\u2028\u2029")
_CONTROLS = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "v": "\v", "0": "\0"}


class Chars(Struct, frozen=True):
    """One code point out of a set."""

    chars: CharSet


class Edge(Struct, frozen=True):
    """The start (`^`) or the end (`$`) of the text; takes no character."""

    at_end: bool


class Chain(Struct, frozen=True):
    """One part after the other."""

    parts: tuple[Node, ...]


class Either(Struct, frozen=True):
    """Any one of the branches."""

    branches: tuple[Node, ...]


class Repeat(Struct, frozen=True):
    """`part`, `low` to `high` times; None: without limit."""

    part: Node
    low: int
    high: int | None


Node = Chars | Edge | Chain | Either | Repeat


class PatternError(ValueError):
    """The pattern is broken, or holds something that is not regular; the text says what."""


def parse(pattern: str) -> Node:
    """The tree of `pattern`; PatternError if it cannot be kept exactly."""
    reader = _Reader(pattern)
    node = reader.either(0)
    if not reader.done:
        raise PatternError("a `)` without its `(`")
    return node


class _Reader:
    """A recursive-descent reader; `at` is the next character's place."""

    def __init__(self, pattern: str) -> None:
        self.text = pattern
        self.at = 0

    @property
    def done(self) -> bool:
        """Whether all of the pattern was read."""
        return self.at >= len(self.text)

    def peek(self, size: int = 1) -> str:
        """The next characters, fewer at the end."""
        return self.text[self.at : self.at + size]

    def take(self, size: int = 1) -> str:
        """The next characters, now read."""
        taken = self.peek(size)
        if len(taken) < size:
            raise PatternError("it ends too early")
        self.at += size
        return taken

    def either(self, depth: int) -> Node:
        """Branches between `|`."""
        if depth > GROUP_DEPTH_MAX:
            raise PatternError(f"groups nest deeper than {GROUP_DEPTH_MAX}")
        branches = [self.chain(depth)]
        while self.peek() == "|":
            self.take()
            branches.append(self.chain(depth))
        return branches[0] if len(branches) == 1 else Either(tuple(branches))

    def chain(self, depth: int) -> Node:
        """Parts up to `|`, `)` or the end."""
        parts: list[Node] = []
        while not self.done and self.peek() not in "|)":
            parts.append(self.repeated(self.part(depth)))
        return parts[0] if len(parts) == 1 else Chain(tuple(parts))

    def part(self, depth: int) -> Node:
        """One atom, without its quantifier."""
        char = self.take()
        if char == "(":
            return self.group(depth)
        if char == "[":
            return Chars(self.bracket())
        if char == "\\":
            return Chars(self.escape(in_bracket=False))
        if char in "^$":
            return Edge(at_end=char == "$")
        if char == ".":
            return Chars(charsets.complement(_LINE_ENDS))
        if char in "*+?{":
            raise PatternError(f"`{char}` has nothing to repeat")
        return Chars(charsets.of(char))

    def group(self, depth: int) -> Node:
        """A group after its `(`; only plain, `?:` and named ones are regular."""
        if self.peek() == "?":
            self.take()
            if self.peek(2) in ("<=", "<!") or self.peek() in ("=", "!"):
                raise PatternError("look-around is not supported")
            if self.peek() == "<":
                while self.take() != ">":
                    pass
            elif self.take() != ":":
                raise PatternError("only `(?:…)` and `(?<name>…)` groups are supported")
        node = self.either(depth + 1)
        if self.peek() != ")":
            raise PatternError("a `(` without its `)`")
        self.take()
        return node

    def repeated(self, part: Node) -> Node:
        """`part` with the quantifier that follows it, if one does; laziness changes no language."""
        bounds = self.bounds()
        if bounds is None:
            return part
        low, high = bounds
        if max(low, high or 0) > REPEAT_MAX:
            raise PatternError(f"it repeats more than {REPEAT_MAX} times")
        if high is not None and low > high:
            raise PatternError("the bounds of a repetition are out of order")
        if isinstance(part, Edge):
            raise PatternError("`^` and `$` cannot be repeated")
        if self.peek() == "?":
            self.take()
        if self.peek() in ("*", "+", "?") or self.looks_like_bounds():
            raise PatternError("a repetition of a repetition needs a group")
        return Repeat(part, low, high)

    def bounds(self) -> tuple[int, int | None] | None:
        """The quantifier's bounds, None if none follows."""
        simple: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
        if self.peek() in simple:
            return simple[self.take()]
        if not self.looks_like_bounds():
            if self.peek() == "{":
                raise PatternError("a `{` that is no repetition must be written `\\{`")
            return None
        low, comma, high = self.text[self.at + 1 : self.text.index("}", self.at)].partition(",")
        self.at = self.text.index("}", self.at) + 1
        if len(low) > 9 or len(high) > 9:
            raise PatternError(f"it repeats more than {REPEAT_MAX} times")
        return int(low), int(high) if high else (None if comma else int(low))

    def looks_like_bounds(self) -> bool:
        """Whether `{m}`, `{m,}` or `{m,n}` comes next."""
        end = self.text.find("}", self.at)
        if self.peek() != "{" or end < 0:
            return False
        low, _, high = self.text[self.at + 1 : end].partition(",")
        return low.isascii() and low.isdigit() and (not high or (high.isascii() and high.isdigit()))

    def bracket(self) -> CharSet:
        """A character class after its `[`."""
        negated = self.peek() == "^"
        if negated:
            self.take()
        sets: list[CharSet] = []
        while self.peek() != "]":
            low = self.bracket_item()
            if self.peek() == "-" and self.peek(2) not in ("-]", "-"):
                self.take()
                high = self.bracket_item()
                sets.append(_span(low, high))
            else:
                sets.append(low)
        self.take()
        chars = charsets.union(sets)
        return charsets.complement(chars) if negated else chars

    def bracket_item(self) -> CharSet:
        """One member of a character class."""
        char = self.take()
        if char == "\\":
            return self.escape(in_bracket=True)
        if char == "[" and self.peek() in (":", "."):
            raise PatternError("POSIX classes are not supported")
        return charsets.of(char)

    def escape(self, *, in_bracket: bool) -> CharSet:
        """What a backslash stands for. Classes hold the characters on which all regex dialects agree."""
        char = self.take()
        if char in "dDwWsS":
            return _class(char)
        if char == "b" and in_bracket:
            return charsets.of("\b")
        if char in _CONTROLS and not (char == "0" and self.peek().isdigit()):
            return charsets.of(_CONTROLS[char])
        if char == "c" and self.peek().isascii() and self.peek().isalpha():
            return charsets.of(chr(ord(self.take()) % 32))
        if char in "xu":
            return self.code_point(2 if char == "x" else 4)
        if char.isalnum():
            raise PatternError(f"`\\{char}` is not supported")
        return charsets.of(char)

    def code_point(self, digits_count: int) -> CharSet:
        r"""The character of `\xHH`, `\uHHHH` (also as a surrogate pair) or `\u{H…}`."""
        if digits_count == 4 and self.peek() == "{":
            end = self.text.find("}", self.at)
            digits = self.text[self.at + 1 : end]
            self.at = end + 1 if end > 0 else len(self.text)
        else:
            digits = self.take(digits_count)
        point = _hex(digits)
        if 0xD800 <= point < 0xDC00 and self.peek(2) == "\\u":
            self.take(2)
            low = _hex(self.take(4))
            if not 0xDC00 <= low < 0xE000:
                raise PatternError("half a surrogate pair")
            point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00)
        if 0xD800 <= point < 0xE000:
            raise PatternError("half a surrogate pair")
        return ((point, point),)


def _hex(digits: str) -> int:
    """The code point that hexadecimal `digits` name."""
    if not 0 < len(digits) <= 6 or any(char not in "0123456789abcdefABCDEF" for char in digits):
        raise PatternError("a broken `\\x` or `\\u` escape")
    if int(digits, 16) > 0x10FFFF:
        raise PatternError("a code point beyond U+10FFFF")
    return int(digits, 16)


def _span(low: CharSet, high: CharSet) -> CharSet:
    """The range from one character to another."""
    if any(len(end) != 1 or end[0][0] != end[0][1] for end in (low, high)):
        raise PatternError("a class cannot be the end of a range")
    if low[0][0] > high[0][0]:
        raise PatternError("a range is out of order")
    return charsets.intersect(((low[0][0], high[0][0]),), charsets.EVERYTHING)


def _class(letter: str) -> CharSet:
    r"""`\d`, `\w`, `\s` and their opposites, as far as dialects with and without Unicode agree."""
    known = {"d": charsets.DIGITS, "w": _WORD, "s": _SPACE}
    if letter in known:
        return known[letter]
    if letter == "S":
        return charsets.complement(_ALL_SPACE)
    return charsets.subtract(_ASCII, known[letter.lower()])
