"""Ids: their form, and that they come from the source they are given."""

from __future__ import annotations

import itertools
import re
import uuid

import pytest

from antiphon.ids import DRAWN, ID_BYTES, Ids, derived_uuid, seeded


def test_an_id_is_its_prefix_and_96_bits() -> None:
    """Twelve bytes follow the prefix in hexadecimal."""
    assert re.fullmatch(r"chatcmpl-[0-9a-f]{24}", Ids().make("chatcmpl-"))


def test_ids_do_not_repeat() -> None:
    """Also beyond what is drawn at once, no id comes twice."""
    ids = Ids()
    assert len({ids.make("") for _ in range(1000)}) == 1000


def test_each_draw_is_used_up_in_order() -> None:
    """The source is asked once for many ids, and each of its bytes is used once."""
    sizes: list[int] = []
    numbers = itertools.count()

    def source(size: int) -> bytes:
        sizes.append(size)
        return bytes(next(numbers) % 251 for _ in range(size))

    ids = Ids(source)
    many = DRAWN + 1
    text = "".join(ids.make("") for _ in range(many))
    assert text == bytes(number % 251 for number in range(many * ID_BYTES)).hex()
    assert sizes == [DRAWN * ID_BYTES] * 2


def test_seeded_ids_repeat_with_the_seed() -> None:
    """The same seed gives the same ids, another seed others."""
    first, again, other = seeded(1), seeded(1), seeded(2)
    ids = [first.make("a-"), first.make("b-")]
    assert ids == [again.make("a-"), again.make("b-")]
    assert ids[0] != other.make("a-")


@pytest.mark.parametrize("octets", [bytes(16), b"\xff" * 16, bytes(range(16))])
def test_a_uuid_is_of_the_random_kind(octets: bytes) -> None:
    """Version and variant are those of a random UUID; all other bits are the source's."""
    made = uuid.UUID(Ids(lambda size: octets * (size // 16)).uuid())
    assert (made.version, made.variant) == (4, uuid.RFC_4122)
    assert made == uuid.UUID(bytes=octets, version=4)


def test_uuids_do_not_repeat() -> None:
    """Each is drawn anew."""
    ids = Ids()
    assert len({ids.uuid() for _ in range(1000)}) == 1000


def test_a_name_has_one_uuid() -> None:
    """The same name always stands for the same UUID, another name for another."""
    assert derived_uuid("a") == derived_uuid("a") != derived_uuid("b")
    assert uuid.UUID(derived_uuid("a")).version == 8
