"""Preferences, learnt behind what was learnt of the answers, and gone on with after a death."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from pytest_django.fixtures import Settings

from tests.harness.trainings import folder_of, followed, kill, needs_torch, tiny_base
from tests.rows.examples import make_examples
from tests.rows.make import make_deployment
from tuning.datasets.freezing import freeze
from tuning.jobs import submitting
from tuning.jobs.submitting import WantedJob
from tuning.models import FineTuneJob, JobState

pytestmark = [pytest.mark.django_db, pytest.mark.chaos, needs_torch]

TAUGHT = {"method": "dpo", "learning_rate": 0.01, "dpo_learning_rate": 0.001, "dpo_epochs": 4, "accumulate": 2}


def test_preferences_come_behind_the_answers_and_survive_a_death(tmp_path: Path, settings: Settings) -> None:
    settings.TUNING_DIR = tmp_path / "tuning"
    make_deployment()
    make_examples(14)
    dataset = freeze("first")
    base = tiny_base(dataset, tmp_path)
    out = StringIO()
    words = ["--trainer", "lora", "--base", str(base), "--epochs", "1", "--set", "method=dpo", "--set", "rank=8"]
    call_command("tune", "start", str(dataset.pk), *words, "--dry-run", "--json", stdout=out, stderr=StringIO())
    dry = json.loads(out.getvalue())
    plan = " ".join(dry["plan"])
    lines = dataset.counts()["train"]
    assert (dry["job"], dry["estimate_usd"]) == (None, "0.0000")
    assert f"{lines} lines to train on" in plan
    assert f"Then 1 times through {lines} preferences" in plan
    assert "LoRA of rank 8" in plan
    assert not FineTuneJob.objects.exists()
    job = submitting.order(WantedJob(dataset, "lora", str(base), epochs=1, parameters=TAUGHT), by=None)
    followed(job, lambda: list(folder_of(job).checkpoints("dpo").glob("checkpoint-*/whole")))
    kill(job)
    assert followed(job, lambda: False).state == JobState.SUCCEEDED, job.error
    said = list(job.events.values_list("message", flat=True))
    begun = [message.partition(",")[0] for message in said if message.startswith("The stage")]
    assert begun[:2] == ["The stage sft begins", "The stage dpo begins"]
    assert begun[2].startswith("The stage dpo goes on from step"), "what was learnt of the answers is not learnt again"
    supervised = next(int(message.split(", ")[1].split()[0]) for message in said if "sft begins" in message)
    first, *_, last = [row["train_loss"] for row in job.metrics if row["step"] > supervised]
    assert abs(first - 0.6931) < 0.01, "at first it prefers nothing to what it has learnt: that is the reference"
    assert last < first
    assert (folder_of(job).adapter / "adapter_config.json").exists()
    assert not folder_of(job).lines("preferences").exists()
