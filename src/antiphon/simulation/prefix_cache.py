"""What a simulated node remembers of prompts: blocks of them, the least recently used forgotten first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence


class PrefixCache:
    """At most `blocks_max` blocks; each is known by the digest of all that stands up to its end."""

    def __init__(self, blocks_max: int) -> None:
        self._blocks_max = blocks_max
        self._blocks: OrderedDict[bytes, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._blocks)

    def match(self, blocks: Sequence[bytes]) -> int:
        """How many of the first blocks are remembered; they count as used."""
        known = self._blocks
        count = 0
        for block in blocks:
            if block not in known:
                break
            known.move_to_end(block)
            count += 1
        return count

    def add(self, blocks: Sequence[bytes]) -> None:
        """Remember these, and forget what there is no room for."""
        known = self._blocks
        for block in blocks:
            known[block] = None
            known.move_to_end(block)
        while len(known) > self._blocks_max:
            known.popitem(last=False)

    def clear(self) -> None:
        """Forget all, as a process that died."""
        self._blocks.clear()
