"""The guard over image URLs: reads a URL once, strictly, into parts. Pure.

Whoever fetches uses the parts. The original text is never handed on, so that no second parser can read it otherwise.
"""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Literal

from msgspec import Struct

from antiphon.vision.addresses import IPAddress

URL_LENGTH_MAX = 4096
HOST_LENGTH_MAX = 253

# The characters of RFC 3986, without `#`: a fragment means nothing to a server, so it can only mislead a parser.
_URL = re.compile(
    r"(?P<scheme>https?)://"
    r"(?P<authority>[A-Za-z0-9.:\[\]-]+)"
    r"(?P<target>(?:/[A-Za-z0-9\-._~!$&'()*+,;=:@%/]*)?(?:\?[A-Za-z0-9\-._~!$&'()*+,;=:@%/?]*)?)",
    re.IGNORECASE,
)
_AUTHORITY = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(?::(?P<port>[1-9][0-9]{0,4}))?")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_DEFAULT_PORT = {"http": 80, "https": 443}

Scheme = Literal["http", "https"]


class Target(Struct, frozen=True, kw_only=True):
    """One place to fetch from. `host` is lower case; `address` is set if the host was an address, not a name."""

    scheme: Scheme
    host: str
    port: int
    request_target: str  # path and query, as the request line wants them
    address: IPAddress | None = None

    @property
    def authority(self) -> str:
        """The host as the `Host` header wants it: IPv6 in brackets, the port only if it is not the scheme's own."""
        host = f"[{self.host}]" if isinstance(self.address, IPv6Address) else self.host
        return host if self.port == _DEFAULT_PORT[self.scheme] else f"{host}:{self.port}"


def parse_target(url: str, *, ports: tuple[int, ...] = (80, 443), http_allowed: bool = False) -> Target:
    """Read a whole URL; raise ValueError with the rule that it breaks (never with the URL itself)."""
    if len(url) > URL_LENGTH_MAX:
        raise ValueError(f"longer than {URL_LENGTH_MAX} characters")
    match = _URL.fullmatch(url)
    if match is None:
        raise ValueError("not a plain http or https URL in ASCII without user, fragment or odd characters")
    scheme: Scheme = "https" if match["scheme"].lower() == "https" else "http"
    if scheme == "http" and not http_allowed:
        raise ValueError("http is not allowed")
    authority = _AUTHORITY.fullmatch(match["authority"])
    if authority is None:
        raise ValueError("the host or the port is malformed")
    port = int(authority["port"] or _DEFAULT_PORT[scheme])
    if port not in ports:
        raise ValueError("the port is not allowed")
    host, address = _parse_host(authority["host"].lower())
    target = match["target"]
    request_target = target if target.startswith("/") else f"/{target}"
    return Target(scheme=scheme, host=host, port=port, request_target=request_target, address=address)


def follow_redirect(
    origin: Target, location: str, *, ports: tuple[int, ...] = (80, 443), http_allowed: bool = False
) -> Target:
    """Read a `Location` against where it came from; raise ValueError as `parse_target` does, or on https to http."""
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", location):
        url = location
    elif location.startswith("//"):
        url = f"{origin.scheme}:{location}"
    elif location.startswith("/"):
        url = f"{origin.scheme}://{origin.authority}{location}"
    else:
        raise ValueError("the redirect is relative to a path")
    target = parse_target(url, ports=ports, http_allowed=http_allowed)
    if origin.scheme == "https" and target.scheme == "http":
        raise ValueError("a redirect from https to http")
    return target


def host_is_listed(host: str, listed: tuple[str, ...]) -> bool:
    """Return whether a host is in an allow-list of names, where `*.a.b` means every name below `a.b`."""
    entries = [entry.lower() for entry in listed]
    return any(host.endswith(entry[1:]) if entry.startswith("*.") else host == entry for entry in entries)


def _parse_host(host: str) -> tuple[str, IPAddress | None]:
    """Return the host in its one spelling, and its address if it is one."""
    if host.startswith("["):
        try:
            v6 = IPv6Address(host[1:-1])
        except AddressValueError:
            raise ValueError("the IPv6 address is malformed") from None
        return str(v6), v6
    labels = host.split(".")
    if labels[-1].isdigit():
        try:
            v4 = IPv4Address(host)
        except AddressValueError:
            raise ValueError("the IPv4 address is malformed") from None
        return str(v4), v4
    if len(host) > HOST_LENGTH_MAX or len(labels) == 1 or not all(_LABEL.fullmatch(label) for label in labels):
        raise ValueError("the host is not a full DNS name")
    # Names such as `127.0.0.0x1` are addresses to some resolvers; no top-level domain begins with a digit.
    if labels[-1][0].isdigit():
        raise ValueError("the last label of the host begins with a digit")
    return host, None
