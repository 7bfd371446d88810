"""How long those are told to wait that are refused while something is wrong, so that they do not come back together."""

from __future__ import annotations

import math

RETRY_S_MAX = 60  # clients that are told of more may not come again at all


def retry_after_s(lasted_s: float, refused: int) -> int:
    """When the next one may come again: what has lasted so long lasts about as long again.

    Those that were refused together are spread, so that they do not come back together.
    """
    least = min(max(1, math.ceil(lasted_s)), RETRY_S_MAX // 2)
    return least + refused % (least + 1)
