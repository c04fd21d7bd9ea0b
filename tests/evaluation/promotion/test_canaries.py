"""The watch over a rollout: what it counts, when it ends it, and that it does so once."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bot.models import Feedback, Message, Outcome
from dashboard import tasks
from dashboard.models import AuditEntry
from evaluation.promotion import canaries
from llm.models import Deployment, Purpose, Rollout, RolloutState, ServingRole, UsageRecord
from tests.rows.make import make_deployment
from tests.rows.rollouts import make_candidate, make_rollout, make_rollout_answers
from tests.rows.web_rows import make_models
from tuning.models import ModelVersion

pytestmark = pytest.mark.django_db


@pytest.fixture
def candidate() -> ModelVersion:
    make_models()
    return make_candidate()


@pytest.fixture
def rollout(candidate: ModelVersion) -> Rollout:
    """With a hundred answers of the live model, of which nothing is to be said."""
    rollout = make_rollout(candidate)
    make_rollout_answers(rollout, 100, is_candidate=False)
    return rollout


def disliked(answers: list[Message]) -> None:
    Feedback.objects.bulk_create([Feedback(message=each, person="U1", is_positive=False) for each in answers])


def test_it_counts_what_came_of_each_arm(rollout: Rollout) -> None:
    make_rollout_answers(rollout, 6)
    make_rollout_answers(rollout, 1, outcome=Outcome.PROVIDER_ERROR)
    make_rollout_answers(rollout, 2, is_stand_in=True, model="a-model", outcome=Outcome.NOT_IN_DOCS)
    make_rollout_answers(rollout, 3, outcome=Outcome.NOT_IN_DOCS)
    make_rollout_answers(rollout, 1, invalid_markers=2)
    make_rollout_answers(rollout, 1, total_ms=1700.0)
    make_rollout_answers(rollout, 5, outcome=Outcome.ESCALATED)  # no model was asked
    disliked(make_rollout_answers(rollout, 2))
    mine, live = canaries.tallies(rollout)
    assert (mine.asked, mine.errors, mine.gave) == (16, 3, 13)
    assert (mine.refused, mine.miscited, mine.slow, mine.disliked) == (3, 1, 1, 2)
    assert (live.asked, live.errors, live.refused, live.p95_ms) == (100, 0, 0, 900.0)
    assert mine.share("errors") == 3 / 16


def test_one_that_another_model_answered_does_not_have_the_whole_ledger_read(rollout: Rollout) -> None:
    answers = make_rollout_answers(rollout, 50, is_stand_in=True)
    calls = {"purpose": Purpose.ANSWER, "provider": "openai", "model": "ft:ours", "latency_ms": 1.0}
    UsageRecord.objects.bulk_create(
        [
            UsageRecord(trace_id=f"t{number}", finish_reason="stop" if number % 100 else "budget", **calls)
            for number in range(5000)
        ]
    )
    with connection.cursor() as cursor, CaptureQueriesContext(connection) as asked:
        assert canaries.tallies(rollout)[0].asked == len(answers)
        cursor.execute("ANALYZE llm_usagerecord, bot_message")
    counting = [each["sql"] for each in asked.captured_queries if "llm_usagerecord" in each["sql"]][:-1]
    assert counting
    for sql in counting:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN {sql}")
            plan = "\n".join(row[0] for row in cursor.fetchall())
        assert "Seq Scan on llm_usagerecord" not in plan, plan
        assert "usage_stopped" in plan


def test_whoever_halts_it_does_not_wait_for_the_counting(rollout: Rollout) -> None:
    """Its row is written last, as it is locked from then on to the end of the transaction."""
    with CaptureQueriesContext(connection) as asked:
        tasks.watch_rollouts()
    said = [each["sql"].split()[0] for each in asked.captured_queries]
    assert said.index("UPDATE") == max(place for place, word in enumerate(said) if word in ("SELECT", "UPDATE"))


def test_what_a_budget_stopped_says_nothing_of_a_model(rollout: Rollout) -> None:
    for answer in make_rollout_answers(rollout, 10, is_stand_in=True):
        UsageRecord.objects.create(
            trace_id=answer.trace_id, purpose=Purpose.ANSWER, provider="openai", model="ft:ours", latency_ms=1,
            finish_reason="budget",
        )  # fmt: skip
    make_rollout_answers(rollout, 10, outcome=Outcome.OVER_BUDGET)
    assert canaries.tallies(rollout)[0].asked == 0
    assert canaries.watch() is None


HARM: dict[str, dict[str, Any]] = {
    "failed": {"outcome": Outcome.PROVIDER_ERROR},
    "cited what is not there": {"invalid_markers": 1},
    "were refusals": {"outcome": Outcome.NOT_IN_DOCS},
    "took too long": {"total_ms": 9000.0},
}


@pytest.mark.parametrize(("said", "fields"), HARM.items(), ids=HARM)
def test_each_harm_halts_with_its_reason(rollout: Rollout, said: str, fields: dict[str, Any]) -> None:
    make_rollout_answers(rollout, 8, **fields)
    make_rollout_answers(rollout, 8)
    make_rollout_answers(rollout, 2, **fields)
    make_rollout_answers(rollout, 6)
    assert canaries.harm_of(rollout) == "", "the first look is at 25 answers"
    make_rollout_answers(rollout, 1)
    ended = canaries.watch()
    assert ended is not None
    assert (ended.state, f"10 of its 25 answers {said}" in ended.why) == (RolloutState.HALTED, True), ended.why
    assert (Rollout.objects.going(), canaries.watch()) == (None, None)


def test_who_quotes_is_no_measure_of_how_long_a_model_may_take(rollout: Rollout) -> None:
    """The documents' own sentences are there in no time; a model that writes for two seconds does no harm."""
    make_rollout_answers(rollout, 25, total_ms=2000.0)
    assert "took too long" in canaries.harm_of(rollout)
    quoting = make_deployment(ServingRole.ANSWER, provider="extractive", model="best-sentences", dimensions=None)
    Rollout.objects.update(beside=quoting)
    assert canaries.harm_of(Rollout.objects.get()) == ""
    make_rollout_answers(rollout, 25, total_ms=15_001.0)
    assert "25 of its 50 answers took too long" in canaries.harm_of(Rollout.objects.get())


