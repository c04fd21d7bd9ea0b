"""Questions that an open breaker refuses wait for its next try, within their bound; then the documents' own words."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import StringIO

import pytest
from django.db.models import F
from django.utils import timezone
from pytest_django.fixtures import Settings

from bot.answers import asking
from bot.inbox import receiving
from bot.messenger import AnswerStage
from bot.models import (
    Channel,
    ChannelKind,
    Delivery,
    DeliveryKind,
    Message,
    Outcome,
    Platform,
    Question,
    QuestionState,
    Speaker,
)
from bot.platforms.console import ConsoleMessenger
from bot.questions import patience, queue, replying, sweeping
from bot.questions.worker import Leases, Worker
from bot.wording import phrases
from bot.wording.speech import ENGLISH
from llm.calling import breaker
from llm.models import Breaker, Deployment, Purpose, Reservation, ServingRole, UsageRecord
from tests.fakes.providers.fake import FakeProviders, Refusal
from tests.harness.bots import until
from tests.rows.make import make_deployment, make_nobody_stand_in
from tests.rows.questions import incoming

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("shelf")]

ASKED = "How many days are annual plans refunded within?"


@pytest.fixture
def live(monkeypatch: pytest.MonkeyPatch) -> Deployment:
    monkeypatch.setattr(patience, "AGAIN_SECONDS", 0.1)
    return Deployment.objects.live(ServingRole.ANSWER)


def received(number: int = 1) -> Question:
    message = incoming(
        ASKED, number, platform=Platform.CONSOLE, channel=f"C{number}", author=f"U{number}", kind=ChannelKind.DIRECT
    )
    question = receiving.receive(message).question
    assert question is not None
    return question


def opened(live: Deployment, *, probe_in: float) -> None:
    """As five calls that ran out of time open it, whatever the clock had to do with it."""
    for _ in range(breaker.TIMEOUTS_IN_A_ROW):
        UsageRecord.objects.create(
            trace_id="before", purpose=Purpose.ANSWER, provider=live.endpoint.provider, model=live.model,
            latency_ms=100_000, finish_reason="timeout", attempts=1,
        )  # fmt: skip
    breaker.report(live, "timeout", is_probe=False)
    assert Breaker.objects.update(probe_at=timezone.now() + timedelta(seconds=probe_in)) == 1


def is_over() -> bool:
    return not Question.objects.exclude(state=QuestionState.DONE).exists()


@contextmanager
def working() -> Iterator[None]:
    worker = Worker(ConsoleMessenger(StringIO()), Platform.CONSOLE, threads=8)
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        yield
    finally:
        worker.stop()
        thread.join()


def replied(question: Question) -> Message | None:
    """One claim of the queue, and what it wrote, if it did."""
    Question.objects.filter(pk=question.pk).update(lease_until=F("lease_until") - timedelta(seconds=5))
    claimed = queue.claim([Platform.CONSOLE])
    assert claimed is not None
    replying.reply(claimed, ConsoleMessenger(StringIO()))
    return Message.objects.filter(trace_id=question.trace_id, speaker=Speaker.BOT).first()


def notes(question: Question) -> list[str]:
    return list(Delivery.objects.get(question=question, kind=DeliveryKind.ANSWER).body["notes"])


def test_a_machine_that_slept_costs_nobody_the_answer_of_a_healthy_model(
    live: Deployment, fake_providers: FakeProviders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.questions.worker.POLL_SECONDS", 0.05)
    opened(live, probe_in=1.0)
    questions = [received(number) for number in range(1, 17)]
    with working():
        until(is_over, "all sixteen are answered")
    answers = Message.objects.filter(speaker=Speaker.BOT)
    assert [each.outcome for each in answers] == [Outcome.ANSWERED] * 16
    assert {(each.model, each.is_stand_in) for each in answers} == {(live.model, False)}
    assert {each.trace_id for each in answers} == {each.trace_id for each in questions}
    assert len(fake_providers.requests) == 16, "each is asked once"
    assert set(Question.objects.values_list("attempts", "error")) == {(1, "")}
    assert Delivery.objects.filter(kind=DeliveryKind.ANSWER, state="sent").count() == 16
    assert not Breaker.objects.exclude(opened_at=None).exists()
    assert not Reservation.objects.exists()


def test_while_it_waits_it_is_nobodys_and_no_attempt_is_used_up(
    live: Deployment, fake_providers: FakeProviders
) -> None:
    opened(live, probe_in=60)
    question = received()
    for _ in range(replying.MOST_ATTEMPTS + 2):
        assert replied(question) is None
        question.refresh_from_db()
        assert (question.state, question.attempts, question.error) == ("waiting", 0, patience.REASON)
        assert question.lease_until is not None
    assert not fake_providers.requests
    assert not UsageRecord.objects.filter(finish_reason="open").exists(), "nobody was asked, so nothing is counted"
    Breaker.objects.update(opened_at=None, probe_at=None)
    message = replied(question)
    assert message is not None
    assert (message.outcome, message.is_stand_in, notes(question)) == (Outcome.ANSWERED, False, [])


def test_what_another_took_the_probe_of_goes_back_as_well(
    live: Deployment, fake_providers: FakeProviders, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(live, probe_in=60)
    monkeypatch.setattr("llm.client.is_left_alone", lambda _: False)  # as it was when it was looked at
    question = received()
    assert replied(question) is None
    question.refresh_from_db()
    assert (question.state, question.attempts) == ("waiting", 0)
    assert UsageRecord.objects.get(trace_id=question.trace_id, purpose=Purpose.ANSWER).finish_reason == "open"
    assert not fake_providers.requests


def test_at_the_end_of_its_bound_it_gets_the_documents_own_words(
    live: Deployment, fake_providers: FakeProviders, settings: Settings
) -> None:
    opened(live, probe_in=60)
    question = received()
    assert replied(question) is None
    Question.objects.filter(pk=question.pk).update(started_at=F("started_at") - timedelta(seconds=30.1))
    began = time.monotonic()
    message = replied(question)
    assert message is not None
    assert time.monotonic() - began < 10
    assert (message.outcome, message.provider, message.is_stand_in) == (Outcome.ANSWERED, "extractive", True)
    assert "within 30 days" in message.text
    assert notes(question) == [ENGLISH.say(phrases.QUOTED_INSTEAD)]
    assert message.total_ms is not None
    assert message.total_ms > 30_000, "the asker waited for it"


def test_what_cannot_be_quoted_is_an_apology_and_no_refusal(
    live: Deployment, fake_providers: FakeProviders, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model that reads might have found it: that the documents do not hold it is not known."""
    monkeypatch.setattr(asking, "LEAST_TO_QUOTE", 2.0)
    monkeypatch.setattr(asking, "CLOSE_IN_MEANING", 2.0)
    fake_providers.script(Refusal(401))
    message = replied(received())
    assert message is not None
    assert (message.outcome, message.citations.count()) == (Outcome.PROVIDER_ERROR, 0)
    assert "401" in message.trace["error"]


