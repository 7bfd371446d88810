"""What a child gets to know, and how its end is told."""

from __future__ import annotations

import os
import sys

import pytest

from antiphon.engines.embedded.process import clean_environment, exit_words


def test_secrets_stay_with_the_gateway() -> None:
    """Tokens, keys and proxies are not handed on; what the loader and drivers need is."""
    environ = {
        "PATH": "/bin",
        "CUDA_VISIBLE_DEVICES": "0",
        "HF_TOKEN": "hf_secret",
        "ANTIPHON_KEY": "dkn_secret",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "HTTPS_PROXY": "http://user:secret@proxy",
        "LD_PRELOAD": "/tmp/x.so",
        "PYTHONSTARTUP": "x",
    }
    kept = clean_environment(environ)
    assert set(kept) == {"PATH", "CUDA_VISIBLE_DEVICES", "PYTHONPATH", "PYTHONUNBUFFERED"}
    assert "secret" not in "".join(kept.values())


def test_the_child_finds_our_modules() -> None:
    """It looks for modules where we do, wherever the project is installed, and never in the current folder."""
    folders = clean_environment({})["PYTHONPATH"].split(os.pathsep)
    assert folders == [folder for folder in sys.path if folder]


@pytest.mark.parametrize(
    ("status", "words"),
    [(0, "ended with status 0"), (1, "ended with status 1"), (-9, "was ended by SIGKILL"), (-64, "was ended by SIG")],
)
def test_endings(status: int, words: str) -> None:
    """A signal is told by its name."""
    assert exit_words(status).startswith(words)
