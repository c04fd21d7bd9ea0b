"""A prompt built again from the trace of its answer is the one that was sent, to the letter, or is said not to be."""

import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from bot.answers import conversations, replays, trace
from bot.answers.conversations import Done
from bot.answers.replays import Fidelity
from bot.inbox import receiving
from bot.models import Channel, ChannelKind, Conversation, Message, Outcome, Platform, Speaker
from bot.platforms.console import ConsoleMessenger
from bot.questions import queue, replying
from bot.voices import choosing
from knowledge.models import Collection
from llm.models import Deployment, PromptVariant, ServingRole
from tests.fakes.providers.fake import FakeProviders
from tests.rows.make import make_collection, make_deployment, make_file, make_indexed
from tests.rows.questions import incoming
from tests.rows.web_rows import make_answer, make_question, make_user

pytestmark = pytest.mark.django_db

QUESTION = "Can annual plans be refunded?"
REFUNDS = "# Refunds\n\nAnnual plans can be refunded in full within 30 days of purchase. Ask in the billing page.\n"
EXPORTS = "# Exports\n\nProjects can be exported as CSV from the project menu by an owner.\n"
ANSWER = [("Yes, annual plans can be refunded", (0,)), (".", ())]

Ask = Callable[..., Message]


@pytest.fixture
def public(tmp_path: Path) -> Collection:
    make_deployment()
    make_deployment(ServingRole.ANSWER, provider="openai", model="gpt-6-luna", dimensions=None)
    collection = make_collection()
    kinds = [f"# Plan {n}\n\nAnnual plans of kind {n} can be refunded, refunds follow rule {n}.\n" for n in range(6)]
    files = {"refunds": REFUNDS, "exports": EXPORTS, **{f"plan-{n}": text for n, text in enumerate(kinds)}}
    make_indexed(collection, *(make_file(tmp_path, f"{name}.md", text) for name, text in files.items()))
    return collection


@pytest.fixture
def ask(public: Collection) -> Ask:
    def asked(question: str = QUESTION, conversation: Conversation | None = None) -> Message:
        *_, done = conversations.ask(
            question, platform=Platform.WEB, collections=[public.pk], conversation=conversation
        )  # fmt: skip
        assert isinstance(done, Done)
        return Message.objects.get(pk=done.message.pk)

    return asked


@pytest.fixture
def told(public: Collection) -> Ask:
    """Asked on a platform."""

    def answered(text: str = QUESTION, number: int = 1) -> Message:
        received = receiving.receive(
            incoming(text, number, platform=Platform.CONSOLE, kind=ChannelKind.DIRECT, is_threaded=False)
        )
        assert received.question is not None
        claimed = queue.claim([Platform.CONSOLE])
        assert claimed == received.question
        replying.reply(claimed, ConsoleMessenger(StringIO()))
        return Message.objects.get(trace_id=claimed.trace_id, speaker=Speaker.BOT)

    return answered


def letters(messages: Any) -> bytes:
    return json.dumps(messages).encode()


def assert_replayed(message: Message, fake: FakeProviders) -> None:
    """The last thing that the provider was sent is what is built again."""
    replay = replays.replay(message)
    assert letters(replay.prompt.messages()) == letters(fake.requests[-1].body["messages"])
    assert replay.fidelity == Fidelity.EXACT


def test_a_plain_answer(ask: Ask, fake_providers: FakeProviders) -> None:
    fake_providers.blocks = ANSWER
    message = ask()
    assert message.outcome == Outcome.ANSWERED
    assert "SEARCH:" in replays.prompt_of(message).system
    assert_replayed(message, fake_providers)


def test_a_follow_up_with_what_was_said_before(ask: Ask, fake_providers: FakeProviders) -> None:
    fake_providers.blocks_in_turn = [ANSWER, [("Where are refunds of annual plans asked for?", ())], ANSWER]
    first = ask()
    second = ask("And where do I ask?", first.conversation)
    assert [turn.text for turn in replays.prompt_of(second).history] == [QUESTION, first.text]
    assert trace.of(second).question == "Where are refunds of annual plans asked for?"
    assert_replayed(second, fake_providers)


def test_an_answer_after_a_second_search(ask: Ask, fake_providers: FakeProviders) -> None:
    fake_providers.blocks_in_turn = [[("SEARCH: export projects as CSV", ())], [("An owner exports them", (6,))]]
    message = ask()
    assert message.outcome == Outcome.ANSWERED
    assert len(fake_providers.requests) == 2
    assert trace.of(message).passages[6].path == "exports.md"
    assert "SEARCH:" not in replays.prompt_of(message).system
    assert_replayed(message, fake_providers)


