"""Every snippet is run, read as configuration, or says why not."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from antiphon.settings.load import examine
from tests.clients.clients import ANTHROPIC, OPENAI_NODE, OPENAI_PYTHON
from tests.clients.environments import find_node, prepare
from tests.examples.processes import REPOSITORY, Gateway, variables

from .pages import Block, all_blocks

RUN_S = 60.0
PRINTED_URL = "http://127.0.0.1:8000"
PRINTED_KEY = "dkn_test_..."
VARIABLE = re.compile(r"\$\{(\w+)\}")
RUN = ("sh", "python", "js")
KNOWN = {*RUN, "yaml", "json", "text"}
BLOCKS = all_blocks()
RUNNABLE = [(block, None) for block in BLOCKS if block.language in RUN and not block.word]
ANSWERED = [(asked, answer) for asked, answer in pairwise(BLOCKS) if answer.word == "output"]
CASES = {asked.place: (asked, answer) for asked, answer in [*RUNNABLE, *ANSWERED]}
pytestmark = pytest.mark.timeout(600)  # the first run makes the environments of the official clients


@pytest.mark.parametrize("place", CASES)
def test_snippet_runs(served: Gateway, tmp_path: Path, place: str) -> None:
    """It ends well against a gateway, and prints what the page shows where the page shows it."""
    block, output = CASES[place]
    text = block.text.replace(PRINTED_URL, served.root).replace(PRINTED_KEY, served.key)
    ran = subprocess.run(
        command(block, text, tmp_path),
        env=environment(served, tmp_path),
        cwd=REPOSITORY,
        timeout=RUN_S,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, f"{place}\n{ran.stdout}\n{ran.stderr}"
    assert ran.stdout.strip(), f"{place} printed nothing: {ran.stderr}"
    if output is not None:
        assert json.loads(ran.stdout) == json.loads(output.text), place


def command(block: Block, text: str, folder: Path) -> list[str]:
    """How a snippet is run: Python with the official client where it asks for that, else with our own packages."""
    if block.language == "sh":
        return ["bash", "-euo", "pipefail", "-c", text]
    if block.language == "python":
        return [str(python(text)), "-c", text]
    (folder / "node_modules").symlink_to(prepare(OPENAI_NODE) / "node_modules")
    script = folder / "snippet.mjs"
    script.write_text(text, encoding="utf-8")
    return [*find_node().node, str(script)]


def python(text: str) -> Path:
    """The Python that has what a snippet imports."""
    for package, client in (("OpenAI", OPENAI_PYTHON), ("Anthropic", ANTHROPIC)):
        if f"import {package}" in text:
            prepare(client)
            return client.interpreter
    return Path(sys.executable)


def client_python() -> Path:
    """The Python that has the official client."""
    prepare(OPENAI_PYTHON)
    return OPENAI_PYTHON.interpreter


def environment(served: Gateway, folder: Path) -> dict[str, str]:
    """What the quickstart tells people to set; `python` is the one with the official client."""
    found = variables(
        folder,
        OPENAI_BASE_URL=served.base_url,
        OPENAI_API_KEY=served.key,
        ANTIPHON_DATA_DIR=str(served.data_dir),
        ANTIPHON_SERVER__PORT=served.port,
    )
    return {**found, "PATH": f"{client_python().parent}{os.pathsep}{found['PATH']}"}


def test_every_block_has_a_known_language() -> None:
    """A block in a language that nobody checks is a block that nobody checks."""
    assert [block.place for block in BLOCKS if block.language not in KNOWN] == []


def test_blocks_that_are_not_run_say_why() -> None:
    """With a reason, and only where there is something to run."""
    for block in BLOCKS:
        if block.word == "not run":
            assert block.reason, block.place
            assert block.language in RUN, block.place
    assert len(RUNNABLE) > sum(block.word == "not run" for block in BLOCKS)


@pytest.mark.parametrize("block", [b for b in BLOCKS if b.language == "yaml"], ids=lambda b: str(b.place))
def test_configuration_is_good(block: Block, tmp_path: Path) -> None:
    """Blocks of YAML are configuration without a mistake."""
    file = tmp_path / "antiphon.yaml"
    file.write_text(block.text, encoding="utf-8")
    names = dict.fromkeys(VARIABLE.findall(block.text), "1" * 64)  # as good for a private key as for a name
    found = examine(config=file, variables=names, folder=tmp_path)
    assert [str(problem) for problem in found.problems] == []


@pytest.mark.parametrize("block", [b for b in BLOCKS if b.language == "json"], ids=lambda b: str(b.place))
def test_json_is_whole(block: Block) -> None:
    """Blocks of JSON can be parsed."""
    assert json.loads(block.text)
