"""Checks of the machine: clock, data folder, open files, keys."""

from __future__ import annotations

import resource
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from antiphon.cli.endpoint import development_key
from antiphon.cli.findings import Finding, fail, ok, warn
from antiphon.cli.output import size_text
from antiphon.clock import Clock
from antiphon.settings.model import Settings

WRITTEN_AT = datetime(2026, 11, 1, tzinfo=UTC)  # no honest clock is before this program was written
FREE_BYTES_WANTED = 1_000_000_000
FILES_BESIDES_CONNECTIONS = 256


def clock(source: Clock) -> Finding:
    """Whether the date can be right: certificates and the times in answers depend on it."""
    moment = datetime.fromtimestamp(source.now(), UTC)
    shown = moment.isoformat(timespec="seconds")
    if moment < WRITTEN_AT:
        return fail("clock", f"{shown} is before this version was written", "Set the clock, as with `timedatectl`.")
    return ok("clock", shown)


def data_dir(folder: Path) -> Finding:
    """Whether model files and the development key can be kept."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.NamedTemporaryFile(dir=folder):
            free = shutil.disk_usage(folder).free
    except OSError as error:
        advice = "Make it writable, or name another with --data-dir or ANTIPHON_DATA_DIR."
        return fail("data folder", f"{folder} cannot be written: {error.strerror}", advice)
    found = f"{folder}, {size_text(free)} free"
    if free < FREE_BYTES_WANTED:
        return warn("data folder", found, "Model files may not fit; free some space.")
    return ok("data folder", found)


def open_files(connections_max: int) -> Finding:
    """Whether the system allows as many connections as the settings do."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < connections_max + FILES_BESIDES_CONNECTIONS:
        advice = "Raise it with `ulimit -Hn` or LimitNOFILE=, or lower `server.connections_max`."
        return warn("open files", f"the limit of {hard} is below {connections_max} connections", advice)
    return ok("open files", f"enough for {connections_max} connections")


def keys(settings: Settings) -> Finding:
    """Whether anybody could call the gateway."""
    named = len(settings.keys)
    if settings.development_key:
        known = "is made" if development_key(settings.data_dir) else "will be made at the first start"
        return ok("keys", f"{named} in the configuration; the development key {known}")
    if not named:
        advice = "Make one with `antiphon keys create` or `antiphon keys new`, or set `development_key: true`."
        return warn("keys", "there is none in the configuration; those in the database are good", advice)
    return ok("keys", f"{named} in the configuration, no development key")
