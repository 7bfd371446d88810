"""Prints what a wheel of vLLM for CPU needs, one requirement a line, for this machine: `python requirements.py WHEEL`.

Runs inside the new environment, where pip is the only package that can read a requirement.
"""

from __future__ import annotations

import sys
from email.parser import HeaderParser
from zipfile import ZipFile

from pip._vendor.packaging.requirements import Requirement
from recipe import NOT_FOR_TEXT, TORCH


def wanted(wheel: str) -> list[str]:
    """Requirement lines without extras, without what text models never import, and with torch as installed."""
    found = [Requirement(line) for line in _requirements(wheel)]
    kept = [r for r in found if r.name not in NOT_FOR_TEXT and (r.marker is None or r.marker.evaluate({"extra": ""}))]
    return [f"torch=={TORCH}" if r.name == "torch" else _without_marker(r) for r in kept]


def _requirements(wheel: str) -> list[str]:
    """The lines of the wheel's metadata that name a requirement."""
    with ZipFile(wheel) as archive:
        (name,) = (n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        return HeaderParser().parsestr(archive.read(name).decode()).get_all("Requires-Dist", [])


def _without_marker(requirement: Requirement) -> str:
    """The requirement as text; its marker has been judged already."""
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    return f"{requirement.name}{extras}{requirement.specifier}"


if __name__ == "__main__":
    print("\n".join(wanted(sys.argv[1])))