@pytest.mark.parametrize("fault", [Refusal(401), Refusal(404), Refusal(429, code="insufficient_quota")])
def test_a_model_that_is_down_is_stood_in_for_at_once_and_it_is_said(
    live: Deployment, fake_providers: FakeProviders, fault: Refusal
) -> None:
    fake_providers.script(fault)
    question = received()
    message = replied(question)
    assert message is not None
    assert (message.outcome, message.provider) == (Outcome.ANSWERED, "extractive")
    assert notes(question) == [ENGLISH.say(phrases.QUOTED_INSTEAD)]


def test_who_switched_the_stand_in_off_gets_an_apology(live: Deployment, fake_providers: FakeProviders) -> None:
    make_nobody_stand_in()
    fake_providers.script(Refusal(401))
    message = replied(received())
    assert message is not None
    assert message.outcome == Outcome.PROVIDER_ERROR


def test_what_a_filter_refused_is_not_quoted_instead(live: Deployment, fake_providers: FakeProviders) -> None:
    fake_providers.script(Refusal(400, code="content_filter"))
    message = replied(received())
    assert message is not None
    assert message.outcome == Outcome.BLOCKED


def test_where_somebody_was_decided_to_stand_in_nobody_waits(live: Deployment, fake_providers: FakeProviders) -> None:
    make_deployment(ServingRole.FALLBACK, provider="openai", model="another", dimensions=None)
    opened(live, probe_in=60)
    question = received()
    message = replied(question)
    assert message is not None
    assert (message.model, message.outcome, notes(question)) == ("another", Outcome.ANSWERED, [])


