"""The demo as somebody runs it: a real small model, tuned, served and asked, in minutes; and stopped half-way."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from pytest_django.fixtures import Settings

from llm.models import ServingRole
from tests.harness.processes import ROOT
from tests.harness.trainings import needs_torch, show_with_tiny_base
from tests.rows.make import make_deployment
from tuning.demo import showing, writing
from tuning.models import ModelVersion

pytestmark = [pytest.mark.chaos, needs_torch]

SECONDS = 3600  # three minutes on a quiet machine


@pytest.fixture
def place() -> Iterator[Path]:
    """Where temporary folders are made, open to the user as whom PostgreSQL runs where we are root."""
    folder = Path(tempfile.mkdtemp(prefix="parley-demo-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def started(folder: Path, *, out: int = subprocess.DEVNULL, err: int | None = None) -> "subprocess.Popen[bytes]":
    environment = {**os.environ, "TMPDIR": str(folder)}
    environment.pop("DATABASE_URL", None)
    command = ["make", "--silent", "tune-demo", "ARGS=--json"]
    return subprocess.Popen(command, cwd=ROOT, env=environment, start_new_session=True, stdout=out, stderr=err)


def trainers_of(folder: Path) -> list[int]:
    """Who works in the folder still."""
    commands = ((each.pid, each.info["cmdline"] or []) for each in psutil.process_iter(["cmdline"]))
    return [pid for pid, words in commands if any(str(folder) in word for word in words)]


def test_a_small_model_learns_a_voice_in_minutes(place: Path) -> None:
    done = started(place, out=subprocess.PIPE)
    told = json.loads(done.communicate(timeout=SECONDS)[0])
    assert done.returncode == 0
    framed, facts, words, *_ = told
    assert (framed["base"], framed["of"]) == (0, 24)
    assert framed["tuned"] >= 22
    assert facts["tuned"] > facts["base"]
    assert words["tuned"] > words["base"]
    assert trainers_of(place) == []
    assert list(place.glob("tmp.*")) == [], "it leaves nothing behind"


@pytest.mark.django_db
def test_the_long_form_goes_through_with_real_prompts(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the tiny model, which learns nothing of it in so short a time: that it goes through is what is shown."""
    settings.TUNING_DIR = tmp_path / "tuning"
    make_deployment()
    make_deployment(ServingRole.ANSWER, provider="extractive", model="best-sentences", dimensions=None)
    show_with_tiny_base(tmp_path, monkeypatch)
    learnt, asked = writing.questions()
    monkeypatch.setattr(writing, "questions", lambda: (learnt[:14], asked[:3]))
    rows = showing.show_writing(lambda _: None)
    assert [tuned.of for _, tuned in rows][:3] == [3, 3, 3]
    assert ModelVersion.objects.get(endpoint__name="demo").is_tuned


def test_an_interrupt_ends_everything(place: Path, tmp_path: Path) -> None:
    log = tmp_path / "log.txt"
    with log.open("wb") as file:
        demo = started(place, err=file.fileno())
    deadline = time.monotonic() + SECONDS
    while "loading" not in log.read_text() and time.monotonic() < deadline and demo.poll() is None:
        time.sleep(0.5)
    assert trainers_of(place) != []
    os.killpg(demo.pid, signal.SIGINT)
    assert demo.wait(120) != 0
    time.sleep(1)
    assert trainers_of(place) == []
    assert list(place.glob("tmp.*")) == []
