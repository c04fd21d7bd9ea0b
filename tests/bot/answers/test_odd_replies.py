"""What becomes of an answer where a model thinks aloud, refuses in odd ways, or says too late that it found nothing."""

import json
from pathlib import Path

import pytest

from bot.answers.answered import Answer
from bot.answers.answering import compose
from bot.models import Outcome
from knowledge.models import Collection
from llm.calling import room
from llm.models import ServingRole, UsageRecord
from llm.providers import openai
from tests.fakes.providers.fake import FakeProviders
from tests.fakes.providers.protocols import Raw
from tests.fakes.providers.wire import chat
from tests.rows.make import make_collection, make_deployment, make_file, make_indexed

pytestmark = pytest.mark.django_db

RIGHT = "Annual plans can be refunded in full within 30 days of purchase [1]."


@pytest.fixture
def public(tmp_path: Path, fake_providers: FakeProviders, monkeypatch: pytest.MonkeyPatch) -> Collection:
    monkeypatch.setattr(openai, "_habits", {})
    monkeypatch.setattr(room, "_wide", set())
    make_deployment()
    make_deployment(ServingRole.ANSWER, provider="openai", model="thinker", dimensions=None)
    collection = make_collection()
    text = "# Refunds\n\nAnnual plans can be refunded in full within 30 days of purchase.\n"
    make_indexed(collection, make_file(tmp_path, "refunds.md", text))
    return collection


def ask(public: Collection) -> Answer:
    return compose("Can annual plans be refunded?", collections=[public.pk], least_answerable=0.0).finish()


def test_thinking_that_was_begun_to_be_shown_is_taken_back(public: Collection, fake_providers: FakeProviders) -> None:
    """It looks like an answer until it ends; then the model is asked again, and what it thinks is left out."""
    aloud = chat("Let me see: [1] speaks of 30 days,", " so NOT_IN_DOCS is wrong.\n</think>\n\n", RIGHT)
    fake_providers.script(aloud, aloud)
    answer = ask(public)
    assert (answer.outcome, answer.text) == (Outcome.ANSWERED, RIGHT)
    assert [each.number for each in answer.citations] == [1]
    assert list(UsageRecord.objects.filter(purpose="answer").values_list("finish_reason", flat=True)) == [
        "aloud",
        "stop",
    ]


def test_one_that_thinks_its_tokens_away_is_no_refusal(public: Collection, fake_providers: FakeProviders) -> None:
    fake_providers.script(chat("", end="length"), chat("<think>hm", end="length"))
    answer = ask(public)
    assert answer.outcome == Outcome.PROVIDER_ERROR
    assert "used up its tokens" in answer.error
    fake_providers.script(chat(RIGHT))
    assert ask(public).outcome == Outcome.ANSWERED


def test_a_filter_that_refuses_is_no_fault_of_ours(public: Collection, fake_providers: FakeProviders) -> None:
    body = {"error": {"code": "content_filter", "message": "The prompt was filtered."}}
    fake_providers.script(Raw(json.dumps(body).encode(), 400))
    answer = ask(public)
    assert (answer.outcome, "filter" in answer.error) == (Outcome.BLOCKED, True)


@pytest.mark.parametrize("text", ["I looked everywhere [1]. NOT_IN_DOCS", "Sorry [1]: not_in_docs.", "Not in docs"])
def test_that_nothing_was_found_counts_wherever_it_is_said(
    public: Collection, fake_providers: FakeProviders, text: str
) -> None:
    fake_providers.script(chat(*text))
    answer = ask(public)
    assert answer.outcome == Outcome.NOT_IN_DOCS
    assert "docs" not in answer.text.casefold().replace("documents", "")
    assert answer.citations == ()
