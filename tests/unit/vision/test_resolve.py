"""The system's resolver, asked for what needs no network."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from antiphon.vision.resolve import SystemResolver, is_own_address


@pytest.mark.parametrize(("text", "own"), [("127.0.0.1", True), ("8.8.8.8", False), ("2606:4700:4700::1111", False)])
def test_the_machine_knows_its_own_addresses(text: str, own: bool) -> None:
    """An address is one's own exactly if a socket can be bound to it."""
    assert is_own_address(ip_address(text)) is own


async def test_a_name_that_cannot_exist_is_an_os_error() -> None:
    """A label longer than DNS allows fails in the resolver, as an unknown name does."""
    resolver = SystemResolver(threads_max=1)
    with pytest.raises((OSError, UnicodeError)):
        await resolver(f"{'a' * 70}.invalid", 443)
    resolver.close()
