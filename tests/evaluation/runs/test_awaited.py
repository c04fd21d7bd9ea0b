"""A model that was ordered in another's place is evaluated without anybody asking once more."""

from uuid import uuid4

import pytest

from evaluation.models import EvaluationArm
from evaluation.runs import awaited
from llm.models import Deployment, Endpoint, ServingRole
from tests.fakes.providers.fake import FakeProviders
from tests.rows.cases import make_case, make_case_set
from tests.rows.examples import make_tuned
from tests.rows.make import make_collection, make_deployment
from tuning.models import FineTuneJob, JobState, ModelVersion

pytestmark = pytest.mark.django_db


@pytest.fixture
def successor(fake_providers: FakeProviders) -> ModelVersion:
    make_collection()
    make_deployment()
    make_deployment(ServingRole.ANSWER, provider="openai", model="base-model", dimensions=None)
    before = make_tuned(Endpoint.objects.get(name="openai"))
    assert before.dataset is not None
    job = FineTuneJob.objects.create(
        dataset=before.dataset, trainer="by_hand", base="b", key=uuid4(), state=JobState.RUNNING, replaces=before
    )  # fmt: skip
    return ModelVersion.objects.create(
        endpoint=before.endpoint, model="next", base="b", template_hash=before.template_hash, job=job
    )


def test_it_is_asked_the_newest_set_once(successor: ModelVersion) -> None:
    assert awaited.start() == [], "there is no set yet"
    make_case_set([make_case()])
    (run,) = awaited.start()
    assert (run.candidate, run.live.model, EvaluationArm.TUNED_RAG in run.arms) == (successor, "base-model", True)
    assert awaited.start() == []


def test_what_cannot_be_asked_says_so_and_is_not_tried_again(successor: ModelVersion) -> None:
    make_case_set([make_case()])
    Deployment.objects.filter(role=ServingRole.ANSWER).delete()
    assert awaited.start() == []
    successor.refresh_from_db()
    assert successor.note.startswith("Its evaluation was not begun: ")
    assert awaited.start() == []
