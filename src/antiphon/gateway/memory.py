"""How full the memory is that this process may have: the container's, where it is bounded, else the machine's."""

from __future__ import annotations

import os
from pathlib import Path

from msgspec import Struct

KIB = 1024
UNBOUNDED = 1 << 60  # version 1 of control groups writes a number beyond all memory where there is no bound
NOT_RECLAIMABLE = ("anon", "shmem", "sock")  # of version 2; the rest can be read again from files
RESIDENT = ("total_rss", "total_shmem")  # of version 1


class Group(Struct, frozen=True):
    """A control group with a bound: what it may have, and where it says what it has."""

    limit_bytes: int
    stat: Path
    fields: tuple[str, ...]

    def used_bytes(self) -> int:
        """What cannot be taken back from its processes: engines' mapped model files are not in it."""
        rows = dict(line.split(" ", 1) for line in self.stat.read_text(encoding="ascii").splitlines())
        return sum(int(rows.get(name, 0)) for name in self.fields)


class Memory:
    """Reads a few small files each time it is asked. `limit_bytes` is a bound of the operator's, for this process."""

    def __init__(self, *, limit_bytes: int = 0, root: Path = Path("/")) -> None:
        self._process = root / "proc/self/statm"
        self._machine_bytes = limit_bytes or _machine_bytes(root / "proc/meminfo")
        self._page_bytes = os.sysconf("SC_PAGE_SIZE")
        self._group = None if limit_bytes else tightest_group(root)

    def share(self) -> float:
        """Between 0 and 1; 0 where the system does not tell."""
        try:
            resident = int(self._process.read_text(encoding="ascii").split()[1]) * self._page_bytes
            share = resident / self._machine_bytes if self._machine_bytes else 0.0
            group = self._group
            return share if group is None else max(share, group.used_bytes() / group.limit_bytes)
        except (OSError, ValueError, IndexError):
            return 0.0


def tightest_group(root: Path) -> Group | None:
    """Of the groups that this process is in, the one that may have least; None when none is bounded."""
    try:
        rows = (root / "proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    found: list[Group] = []
    for row in rows:
        number, controllers, path = row.split(":", 2)
        if number == "0":
            found += _groups(root / "sys/fs/cgroup", path, "memory.max", NOT_RECLAIMABLE)
        elif "memory" in controllers.split(","):
            found += _groups(root / "sys/fs/cgroup/memory", path, "memory.limit_in_bytes", RESIDENT)
    return min(found, key=lambda group: group.limit_bytes, default=None)


def _groups(mount: Path, path: str, bound: str, fields: tuple[str, ...]) -> list[Group]:
    """The bounded groups from that one upwards; within a container its own may be the mount itself."""
    parts = [part for part in path.split("/") if part not in ("", "..")]
    folders = [mount.joinpath(*parts[:depth]) for depth in range(len(parts), -1, -1)]
    found = []
    for folder in folders:
        try:
            limit = int((folder / bound).read_text(encoding="ascii"))
        except (OSError, ValueError):  # not there, or `max`
            continue
        if 0 < limit < UNBOUNDED:
            found.append(Group(limit, folder / "memory.stat", fields))
    return found


def _machine_bytes(meminfo: Path) -> int:
    try:
        row = meminfo.read_text(encoding="ascii").split("\n", 1)[0]  # MemTotal: 24000000 kB
        return int(row.split()[1]) * KIB
    except (OSError, ValueError, IndexError):
        return 0
