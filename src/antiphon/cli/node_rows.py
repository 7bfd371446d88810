"""The rows of nodes in the table of commands. Values only."""

from __future__ import annotations

from antiphon.cli.command import Command

NODE_ROWS = (
    Command(
        ("nodes", "invite"),
        "antiphon.cli.nodes:invite",
        "Print a token, good once, and the line that makes another machine a node; takes an admin's key.",
        ("antiphon nodes invite", "antiphon nodes invite --name attic --expires 7d --url https://gateway.example"),
    ),
    Command(
        ("nodes", "invites"),
        "antiphon.cli.nodes:invites",
        "List the invites: open, used and expired ones.",
        ("antiphon nodes invites", "antiphon nodes invites --json"),
    ),
    Command(
        ("nodes", "revoke"),
        "antiphon.cli.nodes:revoke",
        "Void an invite that nobody has used yet.",
        ("antiphon nodes revoke invite_6a1f0c",),
    ),
    Command(
        ("nodes", "list"),
        "antiphon.cli.nodes:list_nodes",
        "List the nodes of a running gateway. This is what `antiphon nodes` does.",
        ("antiphon nodes", "antiphon nodes list --json"),
    ),
    Command(("nodes", "show"), "antiphon.cli.nodes:show", "Show a node.", ("antiphon nodes show attic",)),
    Command(
        ("nodes", "drain"),
        "antiphon.cli.nodes:drain",
        "Give a node no more requests; those that it has it finishes.",
        ("antiphon nodes drain attic",),
    ),
    Command(
        ("nodes", "undrain"),
        "antiphon.cli.nodes:undrain",
        "Give a drained node requests again.",
        ("antiphon nodes undrain attic",),
    ),
    Command(
        ("nodes", "ban"),
        "antiphon.cli.nodes:ban",
        "Send a node away, and let it in no more; what it was doing is done elsewhere.",
        ("antiphon nodes ban attic",),
    ),
    Command(
        ("nodes", "rename"),
        "antiphon.cli.nodes:rename",
        "Give a node another name.",
        ("antiphon nodes rename attic loft",),
    ),
    Command(
        ("nodes", "tag"),
        "antiphon.cli.nodes:tag",
        "Give a node these tags in place of those that it has.",
        ("antiphon nodes tag attic eu gpu", "antiphon nodes tag attic"),
    ),
    Command(
        ("nodes", "evidence"),
        "antiphon.cli.trust:evidence",
        "Print how a node stands, by which checks, and what it failed.",
        ("antiphon nodes evidence attic", "antiphon nodes evidence attic --json"),
    ),
    Command(
        ("nodes", "pardon"),
        "antiphon.cli.trust:pardon",
        "Let a node in quarantine serve again.",
        ("antiphon nodes pardon attic",),
    ),
    Command(
        ("nodes", "remove"),
        "antiphon.cli.nodes:remove",
        "Forget a node; its machine takes a new token to come back.",
        ("antiphon nodes remove attic",),
    ),
    Command(
        ("nodes", "nats-config"),
        "antiphon.cli.nodes_broker:nats_config",
        "Print the configuration of a NATS server of one's own, which gateways use with `serve --nats`.",
        ("antiphon nodes nats-config > nats.conf", "antiphon nodes nats-config --listen 0.0.0.0:4222 --folder /data"),
    ),
)
