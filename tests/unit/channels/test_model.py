"""What channels and messages may be called and hold."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from antiphon.channels import model
from antiphon.channels.model import Channel, message_id, parse_address, parse_message_id, short_name
from antiphon.errors import BadRequest
from tests.unit.channels.posted import WALLET

CHANNEL = "ch-0123456789abcdef01234567"


def test_ids_of_messages_sort_and_come_back() -> None:
    """Also beyond sixteen to any power, and the place before the first."""
    ids = [message_id(CHANNEL, number) for number in (0, 1, 15, 16, 255, 256, 16**11)]
    assert ids == sorted(ids)
    assert ids[1] == "msg-0123456789abcdef01234567000000000001"
    assert parse_message_id(ids[-1]) == (CHANNEL, 16**11)


@pytest.mark.parametrize("text", ["", "msg-1", "msg-" + "0" * 35, "msg-" + "g" * 36, "msg-" + "0" * 36 + "\n"])
def test_what_is_no_message_id(text: str) -> None:
    """Is not taken for one."""
    assert parse_message_id(text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("general", (None, "general")),
        (f"{WALLET}/team-1", (WALLET, "team-1")),
        ("shop/eu/team", ("shop/eu", "team")),
        ("General", None),
        ("/general", None),
        ("ann/", None),
        ("ann/../team", ("ann/..", "team")),
        ("a\0b", None),
        ("general\n", None),
        ("x" * 65, None),
        ("", None),
    ],
)
def test_addresses(text: str, expected: tuple[str | None, str] | None) -> None:
    """A name, or an owner and a name, whose last slash parts them."""
    assert parse_address(text) == expected


def test_what_a_channel_is_called() -> None:
    """A public one by its name, others by their owner too; either leads back to it."""
    public, own = Channel(CHANNEL, "", "general", 0), Channel(CHANNEL, "shop/eu", "team", 0)
    assert (public.public, public.address, own.public, own.address) == (True, "general", False, "shop/eu/team")
    assert parse_address(own.address) == (own.owner, own.name)


@pytest.mark.parametrize("content", ["", " \n\t", "a\0b", "é" * 513])
def test_contents_that_are_refused(content: str) -> None:
    """Empty, unfit for a database, or longer than allowed in bytes."""
    with pytest.raises(BadRequest) as refused:
        model.require_content(content, 1024)
    assert refused.value.param == "content"
    model.require_content("é" * 512, 1024)


@pytest.mark.parametrize(
    ("rule", "good", "bad"),
    [
        (model.require_display_name, ("a-b_1", "x" * 32), ("", "Ann", "x" * 33, "a b", "ann\n")),
        (
            model.require_avatar,
            ("https://example.org/a.png", "https://example.org"),
            ("http://example.org/a", "https://", "https://a b", "https://u@h/", "https://e/" + 2048 * "x"),
        ),
        (model.require_bridged_author, ("80351110224678912",), ("", "a\nb", "x" * 201)),
        (model.require_channel_name, ("team", "a_b-1"), ("", "-team", "Team", "a/b", "x" * 65)),
    ],
)  # fmt: skip
def test_names(rule: Callable[[str], None], good: tuple[str, ...], bad: tuple[str, ...]) -> None:
    """Each rule takes what it should and nothing else."""
    for text in good:
        rule(text)
    for text in bad:
        with pytest.raises(BadRequest):
            rule(text)


def test_accounts_are_named_by_their_place() -> None:
    """The first that cannot be one."""
    model.require_accounts(("ann", WALLET), "members")
    with pytest.raises(BadRequest) as refused:
        model.require_accounts(("ann", "", "b"), "members")
    assert refused.value.param == "members[1]"


@pytest.mark.parametrize(
    ("account", "expected"), [(WALLET, "0x19E7…ff2A"), ("ann", "ann"), ("a" * 40, "a" * 32), ("0x12", "0x12")]
)
def test_short_names(account: str, expected: str) -> None:
    """The ends of a wallet's address, the beginning of any other account."""
    assert short_name(account) == expected
