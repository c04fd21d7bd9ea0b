"""What the orders of a run may cost and have cost: its budget holds, and each thing is booked once."""

import pytest

from evaluation.models import EvaluationRun, RunState
from evaluation.runs import execution
from llm.calling import room
from llm.models import UsageRecord
from tests.fakes.providers.fake import FakeProviders
from tests.rows.cases import make_run
from tests.rows.orders import go_on

pytestmark = pytest.mark.django_db


def test_a_line_that_was_billed_and_failed_is_booked_as_what_it_took(
    ordered_run: EvaluationRun, fake_providers: FakeProviders
) -> None:
    run = ordered_run
    execution.run(run.pk)
    fake_providers.batches.befalls = {0: "thought"}
    fake_providers.batches.finish()
    assert go_on(run).state == RunState.DONE
    assert "before it said a word" in run.results.order_by("case")[0].error
    rows = UsageRecord.objects.filter(is_batch=True)
    assert {(row.input_tokens, row.output_tokens) for row in rows} == {(120, 15)}
    assert len({row.cost for row in rows}) == 1
    assert rows.get(finish_reason="room").cost


def test_a_model_that_thinks_is_given_as_many_tokens_in_an_order(
    ordered_run: EvaluationRun, fake_providers: FakeProviders
) -> None:
    run = ordered_run
    room.learn(run.live)
    try:
        execution.run(run.pk)
        execution.run(make_run(run.case_set, arms=["rag"]).pk)
    finally:
        room._wide.clear()
    at_once = fake_providers.requests[-1].body
    limits = [name for name in at_once if name.startswith("max_")]
    assert limits
    for body in fake_providers.batches.only().lines.values():
        assert {name: body[name] for name in limits} == {name: at_once[name] for name in limits}
