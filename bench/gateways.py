"""Every gateway of the comparison, in the order in which a first round visits them."""

from __future__ import annotations

from bench.gateway import Gateway
from bench.peers import antiphon, antiphon_metered, haproxy, litellm, nginx, sglang_router, vllm_router

ALL: tuple[Gateway, ...] = (
    antiphon.GATEWAY,
    antiphon_metered.GATEWAY,
    vllm_router.GATEWAY,
    vllm_router.ROUND_ROBIN,
    sglang_router.GATEWAY,
    litellm.GATEWAY,
    nginx.GATEWAY,
    haproxy.GATEWAY,
)
QUICK = ("antiphon", "antiphon-metered", "vllm-router", "nginx")


def named(names: tuple[str, ...]) -> tuple[Gateway, ...]:
    """The gateways of these names, in the order of `ALL`; raises ValueError on a name that there is not."""
    known = {gateway.name for gateway in ALL}
    for name in names:
        if name not in known:
            raise ValueError(f"there is no gateway {name!r}; there are {', '.join(sorted(known))}")
    return tuple(gateway for gateway in ALL if gateway.name in names)
