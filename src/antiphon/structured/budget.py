"""How much work one schema may cause. Counted in steps, not seconds, so that the answer is always the same."""

from __future__ import annotations

from antiphon.errors import BadRequest

STEPS_MAX = 30_000  # a step is charged for about 2 µs of work: the dearest schema that passes takes some 50 ms


class Budget:
    """Counts the steps of one compilation; BadRequest once they are spent."""

    def __init__(self, *, param: str, steps_max: int = STEPS_MAX) -> None:
        self.left = steps_max
        self._param = param

    def spend(self, steps: int, *, param: str = "") -> None:
        """Take `steps` off; `param` is the place that is being worked on, the whole schema if it is empty."""
        self.left -= steps
        if self.left < 0:
            param = param or self._param
            raise BadRequest(f"{param} makes the schema too complex to be compiled.", param=param)
