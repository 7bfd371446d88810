"""Who takes part in a campaign, and with which variant: a keyed hash, the same on every gateway, and no table. Pure.

A unit (a user, a session, a request) has one point that says whether it takes part, and one for each variant. The share
of the traffic moves only the line that the first of them is held against, so it moves nobody from one variant to
another. A variant is chosen by weighted rendezvous: as weights change, units move only to variants that gained weight,
and one that is dropped leaves the units of all others where they are.
"""

from __future__ import annotations

import math
from hashlib import blake2b

from antiphon.campaigns.model import Campaign, Variant

POINT_BYTES = 8
POINTS = 1 << (8 * POINT_BYTES)
TAKES_PART = b"share"


def takes_part(campaign: Campaign, unit: str) -> bool:
    """Whether the unit is within the campaign's share."""
    return _point(campaign, TAKES_PART, unit) < campaign.share


def variant_of(campaign: Campaign, unit: str, variants: tuple[Variant, ...]) -> Variant:
    """The variant that the unit gets, of those that there are."""
    best, highest = variants[0], -math.inf
    for variant in variants:
        if variant.weight > 0:
            # The largest of weight / -ln(point) is each variant's with the probability of its share of the weights.
            score = -variant.weight / math.log(_point(campaign, variant.id.encode(), unit))
            if score > highest:
                best, highest = variant, score
    return best


def unit_name(campaign: Campaign, *, user: str | None, session_id: str | None, request: str) -> str:
    """What stays with its variant: the user, else the session, else there is nothing but the request itself."""
    if campaign.unit == "user" and user is not None:
        return f"user {user}"
    if campaign.unit != "request" and session_id is not None:
        return f"session {session_id}"
    return f"request {request}"


def unit_hash(campaign: Campaign, unit: str) -> int:
    """The 64 bits that stand for the unit in records: always the same in this campaign, and nothing in another."""
    return int.from_bytes(_digest(campaign, b"unit", unit), signed=True)


def _point(campaign: Campaign, of: bytes, unit: str) -> float:
    """Above 0 and below 1: the middle of one of 2^53 equal parts, so that a logarithm is neither 0 nor infinite."""
    return ((int.from_bytes(_digest(campaign, of, unit)) >> 11) + 0.5) / (POINTS >> 11)


def _digest(campaign: Campaign, of: bytes, unit: str) -> bytes:
    key = bytes.fromhex(campaign.salt)
    named = unit.encode("utf-8", "surrogatepass")
    return blake2b(b"%d:%b:%b" % (len(of), of, named), digest_size=POINT_BYTES, key=key).digest()
