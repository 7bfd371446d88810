"""Picks a model's file out of a repository's list by the name of its quantisation. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from antiphon.errors import ConfigError

USUAL = ("Q4_K_M", "Q4_0", "Q4_1", "Q5_K_M", "Q8_0", "F16", "BF16")
PART = re.compile(r"-(\d{5})-of-(\d{5})\.gguf$")
NO_MODEL = re.compile(r"(^|[/._-])(mmproj|imatrix|vocab)([/._-]|$)", re.IGNORECASE)
QUANT = re.compile(r"(?<![A-Za-z0-9])(?:UD-)?((?:I?Q\d|TQ\d|MXFP4|BF16|F16|F32)[A-Z0-9_]*)", re.IGNORECASE)
LISTED_MAX = 12


def pick(files: Sequence[str], quant: str | None, *, repo: str) -> list[str]:
    """The file's name; all of its parts in order when it is split. ConfigError names what the repository has."""
    models = [name for name in files if name.endswith(".gguf") and not NO_MODEL.search(name)]
    if not models:
        raise ConfigError(f"the repository {repo} has no GGUF model in it")
    for wanted in (quant,) if quant else USUAL:
        found = _first(models, wanted)
        if found:
            return found
    if quant is None and len({PART.sub("", name) for name in models}) == 1:
        return sorted(models)
    known = ", ".join(sorted({quant_of(name) or name for name in models})[:LISTED_MAX])
    wanted_text = f"no {quant}" if quant else "several files"
    raise ConfigError(f"the repository {repo} has {wanted_text}: choose one of {known}")


def parts_of(name: str, files: Sequence[str]) -> list[str]:
    """The file and, when it is the first part of several, the others. ConfigError when one is missing."""
    match = PART.search(name)
    if match is None:
        return [name]
    stem, count = name[: match.start()], int(match[2])
    wanted = [f"{stem}-{number:05d}-of-{count:05d}.gguf" for number in range(1, count + 1)]
    missing = sorted(set(wanted) - set(files))
    if missing:
        raise ConfigError(f"{missing[0]}, a part of {name}, is missing")
    return wanted


def quant_of(name: str) -> str | None:
    """The quantisation in a file's name, in capitals."""
    found = QUANT.findall(name)
    return str(found[-1]).upper() if found else None


def _first(models: Sequence[str], quant: str) -> list[str]:
    """The model with that quantisation; of several the one with the shortest name, which has no additions."""
    pattern = re.compile(rf"(?<![A-Za-z0-9]){re.escape(quant)}(?![A-Za-z0-9_])", re.IGNORECASE)
    named = sorted((name for name in models if pattern.search(name)), key=lambda name: (len(name), name))
    return parts_of(named[0], models) if named else []
