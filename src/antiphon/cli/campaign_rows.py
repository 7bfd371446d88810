"""The rows of campaigns in the table of commands. Values only."""

from __future__ import annotations

from antiphon.cli.command import Command

CAMPAIGN_ROWS = (
    Command(
        ("campaigns", "list"),
        "antiphon.cli.campaigns:list_campaigns",
        "List the campaigns of a running gateway. This is what `antiphon campaigns` does.",
        ("antiphon campaigns", "antiphon campaigns list --project support --archived --json"),
    ),
    Command(
        ("campaigns", "show"),
        "antiphon.cli.campaigns:show",
        "Show a campaign and its variants.",
        ("antiphon campaigns show tone",),
    ),
    Command(
        ("campaigns", "report"),
        "antiphon.cli.campaign_report:report",
        "Say which variant of a campaign is better, how surely, and what is still needed.",
        ("antiphon campaigns report tone", "antiphon campaigns report tone --picture tone.svg"),
    ),
    Command(
        ("campaigns", "create"),
        "antiphon.cli.campaigns:create",
        "Make a campaign, which lets variants of a project share its requests.",
        (
            "antiphon campaigns create tone --project p --variant plain --variant 'warm arg.tone=warm' --start",
            "antiphon campaigns create size --project p --variant a --variant 'b model=big' --goal thumbs --decides",
            "antiphon campaigns create t --project p --variant a --variant b --guardrail error_rate=0.1:drop",
        ),
    ),
    Command(
        ("campaigns", "change"),
        "antiphon.cli.campaigns:change",
        "Change a campaign's share of the requests, or its variants' weights.",
        ("antiphon campaigns change tone --share 0.5", "antiphon campaigns change tone --weight warm=3"),
    ),
    Command(
        ("campaigns", "start"),
        "antiphon.cli.campaigns:start",
        "Let requests take part in a campaign.",
        ("antiphon campaigns start tone",),
    ),
    Command(
        ("campaigns", "pause"),
        "antiphon.cli.campaigns:pause",
        "Let requests get what the project says, until the campaign is started again.",
        ("antiphon campaigns pause tone",),
    ),
    Command(
        ("campaigns", "stop"),
        "antiphon.cli.campaigns:stop",
        "End a campaign for good.",
        ("antiphon campaigns stop tone",),
    ),
    Command(
        ("campaigns", "archive"),
        "antiphon.cli.campaigns:archive",
        "Keep a campaign that is over out of the lists.",
        ("antiphon campaigns archive tone",),
    ),
)
