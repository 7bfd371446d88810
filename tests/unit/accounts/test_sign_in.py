"""Sign-in by wallet: a key for whoever signs, once; every other case is refused and leaves nothing behind."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from antiphon.accounts.service import Minted
from antiphon.accounts.sign_in import NONCES_KEPT_MS, SCOPES, SignIn, SignInRules
from antiphon.accounts.wallet import Origin, read, written
from antiphon.db import Connection, Database
from antiphon.errors import BadRequest, Conflict, PermissionDenied, RateLimited, Unauthenticated
from antiphon.ids import seeded

from .stored import PEPPER, Stored
from .wallets import ADDRESS, OTHER_SECRET, address_of, signed

RULES = SignInRules(True, (Origin("https", "gw.example"), Origin("http", "localhost:8000")), (8453, 84532))
Fields = dict[str, Any]  # Any: values of fields


class Desk:
    """A sign-in over a database."""

    def __init__(self, database: Database, *, rules: SignInRules = RULES, keys_max: int = 20) -> None:
        self.stored = Stored(database, keys_max=keys_max)
        self.sign_in = SignIn(
            self.stored.service, rules, [PEPPER.secret], clock=self.stored.clock, ids=seeded(7)
        )  # fmt: skip

    def message(self, **fields: Any) -> str:  # Any: values of fields
        """A challenge's text, with these fields changed by the client."""
        return written(replace(read(self.sign_in.challenge(ADDRESS).message), **fields))

    async def rows(self) -> tuple[int, ...]:
        """How many accounts, keys and nonces are kept."""

        def work(connection: Connection) -> tuple[int, ...]:
            return tuple(len(connection.all(f"SELECT 1 FROM {name}")) for name in ("accounts", "keys", "used_nonces"))

        return await self.stored.database.read(work)


async def test_a_wallet_gets_a_key(database: Database) -> None:
    """Its account is its address; the key may do all but administer, and is known at once."""
    desk = Desk(database)
    challenge = desk.sign_in.challenge(ADDRESS.lower())
    assert challenge.nonce in challenge.message
    assert challenge.expires_at in challenge.message
    minted = await desk.sign_in.sign_in(challenge.message, signed(challenge.message), address=ADDRESS)
    assert (minted.record.account, minted.record.grant.scopes) == (ADDRESS, SCOPES)
    await desk.stored.keys.refresh()
    key = await desk.stored.keys.look_up(minted.key)
    assert key is not None
    assert key.account == ADDRESS
    assert await desk.rows() == (1, 1, 1)


async def test_a_second_sign_in_is_a_further_key(database: Database) -> None:
    """On the same account, with a nonce of its own."""
    desk = Desk(database)
    keys = []
    for name in ("one", "two"):
        message = desk.message()
        keys.append(await desk.sign_in.sign_in(message, signed(message), name=name))
    assert keys[0].key != keys[1].key
    assert await desk.rows() == (1, 2, 2)
    assert {record.grant.name for record in await desk.stored.service.list(ADDRESS)} == {"one", "two"}


async def test_challenges_cost_nothing(database: Database) -> None:
    """However many come, no row is written, and each has another nonce."""
    desk = Desk(database)
    nonces = {desk.sign_in.challenge(ADDRESS).nonce for _ in range(500)}
    assert len(nonces) == 500
    assert await desk.rows() == (0, 0, 0)


@pytest.mark.parametrize(
    ("host", "chain_id", "expected"),
    [
        ("", None, ("gw.example", "https://gw.example/v1/auth/wallet", 8453)),
        ("evil.example", 84532, ("gw.example", "https://gw.example/v1/auth/wallet", 84532)),
        ("localhost:8000", None, ("localhost:8000", "http://localhost:8000/v1/auth/wallet", 8453)),
    ],
)
async def test_a_challenge_names_where_it_was_asked_for(
    database: Database, host: str, chain_id: int | None, expected: tuple[str, str, int]
) -> None:
    """If that is an address of ours; a stranger's is never written into a text to sign."""
    text = read(Desk(database).sign_in.challenge(ADDRESS, chain_id, host).message)
    assert (text.domain, text.uri, text.chain_id) == expected
    assert text.address == ADDRESS


@pytest.mark.parametrize("address", ["", "0x", ADDRESS[:-1], ADDRESS[2:], "acme", ADDRESS[:-1] + "a", ADDRESS + "0"])
async def test_a_challenge_needs_an_address(database: Database, address: str) -> None:
    """A typing mistake in the checksum is told before anybody signs."""
    with pytest.raises(BadRequest, match="^address: "):
        Desk(database).sign_in.challenge(address)


