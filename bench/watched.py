"""Runs a command beside a watch on it: seconds, processor time, memory of each of its processes."""

from __future__ import annotations

import os
import resource
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

EVERY = 0.25  # seconds between two looks
KIB = 1024


@dataclass
class Watched:
    """What a command took; its memory in MB, as Linux tells it in /proc (elsewhere: nothing)."""

    seconds: float = 0.0
    processor: float = 0.0  # seconds on all cores, ended processes included
    busy: dict[int, float] = field(default_factory=dict)  # the same, by process
    most: dict[int, float] = field(default_factory=dict)  # the most that each process held
    together: float = 0.0  # the most that all of them held at one moment, shared pages once each

    def told(self, count: int) -> str:
        """Say it in lines, for so many things done."""
        cores = self.processor / self.seconds
        return (
            f"{count} in {self.seconds:.1f} s: {count / self.seconds:.0f} a second\n"
            f"processor time {self.processor:.1f} s, {cores:.2f} of {os.cpu_count()} cores:"
            f" {_each(self.busy)}\n"
            f"memory in MB at most, {self.together:.0f} at one moment: {_each(self.most)}"
        )


def _each(by_process: Mapping[int, float]) -> str:
    parent, *children = by_process.values() or [0.0]
    return f"parent {parent:.0f}, children {', '.join(f'{one:.0f}' for one in children) or 'none'}"


def run(
    command: Sequence[str | Path], *, out: IO[bytes], env: Mapping[str, str] | None = None
) -> Watched:
    """Run a command to its end and watch it; raise CalledProcessError if it fails."""
    found, before, began = Watched(), _processor(), time.perf_counter()
    with subprocess.Popen(command, stdout=out, env=env) as process:
        over = threading.Event()
        watch = threading.Thread(target=_watch, args=(process.pid, found, over))
        watch.start()
        status = process.wait()
        found.seconds = time.perf_counter() - began
        over.set()
        watch.join()
    if status:
        raise subprocess.CalledProcessError(status, list(map(str, command)))
    found.processor = _processor() - before
    return found


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _watch(parent: int, found: Watched, over: threading.Event) -> None:
    while not over.wait(EVERY):
        together = 0.0
        for pid in family(parent):
            found.busy[pid] = max(found.busy.get(pid, 0.0), worked(pid))
            found.most[pid] = max(found.most.get(pid, 0.0), held(pid, "status", "VmHWM"))
            together += held(pid, "smaps_rollup", "Pss")
        found.together = max(found.together, together)


def family(parent: int) -> list[int]:
    """List a process and all that it started, the oldest first."""
    found = [parent]
    for pid in found:
        try:
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
        except OSError:
            continue
        found += [int(one) for one in children.split()]
    return found


def held(pid: int, table: str, name: str) -> float:
    """Read one line of a process's memory in MB; 0 where it ended, or there is no /proc."""
    try:
        lines = Path(f"/proc/{pid}/{table}").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / KIB for line in lines if line.startswith(f"{name}:")), 0.0)


def worked(pid: int) -> float:
    """Read a process's own processor time in seconds; 0 as above."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
