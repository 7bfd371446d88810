"""The rows of `antiphon channel` in the table of commands. Values only."""

from __future__ import annotations

from antiphon.cli.command import Command

CHANNEL_ROWS = (
    Command(
        ("channel", "list"),
        "antiphon.cli.channels:list_channels",
        "List the channels that the key's account may use. This is what `antiphon channel` does.",
        ("antiphon channel", "antiphon channel list --json"),
    ),
    Command(
        ("channel", "post"),
        "antiphon.cli.channel:post",
        "Post a message to a channel.",
        ('antiphon channel post general "Hello!" --name ann', "date | antiphon channel post ann/team --once today"),
    ),
    Command(
        ("channel", "read"),
        "antiphon.cli.channel:read",
        "Print the last messages of a channel, or those after or before a place, the oldest first.",
        ("antiphon channel read general", "antiphon channel read general --after 2026-11-25T12:00:00Z --json"),
    ),
    Command(
        ("channel", "follow"),
        "antiphon.cli.channel:follow",
        "Print messages as they come, until Ctrl-C; a connection that breaks is made again, and nothing is missed.",
        ("antiphon channel follow general", "antiphon channel follow ann/team --last 0 --json"),
    ),
    Command(
        ("channel", "remove"),
        "antiphon.cli.channel:remove",
        "Delete a message: one's own, or any of one's own channel.",
        ("antiphon channel remove msg-0123456789abcdef01234567000000000001",),
    ),
    Command(
        ("channel", "create"),
        "antiphon.cli.channels:create",
        "Make a channel of the key's account, or one for everybody.",
        ("antiphon channel create team --member bob", "antiphon channel create news --public"),
    ),
    Command(
        ("channel", "share"),
        "antiphon.cli.channels:share",
        "Let accounts use a channel of one's own, or no longer.",
        ("antiphon channel share team --add carol --remove bob",),
    ),
    Command(
        ("channel", "delete"),
        "antiphon.cli.channels:delete",
        "Delete a channel with all its messages.",
        ("antiphon channel delete team",),
    ),
)
