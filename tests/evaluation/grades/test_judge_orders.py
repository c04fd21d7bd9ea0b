"""What an order to judge may cost, and what becomes of it where its provider is out of order."""

from decimal import Decimal

import pytest
from django.core.management import CommandError

from evaluation.grades import judge_orders, judge_reports, judge_tasks
from evaluation.grades.judge_orders import JudgeError
from evaluation.models import EvaluationRun, Judgement, RunState
from evaluation.runs.execution import MOST_ERRORS
from evaluation.runs.grading import GoldDocuments
from llm.calling import retry, room
from llm.models import Deployment, ModelPrice
from tests.fakes.providers.fake import FakeProviders
from tests.fakes.providers.protocols import Raw
from tests.fakes.providers.wire import chat
from tests.rows.graded import FIRST, RIGHT, SECOND, command, judged, make_graded_run, make_judge, make_price, says

pytestmark = pytest.mark.django_db


@pytest.fixture
def judge(fake_providers: FakeProviders) -> Deployment:
    return make_judge()


@pytest.fixture
def run(judge: Deployment) -> EvaluationRun:
    return make_graded_run(1)


@pytest.mark.parametrize(
    "reply",
    [chat(""), Raw(b"data: <html>Down for maintenance.</html>\n\n"), chat("", end="length")],
    ids=["empty", "html", "room"],
)
def test_an_outage_leaves_nothing_unknown_for_ever(
    judge: Deployment, fake_providers: FakeProviders, monkeypatch: pytest.MonkeyPatch, reply: Raw
) -> None:
    monkeypatch.setattr(retry, "FIRST_PAUSE", 0.001)
    monkeypatch.setattr(room, "_wide", set())
    run = make_graded_run(3)
    fake_providers.script(*[reply] * retry.ATTEMPTS * MOST_ERRORS)
    done = judged(run)
    assert (done.state, Judgement.objects.count()) == (RunState.STOPPED, 0)
    assert "could not be judged" not in done.reason  # so many in a row are the provider's
    fake_providers.reset()
    fake_providers.blocks = [(RIGHT.replace("}", ', "better": "tie"}'), ())]
    assert judged(run).state == RunState.DONE
    assert (Judgement.objects.count(), judge_reports.feeding(run)) == (9, {})
    report = judge_reports.report(run)
    assert report is not None
    assert (report.facts, report.unknown) == (dict.fromkeys(run.arms, (1.0, 3)), dict.fromkeys(run.arms, 0.0))


def test_what_failed_and_what_may_come_next_count_against_the_budget(
    run: EvaluationRun, fake_providers: FakeProviders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "FIRST_PAUSE", 0.001)
    make_price()
    judge = judge_orders.judge()
    tasks = judge_tasks.worded(judge_tasks.pending(run, judge), GoldDocuments(run.collections))
    first, second, _ = (judge_tasks.worst(judge, asked) for _, asked in tasks)
    assert first is not None
    assert second is not None
    budget = max(first, second) + Decimal("0.0001")
    fake_providers.script(*[chat("")] * retry.ATTEMPTS)  # paid for, and nothing is kept of it
    done = judged(run, budget=budget)
    assert (done.state, Judgement.objects.count()) == (RunState.STOPPED, 0)
    assert "holds no further judgement: $0.0054 are spent" in done.reason, "each attempt was paid for"
    assert len(fake_providers.requests) == retry.ATTEMPTS
    fake_providers.blocks = [(RIGHT, ())]
    assert "holds no further judgement" in judged(run, budget=budget).reason  # spent is what this order took
    assert Judgement.objects.count() == 1


def test_a_budget_is_given_to_an_order_that_waits(run: EvaluationRun, fake_providers: FakeProviders) -> None:
    order = judge_orders.order(run, by=None)
    with pytest.raises(CommandError, match="no budget can be kept"):
        command("--judge", str(run.pk), "--budget", "0.01")
    with pytest.raises(CommandError, match="no amount of USD"):
        command("--judge", str(run.pk), "--budget", "0.00001")
    make_price()
    with pytest.raises(CommandError, match=r"The budget of \$0\.01 holds no further judgement"):
        command("--judge", str(run.pk), "--budget", "0.01")
    order.refresh_from_db()
    assert (order.budget, fake_providers.requests) == (Decimal("0.01"), [])
    with pytest.raises(JudgeError, match="has ended meanwhile"):
        judge_orders.limit(order, Decimal(1))


def test_it_stops_before_the_budget_is_passed(run: EvaluationRun, fake_providers: FakeProviders) -> None:
    with pytest.raises(JudgeError, match="no budget can be kept"):
        judge_orders.order(run, by=None, budget=Decimal("0.01"))
    make_price()
    fake_providers.blocks = [(RIGHT, ())]
    done = judged(run, budget=Decimal("0.01"))  # not even the first one fits, at its worst
    assert (done.state, Judgement.objects.count(), fake_providers.requests) == (RunState.STOPPED, 0, [])
    assert "holds no further judgement" in done.reason
    judge = judge_orders.judge()
    most = judge_tasks.most(run, judge, judge_tasks.pending(run, judge))
    says(fake_providers, RIGHT, RIGHT, FIRST, SECOND)
    assert most is not None
    done = judged(run, budget=most.thought)
    spent = sum(each.cost or 0 for each in Judgement.objects.all())
    assert (done.state, 0 < spent < most.spoken < most.thought) == (RunState.DONE, True)


def test_a_budget_is_not_kept_by_taking_an_unknown_price_for_nothing(
    run: EvaluationRun, fake_providers: FakeProviders
) -> None:
    make_price()
    order = judge_orders.order(run, by=None, budget=Decimal(5))
    ModelPrice.objects.all().delete()
    done = judge_orders.run(order.pk)
    assert done is not None
    assert (done.state, fake_providers.requests) == (RunState.STOPPED, [])
    assert "costs is not known" in done.reason
