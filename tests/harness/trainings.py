"""Trainings on this machine: followed to their end, and killed on the way."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone

from tests.harness.processes import ROOT
from tuning.datasets import formats
from tuning.demo import showing, writing
from tuning.jobs import polling, states
from tuning.lora.workplace import TrainingFolder
from tuning.models import Dataset, FineTuneJob

SECONDS = 900  # it takes half a minute on a quiet machine
TINY_BASE = ROOT / "tests" / "tuning" / "lora" / "tiny_base.py"

needs_torch = pytest.mark.skipif(
    not (settings.TRAIN_PYTHON.parent.parent / "installed").exists(),
    reason="What trains is not installed; make train-setup installs it.",
)


def step(job: FineTuneJob) -> FineTuneJob:
    """What the worker does when the job is due."""
    FineTuneJob.objects.filter(pk=job.pk).update(poll_at=timezone.now())
    polling.advance(job.pk)
    job.refresh_from_db()
    return job


def followed(job: FineTuneJob, until: Callable[[], object]) -> FineTuneJob:
    """The job, looked at again and again until something is so, or it is over."""
    deadline = time.monotonic() + SECONDS
    while not states.is_over(step(job)) and not until():
        assert time.monotonic() < deadline, job.provider_state
        time.sleep(0.2)
    return job


def folder_of(job: FineTuneJob) -> TrainingFolder:
    return TrainingFolder(settings.TUNING_DIR / str(job.key))


def tiny_base(dataset: Dataset, folder: Path) -> Path:
    """The folder of a model that knows nothing but the words of a dataset; with it lies its base.gguf."""
    lines = folder / "words.jsonl"
    lines.write_bytes(formats.write(dataset.lines.all(), "openai"))
    _make_base(folder / "base", lines)
    return folder / "base"


def show_with_tiny_base(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Let the demo tune a model that knows nothing, on its questions in one manner."""
    lines = folder / "words.jsonl"
    lines.write_text(json.dumps({"messages": [{"content": "Which passages hold the answer? [1] None of them."}]}))
    _make_base(folder / "base", lines)
    patch.setattr(showing, "base", lambda: folder / "base" / "base.gguf")
    patch.setattr(writing, "MANNERS", ("",))


def _make_base(target: Path, lines: Path) -> None:
    command = [settings.TRAIN_PYTHON, TINY_BASE, target, lines]
    subprocess.run(command, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, check=True)


def kill(job: FineTuneJob) -> None:
    """As hard as can be."""
    os.kill(json.loads(folder_of(job).process.read_text())["pid"], signal.SIGKILL)
