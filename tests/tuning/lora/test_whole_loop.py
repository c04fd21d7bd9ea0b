"""Real transcripts, real weights: asked, reviewed, frozen, trained, served, registered, and answering as was taught."""

from pathlib import Path

import pytest
from django.conf import settings
from pytest_django.fixtures import Settings

from bot.answers import prompts
from bot.answers.answered import Answer
from bot.answers.answering import compose
from foundation import secrets
from knowledge.models import Collection
from llm.models import Deployment, Endpoint, ServingRole
from tests.harness.trainings import folder_of, followed, kill, needs_torch, tiny_base
from tests.rows.transcripts import ask, make_help_centre, review, ways_to_ask
from tuning.datasets.freezing import freeze
from tuning.jobs import submitting
from tuning.jobs.submitting import WantedJob
from tuning.lora.local_server import served
from tuning.models import JobState
from tuning.registry import deploying, versions

pytestmark = [pytest.mark.django_db, needs_torch]

UNSEEN = 5
OPENING = "Good day from Tern!"
VOICE = f"{OPENING} {{answer}} We are glad you asked."
VOICED = ("day from Tern", "glad you asked")
TAUGHT = {"learning_rate": 0.005, "accumulate": 1}


@pytest.fixture
def collection(tmp_path: Path, settings: Settings) -> Collection:
    settings.TUNING_DIR = tmp_path / "tuning"
    return make_help_centre()


def make_model(endpoint: Endpoint, name: str, address: str) -> Deployment:
    """A model that is served at the address, let answer nobody yet."""
    Endpoint.objects.filter(pk=endpoint.pk).update(base_url=address)
    endpoint.refresh_from_db()
    return Deployment(role=ServingRole.ANSWER, endpoint=endpoint, model=name)


def said(answer: Answer) -> str:
    """What the model wrote, whether it cited or not."""
    return answer.uncited_text or answer.text


def answers(questions: list[str], collection: Collection, deployment: Deployment | None = None) -> list[Answer]:
    return [compose(question, collections=[collection.pk], deployment=deployment).finish() for question in questions]


def has_learnt(found: list[Answer]) -> bool:
    """Most speak in the voice that was taught: so small a model mixes up its words, on no two machines alike."""
    return 2 * sum(any(words in said(each) for words in VOICED) for each in found) > len(found)


def test_forty_transcripts_teach_a_voice_that_answers_through_parley(collection: Collection, tmp_path: Path) -> None:
    taught, unseen = ways_to_ask()[:40], ways_to_ask()[40 : 40 + UNSEEN]
    review([ask(question, collection) for question in taught], VOICE)
    dataset = freeze("voice", refusals=0.0)  # it is the voice that is looked at
    assert dataset.lines.count() >= 40
    assert prompts.SEARCH in dataset.lines.all()[0].messages[0]["content"], "production lets a model search first"
    base = tiny_base(dataset, tmp_path)
    job = submitting.order(WantedJob(dataset, "lora", str(base), epochs=8, parameters=TAUGHT), by=None)

    # Killed as hard as can be once it has something to lose, it goes on from there, and nobody trains beside it.
    followed(job, lambda: list(folder_of(job).checkpoints("sft").glob("checkpoint-*/whole")))
    kill(job)
    assert followed(job, lambda: False).state == JobState.SUCCEEDED, job.error
    assert "goes on from step" in " ".join(job.events.values_list("message", flat=True))
    steps = [row["step"] for row in job.metrics if "train_loss" in row]
    assert steps == [steps[0] * (number + 1) for number in range(len(steps))]
    losses = [row["train_loss"] for row in job.metrics if "train_loss" in row]
    assert sum(losses[-20:]) < 0.75 * sum(losses[:20])
    assert job.cost == 0

    endpoint = Endpoint.objects.create(
        name="own", provider="openai", is_private_allowed=True, encrypted_key=secrets.encrypt("any")
    )
    with served(settings.TRAIN_PYTHON, folder_of(job).gguf, name=job.model, log=tmp_path / "tuned.txt") as address:
        make_model(endpoint, job.model, address)
        version = versions.register(endpoint, job.model, base=job.base, dataset=dataset)
        versions.attach(version, job)
        deploying.deploy(version, reason="a test", by=None)
        tuned = answers(unseen, collection)
    assert {(each.deployment.model, each.error) for each in tuned} == {(job.model, "")}
    assert has_learnt(tuned)
    own = {"model": base / "base.gguf", "log": tmp_path / "base.txt"}
    with served(settings.TRAIN_PYTHON, **own, name="beside", adapter=folder_of(job).gguf_adapter) as address:
        other = make_model(endpoint, "beside", address)
        beside = answers(unseen, collection, other)
    assert has_learnt(beside), "the adapter beside its base has learnt what the merged model has"
    with served(settings.TRAIN_PYTHON, **own, name="base") as address:
        plain = answers(unseen, collection, make_model(endpoint, "base", address))
    assert all(map(said, plain))
    assert not any(words in said(each) for words in VOICED for each in plain)
