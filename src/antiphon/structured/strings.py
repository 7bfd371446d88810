"""String constraints: lengths, patterns, formats, and the automaton of the texts that keep them all."""

from __future__ import annotations

from msgspec import Struct

from antiphon.errors import BadRequest
from antiphon.structured import automata, charsets
from antiphon.structured.automata import Automaton
from antiphon.structured.budget import Budget
from antiphon.structured.document import Place
from antiphon.structured.formats import pattern_of
from antiphon.structured.kinds import Alternative
from antiphon.structured.matching import search
from antiphon.structured.patterns import PatternError

LENGTH_MAX = 100_000  # a longer `maxLength` is cut to this: shorter texts are valid too
COUNTED_STATES_MAX = 1500  # of an automaton that counts characters beside a pattern


class Wanted(Struct, frozen=True):
    """A pattern that must be found (or must not), and the keyword that says so."""

    pattern: str
    place: Place
    keyword: str
    found: bool = True


class StringShape(Struct, frozen=True):
    """All that the facets say about a string; lengths in code points."""

    low: int = 0
    high: int | None = None
    wanted: tuple[Wanted, ...] = ()
    excluded: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether the lengths alone leave nothing."""
        return self.high is not None and self.low > self.high


def string_shape(alternative: Alternative) -> StringShape:
    """What the facets say about a string, together."""
    low, high = 0, None
    wanted: list[Wanted] = []
    excluded: list[str] = []
    for facet in alternative:
        place = facet.place
        low = max(low, int(place.get("minLength", 0)))
        if place.has("maxLength"):
            most = int(place.get("maxLength"))
            high = most if high is None else min(high, most)
        if place.has("pattern"):
            wanted.append(Wanted(place.get("pattern"), place, "pattern"))
        for keyword in ("format", "contentEncoding"):
            named = pattern_of(place.get(keyword, ""))
            if named is not None:
                wanted.append(Wanted(named, place, keyword))
        wanted += [Wanted(each, place, "pattern", found=False) for each in place.exclusion.patterns]
        excluded += [value for value in place.exclusion.values if isinstance(value, str)]
    return StringShape(low=low, high=high, wanted=tuple(wanted), excluded=tuple(excluded))


class Languages:
    """The automata of one compilation; each pattern is compiled once."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self._searches: dict[str, Automaton] = {}

    def search(self, pattern: str, place: Place, keyword: str) -> Automaton:
        """The texts in which `pattern` is found; BadRequest if it is not regular or too large."""
        if pattern not in self._searches:
            param = f"{place.param}.{keyword}"
            try:
                self._searches[pattern] = search(pattern, budget=self.budget, param=param)
            except PatternError as error:
                raise place.refuse(keyword, f"cannot be compiled: {error}.") from error
        return self._searches[pattern]

    def holds(self, shape: StringShape, text: str, *, lenient: bool = False) -> bool:
        """Whether `text` keeps the whole shape; `lenient` says yes where validators might differ from us.

        Formats are narrower here than in the standards, and classes of letters may or may not know Unicode.
        """
        self.budget.spend(1 + len(shape.wanted) * len(text) // 4)
        if len(text) < shape.low or (shape.high is not None and len(text) > shape.high) or text in shape.excluded:
            return False
        plain = text.isascii() and text.isprintable()
        if not lenient and not plain and any(not each.found for each in shape.wanted):
            return False  # where dialects differ, no one can be sure that a pattern is not found
        sure = [each for each in shape.wanted if not lenient or (each.keyword == "pattern" and text.isascii())]
        return all(self.search(each.pattern, each.place, each.keyword).accepts(text) is each.found for each in sure)

    def texts(self, shape: StringShape) -> Automaton | None:
        """The texts that keep patterns, formats and lengths; None if only the lengths matter."""
        if not shape.wanted and not shape.excluded:
            return None
        param = shape.wanted[0].place.param if shape.wanted else ""  # empty: the whole schema
        joined: Automaton | None = None
        for each in shape.wanted:
            found = self.search(each.pattern, each.place, each.keyword)
            joined = self._and(joined, found if each.found else self._not(found, param), param)
        if shape.excluded:
            words = automata.words(shape.excluded, budget=self.budget, param=param)
            others = automata.complement(words, charsets.EVERYTHING, budget=self.budget, param=param)
            joined = self._and(joined, others, param)
        assert joined is not None
        return self._cut(joined, shape, param)

    def _and(self, left: Automaton | None, right: Automaton, param: str) -> Automaton:
        return right if left is None else automata.intersect(left, right, budget=self.budget, param=param)

    def _not(self, found: Automaton, param: str) -> Automaton:
        """The opposite in plain ASCII, where all regex dialects agree on what a pattern matches."""
        return automata.complement(found, charsets.PRINTABLE, budget=self.budget, param=param)

    def _cut(self, texts: Automaton, shape: StringShape, param: str) -> Automaton:
        """Only the texts of the right length; a large upper bound is lowered to what can be counted."""
        shortest, longest = automata.lengths(texts)
        high = shape.high
        if high is not None and longest is not None and longest <= high:
            high = None
        if shortest >= shape.low and high is None:
            return texts
        if high is not None:
            countable = COUNTED_STATES_MAX // max(1, len(texts.edges))
            high = min(high, max(countable, shape.low + shortest, 2 * shortest))
        counted = automata.length_between(shape.low, high, budget=self.budget, param=param)
        return automata.intersect(texts, counted, budget=self.budget, param=param)


def check_lengths(shape: StringShape, place: Place) -> None:
    """BadRequest if a text could only be longer than those we write."""
    if shape.low > LENGTH_MAX:
        raise BadRequest(f"{place.param}.minLength must be at most {LENGTH_MAX}.", param=f"{place.param}.minLength")
