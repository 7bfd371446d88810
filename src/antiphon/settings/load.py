"""Reads all settings once: defaults, then the file, then the environment, then flags; later ones win.

This is the only module that looks at the configuration file; the environment is handed in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct, structs

from antiphon.errors import ConfigError
from antiphon.settings import check, environment, local_chain, rules
from antiphon.settings.file import find_file, read_file
from antiphon.settings.layers import DEFAULT, Assignment, Problem, Provenance, flatten, merge
from antiphon.settings.model import EMBEDDED_DEFAULT, Settings
from antiphon.settings.paths import SettingPath, path_text
from antiphon.settings.schema import Schema
from antiphon.settings.texts import substitute


class Loaded(Struct, frozen=True):
    """The settings, where each came from, and the file that was read, if any."""

    settings: Settings
    provenance: Provenance
    file: Path | None


class Examined(Struct, frozen=True):
    """What reading gave: settings when there is no problem, all problems otherwise."""

    loaded: Loaded | None
    problems: tuple[Problem, ...]


def load(
    *,
    config: Path | None = None,
    variables: Mapping[str, str],
    flags: Sequence[Assignment] = (),
    folder: Path,
) -> Loaded:
    """The settings; anything wrong raises one ConfigError that lists every problem, a line each.

    `config` is the file asked for, `variables` the environment, `folder` where a file is looked for otherwise.
    """
    examined = examine(config=config, variables=variables, flags=flags, folder=folder)
    if examined.loaded is None:
        problems = examined.problems
        raise ConfigError("\n".join(str(problem) for problem in problems), param=problems[0].path or None)
    return examined.loaded


def examine(
    *,
    config: Path | None = None,
    variables: Mapping[str, str],
    flags: Sequence[Assignment] = (),
    folder: Path,
) -> Examined:
    """As `load`, but problems are returned."""
    schema = Schema(Settings)
    file = find_file(config, variables, folder)
    wrong: list[Problem] = []
    found = [
        *_sorted_out(_from_file(file, schema, variables), wrong),
        *_sorted_out(environment.assignments(variables, schema), wrong),
        *flags,
    ]
    merged = merge(_with_default_model(found))
    wrong += merged.problems
    wrong += check.problems(merged.tree, schema, merged.provenance)
    if wrong:
        return Examined(None, tuple(wrong))
    settings = check.convert(merged.tree)
    settings = structs.replace(settings, data_dir=settings.data_dir.expanduser())
    wrong += _broken_rules(settings, merged.provenance)
    return Examined(None if wrong else Loaded(settings, merged.provenance, file), tuple(wrong))


def _from_file(path: Path | None, schema: Schema, variables: Mapping[str, str]) -> Iterator[Assignment | Problem]:
    if path is None:
        return
    source = f"file {path.name}"
    try:
        values = read_file(path)
    except ConfigError as error:
        yield Problem("", f"file {path}", error.message)
        return
    for found in flatten(values, source):
        try:
            yield Assignment(found.path, substitute(found.value, found.path, schema, variables), source)
        except ConfigError as error:
            yield Problem(path_text(found.path), source, error.message)


def _sorted_out(found: Iterable[Assignment | Problem], wrong: list[Problem]) -> Iterator[Assignment]:
    for one in found:
        if isinstance(one, Problem):
            wrong.append(one)
        else:
            yield one


def _with_default_model(found: Sequence[Assignment]) -> Iterator[Assignment]:
    """Whole lists first, then the embedded default where nothing else is served, then what changes single items.

    That order lets a flag or a variable change an item of whichever list won.
    """
    whole = [one for one in found if not _inside_list(one.path)]
    served = {one.path: one.value for one in whole if one.path in {("models",), ("upstreams",)}}
    wanted = {one.path: one.value for one in whole}.get(("embedded_default",), True)
    yield from local_chain.assignments(whole, Settings().data_dir)
    yield from whole
    if wanted is True and not any(served.values()):
        yield _embedded_default(priced=local_chain.chosen(whole))
    yield from (one for one in found if _inside_list(one.path))


def _embedded_default(*, priced: bool) -> Assignment:
    """The model that is served where no other is: for test money where there is some, so that paying can be seen."""
    model = structs.replace(EMBEDDED_DEFAULT, prices=local_chain.TEST_PRICES) if priced else EMBEDDED_DEFAULT
    return Assignment(("models",), [msgspec.to_builtins(model)], local_chain.SOURCE if priced else DEFAULT)


def _inside_list(path: SettingPath) -> bool:
    return path[0] in {"models", "upstreams", "keys", "projects"} and len(path) > 1


def _broken_rules(settings: Settings, provenance: Provenance) -> Iterator[Problem]:
    for path, rule in rules.broken(settings):
        yield Problem(path_text(path), provenance.source(path), rule)