def test_a_second_search_that_brings_nothing_new(ask: Ask, public: Collection, fake_providers: FakeProviders) -> None:
    public.document_set.exclude(path="refunds.md").delete()
    fake_providers.blocks = [("SEARCH: refunds of annual plans", ())]
    message = ask()
    assert (message.outcome, len(fake_providers.requests)) == (Outcome.NOT_IN_DOCS, 1)
    assert_replayed(message, fake_providers)


def test_a_model_that_declines(ask: Ask, fake_providers: FakeProviders) -> None:
    fake_providers.script("refusal")
    message = ask()
    assert message.outcome == Outcome.BLOCKED
    assert_replayed(message, fake_providers)


def test_a_voice_and_a_language_stay_as_they_were(told: Ask, fake_providers: FakeProviders) -> None:
    fake_providers.blocks = ANSWER
    choosing.next_version("default", {"style_guide": "Write like a sailor."})
    told("Can plans be refunded?")
    Channel.objects.update(language="Danish")
    message = told("Can annual plans be refunded in full?", 2)
    system = replays.prompt_of(message).system
    assert "Write like a sailor." in system
    assert "Danish" in system
    choosing.next_version("default", {"style_guide": "Write like a lawyer."})
    Channel.objects.update(language="French")
    assert_replayed(message, fake_providers)


def test_a_model_that_has_learnt_the_voice_is_asked_without_its_rules(told: Ask, fake_providers: FakeProviders) -> None:
    fake_providers.blocks = ANSWER
    choosing.next_version("default", {"style_guide": "Write like a sailor."})
    base = Deployment.objects.live(ServingRole.ANSWER)
    tuned = Deployment(role=base.role, endpoint=base.endpoint, model="ft:sailor", prompt=PromptVariant.SHORT)
    Deployment.objects.append(tuned, reason="a test", by=None)
    message = told()
    assert "sailor" not in replays.replay(message).prompt.system
    assert_replayed(message, fake_providers)
    assert "Write like a sailor." in replays.prompt_of(message).system, "what it is trained on says the rules"


def test_the_sentences_of_quoted_passages_are_kept(ask: Ask) -> None:
    make_deployment(ServingRole.ANSWER, provider="extractive", model="best-sentences", dimensions=None)
    message = ask("Where are refunds asked for: in the billing page?")
    (found,) = [hit for hit in trace.of(message).passages if hit.path == "refunds.md"]
    said = [found.text[each.start : each.end] for each in found.sentences]
    assert "Ask in the billing page." in said
    assert len({each.similarity for each in found.sentences}) == len(said)
    assert replays.replay(message).is_exact


def test_what_has_changed_since_is_said(ask: Ask, fake_providers: FakeProviders) -> None:
    fake_providers.blocks_in_turn = [ANSWER, [("Where are refunds asked for?", ())], ANSWER]
    first = ask()
    second = ask("And where do I ask?", first.conversation)
    Message.objects.filter(pk=first.pk).update(text="[erased]")
    assert replays.replay(second).fidelity == Fidelity.CHANGED
    assert replays.replay(first).is_exact


def test_where_no_model_replied_none_was_asked(ask: Ask, fake_providers: FakeProviders) -> None:
    message = ask("🙂🙂")
    assert message.outcome == Outcome.CLARIFY
    assert replays.replay(message).fidelity == Fidelity.UNSENT


def test_the_page_of_an_old_answer_says_that_it_may_have_been_another_prompt(client: Client) -> None:
    user = make_user("root", is_superuser=True)
    message = make_answer(make_question(user))
    assert replays.replay(message).fidelity == Fidelity.UNKNOWN
    client.force_login(user)
    assert "it may have differed" in client.get(reverse("prompt", args=[message.pk])).content.decode()


def test_markers_of_readers_are_those_of_the_prompt_again(ask: Ask, fake_providers: FakeProviders) -> None:
    """Readers see passages in the order they are cited; whoever learns from an answer is given the prompt's order."""
    fake_providers.blocks = [("By rule three", (3,)), (", as refunds do", (1, 4))]
    message = ask()
    assert message.text == "By rule three [1], as refunds do [2] [3]"
    assert replays.as_prompted(message, message.text) == "By rule three [4], as refunds do [2] [5]"
    assert replays.as_prompted(message, "Better: [3] and `[1]`, but [9].") == "Better: [5] and `[1]`, but [9]."
    cited = {citation.number: citation.passage for citation in message.citations.all()}
    passages = trace.of(message).passages
    assert [cited[1], cited[2], cited[3]] == [passages[3].text, passages[1].text, passages[4].text]
