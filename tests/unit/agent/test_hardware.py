"""What a machine has."""

from __future__ import annotations

from pathlib import Path

from antiphon.agent.hardware import GIB, GPU, Hardware, detect, gpus, memory


async def test_this_machine_is_found() -> None:
    """It has a processor and memory, whatever else."""
    found = await detect()
    assert found.processors >= 1
    assert found.memory_bytes is not None


def test_memory_is_what_is_left(tmp_path: Path) -> None:
    """Of the machine, or of the control group if that has less."""
    machine, quota = tmp_path / "meminfo", tmp_path / "max"
    assert memory(machine, quota) is None
    machine.write_text("MemTotal: 9 kB\nMemAvailable:   2048 kB\n")
    for limit, expected in (("max\n", 2048 * 1024), ("4096\n", 4096), (f"{GIB}\n", 2048 * 1024)):
        quota.write_text(limit)
        assert memory(machine, quota) == expected


async def test_gpus_are_told_by_their_tool() -> None:
    """Lines that are none are passed over; a tool that is missing or fails tells of none."""
    listed = "NVIDIA H100 80GB HBM3, 81559\nnonsense\nA, B, 1024\n"
    found = await gpus(("printf", listed.replace("%", "%%")))
    assert found == (GPU("NVIDIA H100 80GB HBM3", 81559 * 1024**2), GPU("A, B", GIB))
    assert await gpus(("no-such-tool",)) == ()
    assert await gpus(("false",)) == ()


def test_people_read_a_line() -> None:
    """With as much as is known."""
    assert str(Hardware(1)) == "1 processor"
    machine = Hardware(8, 16 * GIB, (GPU("H100", 80 * GIB),))
    assert str(machine) == "8 processors, 16.0 GiB free, H100 (80 GiB)"
