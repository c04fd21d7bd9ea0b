"""`manage.py ask`: what scripts and people read, and the exit status."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from knowledge.models import Collection, Visibility
from llm.models import ServingRole
from tests.fakes.providers.fake import FakeProviders, Refusal
from tests.rows.make import make_collection, make_deployment, make_file, make_indexed

pytestmark = pytest.mark.django_db

QUESTION = "Can annual plans be refunded?"


@pytest.fixture
def public(tmp_path: Path) -> Collection:
    make_deployment()
    make_deployment(ServingRole.ANSWER, provider="extractive", model="best-sentences", dimensions=None)
    collection = make_collection()
    text = "# Refunds\n\nAnnual plans can be refunded in full within 30 days of purchase.\n"
    make_indexed(collection, make_file(tmp_path, "refunds.md", text))
    return collection


def ask(*arguments: str) -> str:
    out = StringIO()
    call_command("ask", *arguments, stdout=out)
    return out.getvalue()


def ask_json(*arguments: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(ask(*arguments, "--json"))
    return answer


def test_json_has_every_field_scripts_rely_on(public: Collection) -> None:
    answer = ask_json(QUESTION)
    assert answer["outcome"] == "answered"
    assert "[1]" in answer["answer"]
    citation = answer["citations"][0]
    assert set(citation) == {"number", "title", "url", "path", "heading", "quote", "document_id"}
    assert citation["path"] == "refunds.md"
    assert (answer["provider"], answer["model"]) == ("extractive", "best-sentences")
    assert answer["usage"] == {"input_tokens": 0, "cached_input_tokens": 0, "output_tokens": 0}
    assert answer["cost_usd"] == "0.00000000"
    assert set(answer["latency_ms"]) == {"retrieve", "first_token", "total"}
    assert len(answer["trace_id"]) == 32


def test_people_read_the_answer_its_sources_and_what_it_cost(public: Collection) -> None:
    text = ask(QUESTION)
    assert "within 30 days of purchase" in text
    assert "[1] Refunds (refunds.md)" in text
    assert "answered · extractive:best-sentences · free" in text


def test_a_question_beyond_the_documents_is_an_outcome_not_a_failure(public: Collection) -> None:
    answer = ask_json("What is the capital of Mongolia?")
    assert (answer["outcome"], answer["citations"]) == ("not_in_docs", [])


def test_a_provider_that_fails_ends_with_status_1(public: Collection, fake_providers: FakeProviders) -> None:
    make_deployment(ServingRole.ANSWER, provider="openai", model="gpt-6-luna", dimensions=None)
    fake_providers.script(Refusal(401))
    with pytest.raises(SystemExit) as ended:
        ask(QUESTION, "--json")
    assert ended.value.code == 1


@pytest.mark.parametrize(("question", "words"), [("", "without words"), ("a" * 100_000, "4,000 characters")])
def test_what_is_no_question_ends_with_a_sentence(public: Collection, question: str, words: str) -> None:
    with pytest.raises(CommandError, match=words):
        ask(question)


def test_a_collection_that_does_not_exist_is_named_with_those_that_do(public: Collection) -> None:
    with pytest.raises(CommandError, match=r"no collection 'Nowhere'.*Public"):
        ask(QUESTION, "--collection", "Nowhere")


def test_internal_documents_are_searched_only_when_named(public: Collection, tmp_path: Path) -> None:
    internal = make_collection("Internal", Visibility.INTERNAL)
    text = "# Goodwill\n\nSupport staff may grant a goodwill credit of 250 dollars with form RB-2.\n"
    make_indexed(internal, make_file(tmp_path, "runbook.md", text))
    question = "How large a goodwill credit may support staff grant?"
    assert ask_json(question)["outcome"] == "not_in_docs"
    assert "250 dollars" in ask_json(question, "--collection", "Internal")["answer"]


def test_who_wants_a_person_is_told_that_there_is_none_and_answered_all_the_same(public: Collection) -> None:
    wish = "Can I talk to a human? Can annual plans be refunded?"
    answer = ask_json(wish)
    assert (answer["outcome"], "nobody here" in answer["note"]) == ("answered", True)
    assert "nobody here" in ask(wish)
    assert ask_json(QUESTION)["note"] == ""
    assert "nobody here" not in ask(QUESTION)


def test_before_set_up_it_says_what_to_run() -> None:
    with pytest.raises(CommandError, match=r"manage\.py setup"):
        ask(QUESTION)