async def test_a_challenge_is_for_a_chain_of_ours(database: Database) -> None:
    """The refusal names those."""
    with pytest.raises(BadRequest, match="^chain_id: expected one of 8453, 84532.$"):
        Desk(database).sign_in.challenge(ADDRESS, 1)


async def test_clients_may_write_their_own_text(database: Database) -> None:
    """Around our nonce: without an expiry, with a statement of their own, for another chain or address of ours."""
    desk = Desk(database)
    for fields in (
        {"expires_at_s": None},
        {"statement": "My own words"},
        {"statement": None, "chain_id": 84532},
        {"domain": "localhost:8000", "uri": "http://localhost:8000/v1/auth/wallet"},
    ):
        message = desk.message(**fields)
        await desk.sign_in.sign_in(message, signed(message))


Refused = Callable[[Desk], tuple[str, str]]


def changed(reason: str, **fields: Any) -> Any:  # Any: pytest's own parameter
    """A case: a text that the wallet signed, with these fields."""

    def make(desk: Desk) -> tuple[str, str]:
        message = desk.message(**fields)
        return message, signed(message)

    return pytest.param(make, reason, id=reason)


def other_signer(desk: Desk) -> tuple[str, str]:
    """Somebody else signs for the wallet."""
    message = desk.message()
    return message, signed(message, OTHER_SECRET)


def stripped(desk: Desk) -> tuple[str, str]:
    """The line of the expiry is taken out of a text that was signed with it."""
    message = desk.message()
    return message.rpartition("\nExpiration Time: ")[0], signed(message)


def injected(desk: Desk) -> tuple[str, str]:
    """A line more stands in a text that was signed with it."""
    message = desk.message().replace("\nVersion: 1", "\nResources:\n- https://gw.example\nVersion: 1")
    return message, signed(message)


def short(desk: Desk) -> tuple[str, str]:
    """The signature lacks a byte."""
    message = desk.message()
    return message, signed(message)[:-2]


def contract(desk: Desk) -> tuple[str, str]:
    """The signature is one that only a contract could judge (EIP-6492)."""
    message = desk.message()
    return message, signed(message) + "6492" * 16


def lower_case(desk: Desk) -> tuple[str, str]:
    """The address has lost its checksum."""
    message = desk.message().replace(ADDRESS, ADDRESS.lower())
    return message, signed(message)


def late(desk: Desk) -> tuple[str, str]:
    """The text is older than five minutes."""
    message = desk.message()
    desk.stored.clock.advance(301)
    return message, signed(message)


def late_without_a_line(desk: Desk) -> tuple[str, str]:
    """The text has no expiry, but the nonce has."""
    message = desk.message(expires_at_s=None)
    desk.stored.clock.advance(301)
    return message, signed(message)


CASES = [
    pytest.param(other_signer, "the signature is not", id="other signer"),
    changed("wrong domain", domain="gw.example.phish"),
    changed("wrong URI", uri="https://gw.example/other"),
    changed("wrong chain", chain_id=1),
    changed("the nonce is none of ours", nonce="00" * 29),
    changed("the nonce is none of ours: ", nonce="inventedByMe123"),
    changed("issued in the future", issued_at_s=1_700_000_061.0),
    changed("expired", expires_at_s=1_699_999_999.0),
    pytest.param(late, "expired", id="late"),
    pytest.param(late_without_a_line, "expired", id="late, without a line"),
    pytest.param(stripped, "the signature is not", id="expiry stripped"),
    pytest.param(injected, "the message is not the text", id="line injected"),
    pytest.param(short, "the signature is not the 65 bytes", id="64 bytes"),
    pytest.param(contract, "the signature is not the 65 bytes", id="contract wallet"),
    pytest.param(lower_case, "the address has not the checksum", id="no checksum"),
]


@pytest.mark.parametrize(("make", "reason"), CASES)
async def test_a_bad_sign_in_is_refused(database: Database, make: Refused, reason: str) -> None:
    """With 401 and the reason, and without a row; the nonce is still good for its owner."""
    desk = Desk(database)
    message, signature = make(desk)
    with pytest.raises(Unauthenticated, match=f"^Sign-in refused: {reason}") as caught:
        await desk.sign_in.sign_in(message, signature)
    assert (caught.value.status, caught.value.code) == (401, "sign_in_refused")
    assert await desk.rows() == (0, 0, 0)


async def test_another_address_beside_the_text_is_refused(database: Database) -> None:
    """What the client believes to sign in as is what it signed."""
    desk = Desk(database)
    message = desk.message()
    with pytest.raises(Unauthenticated, match="`address` is not the one of the message"):
        await desk.sign_in.sign_in(message, signed(message), address=address_of(OTHER_SECRET))


