"""Which addresses an image may be fetched from. Pure: looks at numbers, never at the network."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

IPAddress = IPv4Address | IPv6Address
IPNetwork = IPv4Network | IPv6Network

# `is_global` alone is no guard: depending on the Python version it is true for multicast, for 6to4 and NAT64
# addresses that lead to an IPv4 address of any kind, and for a cloud's own host services.
_REFUSED_V4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "168.63.129.16/32",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",
    )
)
_UNICAST_V6 = IPv6Network("2000::/3")
_REFUSED_V6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",
        "2001:db8::/32",
        "2002::/16",
        "2620:4f:8000::/48",
        "3fff::/20",
    )
)


def parse_network(text: str) -> IPNetwork:
    """Read a network such as `10.0.0.0/8` or `fd00::/8`; raise ValueError if it is none."""
    return ip_network(text)


def unwrap(address: IPAddress) -> IPAddress:
    """Return the IPv4 address inside an IPv4-mapped one, any other address as it is."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def admit_address(
    address: IPAddress,
    *,
    allowed: tuple[IPNetwork, ...] = (),
    denied: tuple[IPNetwork, ...] = (),
) -> bool:
    """Return whether an image may come from here: ordinary public unicast, or a network that is `allowed`.

    `denied` wins over everything.
    """
    address = unwrap(address)
    if any(address in network for network in denied):
        return False
    if any(address in network for network in allowed):
        return True
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _REFUSED_V4)
    # IPv6 by what is handed out to hosts, so that every range with a meaning of its own stays outside.
    return address in _UNICAST_V6 and not any(address in network for network in _REFUSED_V6)
