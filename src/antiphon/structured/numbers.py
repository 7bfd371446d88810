"""Number constraints: what the facets say about a number, as one range."""

from __future__ import annotations

import math
from collections.abc import Iterator
from decimal import Decimal
from typing import Any  # JSON numbers

from msgspec import Struct

from antiphon.structured.keywords import is_number
from antiphon.structured.kinds import Alternative


class Bound(Struct, frozen=True):
    """One end of a range; `open` leaves the value itself out."""

    value: Decimal
    open: bool


class NumberRange(Struct, frozen=True):
    """All that the facets say about a number. `step` is the least common multiple of every `multipleOf`."""

    low: Bound | None = None
    high: Bound | None = None
    step: Decimal | None = None
    excluded: tuple[Decimal, ...] = ()
    param: str = ""

    @property
    def free(self) -> bool:
        """Whether any number will do."""
        return self.low is None and self.high is None and self.step is None and not self.excluded

    @property
    def empty(self) -> bool:
        """Whether no number can lie between the bounds."""
        if self.low is None or self.high is None:
            return False
        return self.low.value > self.high.value or (
            self.low.value == self.high.value and (self.low.open or self.high.open)
        )

    def accepts(self, value: Any) -> bool:
        """Whether a JSON number keeps the range."""
        number = exact(value)
        if self.low and (number < self.low.value or (self.low.open and number == self.low.value)):
            return False
        if self.high and (number > self.high.value or (self.high.open and number == self.high.value)):
            return False
        return number not in self.excluded and (self.step is None or number % self.step == 0)


def exact(value: Any) -> Decimal:
    """A JSON number as the decimal that was written."""
    return Decimal(value if isinstance(value, int) else repr(value))


def number_range(alternative: Alternative) -> NumberRange:
    """What the facets say about a number, together."""
    low: Bound | None = None
    high: Bound | None = None
    steps: list[Decimal] = []
    excluded: list[Decimal] = []
    param = alternative[0].place.param
    for facet in alternative:
        place = facet.place
        for bound in _bounds(place.get("minimum"), place.get("exclusiveMinimum")):
            if low is None or (bound.value, bound.open) > (low.value, low.open):
                low = bound
        for bound in _bounds(place.get("maximum"), place.get("exclusiveMaximum")):
            if high is None or (bound.value, not bound.open) < (high.value, not high.open):
                high = bound
        if place.has("multipleOf"):
            steps.append(exact(place.get("multipleOf")))
        if place.has("multipleOf", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"):
            param = place.param
        excluded += [exact(value) for value in place.exclusion.values if is_number(value)]
    return NumberRange(low=low, high=high, step=_common(steps), excluded=tuple(excluded), param=param)


def _bounds(inclusive: Any, exclusive: Any) -> Iterator[Bound]:
    """The bounds of one direction; in draft 4 `exclusive…` is a flag of the other keyword."""
    if inclusive is not None:
        yield Bound(exact(inclusive), open=exclusive is True)
    if is_number(exclusive):
        yield Bound(exact(exclusive), open=True)


def _common(steps: list[Decimal]) -> Decimal | None:
    """The least common multiple."""
    if not steps:
        return None
    places = max(fraction_digits(step) for step in steps)
    return Decimal(math.lcm(*(int(step.scaleb(places)) for step in steps))).scaleb(-places)


def fraction_digits(value: Decimal) -> int:
    """How many digits stand behind the point, zeros at the end left out."""
    return max(0, -int(value.normalize().as_tuple().exponent))
