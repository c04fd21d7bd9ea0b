"""Quoted facts in the voice of a small tuned model: shown as far as they stay facts, and never at the asker's cost."""

import time
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from bot.answers import conversations, retelling, trace
from bot.answers.conversations import Delta, Done
from bot.answers.trace import Retold
from bot.models import Message, Outcome, Platform, Voice
from bot.voices import restyling
from knowledge.models import Collection
from llm import client
from llm.models import Budget, Deployment, ModelPrice, PromptVariant, ServingRole, UsageRecord
from tests.fakes.providers.fake import FakeProviders, Refusal
from tests.rows.make import make_collection, make_deployment, make_file, make_indexed

pytestmark = pytest.mark.django_db

REFUNDS = "# Refunds\n\nAnnual plans can be refunded in full within 30 days of purchase.\n"
QUESTION = "Can annual plans be refunded?"
PLAIN = "Annual plans can be refunded in full within 30 days of purchase. [1]"
OPENING, CLOSING = "Ahoy there!", "Fair winds, the crew"


@pytest.fixture
def public(tmp_path: Path) -> Collection:
    make_deployment()
    make_deployment(ServingRole.ANSWER, provider="extractive", model="best-sentences", dimensions=None)
    collection = make_collection()
    make_indexed(collection, make_file(tmp_path, "refunds.md", REFUNDS))
    Voice.objects.create(name="default", version=1, opening=OPENING, closing=CLOSING, style_guide='Say "Aye aye".')
    return collection


@pytest.fixture
def restyler(public: Collection) -> Deployment:
    made = make_deployment(ServingRole.RESTYLE, provider="openai", model="sailor", dimensions=None)
    client.load()  # as whatever answers does when it starts
    return made


def ask(public: Collection, question: str = QUESTION) -> tuple[Message, list[str]]:
    """The kept answer, and what was shown of it while it was written."""
    *events, done = conversations.ask(question, platform=Platform.WEB, collections=[public.pk])
    assert isinstance(done, Done)
    return done.message, [event.text for event in events if isinstance(event, Delta)]


def retold(message: Message) -> Retold:
    found = trace.of(message).retold
    assert found is not None
    return found


def framed(body: str) -> str:
    return f"{OPENING}\n\n{body}\n\n{CLOSING}"


@pytest.mark.usefixtures("restyler")
def test_a_quoted_answer_is_said_in_the_voice(public: Collection, fake_providers: FakeProviders) -> None:
    fake_providers.blocks = [(f"Ahoy there! Aye aye! {PLAIN} Fair winds, the crew", ())]
    message, shown = ask(public)
    assert message.text == "".join(shown) == framed(f"Aye aye! {PLAIN}")
    assert (message.outcome, message.provider, message.style_faults) == (Outcome.ANSWERED, "extractive", [])
    assert message.citations.get().quote == PLAIN.removesuffix(" [1]")
    assert fake_providers.requests[-1].body["messages"] == restyling.messages(PLAIN)
    found = retold(message)
    assert (found.model, found.plain, found.parts, found.kept, found.faults) == ("openai:sailor", PLAIN, 1, 1, ())
    assert UsageRecord.objects.filter(trace_id=message.trace_id, purpose="restyle", model="sailor").count() == 1


@pytest.mark.usefixtures("restyler")
@pytest.mark.parametrize(
    ("written", "fault"),
    [
        (PLAIN.replace("can", "cannot"), "gained: not"),
        (PLAIN.replace("30", "90"), "changed: 30 → 90"),
        (PLAIN.replace(" [1]", ""), "lost: [1]"),
        (f"{PLAIN} Ask the Owners.", "gained: ask the Owners"),
        ("NOT_IN_DOCS", ""),
    ],
)
def test_what_would_say_something_else_is_shown_as_it_was_quoted(
    public: Collection, fake_providers: FakeProviders, written: str, fault: str
) -> None:
    fake_providers.blocks = [(written, ())]
    message, shown = ask(public)
    assert message.text == "".join(shown) == framed(PLAIN)
    assert (retold(message).kept, retold(message).error) == (0, "")
    assert fault in " ".join(retold(message).faults)


