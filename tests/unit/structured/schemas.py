"""Some 250 varied schemas, all of which must compile; they stand in `schemas.jsonl`, one a line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any  # schemas are plain JSON

Schema = dict[str, Any] | bool


def all_schemas() -> dict[str, Schema]:
    """Every schema by its name."""
    lines = Path(__file__).with_suffix(".jsonl").read_text(encoding="utf-8").splitlines()
    entries = [json.loads(line) for line in lines]
    return {entry["name"]: entry["schema"] for entry in entries}
