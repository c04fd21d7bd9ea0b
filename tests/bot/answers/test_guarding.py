"""A model's answer is checked before it is shown: real passages, the real SDK, a server that speaks its protocol."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.db.models import Sum
from pytest_django.fixtures import Settings

from bot.answers import conversations, guarding, trace
from bot.answers.answering import Answer, compose
from bot.answers.conversations import Done
from bot.answers.prompts import Manner
from bot.answers.trace import Became
from bot.claims.checking import Fault
from bot.models import Message, Outcome, Platform, Voice
from bot.wording import phrases
from bot.wording.speech import ENGLISH
from knowledge.models import Collection
from llm.calling.retry import ATTEMPTS
from llm.models import Budget, ModelPrice, Purpose, ServingRole, UsageRecord
from llm.prompt import Turn
from tests.fakes.providers.fake import FakeProviders, Refusal
from tests.rows.make import make_collection, make_deployment, make_file, make_indexed

pytestmark = pytest.mark.django_db

REFUNDS = (
    "# Refunds\n\nAnnual plans can be refunded in full within 30 days of purchase. "
    "Only an Owner can request a refund in the billing settings.\n"
)
EXPORTS = "# Exports\n\nProjects can be exported as CSV from the project menu by an Owner.\n"
QUESTION = "Can annual plans be refunded?"
OWNERS = "Only an Owner can request a refund in the billing settings [1]."
RIGHT = "Annual plans can be refunded in full within 30 days of purchase [1]."
WRONG = RIGHT.replace("30", "45")
NOTE = ENGLISH.say(phrases.LEFT_OPEN)

Asks = Callable[..., Answer]


@pytest.fixture
def public(tmp_path: Path) -> Collection:
    make_deployment()
    make_deployment(ServingRole.ANSWER, provider="openai", model="gpt-6-luna", dimensions=None)
    collection = make_collection()
    make_indexed(collection, make_file(tmp_path, "refunds.md", REFUNDS), make_file(tmp_path, "exports.md", EXPORTS))
    return collection


@pytest.fixture
def ask(public: Collection, fake_providers: FakeProviders) -> Asks:
    """Has the model write these texts, one after the other."""

    def asked(
        *texts: str, question: str = QUESTION, manner: Manner | None = None, turns: tuple[Turn, ...] = ()
    ) -> Answer:
        fake_providers.blocks_in_turn = [[(text, ())] for text in texts]
        voiced = manner or Manner()
        return compose(question, collections=[public.pk], history=turns, manner=voiced, least_answerable=0.0).finish()

    return asked


def caught(answer: Answer) -> list[tuple[str, Became]]:
    return [(each.fault, each.became) for each in answer.caught]


@pytest.mark.parametrize(
    "text",
    [
        f"{RIGHT} {OWNERS}",
        f"Yes.\n\n- {RIGHT}\n- {OWNERS}\n\n```\nrefund --days 99\n```\n\nAnything else?",
        "Yes, you get it all back if you ask within a month or so [1].",
        f"{RIGHT} The documents do not say what a Zephyr plan costs.",
        "Oui, les abonnements annuels sont remboursés intégralement pendant 99 jours après l'achat [1].",
    ],
)
def test_an_answer_without_a_fault_is_shown_to_the_letter(ask: Asks, fake_providers: FakeProviders, text: str) -> None:
    answer = ask(text)
    assert (answer.text, answer.outcome, answer.caught) == (text, Outcome.ANSWERED, ())
    assert len(fake_providers.requests) == 1


def test_markers_that_were_forgotten_are_put_in(ask: Asks) -> None:
    answer = ask("Annual plans can be refunded in full within 30 days of purchase. Glad to help!")
    assert answer.outcome == Outcome.ANSWERED
    assert answer.text == "Annual plans can be refunded in full within 30 days of purchase. [1] Glad to help!"
    assert [cited.hit.path for cited in answer.citations] == ["refunds.md"]
    assert answer.citations[0].quote == RIGHT.replace(" [1]", "")
    assert caught(answer) == [("unmarked", Became.MARKED)]


@pytest.mark.parametrize(
    "text",
    [
        "Refunds are a matter of trust, and we love to see you happy with Zephyr.",
        "Annual plans can be refunded in full within 45 days of purchase.",
        "I am sorry, I cannot help with that.",
    ],
)
def test_what_no_passage_holds_gets_no_markers(ask: Asks, fake_providers: FakeProviders, text: str) -> None:
    answer = ask(text)
    assert (answer.outcome, answer.uncited_text, answer.citations) == (Outcome.NOT_IN_DOCS, text, ())
    assert len(fake_providers.requests) == 1


def test_a_number_that_no_passage_holds_is_mended(ask: Asks, fake_providers: FakeProviders) -> None:
    answer = ask(f"{WRONG} {OWNERS}", f"{RIGHT} {OWNERS}")
    assert answer.text == f"{RIGHT} {OWNERS}"
    assert caught(answer) == [(Fault.NUMBER, Became.MENDED)]
    assert (answer.caught[0].what, answer.written) == ("45 days", f"{WRONG} {OWNERS}")
    asked_again = fake_providers.requests[1].body["messages"][-1]["content"]
    assert "45 days of purchase." in asked_again
    assert 'nothing says "45 days"' in asked_again
    calls = UsageRecord.objects.filter(trace_id=answer.trace_id, purpose=Purpose.ANSWER)
    assert calls.count() == 2
    assert calls.aggregate(Sum("output_tokens"))["output_tokens__sum"] > 0


@pytest.mark.parametrize(
    "again",
    [
        f"{WRONG} {OWNERS}",
        "NOT_IN_DOCS",
        "SEARCH: refunds",
        "I stand by what I said.",
        f"{WRONG} [9]",
        "",
        "Sorry, I cannot do that [1].",
        "ok [1]",
        f"{RIGHT} {OWNERS}\n\nNOT_IN_DOCS",
    ],
)
def test_a_sentence_that_is_not_mended_goes_and_the_answer_says_so(ask: Asks, again: str) -> None:
    answer = ask(f"{WRONG} {OWNERS}", *[again or " "] * ATTEMPTS)
    assert answer.text == f"{OWNERS}\n\n{NOTE}"
    assert [cited.number for cited in answer.citations] == [1]
    assert "45" not in answer.text
    assert (Fault.NUMBER, Became.REMOVED) in caught(answer)


@pytest.mark.parametrize(
    "again",
    [
        f"{guarding.FENCE}\n{RIGHT} {OWNERS}\n{guarding.FENCE}",
        f"Here is the corrected answer:\n\n{RIGHT} {OWNERS}",
        f"**Korrigierte Antwort:**\n{guarding.FENCE}\n{RIGHT} {OWNERS}\n{guarding.FENCE}",
    ],
)
def test_of_what_is_written_again_the_answer_alone_is_shown(ask: Asks, again: str) -> None:
    answer = ask(f"{WRONG} {OWNERS}", again)
    assert (answer.text, caught(answer)) == (f"{RIGHT} {OWNERS}", [(Fault.NUMBER, Became.MENDED)])


def test_markers_that_are_forgotten_when_it_is_written_again_are_put_in(ask: Asks) -> None:
    answer = ask(f"{WRONG} {OWNERS}", f"{RIGHT} {OWNERS}".replace(" [1]", ""))
    assert answer.text == f"{RIGHT} {OWNERS}".replace(" [1].", ". [1]")
    assert caught(answer) == [(Fault.NUMBER, Became.MENDED), ("unmarked", Became.MARKED), ("unmarked", Became.MARKED)]


@pytest.mark.parametrize(
    "left", ["([1])", "Sources: [1], [2]", "**Sources**\n- [1] Billing", "You can read more on this [1]."]
)
def test_where_markers_alone_are_left_the_documents_do_not_say_it(ask: Asks, left: str) -> None:
    answer = ask(f"{WRONG}\n\n{left}", "NOT_IN_DOCS")
    assert (answer.outcome, answer.citations) == (Outcome.NOT_IN_DOCS, ())


def test_a_reply_that_says_nothing_replaces_no_answer(ask: Asks) -> None:
    assert ask(WRONG, "Sorry, I cannot do that [1].").outcome == Outcome.NOT_IN_DOCS


def test_markers_are_numbered_anew_in_the_order_of_what_is_left(ask: Asks) -> None:
    exports = "Projects can be exported as CSV from the project menu by an Owner [2]."
    answer = ask(f"{WRONG} {exports} {OWNERS}", "NOT_IN_DOCS")
    assert answer.text == f"{exports.replace('2', '1')} {OWNERS.replace('1', '2')}\n\n{NOTE}"
    assert [cited.number for cited in answer.citations] == [1, 2]
    assert [cited.hit.path for cited in answer.citations] == ["exports.md", "refunds.md"]
    assert [cited.quote.split()[0] for cited in answer.citations] == ["Projects", "Only"]


@pytest.mark.parametrize("step", [Refusal(401), Refusal(400), "length", "refusal", "cut"])
def test_a_mending_that_fails_costs_nobody_the_answer(
    ask: Asks, fake_providers: FakeProviders, step: Refusal | str
) -> None:
    fake_providers.script("", step)
    answer = ask(f"{WRONG} {OWNERS}", f"{RIGHT} {OWNERS}")
    assert (answer.text, answer.outcome) == (f"{OWNERS}\n\n{NOTE}", Outcome.ANSWERED)
    assert answer.mending


def test_a_mending_over_budget_costs_nobody_the_answer(ask: Asks, fake_providers: FakeProviders) -> None:
    ModelPrice.objects.create(
        provider="openai", model="gpt-6-luna", input_per_million=0, output_per_million=1000,
        valid_from="2026-01-01T00:00Z",
    )  # fmt: skip
    Budget.objects.create(period="day", limit="1.0005")  # one reply of 1,000 tokens at most, and no second one
    answer = ask(f"{WRONG} {OWNERS}", f"{RIGHT} {OWNERS}")
    assert (answer.text, answer.outcome) == (f"{OWNERS}\n\n{NOTE}", Outcome.ANSWERED)
    assert "budget" in answer.mending
    assert len(fake_providers.requests) == 1


def test_with_too_little_time_left_nobody_is_asked_again(
    ask: Asks, fake_providers: FakeProviders, settings: Settings
) -> None:
    settings.ANSWER_SECONDS = guarding.LEAST_SECONDS - 0.1
    answer = ask(f"{WRONG} {OWNERS}", f"{RIGHT} {OWNERS}")
    assert (answer.text, answer.mending) == (f"{OWNERS}\n\n{NOTE}", guarding.NO_TIME)
    assert len(fake_providers.requests) == 1


def test_what_was_cut_off_is_not_written_again_nor_its_last_words_judged(
    ask: Asks, fake_providers: FakeProviders
) -> None:
    fake_providers.script("length")
    answer = ask(f"{WRONG} {OWNERS} Annual plans can be refunded within 3")
    assert answer.text.startswith(f"{OWNERS} Annual plans can be refunded within 3")
    assert (answer.is_truncated, answer.mending) == (True, guarding.CUT_OFF)
    assert len(fake_providers.requests) == 1


def test_where_nothing_is_left_the_documents_do_not_say_it(ask: Asks) -> None:
    answer = ask(WRONG, "NOT_IN_DOCS")
    assert (answer.outcome, answer.uncited_text, answer.citations) == (Outcome.NOT_IN_DOCS, WRONG, ())
    assert caught(answer) == [(Fault.NUMBER, Became.REMOVED)]


def test_a_not_that_no_passage_says_goes(ask: Asks) -> None:
    answer = ask(f"{RIGHT.replace('can', 'cannot')} {OWNERS}", "NOT_IN_DOCS")
    assert (answer.text, caught(answer)) == (f"{OWNERS}\n\n{NOTE}", [(Fault.REVERSED, Became.REMOVED)])


def test_what_another_passage_says_is_cited_from_there(ask: Asks, fake_providers: FakeProviders) -> None:
    answer = ask(f"{RIGHT} {OWNERS.replace('1', '2')}")
    assert answer.text == f"{RIGHT} {OWNERS}".replace(" [1].", ".", 2).replace("settings.", "settings. [1]").replace(
        "purchase.", "purchase [1]."
    )
    assert caught(answer) == [(Fault.MISCITED, Became.MARKED)]
    assert len(fake_providers.requests) == 1


@pytest.mark.parametrize("marker", [" [1]", ""])
def test_an_answer_beside_the_question_is_not_shown(ask: Asks, fake_providers: FakeProviders, marker: str) -> None:
    text = f"Projects can be exported as CSV from the project menu by an Owner{marker}."
    answer = ask(text, question="Who founded this bakery?")
    assert (answer.outcome, answer.uncited_text) == (Outcome.NOT_IN_DOCS, text)
    assert caught(answer) == [(guarding.BESIDE, Became.WITHDRAWN)]
    assert len(fake_providers.requests) == 1


def test_what_somebody_said_before_counts_as_said(ask: Asks) -> None:
    turns = (Turn("user", "My workspace Thornfield was bought 12 days ago."), Turn("assistant", "Thank you."))
    text = f"Thornfield was bought 12 days ago, so annual plans can be refunded [1]. {OWNERS}"
    assert (
        ask("Can annual plans of Thornfield be refunded?", text, question="Can it be refunded?", turns=turns).text
        == text
    )


def test_the_words_of_the_voice_are_no_claims(ask: Asks) -> None:
    voice = Voice.objects.create(name="crew", version=1, opening="Ahoy!", closing="Your Zephyr crew, since 1999")
    answer = ask(f"{WRONG} {OWNERS}", "NOT_IN_DOCS", manner=Manner(voice))
    assert answer.text == f"Ahoy!\n\n{OWNERS}\n\n{NOTE}\n\nYour Zephyr crew, since 1999"
    assert ask(RIGHT, manner=Manner(voice)).text == f"Ahoy!\n\n{RIGHT}\n\nYour Zephyr crew, since 1999"


def test_it_is_kept_what_was_caught_and_what_was_written(public: Collection, fake_providers: FakeProviders) -> None:
    fake_providers.blocks_in_turn = [[(f"{WRONG} {OWNERS}", ())], [("NOT_IN_DOCS", ())]]
    *_, done = conversations.ask(QUESTION, platform=Platform.WEB, collections=[public.pk])
    assert isinstance(done, Done)
    kept = trace.of(Message.objects.get(pk=done.message.pk))
    assert [(each.sentence, each.what, each.became) for each in kept.caught] == [
        (WRONG.replace(" [1]", ""), "45 days", Became.REMOVED)
    ]
    assert (kept.written, bool(kept.mending)) == (f"{WRONG} {OWNERS}", True)
