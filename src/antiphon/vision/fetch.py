"""The guarded fetcher: gets the bytes behind an image URL from the public network, and from nowhere else.

Resolves once, checks every answer and connects to the very address that was checked, for each redirect anew.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from ipaddress import ip_address

from antiphon import __version__
from antiphon.errors import BadRequest
from antiphon.vision.addresses import IPAddress, IPNetwork, admit_address, parse_network, unwrap
from antiphon.vision.guard import Target, follow_redirect, host_is_listed, parse_target
from antiphon.vision.headers import sniff_kind
from antiphon.vision.limits import ImageLimits
from antiphon.vision.resolve import Resolve, is_own_address
from antiphon.vision.response import ResponseReader

# One text for every failure, or the answers would map a network for whoever asks.
UNFETCHABLE = (
    "the image at this URL could not be fetched; it must be a plain https URL of a public host"
    " that answers in time with a PNG, JPEG, GIF or WebP image that is not too large."
)
_ADDRESSES_TRIED_MAX = 3
_CONNECT_TIMEOUT_S = 2.0
_READ_SIZE_BYTES = 64 * 1024


class ImageFetcher:
    """Fetches images within the limits. Keeps no cookies, sends no credentials, knows no proxy."""

    def __init__(
        self,
        limits: ImageLimits,
        *,
        resolve: Resolve,
        tls: ssl.SSLContext,
        is_own: Callable[[IPAddress], bool] = is_own_address,
    ) -> None:
        """Take how to resolve and whom to trust; `is_own` knows this machine. Raises ValueError on a bad network."""
        self._limits = limits
        self._resolve = resolve
        self._tls = tls
        self._is_own = is_own
        self._allowed = parse_networks(limits.networks_allowed)
        self._denied = parse_networks(limits.networks_denied)

    async def fetch(self, url: str, *, param: str) -> bytes:
        """Return the bytes of an image; raise `BadRequest` with one and the same text, the reason is its cause."""
        try:
            async with asyncio.timeout(self._limits.fetch_timeout_s):
                return await self._follow(url)
        except (OSError, ValueError) as error:  # time-outs and TLS failures are OSErrors
            raise BadRequest(f"{param}: {UNFETCHABLE}", param=param) from error

    async def _follow(self, url: str) -> bytes:
        """Fetch through redirects, each checked like the first URL."""
        ports, http_allowed = self._limits.ports_allowed, self._limits.http_allowed
        target = parse_target(url, ports=ports, http_allowed=http_allowed)
        for _ in range(self._limits.redirects_max + 1):
            response = await self._get(target)
            if not response.redirected:
                if sniff_kind(response.body) is None:
                    raise ValueError("not an image")
                return response.body
            if response.location is None:
                raise ValueError("a redirect to nowhere")
            target = follow_redirect(target, response.location, ports=ports, http_allowed=http_allowed)
        raise ValueError("too many redirects")

    async def _get(self, target: Target) -> ResponseReader:
        """Ask one server and read its whole answer."""
        reader, writer = await self._connect(target, await self._admitted_addresses(target))
        try:
            writer.write(_request_head(target))
            response = ResponseReader(body_size_bytes_max=self._limits.size_bytes_max)
            while not response.complete:
                data = await reader.read(_READ_SIZE_BYTES)
                if data:
                    response.feed(data)
                else:
                    response.end()
            return response
        finally:
            writer.transport.abort()  # not close: a stranger's server shall not hold the connection open

    async def _admitted_addresses(self, target: Target) -> list[IPAddress]:
        """Return the target's addresses; raise ValueError unless every one of them is admitted."""
        if self._limits.fetch == "allow-list" and not host_is_listed(target.host, self._limits.hosts_allowed):
            raise ValueError("the host is not in the allow-list")
        if target.address is not None:
            addresses = [target.address]
        else:
            addresses = [ip_address(text) for text in await self._resolve(target.host, target.port)]
        if not addresses:
            raise ValueError("the host has no address")
        if not all(self._admits(address) for address in addresses):
            raise ValueError("the host has an address that is not public")
        return list(dict.fromkeys(unwrap(address) for address in addresses))

    def _admits(self, address: IPAddress) -> bool:
        if not admit_address(address, allowed=self._allowed, denied=self._denied):
            return False
        address = unwrap(address)
        return any(address in network for network in self._allowed) or not self._is_own(address)

    async def _connect(
        self, target: Target, addresses: list[IPAddress]
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect to the first of these addresses that takes the connection."""
        failure: OSError = ConnectionError("no address")
        for address in addresses[:_ADDRESSES_TRIED_MAX]:
            try:
                async with asyncio.timeout(_CONNECT_TIMEOUT_S):
                    return await self._connect_to(target, address)
            except OSError as error:
                failure = error
        raise failure

    async def _connect_to(
        self, target: Target, address: IPAddress
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        secure = target.scheme == "https"
        reader, writer = await asyncio.open_connection(
            str(address),
            target.port,
            ssl=self._tls if secure else None,
            server_hostname=target.host if secure else None,
        )
        peer = writer.get_extra_info("peername")
        if peer is None or unwrap(ip_address(peer[0])) != address:
            writer.transport.abort()
            raise ConnectionError("connected to another address")
        return reader, writer


def parse_networks(texts: tuple[str, ...]) -> tuple[IPNetwork, ...]:
    """Read networks in CIDR form; raise ValueError naming the first that is malformed."""
    return tuple(parse_network(text) for text in texts)


def _request_head(target: Target) -> bytes:
    return (
        f"GET {target.request_target} HTTP/1.1\r\n"
        f"Host: {target.authority}\r\n"
        f"User-Agent: antiphon/{__version__}\r\n"
        "Accept: image/png, image/jpeg, image/webp, image/gif\r\n"
        "Accept-Encoding: identity\r\n"
        "Connection: close\r\n\r\n"
    ).encode("ascii")
