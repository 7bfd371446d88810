"""Where a tool provider may be. Pure: looks at texts and numbers, never at the network.

The operator says where the providers are, and his own network is where most of them live, so private addresses are
fine. Never fine is what gives a machine's own credentials to whoever asks from it.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

IPAddress = IPv4Address | IPv6Address

URL_CHARACTERS_MAX = 2048

# Link-local addresses hold the metadata services of most clouds; the single ones are those that lie elsewhere.
_REFUSED_V4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",
        "100.100.100.200/32",
        "168.63.129.16/32",
        "169.254.0.0/16",
        "192.0.0.192/32",
        "224.0.0.0/3",
    )
)
_REFUSED_V6 = tuple(
    IPv6Network(network)
    for network in (
        "::/128",
        "fd00:ec2::/32",
        "fd20:ce::254/128",
        "fe80::/10",
        "ff00::/8",
    )
)
# Ranges in which an IPv4 address is written inside an IPv6 one, and how many bits stand behind it.
_EMBEDDING = (
    (IPv6Network("::/96"), 0),
    (IPv6Network("::ffff:0:0/96"), 0),
    (IPv6Network("64:ff9b::/96"), 0),
    (IPv6Network("2002::/16"), 80),
)


def admitted(address: IPAddress) -> bool:
    """Whether a provider may be there: anywhere but at a link-local, metadata, multicast or empty address."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _REFUSED_V4)
    if address.is_loopback:
        return True
    for network, shift in _EMBEDDING:
        if address in network:
            return admitted(IPv4Address(int(address) >> shift & 0xFFFF_FFFF))
    return not any(address in network for network in _REFUSED_V6)


def broken_url(url: str) -> str | None:
    """The rule that a provider's URL breaks by itself, None for a good one; names are looked up when connecting."""
    if len(url) > URL_CHARACTERS_MAX or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        return f"expected at most {URL_CHARACTERS_MAX} visible ASCII characters without spaces and backslashes"
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "is not a URL"
    if parts.scheme not in ("http", "https") or not host:
        return "expected an http:// or https:// URL"
    if parts.username is not None or parts.password is not None or parts.fragment:
        return "must hold no user, password or fragment; secrets go into `headers`"
    try:
        literal = ip_address(host)
    except ValueError:
        return None
    return None if admitted(literal) else f"{host} is a link-local, metadata or multicast address"
