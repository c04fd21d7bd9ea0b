"""From a question to an outcome: real passages, real SDKs, a server that speaks the providers' protocols."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from bot.answers.answering import Answer, compose
from bot.answers.asking import QuestionError
from bot.models import Conversation, Message, Outcome
from knowledge.models import Collection, Visibility
from llm.models import Purpose, ServingRole, UsageRecord
from llm.prompt import Turn
from tests.fakes.providers.fake import FakeProviders, Refusal
from tests.rows.make import make_collection, make_deployment, make_file, make_indexed

pytestmark = pytest.mark.django_db

REFUNDS = "# Refunds\n\nAnnual plans can be refunded in full within 30 days of purchase.\n"
EXPORTS = "# Exports\n\nProjects can be exported as CSV from the project menu by an owner.\n"
RUNBOOK = "# Goodwill\n\nSupport staff may grant goodwill credits of 250 dollars with form RB-2.\n"
QUESTION = "Can annual plans be refunded?"


@pytest.fixture
def public(tmp_path: Path) -> Collection:
    make_deployment()
    collection = make_collection()
    make_indexed(collection, make_file(tmp_path, "refunds.md", REFUNDS), make_file(tmp_path, "exports.md", EXPORTS))
    return collection


@pytest.fixture
def streamed() -> list[str]:
    """What whoever asked last was shown while the answer was written."""
    return []


@pytest.fixture
def ask(public: Collection, streamed: list[str]) -> Callable[..., Answer]:
    def composed(question: str = QUESTION, *, provider: str = "openai", history: tuple[Turn, ...] = ()) -> Answer:
        model = {"openai": "gpt-6-luna", "anthropic": "claude-haiku-5-5", "extractive": "best-sentences"}[provider]
        deployment = make_deployment(ServingRole.ANSWER, provider=provider, model=model, dimensions=None)
        writing = compose(question, collections=[public.pk], history=history, deployment=deployment)
        streamed[:] = list(writing)
        return writing.answer

    return composed


def test_sentences_of_the_documents_are_quoted_without_any_model(ask: Callable[..., Answer]) -> None:
    answer = ask(provider="extractive")
    assert answer.outcome == Outcome.ANSWERED
    assert "refunded in full within 30 days" in answer.text
    assert [cited.hit.path for cited in answer.citations] == ["refunds.md"]
    assert answer.citations[0].quote == "Annual plans can be refunded in full within 30 days of purchase."


def test_an_answer_gives_the_address_that_its_passage_links_to(
    ask: Callable[..., Answer], public: Collection, tmp_path: Path
) -> None:
    said = "Damaged goods are sent back with [the return form](https://help.example.com/returns)."
    make_indexed(public, make_file(tmp_path, "returns.md", f"# Returns\n\n{said}"))
    answer = ask("How are damaged goods sent back?", provider="extractive")
    assert "[the return form](https://help.example.com/returns)" in answer.text
    assert answer.citations[0].quote == said


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_a_model_answers_and_cites(
    ask: Callable[..., Answer], streamed: list[str], fake_providers: FakeProviders, provider: str
) -> None:
    fake_providers.blocks = [("Yes, within 30 days", (0,)), (".", ())]
    answer = ask(provider=provider)
    assert answer.outcome == Outcome.ANSWERED
    assert "[1]" in answer.text
    assert "".join(streamed).strip() == answer.text
    assert answer.citations[0].hit.path == "refunds.md"
    record = UsageRecord.objects.get(trace_id=answer.trace_id, purpose=Purpose.ANSWER)
    assert record.cost is not None
    assert record.cost > 0


def test_compose_writes_no_rows_but_the_ledger(ask: Callable[..., Answer]) -> None:
    ask(provider="extractive")
    assert not Conversation.objects.exists()
    assert not Message.objects.exists()
    assert set(UsageRecord.objects.values_list("purpose", flat=True)) >= {Purpose.EMBED_QUESTION, Purpose.ANSWER}


@pytest.mark.parametrize("question", ["What is the capital of Mongolia?", "Who won the world cup in 1998?"])
@pytest.mark.parametrize("provider", ["extractive"])
def test_what_the_documents_do_not_hold_is_said(ask: Callable[..., Answer], question: str, provider: str) -> None:
    answer = ask(question, provider=provider)
    assert answer.outcome == Outcome.NOT_IN_DOCS
    assert not answer.citations
    assert "could not find" in answer.text


def test_a_model_that_finds_nothing_says_so_without_a_word_of_it_shown(
    ask: Callable[..., Answer], streamed: list[str], fake_providers: FakeProviders
) -> None:
    fake_providers.blocks = [("NOT_IN", ()), ("_DOCS", ())]
    answer = ask()
    assert answer.outcome == Outcome.NOT_IN_DOCS
    assert streamed == []
    assert "NOT_IN" not in answer.text


def test_text_that_cites_nothing_is_no_answer(ask: Callable[..., Answer], fake_providers: FakeProviders) -> None:
    fake_providers.blocks = [("Refunds are always possible, trust me [9].", ())]
    answer = ask()
    assert answer.outcome == Outcome.NOT_IN_DOCS
    assert "trust me" not in answer.text
    assert "trust me" in answer.uncited_text


@pytest.mark.parametrize(("least", "outcome"), [(0.0, Outcome.ANSWERED), (1.0, Outcome.NOT_IN_DOCS)])
@pytest.mark.parametrize("provider", ["extractive", "openai"])
def test_where_it_is_asked_says_how_sure_an_answer_has_to_be(
    public: Collection, fake_providers: FakeProviders, provider: str, least: float, outcome: Outcome
) -> None:
    model = {"openai": "gpt-6-luna", "extractive": "best-sentences"}[provider]
    deployment = make_deployment(ServingRole.ANSWER, provider=provider, model=model, dimensions=None)
    writing = compose(QUESTION, collections=[public.pk], deployment=deployment, least_answerable=least)
    assert "".join(writing) or outcome == Outcome.NOT_IN_DOCS
    assert writing.answer.outcome == outcome
    assert bool(fake_providers.requests) == (provider == "openai" and outcome == Outcome.ANSWERED)


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_a_model_may_have_more_searched_once(
    ask: Callable[..., Answer],
    streamed: list[str],
    fake_providers: FakeProviders,
    public: Collection,
    tmp_path: Path,
    provider: str,
) -> None:
    folder = tmp_path / "more"
    texts = [f"# Plan {n}\n\nAnnual plans of kind {n} can be refunded, refunds follow rule {n}.\n" for n in range(6)]
    make_indexed(public, *(make_file(folder, f"plan-{n}.md", text) for n, text in enumerate(texts)))
    fake_providers.blocks_in_turn = [
        [("SEARCH: export pro", ()), ("jects as CSV", ())],
        [("An owner exports them", (6,)), (".", ())],
    ]
    answer = ask(provider=provider)
    assert answer.outcome == Outcome.ANSWERED
    assert "SEARCH" not in "".join(streamed)
    assert answer.searched_again == "export projects as CSV"
    assert [cited.hit.path for cited in answer.citations] == ["exports.md"]
    first, second = (str(request.body) for request in fake_providers.requests)
    assert "SEARCH:" in first
    assert "SEARCH:" not in second
    assert UsageRecord.objects.of_trace(answer.trace_id).filter(purpose=Purpose.ANSWER).count() == 2


def test_a_model_that_wants_to_search_for_ever_ends_as_not_in_docs(
    ask: Callable[..., Answer], streamed: list[str], fake_providers: FakeProviders
) -> None:
    fake_providers.blocks = [("SEARCH: what else there is to export", ())]
    answer = ask()
    assert answer.outcome == Outcome.NOT_IN_DOCS
    assert streamed == []
    assert len(fake_providers.requests) <= 2


def test_an_answer_cut_off_at_the_length_limit_is_marked(
    ask: Callable[..., Answer], fake_providers: FakeProviders
) -> None:
    fake_providers.blocks = [("Yes, within 30 days", (0,)), (".", ())]
    fake_providers.script("length")
    answer = ask()
    assert answer.outcome == Outcome.ANSWERED
    assert answer.is_truncated


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
@pytest.mark.parametrize("fault", ["cut", "no_end", "empty", "bad_json", "hang", Refusal(401), Refusal(500)])
def test_a_provider_that_fails_is_an_outcome_within_the_deadline(
    ask: Callable[..., Answer], fake_providers: FakeProviders, settings: Settings, provider: str, fault: Refusal | str
) -> None:
    settings.ANSWER_SECONDS = 1
    fake_providers.script(*[fault] * 8)
    started = time.monotonic()
    answer = ask(provider=provider)
    assert time.monotonic() - started < 10
    assert answer.outcome == Outcome.PROVIDER_ERROR
    assert answer.trace_id in answer.text
    assert not answer.citations
    assert UsageRecord.objects.get(trace_id=answer.trace_id, purpose=Purpose.ANSWER).error


def test_a_model_that_declines_is_said_to_have_declined(
    ask: Callable[..., Answer], fake_providers: FakeProviders
) -> None:
    fake_providers.script("refusal")
    assert ask(provider="anthropic").outcome == Outcome.BLOCKED


@pytest.mark.parametrize(
    ("question", "words"), [("", "without"), (" \n ", "without"), ("a" * 100_000, "4,000 characters")]
)
def test_what_is_no_question_is_refused_with_a_sentence(question: str, words: str) -> None:
    with pytest.raises(QuestionError, match=words):
        compose(question, collections=[])


def test_emoji_alone_are_answered_with_a_request_for_words(ask: Callable[..., Answer]) -> None:
    assert ask("🙂🙂").outcome == Outcome.CLARIFY


def test_the_provider_never_sees_a_collection_the_asker_may_not(
    ask: Callable[..., Answer], fake_providers: FakeProviders, tmp_path: Path
) -> None:
    internal = make_collection("Internal", Visibility.INTERNAL)
    make_indexed(internal, make_file(tmp_path, "runbook.md", RUNBOOK))
    ask("How large are goodwill credits of support staff, and which form grants annual plans refunds?")
    sent = str([request.body for request in fake_providers.requests])
    assert "RB-2" not in sent
    assert "Annual plans" in sent


def test_a_follow_up_is_understood_by_the_question_before(ask: Callable[..., Answer]) -> None:
    history = (Turn("user", "Can annual plans be refunded?"), Turn("assistant", "Yes [1]."))
    answer = ask("Within how many days?", provider="extractive", history=history)
    assert answer.outcome == Outcome.ANSWERED
    assert "30 days" in answer.text


def test_a_model_rewrites_a_follow_up_and_the_ledger_has_both_calls(
    ask: Callable[..., Answer], fake_providers: FakeProviders
) -> None:
    fake_providers.blocks = [("Within how many days can annual plans be refunded?", (0,))]
    history = (Turn("user", "Can annual plans be refunded?"), Turn("assistant", "Yes [1]."))
    answer = ask("Within how many days?", history=history)
    purposes = set(UsageRecord.objects.of_trace(answer.trace_id).values_list("purpose", flat=True))
    assert purposes == {Purpose.REWRITE, Purpose.EMBED_QUESTION, Purpose.ANSWER}


@pytest.mark.parametrize("ending", ["refusal", "length"])
def test_a_rewriting_that_a_model_declines_or_does_not_end_is_not_searched_for(
    ask: Callable[..., Answer], fake_providers: FakeProviders, ending: str
) -> None:
    fake_providers.blocks_in_turn = [[("I cannot help with refunds", ())], [("Within 30 days", (0,))]]
    fake_providers.script(ending)
    history = (Turn("user", "Can annual plans be refunded?"), Turn("assistant", "Yes [1]."))
    assert ask("Within how many days are those annual plans refunded?", history=history).question == (
        "Within how many days are those annual plans refunded?"
    )


def test_an_embedding_server_that_hangs_is_an_outcome_within_the_deadline(
    ask: Callable[..., Answer], fake_providers: FakeProviders, settings: Settings
) -> None:
    settings.ANSWER_SECONDS = 1
    make_deployment(provider="openai", model="text-embedding-3-small", dimensions=1536)
    fake_providers.script(*["hang"] * 8)
    started = time.monotonic()
    answer = ask(provider="extractive")
    assert time.monotonic() - started < 10
    assert answer.outcome == Outcome.PROVIDER_ERROR