def test_what_is_edited_while_it_waits_is_kept_as_it_is_answered(
    live: Deployment, fake_providers: FakeProviders, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It had been begun, and another took the probe."""
    opened(live, probe_in=60)
    monkeypatch.setattr("llm.client.is_left_alone", lambda _: False)
    question = received()
    assert replied(question) is None
    words = "How are annual plans refunded, please?"
    assert receiving.change(Platform.CONSOLE, question.channel.workspace.external_id, "C1", question.message_id, words)
    Breaker.objects.update(opened_at=None, probe_at=None)
    assert replied(question) is not None
    assert Message.objects.get(trace_id=question.trace_id, speaker=Speaker.ASKER).text == words
    assert words in str(fake_providers.requests[-1].body)


def test_nobody_waits_for_a_breaker_where_another_was_asked_and_the_quotes_hold_nothing(
    live: Deployment, fake_providers: FakeProviders, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would be asked anew every other second, and paid for."""
    monkeypatch.setattr(asking, "LEAST_TO_QUOTE", 2.0)
    monkeypatch.setattr(asking, "CLOSE_IN_MEANING", 2.0)
    make_deployment(ServingRole.FALLBACK, provider="openai", model="another", dimensions=None)
    opened(live, probe_in=60)
    fake_providers.script(Refusal(401))
    message = replied(received())
    assert message is not None
    assert message.outcome == Outcome.PROVIDER_ERROR


class Seen(ConsoleMessenger):
    """Remembers what was taken away."""

    def __init__(self) -> None:
        super().__init__(StringIO())
        self.stages: list[AnswerStage] = []
        self.deleted: list[str] = []

    def progress(self, question: Question, stage: AnswerStage) -> None:  # noqa: ARG002  the interface's
        self.stages.append(stage)

    def delete(self, channel: Channel, message_id: str, *, thread_id: str = "") -> None:  # noqa: ARG002  the same
        self.deleted.append(message_id)


def test_what_is_shown_is_taken_away_where_a_question_is_deleted_while_it_waits(
    live: Deployment, fake_providers: FakeProviders
) -> None:
    opened(live, probe_in=60)
    question = received()
    assert replied(question) is None
    Delivery.objects.filter(question=question, kind=DeliveryKind.ANSWER).update(message_id="77")
    sweeping.sweep([Platform.CONSOLE], messenger := Seen())
    assert (messenger.stages, messenger.deleted) == ([], []), "it waits"
    receiving.cancel(Platform.CONSOLE, question.channel.workspace.external_id, "C1", question.message_id)
    sweeping.sweep([Platform.CONSOLE], messenger)
    assert (messenger.stages, messenger.deleted) == ([AnswerStage.OVER], ["77"])
    sweeping.sweep([Platform.CONSOLE], messenger)
    assert messenger.deleted == ["77"]
    assert Delivery.objects.get(question=question).state == "sent"


def test_a_lease_is_dropped_by_who_took_it(live: Deployment, fake_providers: FakeProviders) -> None:
    """A question that was given back may be claimed again before its first thread has ended."""
    question = received()
    first = queue.claim([Platform.CONSOLE])
    assert first is not None
    leases = Leases()
    leases.add(first)
    assert patience.give_back(first)
    Question.objects.filter(pk=question.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    second = queue.claim([Platform.CONSOLE])
    assert second is not None
    leases.add(second)
    leases.drop(first)
    leases.give_back()
    question.refresh_from_db()
    assert question.lease_until is not None
    assert question.lease_until < timezone.now(), "the second is still held here"
