"""The command line: one table of commands. Each is imported only when it is called, so that the rest starts fast.

Exit codes: 0 done; 1 it failed, or a check found something; 2 wrong usage or configuration; 130 interrupted.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from cyclopts import App, Parameter

from antiphon import __version__
from antiphon.cli.commands import COMMANDS, DEFAULTS, GROUPS

HELP = """\
Six published APIs, OpenAI's among them, in front of models that run here and servers that run elsewhere.

`antiphon serve` starts it with a small model built in; `antiphon COMMAND --help` has examples.
"""
EXIT_CODES = (
    "Exit codes: 0 done; 1 it failed, or a check found something; 2 wrong usage or configuration; 130 interrupted."
)


def build() -> App:
    """The whole command line."""
    shared = Parameter(negative=(), show_default=False)
    app = App(
        name="antiphon",
        help=HELP,
        help_epilogue=EXIT_CODES,
        version=__version__,
        default_parameter=shared,
        help_format="markdown",
    )
    groups = {name: App(name=name, help=text) for name, text in GROUPS.items()}
    for group in groups.values():
        app.command(group)
    for command in COMMANDS:
        parent = app if len(command.words) == 1 else groups[command.words[0]]
        parent.command(
            command.target, name=command.words[-1], help=command.help, help_epilogue=_examples(command.examples)
        )
    app.register_install_completion_command(help="Install completion for this shell.")
    return app


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code."""
    from antiphon.errors import AntiphonError, ConfigError

    words = with_default(list(sys.argv[1:] if arguments is None else arguments))
    try:
        build()(words)
    except SystemExit as exit_:
        return exit_.code if isinstance(exit_.code, int) else int(exit_.code is not None)
    except AntiphonError as error:
        sys.stderr.write(f"antiphon: {error.message}\n")
        return 2 if isinstance(error, ConfigError) else 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader of our output left, as `head` does; Python would complain again when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return 0


def with_default(words: list[str]) -> list[str]:
    """The words with the command that a bare group stands for: `config --json` is `config show --json`."""
    if not words or words[0] not in DEFAULTS:
        return words
    if len(words) == 1 or (words[1].startswith("-") and words[1] not in {"--help", "-h"}):
        return [words[0], DEFAULTS[words[0]], *words[1:]]
    return words


def _examples(examples: tuple[str, ...]) -> str | None:
    if not examples:
        return None
    return "**Examples**\n\n```\n" + "\n".join(examples) + "\n```\n\n" + EXIT_CODES
