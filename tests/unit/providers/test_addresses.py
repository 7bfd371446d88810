"""Where a provider may be."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from antiphon.providers.addresses import admitted, broken_url

FINE = ["127.0.0.1", "10.0.0.1", "192.168.1.1", "172.16.0.1", "100.64.0.1", "8.8.8.8", "::1", "fd12::1", "2606:4700::1"]
NEVER = [
    "0.0.0.0",
    "169.254.169.254",
    "169.254.0.1",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "fe80::1",
    "fd00:ec2::254",
    "fd20:ce::254",
    "ff02::1",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
    "::169.254.169.254",
]


@pytest.mark.parametrize("address", FINE)
def test_the_operators_own_network_is_fine(address: str) -> None:
    """Private addresses, this machine, and the world."""
    assert admitted(ip_address(address))


@pytest.mark.parametrize("address", NEVER)
def test_metadata_is_never(address: str) -> None:
    """However it is written."""
    assert not admitted(ip_address(address))


@pytest.mark.parametrize(
    "url",
    [
        "http://tools:8080/mcp",
        "https://tools.example.org/mcp?team=a",
        "http://[::1]:9/mcp",
        "http://10.0.0.1/",
        "http://localhost",
    ],
)
def test_good_urls(url: str) -> None:
    """Names are looked up when connecting."""
    assert broken_url(url) is None


@pytest.mark.parametrize(
    "url",
    [
        "",
        "tools:8080",
        "ftp://tools/",
        "http://",
        "http://user:secret@tools/",
        "http://tools/#x",
        "http://tools/a b",
        "http://tools\\@evil/",
        "http://tools:99999/",
        "http://[::1/",
        "http://tööls/",
        "http://169.254.169.254/latest/meta-data",
        "http://[fe80::1]/",
        "http://[::ffff:169.254.169.254]/",
        "http://tools/" + "x" * 2048,
    ],
)
def test_bad_urls(url: str) -> None:
    """Each has a rule, which does not repeat what might be secret."""
    rule = broken_url(url)
    assert rule is not None
    assert "secret" not in rule.replace("secrets go into", "")
