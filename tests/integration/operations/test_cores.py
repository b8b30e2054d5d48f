"""Work on every core: the processes that share it end with the command that started them."""

import subprocess
import sys
import time

import psutil

from tests.support.server import ROOT

WORK = """
import time
from clinic.commands import cores

list(cores.each_in_order(time.sleep, [600]))
"""
SECONDS = 20


def test_no_process_outlives_a_command_that_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", WORK], cwd=ROOT) as command:
        started = shared(command.pid)
        command.kill()
    _, left = psutil.wait_procs(started, timeout=SECONDS)
    for process in left:
        process.kill()

    assert started
    assert left == []


def shared(command: int) -> list[psutil.Process]:
    """Wait for a command to share its work, and return the processes that do it."""
    give_up = time.monotonic() + SECONDS
    while time.monotonic() < give_up:
        children = psutil.Process(command).children()
        started = [one for one in children if any("spawn_main" in part for part in one.cmdline())]
        if started:
            return started
        time.sleep(0.05)
    return []
