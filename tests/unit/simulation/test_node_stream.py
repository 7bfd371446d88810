"""The gateway's end of a node's answer."""

from __future__ import annotations

import pytest

from antiphon.chat import Delta
from antiphon.errors import EngineFailed
from tests.unit.simulation.worlds import Lab, asked, in_lab, read


def test_deltas_go_straight_to_whoever_takes_them() -> None:
    """Until that has had enough."""

    async def main(lab: Lab) -> None:
        stream = await lab.node.open(asked(max_tokens=20))
        taken: list[int] = []

        def take(deltas: list[Delta]) -> bool:
            taken.append(len(deltas))
            return len(taken) < 3

        assert await stream.next(1000, take) is None
        assert taken == [1, 4, 4]
        assert len(await stream.next(1000) or ()) == 4

    in_lab(main)


def test_it_waits_no_longer_than_told() -> None:
    """None is no end."""

    async def main(lab: Lab) -> None:
        stream = await lab.node.open(asked("x" * 4000))
        assert await stream.next(1.0) is None
        assert lab.loop.time() == 1.0

    in_lab(main)


def test_what_taking_raises_is_raised_where_it_is_waited_for() -> None:
    """As an engine over HTTP does."""

    async def main(lab: Lab) -> None:
        def take(deltas: list[Delta]) -> bool:
            raise EngineFailed(f"{len(deltas)} are too many.")

        stream = await lab.node.open(asked())
        with pytest.raises(EngineFailed, match="too many"):
            await stream.next(1000, take)

    in_lab(main)


def test_usage_is_told_at_the_end() -> None:
    """Not before."""

    async def main(lab: Lab) -> None:
        stream = await lab.node.open(asked(max_tokens=3))
        await stream.next(1000)
        assert stream.usage is None
        await read(stream)
        assert stream.usage is not None

    in_lab(main)
