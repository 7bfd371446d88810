"""What a person does with `llm`: each command is a process of its own, as in a shell."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .scenario import Lab

COMMAND_TIMEOUT_S = 90.0
FEW_TOKENS = ("-o", "max_tokens", "12")
MULTIPLY = 'def multiply(a: int, b: int) -> int:\n    "Multiplies."\n    return 4711\n'
DOG = {
    "type": "object",
    "properties": {"name": {"enum": ["Rex", "Bello"]}, "age": {"type": "integer", "minimum": 0, "maximum": 20}},
    "required": ["name", "age"],
    "additionalProperties": False,
}


def a_prompt_is_answered(lab: Lab) -> None:
    """Without a stream; the log has the words and the counts."""
    with tempfile.TemporaryDirectory() as folder:
        shell = Shell(lab, Path(folder))
        said = shell.llm("-m", "text", "--no-stream", *FEW_TOKENS, "Say hi.")
        assert said.strip()
        (entry,) = json.loads(shell.llm("logs", "-n", "1", "--json"))
    assert entry["response"].strip() == said.strip(), entry
    assert 0 < entry["output_tokens"] <= 12, entry
    assert entry["input_tokens"] > 0, entry


def a_prompt_is_streamed(lab: Lab) -> None:
    """As by default; then the conversation goes on."""
    with tempfile.TemporaryDirectory() as folder:
        shell = Shell(lab, Path(folder))
        assert shell.llm("-m", "text", "-s", "Be short.", *FEW_TOKENS, "Say hi.").strip()
        assert shell.llm("-c", *FEW_TOKENS, "Again.").strip()


def a_stream_says_what_a_plain_answer_says(lab: Lab) -> None:
    """To the letter."""
    with tempfile.TemporaryDirectory() as folder:
        shell = Shell(lab, Path(folder))
        asked = ("-m", "obedient", "[[answer tokens=60]] Tell me all.")
        assert shell.llm(*asked) == shell.llm("--no-stream", *asked)


def a_tool_is_called_and_its_result_used(lab: Lab) -> None:
    """The engine calls the function, `llm` runs it and sends the result, the engine ends in words."""
    with tempfile.TemporaryDirectory() as folder:
        shell = Shell(lab, Path(folder))
        said = shell.llm("-m", "obedient", "--functions", MULTIPLY, "[[answer calls=1]] 2 times 3?")
        (entry, *_) = json.loads(shell.llm("logs", "-n", "1", "--json"))
    assert said.strip()
    assert "4711" in json.dumps(entry), entry


def a_tool_is_offered_to_the_small_model(lab: Lab) -> None:
    """It may call or talk; `llm` understands either."""
    with tempfile.TemporaryDirectory() as folder:
        shell = Shell(lab, Path(folder))
        limit = ("-o", "max_tokens", "60", "-o", "temperature", "0", "--chain-limit", "2")
        run = shell.run("-m", "text", "--functions", MULTIPLY, *limit, "What is 2 times 3?")
    assert run.returncode == 0 or "Chain limit" in run.stderr, run


def a_schema_is_kept(lab: Lab) -> None:
    """Streamed and not: a JSON document with the schema's fields."""
    with tempfile.TemporaryDirectory() as folder:
        shell = Shell(lab, Path(folder))
        asked = ("-m", "text", "--schema", json.dumps(DOG), "-o", "max_tokens", "80", "Invent a dog.")
        for found in (json.loads(shell.llm(*asked)), json.loads(shell.llm("--no-stream", *asked))):
            assert found["name"] in ("Rex", "Bello"), found
            assert 0 <= found["age"] <= 20, found


def a_picture_is_seen(lab: Lab) -> None:
    """An attached file."""
    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder) / "red.png"
        picture.write_bytes(base64.b64decode(lab.red_image.partition(",")[2]))
        asked = ("-m", "eyes", "-a", str(picture), "-o", "temperature", "0", *FEW_TOKENS, "What color is the image?")
        assert "red" in Shell(lab, Path(folder)).llm(*asked).lower()


def errors_are_sentences(lab: Lab) -> None:
    """A wrong key, and a model that nobody has: the gateway's sentence is what the person reads."""
    with tempfile.TemporaryDirectory() as folder:
        shell = Shell(lab, Path(folder))
        refused = shell.run("-m", "text", "--key", "sk-wrong", "Hi.")
        unknown = shell.run("-m", "unknown", "Hi.")
    assert refused.returncode == 1, refused
    assert "API key is not valid" in refused.stderr, refused
    assert unknown.returncode == 1, unknown
    assert "nobody/nothing" in unknown.stderr, unknown


@dataclass(frozen=True)
class Shell:
    """A folder with `llm`'s settings, in which it runs."""

    lab: Lab
    folder: Path

    def llm(self, *arguments: str) -> str:
        """What the command prints when it succeeds, as it must."""
        done = self.run(*arguments)
        assert done.returncode == 0, done
        return done.stdout

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The command, run to its end."""
        self._settle()
        return subprocess.run(
            [str(Path(sys.executable).parent / "llm"), *arguments],
            env=os.environ | {"LLM_USER_PATH": str(self.folder)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=COMMAND_TIMEOUT_S,
            check=False,
        )

    def _settle(self) -> None:
        """Write the files that its documentation asks for. JSON is YAML too."""
        lab = self.lab
        names = {"text": lab.model, "eyes": lab.vision_model, "obedient": lab.fault_model, "unknown": "nobody/nothing"}
        models: list[dict[str, Any]] = [  # Any: JSON
            {
                "model_id": model_id,
                "model_name": name,
                "api_base": lab.base_url,
                "api_key_name": "antiphon",
                "supports_tools": True,
                "supports_schema": True,
                "vision": model_id == "eyes",
            }
            for model_id, name in names.items()
        ]
        (self.folder / "extra-openai-models.yaml").write_text(json.dumps(models), encoding="utf-8")
        (self.folder / "keys.json").write_text(json.dumps({"antiphon": lab.key}), encoding="utf-8")
