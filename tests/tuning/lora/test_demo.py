"""The demo as somebody runs it: a real small model, tuned, served and asked, in minutes; and stopped half-way."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest

from tests.harness.processes import ROOT
from tests.harness.trainings import needs_torch

pytestmark = [pytest.mark.chaos, needs_torch]

SECONDS = 3600  # three minutes on a quiet machine


def started(folder: Path, **more: object) -> "subprocess.Popen[bytes]":
    environment = {**os.environ, "TMPDIR": str(folder)}
    environment.pop("DATABASE_URL", None)
    return subprocess.Popen(
        ["make", "--silent", "tune-demo", "ARGS=--json"], cwd=ROOT, env=environment, start_new_session=True, **more
    )  # type: ignore[call-overload, no-any-return]


def trainers_of(folder: Path) -> list[int]:
    """Who works in the folder still."""
    commands = ((each.pid, each.info["cmdline"] or []) for each in psutil.process_iter(["cmdline"]))
    return [pid for pid, words in commands if any(str(folder) in word for word in words)]


def test_a_small_model_learns_a_voice_in_minutes(tmp_path: Path) -> None:
    done = started(tmp_path, stdout=subprocess.PIPE)
    told = json.loads(done.communicate(timeout=SECONDS)[0])
    assert done.returncode == 0
    framed, facts, words, *_ = told
    assert (framed["base"], framed["of"]) == (0, 24)
    assert framed["tuned"] >= 22
    assert facts["tuned"] > facts["base"]
    assert words["tuned"] > words["base"]
    assert trainers_of(tmp_path) == []
    assert list(tmp_path.iterdir()) == [], "it leaves nothing behind"


def test_an_interrupt_ends_everything(tmp_path: Path) -> None:
    log = tmp_path / "log.txt"
    folder = tmp_path / "demo"
    folder.mkdir()
    with log.open("wb") as file:
        demo = started(folder, stderr=file, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + SECONDS
    while "loading" not in log.read_text() and time.monotonic() < deadline and demo.poll() is None:
        time.sleep(0.5)
    assert trainers_of(folder) != []
    os.killpg(demo.pid, signal.SIGINT)
    assert demo.wait(120) != 0
    time.sleep(1)
    assert trainers_of(folder) == []
    assert list(folder.iterdir()) == []
