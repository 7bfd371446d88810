"""Channels and their messages, and the rules of both. Values and pure functions.

Messages of a channel are numbered in the order of their commits, without a gap that could be filled later: whoever has
read up to a number has missed nothing below it.
"""

from __future__ import annotations

import re
from typing import Literal

from msgspec import Struct

from antiphon.errors import BadRequest, NotFound
from antiphon.projects.resolve import shown

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
ADDRESS = re.compile(r"(?:([A-Za-z0-9][A-Za-z0-9._:/@+-]{0,199})/)?([a-z0-9][a-z0-9_-]{0,63})")
DISPLAY_NAME = re.compile(r"[a-z0-9_-]{1,32}")
ACCOUNT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,199}")
AVATAR = re.compile(r"https://[^\s/?#@]+([/?#]\S*)?")
WALLET = re.compile(r"0x[0-9a-fA-F]{40}")
MESSAGE_ID = re.compile(r"msg-([0-9a-f]{24})([0-9a-f]{12})")
AVATAR_CHARACTERS_MAX = 2_048
AUTHOR_CHARACTERS_MAX = 200
AUTHOR_NAME_CHARACTERS = 32
CHANNEL_PREFIX = "ch-"
EVERYBODY = ""  # the member that stands for all accounts, and the owner of public channels

AuthorType = Literal["api", "discord"]


class Channel(Struct, frozen=True):
    """A named list of messages. One of `EVERYBODY` is public, any other is for its members, its owner among them."""

    id: str
    owner: str
    name: str
    created_at_ms: int
    last_number: int = 0

    @property
    def public(self) -> bool:
        """Whether every account reads and writes it."""
        return self.owner == EVERYBODY

    @property
    def address(self) -> str:
        """What everybody calls it: a public one by its name, others by their owner's too."""
        return self.name if self.public else f"{self.owner}/{self.name}"


class Message(Struct, frozen=True):
    """One message as it is kept."""

    channel_id: str
    number: int
    author: str
    author_name: str
    author_type: AuthorType
    content: str
    created_at_ms: int

    @property
    def id(self) -> str:
        """Its id, which sorts as the messages of its channel do."""
        return message_id(self.channel_id, self.number)


class Draft(Struct, frozen=True):
    """A message before it is kept."""

    author: str
    author_name: str
    author_type: AuthorType
    content: str


class Bounds(Struct, frozen=True):
    """How much there may be. 0 posts a minute: as many as anybody likes; 0 days: messages stay until deleted."""

    content_bytes_max: int = 16_384
    posts_per_minute: int = 60
    per_account_max: int = 100
    members_max: int = 1_000
    followers_max: int = 1_000
    wait_s_max: float = 60.0
    retention_days: int = 90


def message_id(channel_id: str, number: int) -> str:
    """The id of a channel's message of that number; 0 stands for the place before the first."""
    return f"msg-{channel_id.removeprefix(CHANNEL_PREFIX)}{number:012x}"


def parse_message_id(text: str) -> tuple[str, int] | None:
    """The id of the channel, and the number; None for what is no message's id."""
    found = MESSAGE_ID.fullmatch(text)
    return None if found is None else (CHANNEL_PREFIX + found[1], int(found[2], 16))


def parse_address(text: str) -> tuple[str | None, str] | None:
    """The owner, if one is named, and the name; None for what no channel can be called."""
    found = ADDRESS.fullmatch(text)
    return None if found is None else (found[1], found[2])


def require_content(content: str, bytes_max: int) -> None:
    """BadRequest for a text that is empty or too long, or that not every database could keep."""
    if not content.strip():
        raise BadRequest("content: expected a text that is not empty.", param="content")
    if "\0" in content:
        raise BadRequest("content: U+0000 is not allowed.", param="content")
    if len(content.encode()) > bytes_max:
        raise BadRequest(f"content: at most {bytes_max} bytes in UTF-8 are allowed.", param="content")


def require_display_name(name: str) -> None:
    """BadRequest for what nobody may be shown as."""
    if not DISPLAY_NAME.fullmatch(name):
        rule = "expected 1 to 32 of lower-case letters, digits, `-` and `_`"
        raise BadRequest(f"name: {rule}.", param="name")


def require_avatar(avatar: str) -> None:
    """BadRequest for what is no https address."""
    if len(avatar) > AVATAR_CHARACTERS_MAX or not AVATAR.fullmatch(avatar):
        rule = f"expected an https:// address of at most {AVATAR_CHARACTERS_MAX} characters"
        raise BadRequest(f"avatar: {rule}.", param="avatar")


def require_bridged_author(author: str) -> None:
    """BadRequest for what is no user's id."""
    if not 1 <= len(author) <= AUTHOR_CHARACTERS_MAX or not author.isprintable():
        rule = f"expected 1 to {AUTHOR_CHARACTERS_MAX} printable characters"
        raise BadRequest(f"author: {rule}.", param="author")


def require_channel_name(name: str) -> None:
    """BadRequest for what a new channel may not be called."""
    if not NAME.fullmatch(name):
        rule = "expected 1 to 64 lower-case letters, digits, `-` and `_`, beginning with a letter or digit"
        raise BadRequest(f"name: {rule}.", param="name")


def require_accounts(accounts: tuple[str, ...], param: str) -> None:
    """BadRequest for what no account can be called."""
    for number, account in enumerate(accounts):
        if not ACCOUNT.fullmatch(account):
            raise BadRequest(f"{param}[{number}]: not the name of an account.", param=f"{param}[{number}]")


def short_name(account: str) -> str:
    """What is shown of an author who gave no name: the ends of a wallet's address, the beginning of any other."""
    if WALLET.fullmatch(account):
        return f"{account[:6]}…{account[-4:]}"
    return account[:AUTHOR_NAME_CHARACTERS]


def unknown(name: str) -> BadRequest:
    """The refusal of a channel in a body or a query: the same whether there is none or it is for others."""
    return BadRequest(f"channel: there is no channel {shown(name)}.", param="channel", code="unknown_channel")


def missing(name: str) -> NotFound:
    """The refusal of a channel in an address: the same whether there is none or it is for others."""
    return NotFound(f"The channel {shown(name)} does not exist.", param="channel", code="channel_not_found")


def missing_message(name: str) -> NotFound:
    """The refusal of a message's id: the same whether there is none or it is for others."""
    return NotFound(f"The message {shown(name)} does not exist.", param="message", code="message_not_found")
