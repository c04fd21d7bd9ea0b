"""Orders whose reply was lost, and what is told of those under way."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from evaluation.models import EvaluationRun, OrderState, RunBatch, RunState
from evaluation.runs import execution, following, starting
from llm.calling import ordering
from llm.completion import ProviderError
from llm.models import ServingRole, UsageRecord
from tests.fakes.providers.fake import KEY, FakeProviders
from tests.harness import processes
from tests.rows.cases import make_case_set, make_cases
from tests.rows.make import make_deployment
from tests.rows.orders import go_on, made
from tests.rows.web_rows import make_user

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("vendor", ["openai"], indirect=True)
def test_an_order_whose_reply_was_lost_is_found_and_not_made_again(
    ordered_run: EvaluationRun, fake_providers: FakeProviders
) -> None:
    run = ordered_run
    fake_providers.batches.loses_reply = True
    assert execution.run(run.pk).state == RunState.WAITING  # type: ignore[union-attr]
    assert made(run).state == OrderState.PREPARED
    go_on(run)
    assert made(run).order == fake_providers.batches.only().id
    assert fake_providers.batches.only().metadata == {"parley_batch": made(run).key}
    fake_providers.batches.finish()
    assert go_on(run).state == RunState.DONE


@pytest.mark.parametrize("vendor", ["anthropic"], indirect=True)
def test_where_orders_bear_no_word_of_ours_it_is_waited_until_they_tell(
    ordered_run: EvaluationRun, fake_providers: FakeProviders
) -> None:
    run = ordered_run
    fake_providers.batches.loses_reply = True
    execution.run(run.pk)
    go_on(run)
    assert "tells once it is over" in made(run).error
    assert len(fake_providers.batches.orders) == 1
    fake_providers.batches.finish()
    go_on(run)
    assert made(run).order == fake_providers.batches.only().id
    assert go_on(run).state == RunState.DONE


@pytest.mark.parametrize("vendor", ["anthropic"], indirect=True)
def test_an_order_of_somebody_else_is_not_taken_for_ours(
    ordered_run: EvaluationRun, fake_providers: FakeProviders
) -> None:
    run = ordered_run
    fake_providers.batches.loses_reply = True
    execution.run(run.pk)
    lost = fake_providers.batches.only()
    lost.lines = {f"theirs-{name}": body for name, body in lost.lines.items()}
    fake_providers.batches.finish()
    go_on(run)
    assert len(fake_providers.batches.orders) == 2
    assert made(run).order == fake_providers.batches.orders[1].id


def test_a_state_that_nobody_has_told_of_is_waited_for(
    ordered_run: EvaluationRun, fake_providers: FakeProviders
) -> None:
    run = ordered_run
    execution.run(run.pk)
    fake_providers.batches.only().status = "defrosting"
    assert go_on(run).state == RunState.WAITING
    assert "“defrosting”, which nobody has told of" in made(run).error
    fake_providers.batches.finish()
    assert go_on(run).state == RunState.DONE


@pytest.mark.parametrize("vendor", ["openai"], indirect=True)
def test_the_command_waits_and_says_what_for(
    ordered_run: EvaluationRun, fake_providers: FakeProviders, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = ordered_run
    starting.stop(run, "Another is asked.")
    RunBatch.objects.all().delete()
    pauses: list[float] = []

    def wait(seconds: float) -> None:
        pauses.append(seconds)
        RunBatch.objects.update(look_at=timezone.now())
        if len(pauses) == 2:
            fake_providers.batches.finish()

    monkeypatch.setattr("time.sleep", wait)
    out, told = StringIO(), StringIO()
    call_command("evaluate", "first", "--arm", "rag", "--batch", "--json", stdout=out, stderr=told)
    found = json.loads(out.getvalue())
    assert (found["state"], found["arms"]["rag"]["passed"], found["is_batch"]) == ("done", 1.0, True)
    assert found["batches"][0] | {"order": ""} == {
        "arm": "rag", "order": "", "state": "over", "provider_state": "completed", "lines": 3, "done": 3, "error": None
    }  # fmt: skip
    assert "over passages: ordered, 0 of 3 answered." in told.getvalue()
    assert pauses[0] == pytest.approx(following.FIRST_LOOK, abs=1)


@pytest.mark.parametrize("vendor", ["openai"], indirect=True)
def test_the_page_tells_how_orders_are(
    ordered_run: EvaluationRun, fake_providers: FakeProviders, client: Client
) -> None:
    run = ordered_run
    client.force_login(make_user(is_superuser=True))
    execution.run(run.pk)
    fake_providers.batches.only().status = "in_progress"
    go_on(run)
    page = client.get(f"/runs/{run.pk}/").content.decode()
    assert "The live model, over passages: ordered; the provider says “in_progress”, 0 of 3 answered." in page
    assert "This goes on if you leave the page" in page
    started = client.post("/evaluations/start/", {"case_set": run.case_set_id, "is_batch": "on"})
    assert EvaluationRun.objects.latest("id").is_batch
    assert started.status_code == 302


def test_an_order_that_is_not_there_for_a_moment_is_looked_at_again(
    ordered_run: EvaluationRun, fake_providers: FakeProviders
) -> None:
    run = ordered_run
    execution.run(run.pk)
    for _ in range(2):  # two looks miss it, the third finds it, and counting begins anew
        fake_providers.batches.missed = 2
        assert [go_on(run).state for _ in range(3)] == [RunState.WAITING] * 3
        assert made(run).misses == 0
    fake_providers.batches.finish()
    RunBatch.objects.update(look_at=timezone.now())
    order = made(run)
    asked = ordering.batches_of(run.live.endpoint)
    assert asked.report(order.order) is not None
    fake_providers.batches.missed = 1
    with pytest.raises(ProviderError):
        list(asked.replies(order.order))
    assert go_on(run).state == RunState.DONE
    assert all(each.has_passed for each in run.results.all())


@pytest.mark.parametrize("vendor", ["openai"], indirect=True)
def test_what_an_expired_order_has_done_is_settled(ordered_run: EvaluationRun, fake_providers: FakeProviders) -> None:
    run = ordered_run
    execution.run(run.pk)
    fake_providers.batches.befalls = {0: "expired", 2: "expired"}
    fake_providers.batches.finish("expired")
    assert go_on(run).state == RunState.DONE
    assert [each.has_passed for each in run.results.order_by("case")] == [None, True, None]


def test_an_order_of_which_every_line_failed_says_why(
    ordered_run: EvaluationRun, fake_providers: FakeProviders
) -> None:
    run = ordered_run
    execution.run(run.pk)
    fake_providers.batches.befalls = dict.fromkeys(range(3), "error")
    fake_providers.batches.finish()  # there is no file of replies, and its state is completed all the same
    assert go_on(run).state == RunState.DONE
    said = "The model could not say" if run.live.endpoint.provider == "openai" else "Internal server error"
    assert all(said in each.error for each in run.results.all())


def test_two_who_look_at_once_account_for_it_once(ordered_run: EvaluationRun, fake_providers: FakeProviders) -> None:
    run = ordered_run
    execution.run(run.pk)
    first, second = made(run), made(run)
    fake_providers.batches.finish()
    following.look(first)
    following.look(second)
    assert UsageRecord.objects.filter(is_batch=True).count() == 3


@pytest.mark.parametrize("vendor", ["openai"], indirect=True)
def test_a_look_for_a_lost_order_that_fails_gives_nothing_up(
    ordered_run: EvaluationRun, fake_providers: FakeProviders
) -> None:
    run = ordered_run
    fake_providers.batches.loses_reply = True
    execution.run(run.pk)
    RunBatch.objects.update(look_at=None)  # as for a worker that claims the run
    fake_providers.key = "sk-another-key-altogether"
    execution.run(run.pk)
    assert (made(run).state, made(run).lines) == (OrderState.PREPARED, 3)
    assert "refused the key" in made(run).error
    fake_providers.key = KEY
    go_on(run)
    assert made(run).order == fake_providers.batches.only().id


@pytest.mark.django_db(transaction=True)
def test_a_process_that_is_killed_around_its_order_orders_and_pays_once(
    fake_providers: FakeProviders, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_deployment()
    make_deployment(ServingRole.ANSWER, provider="openai", model="gpt-6-luna", dimensions=None)
    make_case_set(make_cases(3))
    monkeypatch.setenv("OPENAI_BASE_URL", fake_providers.openai_url)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("FAILPOINT", "evaluation.ordered")
    assert processes.start("evaluate", "first", "--arm", "base", "--batch").wait(timeout=240) == -9
    run = EvaluationRun.objects.get()
    order = fake_providers.batches.only()
    assert (made(run).state, run.state) == (OrderState.PREPARED, RunState.RUNNING)
    EvaluationRun.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    fake_providers.batches.finish()
    monkeypatch.setenv("FAILPOINT", "evaluation.taken_over")
    RunBatch.objects.update(look_at=timezone.now())
    assert processes.start("evaluate", "first", "--resume", str(run.pk)).wait(timeout=240) == -9
    EvaluationRun.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert go_on(run).state == RunState.DONE
    assert fake_providers.batches.only() is order
    assert UsageRecord.objects.filter(is_batch=True).count() == run.results.count() == 3
