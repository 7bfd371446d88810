"""The automaton of the numerals in a range.

Numerals are plain decimals of at most 15 whole digits; exponents are written only where nothing constrains the number.
"""

from __future__ import annotations

import itertools
from decimal import Decimal

from msgspec import Struct

from antiphon.structured import charsets
from antiphon.structured.automata import Automaton, Steps, complement, explore, intersect, words
from antiphon.structured.budget import Budget
from antiphon.structured.numbers import Bound, NumberRange, fraction_digits

WHOLE_DIGITS_MAX = 15
FRACTION_DIGITS_MAX = 6
MODULUS_MAX = 1000


class TooFineError(ValueError):
    """The range needs numerals that are longer than those we write; the text says which keyword."""


def numerals(limits: NumberRange, *, whole: bool, fractional: bool, budget: Budget) -> Automaton:
    """The numerals of the whole numbers and of the others in the range; TooFineError if they cannot be written."""
    machine = _Numerals(limits, whole=whole, fractional=fractional)
    automaton = explore(machine.start, machine.steps, machine.accepts, budget=budget, param=limits.param)
    if not limits.excluded:
        return automaton
    spelled = words((_spelled(value) for value in limits.excluded), budget=budget, param=limits.param)
    others = complement(spelled, charsets.of("-.0123456789"), budget=budget, param=limits.param)
    return intersect(automaton, others, budget=budget, param=limits.param)


def _spelled(value: Decimal) -> str:
    """The one numeral that we write for `value` where others must be told from it."""
    return f"{value.normalize():f}" if value else "0"


class _Digits(Struct, frozen=True):
    """A bound as digits: `whole` without leading zeros, `fraction` of the full length."""

    whole: str
    fraction: str
    open: bool


class _State(Struct, frozen=True):
    """How far a numeral was read. `low`/`high`: the digits so far against that bound's: -1, 0 or 1."""

    sign: int = 0  # 0: nothing read yet
    whole: int = 0  # whole digits read
    zero: bool = False  # the whole part is a lone 0
    fraction: int = -1  # fraction digits read, -1: no point yet
    low: int = 0
    high: int = 0
    rest: int = 0  # what is read so far, modulo the step
    nonzero: bool = False  # the last fraction digit is not 0, or there is none
    any: bool = False  # some digit was not 0


