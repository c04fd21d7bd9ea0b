"""Many answers at one press: every one looked at, counted by what became of it, whatever dies in the middle."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.utils import timezone

from bot.models import Channel, Message, Platform, Workspace
from foundation import leases
from tests.harness.processes import database_url
from tests.rows.questions import make_question_row
from tests.rows.web_rows import make_answer, make_question, make_user
from tuning import tasks
from tuning.examples import bulk
from tuning.models import ProposalBatch, TrainingExample

RUN = "from tuning.examples import bulk; bulk.run({})"


def answers(user: User, count: int, **fields: Any) -> list[Message]:
    start = Message.objects.count() + 1
    return [
        make_answer(make_question(user, f"Question {each}?", trace_id=f"{each:032x}"), **fields)
        for each in range(start, start + count)
    ]


def counted(batch: ProposalBatch) -> tuple[int, int, int, int]:
    return batch.done, batch.proposed, batch.known, batch.refusals


@pytest.mark.django_db
def test_what_is_refused_is_counted_by_its_reason_and_a_second_press_changes_nothing() -> None:
    ada = make_user("ada")
    workspace = Workspace.objects.create(platform=Platform.SLACK, external_id="T1", name="Acme")
    channel = Channel.objects.create(workspace=workspace, external_id="C1")
    good, unclear, foreign = answers(ada, 3), answers(ada, 2, outcome="clarify"), answers(ada, 4)
    for message in foreign:
        make_question_row(message, channel)
    ids = [each.pk for each in (*good, *unclear, *foreign)]
    batch = tasks.propose_all([*ids, *ids, 999_999], by=ada)
    assert batch.refused == {
        "Only an answer, or a word that the documents hold none, can become an example.": 2,
        "Training is not allowed for the workspace Acme: an owner can allow it on the page Training data.": 4,
        bulk.GONE: 1,
    }
    assert (batch.state, *counted(batch)) == ("done", 10, 3, 0, 7)
    assert counted(tasks.propose_all(ids, by=ada)) == (9, 0, 3, 6)
    assert TrainingExample.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_is_killed_loses_nothing_and_proposes_nothing_twice() -> None:
    ada = make_user("ada")
    batch = bulk.request([each.pk for each in answers(ada, 60)], by=ada)
    environment = {**os.environ, "DATABASE_URL": database_url(), "FAILPOINT": "proposals.step"}
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "shell", "-c", RUN.format(batch.pk)]
    assert subprocess.run(command, env=environment, check=False, capture_output=True).returncode == -9
    batch.refresh_from_db()
    assert (batch.state, *counted(batch)) == ("running", bulk.STEP, bulk.STEP, 0, 0)
    assert TrainingExample.objects.count() == bulk.STEP
    bulk.run(batch.pk)  # the one before may still be alive
    assert (TrainingExample.objects.count(), bulk.lost()) == (bulk.STEP, [])
    ProposalBatch.objects.update(lease_until=timezone.now())
    assert bulk.lost() == [batch.pk]
    bulk.run(batch.pk)
    bulk.run(batch.pk)
    batch.refresh_from_db()
    assert (batch.state, *counted(batch)) == ("done", 60, 60, 0, 0)
    assert TrainingExample.objects.count() == 60


@pytest.mark.django_db
def test_one_that_never_ends_is_given_up_in_words() -> None:
    batch = bulk.request([1], by=None)
    ProposalBatch.objects.update(attempts=leases.MOST_ATTEMPTS)
    assert bulk.lost() == []
    batch.refresh_from_db()
    assert (batch.state, batch.error, batch.is_over) == ("failed", bulk.GIVEN_UP, True)
    with pytest.raises(bulk.TooManyError, match="narrow the filter"):
        bulk.request(range(bulk.MOST + 1), by=None)
    assert json.dumps(batch.refused) == "{}"
