"""`antiphon version`: what is installed, for reports."""

from __future__ import annotations

from antiphon import __version__
from antiphon.cli.output import Output

PARTS = ("xllamacpp", "msgspec", "uvloop", "httptools")


def version(*, json: bool = False) -> int:
    """Print the version; with --json also Python's, the platform's and those of the main parts.

    Parameters
    ----------
    json
        Print JSON.

    """
    output = Output(as_json=json)
    if not json:
        output.line(__version__)
        return 0
    import platform
    from importlib import metadata

    parts: dict[str, str | None] = {}
    for part in PARTS:
        try:
            parts[part] = metadata.version(part)
        except metadata.PackageNotFoundError:
            parts[part] = None
    system = f"{platform.system()} {platform.machine()}"
    output.json({"antiphon": __version__, "python": platform.python_version(), "platform": system, "packages": parts})
    return 0
