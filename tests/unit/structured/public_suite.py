"""The public JSON Schema test suite, which the `jsonschema` package's source archive carries (MIT); never committed.

`python -m tests.unit.structured.public_suite` fetches it from the package index into the cache.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any  # schemas and instances are plain JSON

PACKAGE = "jsonschema==4.26.0"
SHA256 = "0c26707e2efad8aa1bfc5b7ce170f3fccc2e4918ff85989ba9ffa9facb2be326"
DRAFTS = {
    "draft2020-12": "https://json-schema.org/draft/2020-12/schema",
    "draft2019-09": "https://json-schema.org/draft/2019-09/schema",
    "draft7": "http://json-schema.org/draft-07/schema#",
    "draft6": "http://json-schema.org/draft-06/schema#",
    "draft4": "http://json-schema.org/draft-04/schema#",
}


@dataclass(frozen=True)
class Case:
    """A schema with instances, each marked valid or not."""

    name: str
    schema: Any
    instances: tuple[tuple[Any, bool], ...]


def folder() -> Path:
    """Where the suite lies once it was fetched."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "antiphon" / "json-schema-test-suite"


def cases(draft: str) -> list[Case]:
    """Every case of a draft that needs no other document; the schema names its draft."""
    found: list[Case] = []
    base = folder() / "tests" / draft
    for file in sorted([*base.glob("*.json"), *base.glob("optional/format/*.json")]):
        for group in json.loads(file.read_text(encoding="utf-8")):
            schema = group["schema"]
            if isinstance(schema, dict):
                schema = {"$schema": DRAFTS[draft]} | schema
            instances = tuple((test["data"], test["valid"]) for test in group["tests"])
            found.append(Case(f"{draft} {file.stem}: {group['description']}", schema, instances))
    return found


def fetch() -> None:
    """Download the archive, check its digest and unpack the suite."""
    with tempfile.TemporaryDirectory() as scratch:
        command = ["-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:", "--dest", scratch, PACKAGE]
        subprocess.run([sys.executable, *command], check=True, timeout=300)
        archive = next(Path(scratch).glob("*.tar.gz"))
        if hashlib.sha256(archive.read_bytes()).hexdigest() != SHA256:
            raise SystemExit(f"{archive.name} is not the archive that was expected")
        with tarfile.open(archive) as packed:
            for member in packed.getmembers():
                _, _, name = member.name.partition("/json/")
                if name.startswith("tests/") and member.isfile() and ".." not in name:
                    member.name = name
                    packed.extract(member, folder(), filter="data")


if __name__ == "__main__":
    fetch()
    print(sum(len(cases(draft)) for draft in DRAFTS), "schemas")
