"""Who takes part, and with which variant: shares as they are set, and nobody moves who need not."""

from __future__ import annotations

from collections import Counter

from msgspec.structs import replace

from antiphon.campaigns.assignment import takes_part, unit_hash, variant_of
from antiphon.campaigns.model import Campaign
from tests.unit.campaigns.drafts import draft, variant

USERS = [f"user {number}" for number in range(20_000)]
HALF = draft(share=0.5)
THREE = draft(variants=(variant("a", weight=5), variant("b", weight=3), variant("c", weight=2)))


def assigned(campaign: Campaign, users: list[str]) -> list[str]:
    """The variant of each user."""
    variants = campaign.open
    return [variant_of(campaign, user, variants).key for user in users]


def test_users_are_spread_by_the_weights() -> None:
    """Within one or two per cent of them, and so is the share that takes part."""
    counted = Counter(assigned(THREE, USERS))
    assert abs(counted["a"] - 10_000) < 400
    assert abs(counted["b"] - 6_000) < 400
    assert abs(counted["c"] - 4_000) < 400
    assert abs(sum(takes_part(HALF, user) for user in USERS) - 10_000) < 400


def test_a_gateway_after_its_restart_assigns_the_same() -> None:
    """What is decided depends on the campaign and the unit alone."""
    again = replace(THREE, updated_at_ms=9, name="renamed")
    assert assigned(THREE, USERS[:1_000]) == assigned(again, USERS[:1_000])


def test_another_share_moves_nobody_between_variants() -> None:
    """Who takes part at ten per cent takes part at fifty, with the same variant."""
    few, many = replace(HALF, share=0.1), HALF
    inside = [user for user in USERS[:5_000] if takes_part(few, user)]
    assert all(takes_part(many, user) for user in inside)
    assert assigned(few, inside) == assigned(many, inside)


def test_who_takes_part_says_nothing_of_the_variant() -> None:
    """The two are drawn apart: among those within the share, the weights hold as well."""
    inside = [user for user in USERS if takes_part(HALF, user)]
    assert abs(Counter(assigned(HALF, inside))["a"] / len(inside) - 0.5) < 0.02


def test_weights_move_units_only_to_what_gained() -> None:
    """And only as many as the weights ask for."""
    before = assigned(HALF, USERS[:10_000])
    heavier = replace(HALF, variants=(variant("a"), variant("b", weight=1.5)))
    after = assigned(heavier, USERS[:10_000])
    moves = Counter((one, other) for one, other in zip(before, after, strict=True) if one != other)
    assert set(moves) == {("a", "b")}
    assert abs(moves["a", "b"] / 10_000 - 0.1) < 0.02


def test_a_dropped_variant_leaves_all_others_where_they_are() -> None:
    """Only its own units get another."""
    before = assigned(THREE, USERS[:5_000])
    after = assigned(replace(THREE, variants=(*THREE.variants[:2], variant("c", dropped=True))), USERS[:5_000])
    assert all(one == other for one, other in zip(before, after, strict=True) if one != "c")
    assert set(after) == {"a", "b"}


def test_campaigns_are_independent() -> None:
    """Another salt spreads the same users anew, and their hashes say nothing of each other."""
    other = replace(HALF, salt="11" * 16)
    same = sum(a == b for a, b in zip(assigned(HALF, USERS[:10_000]), assigned(other, USERS[:10_000]), strict=True))
    assert abs(same / 10_000 - 0.5) < 0.03
    assert unit_hash(HALF, "user 1") != unit_hash(other, "user 1")
    assert -(2**63) <= unit_hash(HALF, "user 1") < 2**63


def test_any_text_is_a_unit() -> None:
    """Also an empty one, and half a character."""
    for text in ("", "\ud800", "x" * 10_000):
        assert variant_of(HALF, text, HALF.open).key in ("a", "b")


def test_no_share_takes_nobody_and_a_whole_one_everybody() -> None:
    """The ends are exact."""
    assert not any(takes_part(replace(HALF, share=0.0), user) for user in USERS[:1_000])
    assert all(takes_part(replace(HALF, share=1.0), user) for user in USERS[:1_000])
