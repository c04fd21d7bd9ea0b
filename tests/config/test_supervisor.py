"""The supervisor: what dies is started again, one signal stops all, and nobody is left behind."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.harness.processes import ROOT

RUN = """
import os, sys
from config.supervisor import Supervisor
Supervisor(dict(pair.split("=", 1) for pair in sys.argv[1:]), dict(os.environ)).run()
"""
# A child as Parley's are: it asks the kernel to end it with its supervisor.
SLEEPER = (
    f"{sys.executable} -uc 'import os, time; from config import commands; commands._end_with_supervisor(); "
    'print("pid", os.getpid()); time.sleep(60)\''
)


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "output"


@pytest.fixture
def supervisor(output: Path) -> Iterator[subprocess.Popen[bytes]]:
    with output.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-uc", RUN, f"one={SLEEPER}", f"two={SLEEPER}"], cwd=ROOT, stdout=file, stderr=file
        )
    yield process
    process.kill()
    process.wait()


def wait_for(output: Path, pattern: str, count: int = 1) -> list[str]:
    deadline = time.monotonic() + 30
    while len(found := re.findall(pattern, output.read_text())) < count:
        assert time.monotonic() < deadline, output.read_text()
        time.sleep(0.05)
    return found


def gone(pids: list[int]) -> bool:
    _, alive = psutil.wait_procs([psutil.Process(pid) for pid in pids if psutil.pid_exists(pid)], timeout=30)
    return not alive


def test_output_is_prefixed_with_the_name(supervisor: subprocess.Popen[bytes], output: Path) -> None:
    assert wait_for(output, r"\d\d:\d\d:\d\d one +\| pid \d+")
    assert wait_for(output, r"\d\d:\d\d:\d\d two +\| pid \d+")


def test_a_killed_child_is_started_again_after_a_pause(supervisor: subprocess.Popen[bytes], output: Path) -> None:
    pids = [int(pid) for pid in wait_for(output, r"pid (\d+)", 2)]
    os.kill(pids[0], signal.SIGKILL)
    wait_for(output, r"was killed by SIGKILL; starting it again in 1 s")
    third = int(wait_for(output, r"pid (\d+)", 3)[-1])
    os.kill(third, signal.SIGKILL)
    wait_for(output, r"was killed by SIGKILL; starting it again in 2 s")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_one_signal_stops_everything(supervisor: subprocess.Popen[bytes], output: Path, number: signal.Signals) -> None:
    pids = [int(pid) for pid in wait_for(output, r"pid (\d+)", 2)]
    supervisor.send_signal(number)
    assert supervisor.wait(30) == 0
    assert gone(pids)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal is Linux's")
def test_a_killed_supervisor_leaves_no_orphans(supervisor: subprocess.Popen[bytes], output: Path) -> None:
    pids = [int(pid) for pid in wait_for(output, r"pid (\d+)", 2)]
    supervisor.kill()
    supervisor.wait()
    assert gone(pids)
