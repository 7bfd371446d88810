"""What gateways share is sealed."""

from __future__ import annotations

from antiphon.accounts.pepper import Pepper
from antiphon.nodes.seal import seal, unseal

OLD, NEW = Pepper("o" * 32), Pepper("n" * 32)
NONCE = bytes(12)


def test_what_is_sealed_is_opened_with_the_pepper() -> None:
    """With the one that it was sealed under, be it a former one."""
    sealed = seal(b"a seed", OLD, NONCE)
    assert "seed" not in sealed
    assert unseal(sealed, (NEW, OLD)) == b"a seed"


def test_another_pepper_opens_nothing() -> None:
    """Nor does the right one open what was changed."""
    sealed = seal(b"a seed", OLD, NONCE)
    changed = ("A" if sealed[0] != "A" else "B") + sealed[1:]
    assert unseal(sealed, (NEW,)) is None
    assert unseal(changed, (OLD,)) is None
