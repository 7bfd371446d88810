"""Ids: their form, and that they come from the source they are given."""

from __future__ import annotations

import itertools
import re
import uuid

import pytest

from antiphon.ids import DRAWN, RANDOM_BYTES, Ids, derived_uuid, seeded


def test_an_id_is_its_prefix_a_time_and_56_bits() -> None:
    """Ten digits of the time in milliseconds follow the prefix, then seven random bytes, all in hexadecimal."""
    made = Ids(now=lambda: 1_700_000_000.5).make("chatcmpl-")
    assert re.fullmatch(r"chatcmpl-[0-9a-f]{24}", made)
    assert made[9:19] == f"{1_700_000_000_500 % 2**40:010x}"


def test_what_is_made_later_stands_later() -> None:
    """Ids of another draw are greater, so that an index grows at its end."""
    times = iter((1.0, 2.0))
    ids = Ids(now=lambda: next(times))
    earlier = [ids.make("") for _ in range(DRAWN)]
    assert max(earlier) < ids.make("")


def test_a_secret_is_the_sources_bytes() -> None:
    """Nothing of the time is in it."""
    assert Ids(lambda size: b"\x07" * size).secret(5) == b"\x07" * 5


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

    ids = Ids(source, now=lambda: 0.0)
    many = DRAWN + 1
    text = "".join(ids.make("")[10:] for _ in range(many))
    assert text == bytes(number % 251 for number in range(many * RANDOM_BYTES)).hex()
    assert sizes == [DRAWN * RANDOM_BYTES] * 2


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
