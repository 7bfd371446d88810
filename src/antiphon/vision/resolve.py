"""Asks the system which addresses a host name has, and which addresses are this machine's own."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address

from antiphon.vision.addresses import IPAddress

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]  # (host, port) -> addresses as text


class SystemResolver:
    """The system's resolver on threads of its own, so that names that never answer block nobody else."""

    def __init__(self, *, threads_max: int) -> None:
        self._threads = ThreadPoolExecutor(threads_max, thread_name_prefix="image-resolver")

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """Return every address of the name; raise OSError if there is none."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, _addresses, host, port)

    def close(self) -> None:
        """Drop what waits; a query under way ends by the resolver's own time-out."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def is_own_address(address: IPAddress) -> bool:
    """Return whether the address belongs to this machine, that is, whether a socket can be bound to it."""
    family = socket.AF_INET if isinstance(address, IPv4Address) else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((str(address), 0))
    except OSError:
        return False
    return True


def _addresses(host: str, port: int) -> Sequence[str]:
    # The closing dot makes the name absolute: without it the resolver may append the search domains of a cluster.
    found = socket.getaddrinfo(f"{host}.", port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]
