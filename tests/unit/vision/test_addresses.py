"""The addresses that images may and may not come from."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.vision.addresses import admit_address, parse_network, unwrap

PUBLIC = (
    "1.1.1.1",
    "8.8.8.8",
    "93.184.215.14",
    "172.15.255.255",
    "172.32.0.0",
    "223.255.255.255",
    "2606:4700:4700::1111",
    "2a00:1450:4001:81b::200e",
    "::ffff:8.8.8.8",
)

SPECIAL = (
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "100.100.100.200",  # the metadata service of a cloud
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",  # the host services of a cloud, on a public address
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.0.192",
    "192.0.2.1",
    "192.31.196.1",
    "192.52.193.1",
    "192.88.99.1",
    "192.168.0.1",
    "192.175.48.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",  # IPv4-compatible
    "::8.8.8.8",
    "::ffff:127.0.0.1",  # IPv4-mapped
    "::ffff:169.254.169.254",
    "::ffff:0:127.0.0.1",  # IPv4-translated
    "64:ff9b::127.0.0.1",  # NAT64
    "64:ff9b::8.8.8.8",
    "64:ff9b:1::a00:1",
    "100::1",
    "2001::1",  # Teredo
    "2001:0:7f00:1::",
    "2001:2::1",
    "2001:10::1",
    "2001:20::1",
    "2001:db8::1",
    "2002:7f00:1::",  # 6to4
    "2002:808:808::1",
    "2620:4f:8000::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
)


@pytest.mark.parametrize("text", PUBLIC)
def test_public_addresses_are_admitted(text: str) -> None:
    """Ordinary public unicast addresses pass, also in their mapped form."""
    assert admit_address(ip_address(text))


@pytest.mark.parametrize("text", SPECIAL)
def test_special_addresses_are_refused(text: str) -> None:
    """No address of a special range passes, whatever form it hides in."""
    assert not admit_address(ip_address(text))


def test_an_allowed_network_opens_exactly_itself() -> None:
    """A network of one's own may be allowed without allowing its neighbours."""
    allowed = (parse_network("127.0.0.1/32"),)
    assert admit_address(ip_address("127.0.0.1"), allowed=allowed)
    assert admit_address(ip_address("::ffff:127.0.0.1"), allowed=allowed)
    assert not admit_address(ip_address("127.0.0.2"), allowed=allowed)


def test_a_denied_network_wins() -> None:
    """Denied is denied, also for public addresses and allowed networks."""
    denied = (parse_network("8.8.8.0/24"),)
    assert not admit_address(ip_address("8.8.8.8"), denied=denied)
    assert not admit_address(ip_address("8.8.8.8"), denied=denied, allowed=denied)


def test_a_malformed_network_is_an_error() -> None:
    """A network with host bits set is a slip of whoever wrote it, not a wider network."""
    with pytest.raises(ValueError, match="host bits"):
        parse_network("10.1.2.3/8")


@given(st.integers(min_value=0, max_value=2**32 - 1))
def test_no_ipv4_address_passes_that_python_calls_special(number: int) -> None:
    """What is admitted is global, and neither multicast nor reserved, to the standard library as well."""
    address = IPv4Address(number)
    if admit_address(address):
        assert address.is_global
        assert not any((address.is_multicast, address.is_reserved, address.is_private))


@given(
    st.integers(min_value=0, max_value=2**128 - 1),
    st.sampled_from((0, 0x64FF9B, 0x20010000, 0x20010DB8, 0x20020000, 0x2A000000, 0xFEC00000, 0xFF020000)),
)
def test_no_ipv6_address_passes_that_hides_an_ipv4_one(number: int, prefix: int) -> None:
    """What is admitted is global unicast and carries no address of another family inside."""
    for address in (IPv6Address(number), IPv6Address(prefix << 96 | number >> 32)):
        if admit_address(address) and unwrap(address) is address:
            assert address.is_global
            assert not any((address.is_multicast, address.is_site_local, address.sixtofour, address.teredo))


@given(st.integers(min_value=0, max_value=2**32 - 1))
def test_a_mapped_address_is_judged_as_what_it_maps_to(number: int) -> None:
    """IPv4-mapped addresses get the verdict of the IPv4 address."""
    mapped = IPv6Address(0xFFFF << 32 | number)
    assert admit_address(mapped) == admit_address(IPv4Address(number))
