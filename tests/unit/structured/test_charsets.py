"""Sets of code points."""

from __future__ import annotations

from antiphon.structured import charsets


def test_union_joins_neighbours() -> None:
    """Ranges that touch become one."""
    assert charsets.union([((1, 3), (9, 9)), ((4, 5),)]) == ((1, 5), (9, 9))


def test_complement_leaves_out_surrogates() -> None:
    """Half a surrogate pair is in no set, not even in the opposite of another."""
    rest = charsets.complement(charsets.of("a"))
    assert not charsets.contains(rest, 0xD800)
    assert not charsets.contains(rest, ord("a"))
    assert charsets.contains(rest, 0x10FFFF)


def test_subtract_and_intersect_agree() -> None:
    """What is taken away and what is shared make up the whole."""
    left, right = ((0x20, 0x7E),), charsets.of("abcxyz")
    assert charsets.union([charsets.subtract(left, right), charsets.intersect(left, right)]) == left


def test_classes_split_where_sets_differ() -> None:
    """Each class lies wholly inside or outside of every set."""
    digits, word = charsets.DIGITS, ((0x30, 0x39), (0x61, 0x7A))
    assert set(charsets.classes([digits, word])) == {digits, ((0x61, 0x7A),)}
