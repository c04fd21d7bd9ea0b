"""Drift: what has moved, what only seems to, and what nobody can tell; read once a week, asked again once a month."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from django.utils import timezone

from bot.models import Message, Outcome, Voice
from evaluation import tasks
from evaluation.models import DriftMeasure, DriftReading, EvaluationArm, EvaluationRun, RunState
from evaluation.promotion import drift, drift_readings, frozen_again
from evaluation.promotion.drift import Sampled
from llm.models import Deployment, Rollout, RolloutState, ServingRole
from tests.rows.cases import make_results
from tests.rows.rollouts import make_answers_of, make_candidate, make_judged_run, make_rollout
from tests.rows.web_rows import make_models
from tuning.models import ModelVersion

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
NOW = MONDAY + timedelta(days=7, hours=3)


def shares(share: float, size: int) -> Sampled:
    return Sampled(share, size, (share * (1 - share)) ** 0.5)


@pytest.mark.parametrize(
    ("measure", "before", "now", "state"),
    [
        (DriftMeasure.REFUSED, shares(0.10, 500), shares(0.20, 500), "drifted"),
        (DriftMeasure.REFUSED, shares(0.10, 500), shares(0.14, 500), "steady"),  # less than five points
        (DriftMeasure.REFUSED, shares(0.10, 60), shares(0.20, 60), "steady"),  # which may be chance
        (DriftMeasure.REFUSED, shares(0.10, 49), shares(0.90, 500), "unknown"),
        (DriftMeasure.REFUSED, shares(0.10, 500), shares(0.90, 49), "unknown"),
        (DriftMeasure.REFUSED, shares(0.0, 500), shares(0.0, 500), "steady"),
        (DriftMeasure.STYLE, shares(1.0, 100), shares(0.85, 100), "drifted"),
        (DriftMeasure.DISLIKED, Sampled(None, 0), shares(0.1, 100), "unknown"),
        (DriftMeasure.LENGTH, Sampled(80, 200, 30), Sampled(100, 200, 30), "drifted"),
        (DriftMeasure.LENGTH, Sampled(80, 200, 30), Sampled(95, 200, 30), "steady"),
        (DriftMeasure.COST, Sampled(0.001, 50, 0.0), Sampled(0.002, 50, 0.0), "drifted"),
        (DriftMeasure.COST, Sampled(0.0, 50, 0.0), Sampled(0.0, 50, 0.0), "steady"),
        (DriftMeasure.P95, Sampled(2000, 200), Sampled(2700, 200), "drifted"),
        (DriftMeasure.P95, Sampled(2000, 199), Sampled(2700, 200), "unknown"),
    ],
)
def test_a_figure_has_moved_by_more_than_matters_and_more_than_chance(
    measure: DriftMeasure, before: Sampled, now: Sampled, state: str
) -> None:
    found = drift.compared(measure, before, now)
    assert (found.state, bool(found.note)) == (state, state == "unknown")


def test_what_is_asked_about_has_shifted() -> None:
    before = {str(document): 100 for document in range(8)}
    assert drift.of_topics(before, before)[0] == pytest.approx(0.0)
    shifted = {**before, "0": 500, "1": 10}
    value, moved = drift.of_topics(before, shifted)
    assert value is not None
    assert (value > drift.MOST_PSI, moved.state) == (True, "drifted")
    unheard = drift.of_topics(before, {"99": 400})
    assert unheard[1].state == "drifted", "what was never asked about before is a group too"
    few, moved = drift.of_topics({"1": 199}, before)
    assert (few, moved.note) == (None, "It was measured on 199 answers when it began; it takes 200.")


def test_an_index_of_the_same_questions_is_seldom_large() -> None:
    """A thousand pairs of samples of 200 from thirty documents: at most five are called a shift."""
    random = np.random.default_rng(3)
    chance = random.dirichlet(np.ones(30))
    drawn = random.multinomial(200, chance, (1000, 2))
    counted = [({str(k): int(n) for k, n in enumerate(arm) if n} for arm in pair) for pair in drawn]
    assert sum(drift.stability(before, now) > drift.MOST_PSI for before, now in counted) <= 50


@pytest.mark.parametrize(
    ("days", "state"),
    [(None, "unknown"), (91, "steady"), (90, "drifted"), (30, "drifted"), (7, "drifted"), (-1, "drifted")],
)
def test_an_end_is_told_in_time(days: int | None, state: str) -> None:
    assert drift.of_end(days).state == state


def test_changed_sources_are_told_from_a_tenth_on() -> None:
    assert [drift.of_sources(*each).state for each in ((0, 0), (10, 100), (11, 100))] == [
        "unknown",
        "steady",
        "drifted",
    ]


@pytest.fixture
def live(db: None) -> Deployment:
    """A model that answers since two weeks before the week that is read."""
    make_models()
    live = Deployment.objects.live(ServingRole.ANSWER)
    Deployment.objects.filter(pk=live.pk).update(created_at=MONDAY - timedelta(days=14))
    live.refresh_from_db()
    return live


def given(live: Deployment, count: int, day: int, **fields: Any) -> list[Message]:
    """Answers of the model so many days after the Monday of the week that is read."""
    made = make_answers_of(live, count, **fields)
    Message.objects.filter(pk__in=[each.pk for each in made]).update(created_at=MONDAY + timedelta(days=day))
    return made


def readings() -> dict[str, DriftReading]:
    return {row.measure: row for row in DriftReading.objects.all()}


def test_a_week_is_read_once_with_value_baseline_and_sample(live: Deployment) -> None:
    given(live, 300, -13)
    given(live, 200, 1)
    given(live, 100, 1, outcome=Outcome.NOT_IN_DOCS)
    given(live, 50, 1, is_stand_in=True)
    drift_readings.read(NOW)
    found = readings()
    assert set(found) == set(DriftMeasure.values)
    refused = found["refused"]
    assert (refused.value, refused.sample, refused.baseline, refused.baseline_sample) == (1 / 3, 300, 0.0, 300)
    assert (refused.state, refused.week) == ("drifted", MONDAY.date())
    assert (found["p95"].state, found["p95"].value) == ("steady", 900.0)
    assert {name for name, row in found.items() if row.state == "unknown"} >= {
        "style",
        "cost",
        "sources",
        "ends",
        "frozen",
    }
    assert "no frozen cases" in found["frozen"].note
    assert drift_readings.read(NOW) == []
    assert DriftReading.objects.count() == len(DriftMeasure)


def test_the_baseline_is_kept_when_its_answers_are_gone(live: Deployment) -> None:
    first = given(live, 300, -13)
    given(live, 300, 1)
    drift_readings.read(NOW)
    Message.objects.filter(pk__in=[each.pk for each in first]).delete()
    given(live, 300, 8, outcome=Outcome.BLOCKED)
    drift_readings.read(NOW + timedelta(days=7))
    row = DriftReading.objects.get(measure="refused", week=MONDAY.date() + timedelta(days=7))
    assert (row.value, row.baseline, row.baseline_sample, row.state) == (1.0, 0.0, 300, "drifted")
    assert {each.week for each in drift_readings.newest()} == {row.week}


def test_a_model_that_answers_again_is_compared_with_what_it_was_at_first(live: Deployment) -> None:
    """It was promoted after a canary, drifted, gave way to another, and was rolled back to."""
    began, ended = MONDAY - timedelta(days=70), MONDAY - timedelta(days=68)
    rollout = Rollout.objects.create(
        endpoint=live.endpoint, model=live.model, prompt=live.prompt, beside=live, percent=100, salt="s", reason="r",
        state=RolloutState.FINISHED, why="so", ended_at=ended,
    )  # fmt: skip
    Rollout.objects.filter(pk=rollout.pk).update(created_at=began)
    Deployment.objects.filter(pk=live.pk).update(created_at=ended)
    given(live, 250, -69)
    given(live, 300, -20, outcome=Outcome.NOT_IN_DOCS)
    again = let_answer_again(live, MONDAY - timedelta(days=10))
    given(live, 300, 1, outcome=Outcome.NOT_IN_DOCS)
    drift_readings.read(NOW)
    row = readings()["refused"]
    assert (row.deployment, row.value, row.baseline, row.baseline_sample) == (again, 1.0, 0.0, 250)


def test_so_is_one_that_had_no_canary(live: Deployment) -> None:
    given(live, 60, -13)
    let_answer_again(live, MONDAY - timedelta(days=7))
    given(live, 100, -1, outcome=Outcome.NOT_IN_DOCS)
    given(live, 100, 1, outcome=Outcome.NOT_IN_DOCS)
    drift_readings.read(NOW)
    assert (readings()["refused"].baseline, readings()["refused"].baseline_sample) == (0.0, 60)


def test_the_kept_baseline_is_the_models_and_not_of_one_decision(live: Deployment) -> None:
    first = given(live, 300, -13)
    given(live, 300, 1)
    drift_readings.read(NOW)
    Message.objects.filter(pk__in=[each.pk for each in first]).delete()
    let_answer_again(live, MONDAY + timedelta(days=6))
    assert drift_readings.read(NOW) == [], "this week of it was read already"
    assert len(drift_readings.newest()) == len(DriftMeasure)
    given(live, 300, 8, outcome=Outcome.BLOCKED)
    drift_readings.read(NOW + timedelta(days=7))
    row = DriftReading.objects.get(measure="refused", week=MONDAY.date() + timedelta(days=7))
    assert (row.baseline, row.baseline_sample, row.state) == (0.0, 300, "drifted")


def let_answer_again(live: Deployment, at: datetime) -> Deployment:
    """After another one did."""
    Deployment.objects.append(Deployment(role="answer", endpoint=live.endpoint, model="other"), reason="so", by=None)
    again = Deployment.objects.append(live, reason="back", by=None)
    Deployment.objects.filter(pk=again.pk).update(created_at=at)
    return again


def test_a_model_that_has_not_answered_for_a_week_is_compared_with_nothing(live: Deployment) -> None:
    Deployment.objects.filter(pk=live.pk).update(created_at=MONDAY - timedelta(days=6))
    given(live, 300, 1)
    assert drift_readings.read(NOW) == []


def test_the_end_of_its_model_is_counted_down(live: Deployment) -> None:
    ModelVersion.objects.create(
        endpoint=live.endpoint, model=live.model, prompt="full", template_hash="h",
        retires_on=MONDAY.date() + timedelta(days=7 + 20),
    )  # fmt: skip
    drift_readings.read(NOW)
    ends = readings()["ends"]
    assert (ends.value, ends.state, ends.note) == (
        20.0, "drifted", "Fewer than 30 days are left: let another model take its place."
    )  # fmt: skip


@pytest.fixture
def promoted(db: None) -> tuple[Deployment, EvaluationRun]:
    """A model that was let answer after a run, 40 days ago."""
    make_models()
    candidate = make_candidate()
    run = make_judged_run(candidate)
    now = timezone.now()
    make_rollout(candidate, 100, state=RolloutState.FINISHED, why="done", ended_at=now, run=run.pk)
    live = Deployment.objects.append(Rollout.objects.get().candidate, reason="promoted", by=None)
    Deployment.objects.filter(pk=live.pk).update(created_at=now - timedelta(days=40))
    return live, run


def test_without_a_budget_the_frozen_cases_are_not_asked_again_and_that_is_said(
    promoted: tuple[Deployment, EvaluationRun],
) -> None:
    live, run = promoted
    assert frozen_again.begin() is None
    before, now, why = frozen_again.passed(live)
    assert (before.value, before.size, now.value) == (1.0, 100, None)
    assert f"Run {run.pk} had no budget" in why


@pytest.mark.django_db(transaction=True)
def test_within_its_budget_they_are_asked_again_once_a_month(promoted: tuple[Deployment, EvaluationRun]) -> None:
    live, run = promoted
    EvaluationRun.objects.filter(pk=run.pk).update(budget="1.00")
    Deployment.objects.filter(pk=live.pk).update(model="gpt-4o-mini")  # which has a price
    Rollout.objects.update(model="gpt-4o-mini")
    tasks.watch_drift()
    tasks.watch_drift()
    again = EvaluationRun.objects.exclude(pk=run.pk).get()
    assert (again.arms, again.case_set, again.state) == (["rag"], run.case_set, RunState.WAITING)
    assert again.budget == 1
    live.refresh_from_db()
    assert "waits" in frozen_again.passed(live)[2]
    make_results(again, EvaluationArm.RAG, right=lambda _: True)
    before, now, why = frozen_again.passed(live)
    assert (before.value, now.value, now.size, why) == (1.0, 1.0, 100, "")


def test_what_costs_nothing_is_asked_again_without_a_budget(promoted: tuple[Deployment, EvaluationRun]) -> None:
    live, run = promoted
    here = Deployment(endpoint=live.endpoint, model=live.model)
    here.endpoint.provider = "extractive"
    assert frozen_again.why_not(here, run) == ""
    assert Voice.objects.exists()
