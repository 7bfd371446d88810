"""Serves the dialect of `plain.py` beside the others: a door is a row in a table."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import plain

from antiphon.completions.doors import DOORS, Door
from antiphon.gateway.announcements import Announcement
from antiphon.gateway.serve import run
from antiphon.settings.load import load

PLAIN = Door("plain", "Plain", "/plain", plain, errors="error")


def tell(step: Announcement) -> None:
    """Say where it listens and when it is ready."""
    if step.kind in ("listening", "ready"):
        print(step.kind, step.base_url, step.development_key or "", flush=True)


if __name__ == "__main__":
    config = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    settings = load(config=config, variables=os.environ, folder=Path.cwd()).settings
    sys.exit(run(settings, announce=tell, environ=os.environ, doors=(*DOORS, PLAIN)))