async def test_a_replay_is_refused(database: Database) -> None:
    """The same text again, also with the signature's other spelling."""
    desk = Desk(database)
    message = desk.message()
    signature = signed(message)
    await desk.sign_in.sign_in(message, signature)
    other = signature[:-2] + {"1b": "00", "1c": "01"}[signature[-2:]]
    for again in (signature, other):
        with pytest.raises(Unauthenticated, match="^Sign-in refused: nonce already used.$"):
            await desk.sign_in.sign_in(message, again)
    assert await desk.rows() == (1, 1, 1)


async def test_replays_at_one_moment_lead_to_one_key(database: Database) -> None:
    """On two gateways of one database too."""
    desk = Desk(database)
    twin = SignIn(Stored(database, seed=5).service, RULES, [PEPPER.secret], clock=desk.stored.clock, ids=seeded(8))
    message = desk.message()
    signature = signed(message)
    outcomes = await asyncio.gather(
        *(one.sign_in(message, signature) for one in [desk.sign_in, twin] * 10), return_exceptions=True
    )
    assert sum(isinstance(one, Minted) for one in outcomes) == 1
    assert {one.message for one in outcomes if isinstance(one, Unauthenticated)} == {
        "Sign-in refused: nonce already used."
    }
    assert await desk.rows() == (1, 1, 1)


async def test_two_wallets_cannot_share_a_nonce(database: Database) -> None:
    """It belongs to whoever comes first."""
    desk = Desk(database)
    text = read(desk.message())
    other = written(replace(text, address=address_of(OTHER_SECRET)))
    await desk.sign_in.sign_in(other, signed(other, OTHER_SECRET))
    with pytest.raises(Unauthenticated, match="nonce already used"):
        await desk.sign_in.sign_in(written(text), signed(written(text)))


async def test_used_nonces_are_forgotten_in_time(database: Database) -> None:
    """Long after they would be refused for their age."""
    desk = Desk(database)
    for _ in range(2):
        message = desk.message()
        await desk.sign_in.sign_in(message, signed(message))
    assert (await desk.rows())[2] == 2
    desk.stored.clock.advance(NONCES_KEPT_MS / 1000 + 301)
    message = desk.message()
    await desk.sign_in.sign_in(message, signed(message))
    assert (await desk.rows())[2] == 1


async def test_a_wallet_whose_keys_are_lost_gets_in_again(database: Database) -> None:
    """At the limit it is told how; the same signed text is good for that."""
    desk = Desk(database, keys_max=1)
    message = desk.message()
    lost = await desk.sign_in.sign_in(message, signed(message))
    message = desk.message()
    with pytest.raises(Conflict, match="1 keys, and may not have more"):
        await desk.sign_in.sign_in(message, signed(message))
    found = await desk.sign_in.sign_in(message, signed(message), revoke_others=True)
    states = {one.id: one.state(desk.stored.now_ms) for one in await desk.stored.service.list(ADDRESS)}
    assert states == {lost.record.id: "revoked", found.record.id: "active"}


async def test_sign_ins_have_a_pace(database: Database) -> None:
    """Wallets cost nothing, so rows are rationed; what is refused otherwise does not count."""
    desk = Desk(database, rules=replace(RULES, per_minute=2))
    for _ in range(5):
        with pytest.raises(Unauthenticated):
            message = desk.message()
            await desk.sign_in.sign_in(message, signed(message, OTHER_SECRET))
    for _ in range(2):
        message = desk.message()
        await desk.sign_in.sign_in(message, signed(message))
    message = desk.message()
    with pytest.raises(RateLimited) as caught:
        await desk.sign_in.sign_in(message, signed(message))
    assert caught.value.retry_after_s == 30
    desk.stored.clock.advance(30)
    await desk.sign_in.sign_in(message, signed(message))


async def test_it_can_be_off(database: Database) -> None:
    """Then neither step is answered."""
    desk = Desk(database, rules=replace(RULES, enabled=False))
    with pytest.raises(PermissionDenied, match="ask the operator for a key") as caught:
        desk.sign_in.challenge(ADDRESS)
    assert caught.value.code == "sign_in_off"
    message = Desk(database).message()
    with pytest.raises(PermissionDenied):
        await desk.sign_in.sign_in(message, signed(message))


async def test_a_clock_that_steps_does_not_matter_within_its_window(database: Database) -> None:
    """A minute either way between the gateway that made the text and the one that takes it."""
    desk = Desk(database)
    message = desk.message()
    for step_s in (-60, 120):
        desk.stored.clock._now += step_s
        assert read(message).issued_at_s <= desk.stored.clock.now() + 60
    await desk.sign_in.sign_in(message, signed(message))
    later = desk.message()
    desk.stored.clock._now -= 61
    with pytest.raises(Unauthenticated, match="issued in the future"):
        await desk.sign_in.sign_in(later, signed(later))
