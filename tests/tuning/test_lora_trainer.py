"""The trainer `lora` without torch: who is started, gone on with, ended, and what is told of it."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import psutil
import pytest
from pytest_django.fixtures import Settings

from tests.harness.processes import ROOT
from tests.rows.examples import make_examples
from tests.rows.make import make_deployment
from tuning.datasets.freezing import freeze
from tuning.jobs import polling, submitting
from tuning.jobs.submitting import OrderError, WantedJob
from tuning.lora import process, workplace
from tuning.lora.workplace import TrainingFolder
from tuning.models import JobState
from tuning.trainers import lora
from tuning.trainers.base import Order
from tuning.trainers.lora import LoraTrainer

KEY = "0d0f1c1e-0000-4000-8000-000000000000"
TODAY = date(2026, 11, 30)

HOLDS_THE_LOCK = """
import os, sys, time, pathlib, psutil
from tuning.lora import workplace
from tuning.lora.workplace import TrainingFolder
folder = TrainingFolder(pathlib.Path(sys.argv[1]))
with workplace.held(folder):
    workplace.write(folder.process, {"pid": os.getpid(), "started": psutil.Process().create_time()})
    time.sleep(600)
"""


@pytest.fixture(autouse=True)
def _place(tmp_path: Path, settings: Settings) -> None:
    """An install whose Python for training has no torch: every start ends at its import."""
    settings.TUNING_DIR = tmp_path / "tuning"
    (tmp_path / "venv" / "bin").mkdir(parents=True)
    (tmp_path / "venv" / "installed").touch()
    python = tmp_path / "venv" / "bin" / "python"
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    settings.TRAIN_PYTHON = python


@pytest.fixture
def order(tmp_path: Path) -> Order:
    (tmp_path / "base").mkdir()
    return Order(KEY, str(tmp_path / "base"), b'{"prompt": []}\n', b"", {"n_epochs": 1})


@pytest.fixture
def folder(settings: Settings) -> TrainingFolder:
    return TrainingFolder(settings.TUNING_DIR / KEY)


@pytest.fixture
def holder(order: Order, folder: TrainingFolder) -> Iterator["subprocess.Popen[bytes]"]:
    """Somebody who trains."""
    _handed_over(order)
    held = subprocess.Popen([sys.executable, "-c", HOLDS_THE_LOCK, str(folder.path)], cwd=ROOT)
    while not (workplace.is_held(folder) and folder.process.exists()):
        time.sleep(0.02)
    yield held
    held.kill()
    held.wait()


def _handed_over(order: Order) -> None:
    """As far as create goes before it starts anybody."""
    LoraTrainer().upload(None, order)
    workplace.write(lora._folder(KEY).order, lora._told(order))


def _ended(folder: TrainingFolder) -> None:
    """Wait for a start to have come to its end."""
    starts = sum(each["kind"] == "spawned" for each in workplace.told(folder))
    deadline = time.monotonic() + 60
    while sum(each["kind"] == "started" for each in workplace.told(folder)) < starts or workplace.is_held(folder):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_what_is_missing_is_said_before_anybody_labels(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    assert LoraTrainer().availability(None, TODAY).why.startswith("Always, on this machine: ")
    monkeypatch.setattr(lora, "_machine", lambda: (64.0, 900.0, 2))
    assert "2 GPUs found; 64 GB of memory and 900 GB of disk are free" in LoraTrainer().availability(None, TODAY).why
    monkeypatch.setattr(lora, "_machine", lambda: (64.0, 1.0, 2))
    found = LoraTrainer().availability(None, TODAY)
    assert (found.is_available, "1 GB of disk are free" in found.why) == (False, True)
    settings.TRAIN_PYTHON = Path("/nowhere/bin/python")
    found = LoraTrainer().availability(None, TODAY)
    assert (found.is_available, "make train-setup" in found.why, found.until) == (False, True, None)


@pytest.mark.parametrize(
    ("base", "parameters", "said"),
    [
        (".", {"epochs": 3}, "knows no parameter epochs; known are n_epochs"),
        (".", {"method": "ppo"}, "sft or dpo, not ppo"),
        (".", {"quantize": "8bit"}, "no or 4bit, not 8bit"),
        (".", {"rank": "many"}, "rank is a number, not 'many'"),
        (".", {"learning_rate": 0}, "learning_rate has to be above 0"),
        ("/nowhere/model", {}, "There is no model /nowhere/model"),
        ("model.gguf", {}, "There is no model model.gguf"),
        ("../etc", {}, "There is no model ../etc"),
        ("HuggingFaceTB/SmolLM2-135M-Instruct", {}, ""),
        (".", {"method": "dpo", "rank": 8, "learning_rate": 1e-4}, ""),
    ],
)
def test_an_order_that_makes_no_sense_is_refused(base: str, parameters: dict[str, object], said: str) -> None:
    found = LoraTrainer().objection(base, parameters)
    assert said in found if said else found == ""


def test_nothing_is_asked_of_the_hub_unless_the_base_is_one_of_its_models(tmp_path: Path) -> None:
    folder = TrainingFolder(tmp_path)
    assert "HF_HUB_OFFLINE=1" in lora._command(str(tmp_path), "train", folder)
    assert "HF_HUB_OFFLINE=1" not in lora._command("owner/name", "train", folder)


def test_what_ends_again_and_again_without_a_step_has_failed(order: Order, folder: TrainingFolder) -> None:
    trainer = LoraTrainer()
    trainer.upload(None, order)
    assert trainer.find(None, KEY, {}) == ""
    assert trainer.create(None, order, {}) == KEY
    assert trainer.find(None, KEY, {}) == KEY
    for _ in range(lora.MOST_STARTS):
        _ended(folder)
        report = trainer.report(None, KEY)
    assert report is not None
    assert (report.state, "No module named 'torch'" in report.error) == (JobState.FAILED, True), report.error
    assert not folder.lines("train").exists(), "what was trained on does not stay behind"
    assert sum(each["kind"] == "spawned" for each in workplace.told(folder)) == lora.MOST_STARTS


def test_nobody_is_started_beside_one_who_trains(holder: "subprocess.Popen[bytes]", folder: TrainingFolder) -> None:
    for _ in range(3):
        report = LoraTrainer().report(None, KEY)
        assert report is not None
        assert report.state == JobState.RUNNING
    assert list(workplace.told(folder)) == []
    assert process.train(folder) == 0, "and one who was started all the same ends at once"
    assert list(workplace.told(folder)) == []


def test_a_cancelled_training_is_ended(holder: "subprocess.Popen[bytes]", folder: TrainingFolder) -> None:
    LoraTrainer().cancel(None, KEY)
    assert not psutil.pid_exists(holder.pid)
    report = LoraTrainer().report(None, KEY)
    assert report is not None
    assert (report.state, folder.lines("train").exists()) == (JobState.CANCELLED, False)
    assert process.train(folder) == 0, "nobody begins it again"
    assert not workplace.is_held(folder)


def test_a_number_that_is_somebody_elses_by_now_is_let_be(order: Order, folder: TrainingFolder) -> None:
    _handed_over(order)
    other = subprocess.Popen(["sleep", "60"])
    started = psutil.Process(other.pid).create_time() - 1000
    workplace.write(folder.process, {"pid": other.pid, "started": started})
    with workplace.held(folder):
        process.end(folder, seconds=0.1)
    assert other.poll() is None
    other.kill()
    other.wait()


@pytest.mark.django_db
def test_a_folder_that_is_lost_is_a_job_nobody_knows(order: Order) -> None:
    assert LoraTrainer().report(None, KEY) is None
    LoraTrainer().cancel(None, KEY)
    assert not lora._folder(KEY).path.exists()


def test_steps_done_again_after_a_death_count_once(order: Order, folder: TrainingFolder) -> None:
    _handed_over(order)
    workplace.tell(folder, kind="begun", stage="sft", step=0, of=10)
    for step, loss in ((1, 4.0), (2, 3.0), (3, 2.5)):
        workplace.tell(folder, kind="step", stage="sft", step=step, of=10, seconds_left=90, train_loss=loss)
    with folder.progress.open("ab") as file:
        file.write(b'{"kind": "step", "stage": "s')  # the death
    workplace.tell(folder, kind="begun", stage="sft", step=2, of=10)
    workplace.tell(folder, kind="step", stage="sft", step=3, of=10, seconds_left=80, train_loss=2.0)
    workplace.tell(folder, kind="step", stage="sft", step=3, of=10, seconds_left=80, valid_loss=2.2)
    workplace.tell(folder, kind="begun", stage="dpo", step=0, of=4)
    workplace.tell(folder, kind="step", stage="dpo", step=1, of=4, seconds_left=1, train_loss=0.7)
    with workplace.held(folder):
        report = LoraTrainer().report(None, KEY)
    assert report is not None
    assert report.metrics == (
        {"step": 1.0, "train_loss": 4.0},
        {"step": 2.0, "train_loss": 3.0},
        {"step": 3.0, "train_loss": 2.0, "valid_loss": 2.2},
        {"step": 11.0, "train_loss": 0.7},
    )
    assert report.provider_state == "dpo: step 1 of 4"
    said = [event.message for event in report.events]
    assert said[0] == "The stage sft begins, 10 steps in all."
    assert "The stage sft goes on from step 2, 10 steps in all." in said
    assert len({event.key for event in report.events}) == len(report.events)


@pytest.mark.django_db
def test_an_order_costs_nothing_and_its_losses_are_seen_while_it_runs(settings: Settings, tmp_path: Path) -> None:
    make_deployment()
    make_examples(14)
    dataset = freeze("first")
    with pytest.raises(OrderError, match="There is no model /nowhere"):
        submitting.order(WantedJob(dataset, "lora", "/nowhere"), by=None)
    job = submitting.order(WantedJob(dataset, "lora", str(tmp_path)), by=None)
    polling.advance(job.pk)
    job.refresh_from_db()
    folder = TrainingFolder(settings.TUNING_DIR / str(job.key))
    assert (job.state, job.provider_job) == (JobState.RUNNING, str(job.key))
    assert job.estimate == 0
    line = json.loads(folder.lines("train").read_text().splitlines()[0])
    assert set(line) == {"prompt", "completion"}
    preferred = [json.loads(each) for each in folder.lines("preferences").read_text().splitlines()]
    assert preferred[0]["non_preferred_output"][0]["content"].startswith("The guide tells about")
    assert folder.path.stat().st_mode & 0o077 == 0, "nobody else reads what is trained on"
    _ended(folder)
    workplace.tell(folder, kind="begun", stage="sft", step=0, of=10)
    workplace.tell(folder, kind="step", stage="sft", step=1, of=10, seconds_left=9, train_loss=4.0)
    with workplace.held(folder):
        polling._look(job)
    job.refresh_from_db()
    assert job.metrics == [{"step": 1.0, "train_loss": 4.0}]
    assert polling.cancel(job)
    assert job.state == JobState.CANCELLED
