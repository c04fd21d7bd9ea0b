"""Real transcripts, real weights: asked, reviewed, frozen, trained, served, registered, and answering as was taught."""

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
from pytest_django.fixtures import Settings

from bot.answers import prompts
from bot.answers.answering import Answer, compose
from foundation import secrets
from knowledge.models import Collection
from llm.models import Deployment, Endpoint, ServingRole
from tests.harness.processes import ROOT
from tests.rows.transcripts import ask, make_help_centre, review, ways_to_ask
from tuning.datasets import formats
from tuning.datasets.freezing import freeze
from tuning.jobs import polling, states, submitting
from tuning.jobs.submitting import WantedJob
from tuning.lora.local_server import served
from tuning.lora.workplace import TrainingFolder
from tuning.models import Dataset, FineTuneJob, JobState
from tuning.registry import versions

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        not settings.TRAIN_PYTHON.exists(), reason="What trains is not installed; make train-setup installs it."
    ),
]

OPENING = "Good day from Tern!"
VOICE = f"{OPENING} {{answer}} We are glad you asked."
SECONDS = 600  # it takes twenty on a quiet machine
TAUGHT = {"learning_rate": 0.01, "accumulate": 4}


@pytest.fixture
def collection(tmp_path: Path, settings: Settings) -> Collection:
    settings.TUNING_DIR = tmp_path / "tuning"
    return make_help_centre()


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
    lines = folder / "words.jsonl"
    lines.write_bytes(formats.write(dataset.lines.all(), "openai"))
    script = Path(__file__).with_name("tiny_base.py")
    subprocess.run(
        [settings.TRAIN_PYTHON, script, folder / "base", lines], cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, check=True
    )
    return folder / "base"


def make_model(endpoint: Endpoint, name: str, address: str) -> Deployment:
    """A model that is served at the address, let answer nobody yet."""
    Endpoint.objects.filter(pk=endpoint.pk).update(base_url=address)
    endpoint.refresh_from_db()
    return Deployment(role=ServingRole.ANSWER, endpoint=endpoint, model=name)


def said(answer: Answer) -> str:
    """What the model wrote, whether it cited or not."""
    return answer.uncited_text or answer.text


def test_forty_transcripts_teach_a_voice_that_answers_through_parley(collection: Collection, tmp_path: Path) -> None:
    *taught, unseen = ways_to_ask()[:41]
    review([ask(question, collection) for question in taught], VOICE)
    dataset = freeze("voice")
    assert dataset.lines.count() >= 40
    assert prompts.SEARCH in dataset.lines.all()[0].messages[0]["content"], "production lets a model search first"
    base = tiny_base(dataset, tmp_path)
    job = submitting.order(WantedJob(dataset, "lora", str(base), epochs=3, parameters=TAUGHT), by=None)

    # Killed as hard as can be once it has something to lose, it goes on from there, and nobody trains beside it.
    followed(job, lambda: list(folder_of(job).checkpoints("sft").glob("checkpoint-*/whole")))
    os.kill(json.loads(folder_of(job).process.read_text())["pid"], signal.SIGKILL)
    assert followed(job, lambda: False).state == JobState.SUCCEEDED, job.error
    assert "goes on from step" in " ".join(job.events.values_list("message", flat=True))
    steps = [row["step"] for row in job.metrics if "train_loss" in row]
    assert steps == [float(number + 1) for number in range(len(steps))]
    assert job.metrics[-1]["train_loss"] < job.metrics[0]["train_loss"] / 2
    assert job.cost == 0

    endpoint = Endpoint.objects.create(
        name="own", provider="openai", is_private_allowed=True, encrypted_key=secrets.encrypt("any")
    )
    with served(settings.TRAIN_PYTHON, folder_of(job).gguf, name=job.model, log=tmp_path / "tuned.txt") as address:
        make_model(endpoint, job.model, address)
        version = versions.register(endpoint, job.model, base=job.base, dataset=dataset)
        versions.deploy(version, reason="a test", by=None)
        tuned = compose(unseen, collections=[collection.pk]).finish()
    assert (tuned.deployment.model, tuned.error) == (job.model, "")
    assert said(tuned).startswith(OPENING)
    own = {"model": base / "base.gguf", "log": tmp_path / "base.txt"}
    with served(settings.TRAIN_PYTHON, **own, name="beside", adapter=folder_of(job).gguf_adapter) as address:
        other = make_model(endpoint, "beside", address)
        beside = compose(unseen, collections=[collection.pk], deployment=other).finish()
    assert said(beside).startswith(OPENING), "the adapter beside its base says what the merged model says"
    with served(settings.TRAIN_PYTHON, **own, name="base") as address:
        plain = compose(unseen, collections=[collection.pk], deployment=make_model(endpoint, "base", address)).finish()
    assert said(plain)
    assert OPENING not in said(plain)