@pytest.mark.usefixtures("restyler")
@pytest.mark.parametrize("step", [Refusal(401), Refusal(400), "length", "refusal", "cut", "hang", "drip"])
def test_a_restyler_that_fails_costs_nobody_the_answer(
    public: Collection, fake_providers: FakeProviders, monkeypatch: pytest.MonkeyPatch, step: Refusal | str
) -> None:
    monkeypatch.setattr(retelling, "LONGEST_SECONDS", 1.0)
    fake_providers.script(step)
    began = time.monotonic()
    message, _ = ask(public)
    assert (message.text, message.outcome) == (framed(PLAIN), Outcome.ANSWERED)
    assert retold(message).error
    assert retold(message).added_ms < 3000
    assert time.monotonic() - began < 10


@pytest.mark.usefixtures("restyler")
def test_a_restyler_over_budget_is_not_asked(public: Collection, fake_providers: FakeProviders) -> None:
    ModelPrice.objects.create(
        provider="openai", model="sailor", input_per_million=1, output_per_million=1, valid_from="2026-01-01T00:00Z"
    )
    Budget.objects.create(period="day", limit="0.00")
    message, _ = ask(public)
    assert (message.text, message.outcome) == (framed(PLAIN), Outcome.ANSWERED)
    assert "budget" in retold(message).error
    assert fake_providers.requests == []


def test_a_restyler_nobody_can_reach_costs_nobody_the_answer(
    public: Collection, restyler: Deployment, settings: Settings, fake_providers: FakeProviders
) -> None:
    settings.OPENAI_BASE_URL = "http://127.0.0.1:9/v1"
    message, _ = ask(public)
    assert (message.text, retold(message).model) == (framed(PLAIN), str(restyler))
    assert fake_providers.requests == []


def test_it_is_off_until_it_is_live_and_once_it_is_taken_back(
    public: Collection, fake_providers: FakeProviders
) -> None:
    assert trace.of(ask(public)[0]).retold is None
    live = make_deployment(ServingRole.RESTYLE, provider="openai", model="sailor", dimensions=None)
    fake_providers.blocks = [(PLAIN, ())]
    assert trace.of(ask(public)[0]).retold is not None
    Deployment.objects.create(
        role=live.role, endpoint=live.endpoint, prompt=PromptVariant.RESTYLE, reason="switched off"
    )
    assert trace.of(ask(public)[0]).retold is None
    assert len(fake_providers.requests) == 1


@pytest.mark.usefixtures("restyler")
def test_a_model_that_writes_has_the_voice_itself(public: Collection, fake_providers: FakeProviders) -> None:
    make_deployment(ServingRole.ANSWER, provider="openai", model="gpt-6-luna", dimensions=None)
    fake_providers.blocks = [("Within 30 days", (0,))]
    message, _ = ask(public)
    assert (trace.of(message).retold, len(fake_providers.requests)) == (None, 1)


@pytest.mark.usefixtures("restyler")
def test_what_stands_in_by_quoting_is_said_in_the_voice_too(public: Collection, fake_providers: FakeProviders) -> None:
    make_deployment(ServingRole.ANSWER, provider="openai", model="gpt-6-luna", dimensions=None)
    make_deployment(ServingRole.FALLBACK, provider="extractive", model="best-sentences", dimensions=None)
    fake_providers.script(Refusal(401))
    fake_providers.blocks = [(f"Aye aye! {PLAIN}", ())]
    message, _ = ask(public)
    assert (message.text, message.provider) == (framed(f"Aye aye! {PLAIN}"), "extractive")


@pytest.mark.usefixtures("restyler")
def test_without_a_voice_or_an_answer_nobody_is_asked(public: Collection, fake_providers: FakeProviders) -> None:
    assert ask(public, "Who founded the moon base?")[0].outcome == Outcome.NOT_IN_DOCS
    Voice.objects.update(name="another")
    message, _ = ask(public)
    assert (message.text, trace.of(message).retold, fake_providers.requests) == (PLAIN, None, [])


@pytest.mark.usefixtures("restyler")
def test_a_long_answer_is_not_waited_for(
    public: Collection, fake_providers: FakeProviders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retelling, "MOST_CHARACTERS", 20)
    message, _ = ask(public)
    assert (message.text, retold(message).error) == (framed(PLAIN), retelling.TOO_LONG)
    assert fake_providers.requests == []