class _Numerals:
    """The machine that reads a numeral digit by digit; one instance for one range."""

    start = _State()

    def __init__(self, limits: NumberRange, *, whole: bool, fractional: bool) -> None:
        self.whole = whole
        self.fractional = fractional
        self.canonical = bool(limits.excluded) or not whole
        self.step_digits = fraction_digits(limits.step) if limits.step else 0
        self.modulus = int(limits.step.scaleb(self.step_digits)) if limits.step else 1
        if self.modulus > MODULUS_MAX:
            raise TooFineError("multipleOf")
        ends = [bound.value for bound in (limits.low, limits.high) if bound]
        self.places = max([fraction_digits(end) for end in ends] + [self.step_digits, 0])
        self.fraction_max = self._fraction_max(limits, ends)
        self.whole_max = self._whole_max(limits)
        self.limits = {1: self._magnitudes(limits.low, limits.high), -1: self._magnitudes(limits.high, limits.low, -1)}

    def _fraction_max(self, limits: NumberRange, ends: list[Decimal]) -> int:
        """Fraction digits to write: few where the bounds are large, so that no float rounds onto an open bound."""
        if not self.fractional:
            return 0
        if limits.step:
            return self.step_digits
        large = max((len(str(int(abs(end)))) for end in ends), default=1)
        most = min(FRACTION_DIGITS_MAX, max(0, WHOLE_DIGITS_MAX - large))
        return max(most, self.places)

    def _whole_max(self, limits: NumberRange) -> int:
        """Whole digits to write: enough to reach the range, fewer where a step multiplies the states."""
        nearest = [Decimal(0)]
        if limits.low and limits.low.value > 0:
            nearest.append(limits.low.value)
        if limits.high and limits.high.value < 0:
            nearest.append(-limits.high.value)
        needed = len(str(int(max(nearest)))) + 1
        if needed > 19 or self.places > 17:
            raise TooFineError("minimum" if limits.low and limits.low.value > 0 else "maximum")
        return max(needed, 7 if self.modulus > 1 else WHOLE_DIGITS_MAX)

    def _magnitudes(
        self, near: Bound | None, far: Bound | None, sign: int = 1
    ) -> tuple[_Digits | None, _Digits | None] | None:
        """The bounds of |x| for one sign as digits; None if the range has no number of this sign."""
        if far is not None and (far.value * sign < 0 or (far.value == 0 and sign < 0)):
            return None
        if near is not None and near.value * sign < 0:
            near = None
        return self._digits(near), self._digits(far)

    def _digits(self, bound: Bound | None) -> _Digits | None:
        if bound is None:
            return None
        whole, _, fraction = f"{abs(bound.value):f}".partition(".")
        if len(whole) > 40:
            return _Digits("9" * 40, "0" * self.places, False)  # beyond every numeral that is written
        return _Digits(whole, fraction[: self.places].ljust(self.places, "0"), bound.open)

    def steps(self, state: _State) -> Steps[_State]:
        """The characters that may come next, each with the state it leads to."""
        if state.sign == 0 and self.limits[-1] is not None:
            yield charsets.of("-"), _State(sign=-1)
        if self._may_point(state):
            yield charsets.of("."), self._pointed(state)
        for low, high in self._groups(state):
            if (following := self._digit(state, low)) is not None:
                yield ((ord("0") + low, ord("0") + high),), following

    def _groups(self, state: _State) -> list[tuple[int, int]]:
        """Runs of digits that lead to the same state: cut at 0, at the bounds' digits, or each by itself."""
        if self.modulus > 1:
            return [(digit, digit) for digit in range(10)]
        cuts = {0, 1, 10}
        index = state.whole if state.fraction < 0 else state.fraction
        for bound in self.limits[state.sign or 1] or ():
            digits = "" if bound is None else bound.whole if state.fraction < 0 else bound.fraction
            if index < len(digits):
                cuts |= {int(digits[index]), int(digits[index]) + 1}
        return [(low, high - 1) for low, high in itertools.pairwise(sorted(cuts))]

    def _may_point(self, state: _State) -> bool:
        return bool(state.whole) and state.fraction < 0 and self.fraction_max > 0

    def _pointed(self, state: _State) -> _State:
        """Behind the point the whole parts have been compared for good."""
        low, high = (self._whole_order(state, end) for end in (0, 1))
        return _State(
            sign=state.sign, whole=1, fraction=0, low=low, high=high, rest=state.rest, nonzero=False, any=state.any
        )

    def _whole_order(self, state: _State, end: int) -> int:
        """The whole part that was read against the bound's: -1 below, 0 equal, 1 above."""
        pair = self.limits[state.sign]
        bound = pair[end] if pair else None
        if bound is None:
            return 1 if end == 0 else -1
        if state.whole != len(bound.whole):
            return -1 if state.whole < len(bound.whole) else 1
        return state.high if end else state.low

    def _digit(self, state: _State, digit: int) -> _State | None:
        sign = state.sign or 1
        if self.limits[sign] is None or (state.zero and state.fraction < 0):
            return None
        if state.fraction < 0:
            return self._whole_digit(state, sign, digit)
        if state.fraction >= self.fraction_max:
            return None
        low, high = (self._ordered(state, sign, end, digit, state.fraction) for end in (0, 1))
        if high > 0:
            return None
        return _State(
            sign=sign, whole=1, fraction=state.fraction + 1, low=low, high=high,
            rest=(state.rest * 10 + digit) % self.modulus, nonzero=not self.canonical or digit != 0,
            any=sign > 0 or state.any or digit != 0,
        )  # fmt: skip

    def _whole_digit(self, state: _State, sign: int, digit: int) -> _State | None:
        pair = self.limits[sign]
        far = pair[1] if pair else None
        if state.whole >= (min(self.whole_max, len(far.whole)) if far else self.whole_max):
            return None
        low, high = (self._ordered(state, sign, end, digit, state.whole) for end in (0, 1))
        return _State(
            sign=sign, whole=state.whole + 1, zero=digit == 0 and state.whole == 0, low=low, high=high,
            rest=(state.rest * 10 + digit) % self.modulus, any=sign > 0 or state.any or digit != 0,
        )  # fmt: skip

    def _ordered(self, state: _State, sign: int, end: int, digit: int, index: int) -> int:
        """The order against a bound after one more digit at `index` of the whole part or of the fraction."""
        order = state.high if end else state.low
        pair = self.limits[sign]
        bound = pair[end] if pair else None
        if bound is None:
            return 1 if end == 0 else -1
        if order:
            return order
        digits = bound.whole if state.fraction < 0 else bound.fraction
        if state.fraction < 0 and index >= len(digits):
            return 1  # more digits than the bound has: larger, whatever they are
        other = int(digits[index]) if index < len(digits) else 0
        return (digit > other) - (digit < other)

    def accepts(self, state: _State) -> bool:
        """Whether a numeral may end here."""
        if not state.whole or (state.fraction == 0) or (state.sign < 0 and not state.any):
            return False
        if state.fraction < 0 and not self.whole:
            return False
        if state.fraction > 0 and self.canonical and not state.nonzero:
            return False
        return self._in_step(state) and self._in_range(state)

    def _in_step(self, state: _State) -> bool:
        missing = self.step_digits - max(0, state.fraction)
        return bool(state.rest * 10**missing % self.modulus == 0)

    def _in_range(self, state: _State) -> bool:
        pair = self.limits[state.sign]
        if pair is None:
            return False
        for end, bound in enumerate(pair):
            if bound is None:
                continue
            order = self._whole_order(state, end) if state.fraction < 0 else (state.high if end else state.low)
            if order == 0 and int(bound.fraction[max(0, state.fraction) :] or 0):
                order = -1
            if (order == 0 and bound.open) or (order != 0 and (order > 0) == (end == 1)):
                return False
        return True
