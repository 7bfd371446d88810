"""Seals: both ends can read, nobody else can, and nothing can be changed, moved or put in another's place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.ids import seeded
from antiphon.link.seal import KEY_BYTES, RUN_BYTES, SALT_BYTES, SECRETS_MAX, Seal, SealBroken, SealKeys

IDS = seeded(1)
GATEWAY, NODE, BROKER = (SealKeys(IDS.secret(KEY_BYTES)) for _ in range(3))
SALT, SUBJECT = b"s" * SALT_BYTES, b"req.n1.gw1.att_1"


def ends(salt: bytes = SALT, subject: bytes = SUBJECT) -> tuple[Seal, Seal]:
    """The gateway's and the node's end of an attempt."""
    return GATEWAY.with_node(NODE.public, salt, subject), NODE.with_gateway(GATEWAY.public, salt, subject)


@given(st.binary(max_size=2000), st.integers(1, 2**40))
def test_both_ends_can_read(data: bytes, seq: int) -> None:
    """What is asked at the node, what is answered at the gateway; a resend is the same to the byte."""
    gateway, node = ends()
    assert node.body_of(gateway.body(data)) == data
    assert gateway.frame_of(seq, node.frame(seq, data)) == data
    assert node.frame(seq, data) == node.frame(seq, data)
    assert len(data) < 4 or data not in gateway.body(data)


@given(st.integers(0, 30), st.integers(1, 255))
def test_what_was_changed_is_refused(at: int, flipped: int) -> None:
    """Any bit of it."""
    gateway, node = ends()
    sealed = bytearray(node.frame(1, b"fifteen letters"))
    sealed[at] ^= flipped
    with pytest.raises(SealBroken):
        gateway.frame_of(1, bytes(sealed))


def test_what_was_moved_is_refused() -> None:
    """To another number, direction, attempt or opening."""
    gateway, node = ends()
    with pytest.raises(SealBroken):
        gateway.frame_of(2, node.frame(1, b"text"))
    with pytest.raises(SealBroken):
        gateway.frame_of(0, gateway.body(b"text"))
    for other in (ends(subject=b"req.n1.gw1.att_2"), ends(salt=b"t" * SALT_BYTES)):
        with pytest.raises(SealBroken):
            other[1].body_of(gateway.body(b"text"))
        with pytest.raises(SealBroken):
            other[0].frame_of(1, node.frame(1, b"text"))


def test_nobody_between_them_can_take_part() -> None:
    """Not with keys of its own, nor with what is no key."""
    gateway, node = ends()
    between = BROKER.with_gateway(GATEWAY.public, SALT, SUBJECT)
    with pytest.raises(SealBroken):
        between.body_of(gateway.body(b"text"))
    with pytest.raises(SealBroken):
        gateway.frame_of(1, between.frame(1, b"text"))
    with pytest.raises(SealBroken):
        BROKER.with_node(NODE.public, SALT, SUBJECT).frame_of(1, node.frame(1, b"text"))
    for no_key in (b"", b"short", bytes(KEY_BYTES)):
        with pytest.raises(SealBroken, match="no key"):
            GATEWAY.with_node(no_key, SALT, SUBJECT)


def test_what_is_no_number_is_refused() -> None:
    """A frame may say anything."""
    gateway, _ = ends()
    for number in (-1, 2**100):
        with pytest.raises(SealBroken):
            gateway.frame_of(number, b"x" * 40)
    for short in (b"", b"x", b"x" * 7):
        with pytest.raises(SealBroken):
            gateway.frame_of(1, short)


def test_a_job_that_is_opened_once_more_uses_no_nonce_twice() -> None:
    """A broker may send again what opened it: two texts under one nonce would tell it both, and how to write more."""
    gateway, first = ends()
    _, second = ends()
    one, two = first.frame(1, b"the same"), second.frame(1, b"the same")
    assert one[RUN_BYTES:] != two[RUN_BYTES:]
    assert gateway.frame_of(1, one) == b"the same"
    with pytest.raises(SealBroken, match="another time"):
        gateway.frame_of(2, second.frame(2, b"of the second time"))
    assert gateway.frame_of(2, first.frame(2, b"of the first")) == b"of the first"


def test_others_are_forgotten_in_turn() -> None:
    """However many gateways come, no more is kept, and whoever comes again is known anew."""
    node = SealKeys(IDS.secret(KEY_BYTES))
    node._secrets.update({str(number).encode(): b"secret" for number in range(SECRETS_MAX)})
    for _ in range(3):
        node.with_gateway(SealKeys(IDS.secret(KEY_BYTES)).public, SALT, SUBJECT)
    assert len(node._secrets) <= SECRETS_MAX + 1
    sealed = node.with_gateway(GATEWAY.public, SALT, SUBJECT).frame(1, b"text")
    assert GATEWAY.with_node(node.public, SALT, SUBJECT).frame_of(1, sealed) == b"text"
