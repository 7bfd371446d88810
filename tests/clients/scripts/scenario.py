"""Runs a client's scenarios against a gateway and prints one JSON line for each; shared by the clients in Python.

A scenario is a public function of a module: it takes the lab and fails by raising. Several run at once.
"""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, fields
from types import FunctionType, ModuleType
from typing import TypeVar

Failure = TypeVar("Failure", bound=BaseException)
AT_ONCE = 3
ERROR_CHARACTERS_MAX = 4000


@dataclass(frozen=True)
class Lab:
    """What is to be tested: a door of a gateway, keys for it, and its models. Each comes from the variable of its name.

    `once_key` may ask once a minute, `refilled_key` 30 times and then each two seconds. `fault_model` says what the
    fault engine says, and so does `aligned_model`, with its confidence; `down_model` has no engine.
    `paid_model` is the fault model at 1 and 2 USDC for a million tokens of prompt and completion. `metric` is one of
    truths. `wallets` are private keys with 1,000 test USDC each, with commas between them; a scenario takes its own.
    """

    door: str
    origin: str
    base_url: str
    project: str
    metric: str
    key: str
    dkn_key: str
    once_key: str
    refilled_key: str
    model: str
    vision_model: str
    fault_model: str
    aligned_model: str
    embedding_model: str
    down_model: str
    paid_model: str
    wallets: str
    red_image: str

    def id_of(self, model: str) -> str:
        """A model's own name, as answers show it: at Adaptive's door it is asked for behind its project."""
        return model.removeprefix(f"{self.project}/")


def failure(kind: type[Failure], call: Callable[[], object]) -> Failure:
    """The exception of this kind that the call raises; one of another kind passes, none at all fails."""
    try:
        returned = call()
    except kind as error:
        return error
    raise AssertionError(f"no {kind.__name__}, but {returned!r}")


def lab_of_environment() -> Lab:
    """The lab that the variables describe."""
    return Lab(**{field.name: os.environ[field.name.upper()] for field in fields(Lab)})


def run(*modules: ModuleType) -> None:
    """Run the scenarios of these modules and tell what became of each, in the order in which they end."""
    lab = lab_of_environment()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        futures = {pool.submit(_timed, each, lab): each.__name__ for module in modules for each in scenarios(module)}
        for future in as_completed(futures):
            sys.stdout.write(json.dumps(_result(futures[future], future)) + "\n")
            sys.stdout.flush()


def scenarios(module: ModuleType) -> list[FunctionType]:
    """The public functions that the module itself defines."""
    found = [value for name, value in vars(module).items() if not name.startswith("_")]
    return [each for each in found if isinstance(each, FunctionType) and each.__module__ == module.__name__]


def _timed(scenario: Callable[[Lab], None], lab: Lab) -> float:
    """Run a scenario; the seconds that it took."""
    started = time.monotonic()
    scenario(lab)
    return time.monotonic() - started


def _result(name: str, future: Future[float]) -> dict[str, object]:
    """The line for one scenario."""
    error = future.exception()
    if error is None:
        return {"scenario": name, "error": None, "seconds": future.result()}
    told = "".join(traceback.format_exception(error))
    return {"scenario": name, "error": told[-ERROR_CHARACTERS_MAX:], "seconds": None}
