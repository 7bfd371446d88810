"""How full the memory is, as files below a root say it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from antiphon.gateway.memory import Memory, tightest_group

PAGE = os.sysconf("SC_PAGE_SIZE")
MIB = 1 << 20


def write(root: Path, files: dict[str, str]) -> Path:
    """The files, below `root`."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def process(resident: int, machine: int) -> dict[str, str]:
    """What a process and its machine say of themselves, sizes in MiB."""
    return {
        "proc/self/statm": f"99999 {resident * MIB // PAGE} 100 1 0 1 0\n",
        "proc/meminfo": f"MemTotal:       {machine * 1024} kB\nMemFree: 1 kB\n",
    }


def test_without_a_bound_the_machine_counts(tmp_path: Path) -> None:
    """What the process has of what there is."""
    write(tmp_path, {**process(25, 100), "proc/self/cgroup": "0::/user\n", "sys/fs/cgroup/user/memory.max": "max\n"})
    assert Memory(root=tmp_path).share() == 0.25


def test_a_bound_of_the_operator_s_counts_alone(tmp_path: Path) -> None:
    """It is for this process, whatever others have."""
    write(tmp_path, process(30, 100))
    assert Memory(limit_bytes=60 * MIB, root=tmp_path).share() == 0.5


@pytest.mark.parametrize("path", ["/a/b", "/../a/b", "/"])
def test_a_container_s_memory_is_what_cannot_be_taken_back(tmp_path: Path, path: str) -> None:
    """Files that are mapped can; of all groups above, the tightest counts."""
    stat = f"anon {40 * MIB}\nfile {500 * MIB}\nshmem {10 * MIB}\nsock {10 * MIB}\n"
    parts = path.removeprefix("/..").strip("/")
    own = f"sys/fs/cgroup/{parts}/" if parts else "sys/fs/cgroup/"
    files = {"proc/self/cgroup": f"0::{path}\n", f"{own}memory.max": f"{80 * MIB}\n", f"{own}memory.stat": stat}
    if parts:
        files |= {"sys/fs/cgroup/a/memory.max": f"{200 * MIB}\n", "sys/fs/cgroup/a/memory.stat": stat}
    write(tmp_path, {**process(30, 1000), **files})
    assert Memory(root=tmp_path).share() == 0.75


def test_the_older_version_of_groups_is_read(tmp_path: Path) -> None:
    """Where there is no bound it writes a number beyond all memory."""
    folder = "sys/fs/cgroup/memory/box/"
    files = {
        "proc/self/cgroup": "5:cpu,cpuacct:/box\n4:memory:/box\n0::/\n",
        f"{folder}memory.limit_in_bytes": f"{100 * MIB}\n",
        f"{folder}memory.stat": f"cache 5\nrss 1\ntotal_rss {90 * MIB}\ntotal_shmem {MIB}\n",
        "sys/fs/cgroup/memory/memory.limit_in_bytes": f"{(1 << 63) - 4096}\n",
    }
    write(tmp_path, {**process(1, 1000), **files})
    assert Memory(root=tmp_path).share() == 0.91
    group = tightest_group(tmp_path)
    assert group is not None
    assert group.limit_bytes == 100 * MIB


def test_a_system_that_does_not_tell_is_never_full(tmp_path: Path) -> None:
    """Nothing is refused on a guess."""
    assert Memory(root=tmp_path).share() == 0.0


def test_this_machine_tells() -> None:
    """The files are where they are looked for."""
    assert 0 < Memory().share() < 1