def test_thumbs_down_halt_too(rollout: Rollout) -> None:
    disliked(make_rollout_answers(rollout, 10))
    make_rollout_answers(rollout, 15)
    assert "10 of its 25 answers got a thumbs-down" in canaries.harm_of(rollout)
    Feedback.objects.update(created_at=timezone.now() + timedelta(hours=1))
    assert canaries.harm_of(rollout) == "", "those that came after the look wait for the next"


def test_a_look_says_the_same_whenever_it_is_done(rollout: Rollout) -> None:
    """So a look that is done every minute is one look: what came after its last answer waits for the next."""
    make_rollout_answers(rollout, 25)
    make_rollout_answers(rollout, 24, outcome=Outcome.NOT_IN_DOCS)
    assert canaries.harm_of(rollout) == ""
    make_rollout_answers(rollout, 1, outcome=Outcome.NOT_IN_DOCS)
    assert "25 of its 50 answers were refusals" in canaries.harm_of(rollout)


def burst(rollout: Rollout) -> None:
    """Half of ten answers, while the live model gives all of a hundred."""
    make_rollout_answers(rollout, 5)
    make_rollout_answers(rollout, 100, is_candidate=False)
    make_rollout_answers(rollout, 5, is_stand_in=True)


def test_a_burst_halts_before_the_first_look(rollout: Rollout) -> None:
    burst(rollout)
    ended = tasks.watch_rollouts()
    assert ended is not None
    assert ended.why == "5 of its newest 10 answers failed, 0 of the live model's 100 in that time."
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.action, entry.target) == ("Parley itself", "rollout_halted", str(rollout.pk))
    assert (entry.details["state"], entry.details["percent"]) == ("halted", 50)


def test_beside_few_answers_of_that_time_the_newest_before_them_count_too(rollout: Rollout) -> None:
    make_rollout_answers(rollout, 5, is_stand_in=True)
    make_rollout_answers(rollout, 1, is_candidate=False)
    make_rollout_answers(rollout, 5, is_stand_in=True)
    assert "10 of its newest 10 answers failed, 0 of the live model's 12" in canaries.harm_of(rollout)


def is_unwatched() -> bool:
    return Rollout.objects.get().is_unwatched


def test_one_that_nobody_watches_is_told(rollout: Rollout) -> None:
    assert not is_unwatched(), "it has only begun"
    Rollout.objects.update(created_at=timezone.now() - timedelta(minutes=6))
    assert is_unwatched()
    canaries.watch()
    assert not is_unwatched()
    Rollout.objects.update(watched_at=timezone.now() - timedelta(minutes=6))
    assert is_unwatched()
    rollout.end(RolloutState.HALTED, "so")
    assert not is_unwatched()


def test_an_outage_of_all_models_is_not_the_candidates_harm(rollout: Rollout) -> None:
    make_rollout_answers(rollout, 10, outcome=Outcome.PROVIDER_ERROR)
    make_rollout_answers(rollout, 10, is_candidate=False, outcome=Outcome.PROVIDER_ERROR)
    assert canaries.watch() is None


def test_nor_is_one_that_is_over_for_the_model_that_is_asked_more(rollout: Rollout) -> None:
    """At a small share the candidate's newest answers are of a longer time than the live model's."""
    make_rollout_answers(rollout, 5)
    for _ in range(5):
        make_rollout_answers(rollout, 19, is_candidate=False, outcome=Outcome.PROVIDER_ERROR)
        make_rollout_answers(rollout, 1, outcome=Outcome.PROVIDER_ERROR)
    make_rollout_answers(rollout, 10, is_candidate=False)
    assert canaries.watch() is None


def test_failures_while_the_live_model_is_asked_nothing_say_nothing(rollout: Rollout) -> None:
    """As one conversation that goes on through an outage."""
    make_rollout_answers(rollout, 10, outcome=Outcome.PROVIDER_ERROR)
    assert canaries.watch() is None


def test_with_another_live_model_there_is_nothing_to_compare_with(rollout: Rollout) -> None:
    other = Deployment(role="answer", endpoint=rollout.endpoint, model="third")
    Deployment.objects.append(other, reason="by hand", by=None)
    ended = canaries.watch()
    assert ended is not None
    assert (ended.state, "openai:third was let answer" in ended.why) == (RolloutState.WITHDRAWN, True)


def test_one_that_was_let_answer_by_hand_is_finished(rollout: Rollout) -> None:
    Deployment.objects.append(rollout.candidate, reason="by hand", by=None)
    ended = canaries.watch()
    assert ended is not None
    assert ended.state == RolloutState.FINISHED


def test_the_same_model_let_answer_again_changes_nothing(rollout: Rollout) -> None:
    Deployment.objects.append(rollout.beside, reason="again", by=None)
    assert canaries.watch() is None


def test_the_audit_line_and_the_halt_are_one(rollout: Rollout, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed between the two, neither is there, and the next minute does both."""
    burst(rollout)

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("dashboard.guard.audit.write", killed)
        with pytest.raises(KeyboardInterrupt):
            tasks.watch_rollouts()
    assert Rollout.objects.going() == rollout
    tasks.watch_rollouts()
    assert (Rollout.objects.going(), AuditEntry.objects.count()) == (None, 1)
