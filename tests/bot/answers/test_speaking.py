"""The voice is heard wherever an answer is read: shown while it is written, kept with it, and never said twice."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import call_command

from bot.answers import answering, conversations, replays, trace
from bot.answers.answered import Answer
from bot.answers.answering import compose
from bot.answers.conversations import Delta, Done
from bot.answers.prompts import Manner
from bot.models import Message, Outcome, Platform, Voice
from knowledge.models import Collection
from llm import vendors
from llm.models import Deployment, PromptVariant, ServingRole
from tests.fakes.providers.fake import FakeProviders, Refusal
from tests.rows.make import make_collection, make_deployment, make_file, make_indexed, make_nobody_stand_in

pytestmark = pytest.mark.django_db

REFUNDS = "# Refunds\n\nAnnual plans can be refunded in full within 30 days of purchase.\n"
QUESTION = "Can annual plans be refunded?"
FACT = "Annual plans can be refunded in full within 30 days of purchase. [1]"
OPENING, CLOSING = "Ahoy there!", "Fair winds, the crew"


@pytest.fixture
def public(tmp_path: Path) -> Collection:
    make_deployment()
    make_deployment(ServingRole.ANSWER, provider="extractive", model="best-sentences", dimensions=None)
    collection = make_collection()
    make_indexed(collection, make_file(tmp_path, "refunds.md", REFUNDS))
    return collection


@pytest.fixture
def voice() -> Voice:
    return Voice.objects.create(name="default", version=1, opening=OPENING, closing=CLOSING)


def writes() -> Deployment:
    return make_deployment(ServingRole.ANSWER, provider="openai", model="gpt-6-luna", dimensions=None)


def ask(public: Collection) -> tuple[Message, str]:
    """The kept answer, and what was shown of it while it was written."""
    *events, done = conversations.ask(QUESTION, platform=Platform.WEB, collections=[public.pk])
    assert isinstance(done, Done)
    return done.message, "".join(event.text for event in events if isinstance(event, Delta))


def test_what_is_quoted_is_said_in_the_voice_called_default(public: Collection, voice: Voice) -> None:
    Voice.objects.create(name="support", version=1, opening="Good day!")
    message, shown = ask(public)
    assert message.text == shown == f"{OPENING}\n\n{FACT}\n\n{CLOSING}"
    assert (message.voice, message.style_faults) == (voice, [])
    assert message.citations.get().quote == FACT.removesuffix(" [1]")


def test_without_a_voice_nothing_is_added(public: Collection) -> None:
    message, _ = ask(public)
    assert (message.text, message.voice) == (FACT, None)


def test_the_terminal_speaks_too(public: Collection, voice: Voice, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("ask", QUESTION, "--json")
    assert f'"answer": "{OPENING}\\n\\nAnnual' in (shown := capsys.readouterr().out)
    assert f'"voice": "{voice}"' in shown


def test_an_answer_in_the_voice_is_built_again_to_the_letter(
    public: Collection, voice: Voice, fake_providers: FakeProviders
) -> None:
    writes()
    fake_providers.blocks = [("Yes, within 30 days", (0,)), (".", ())]
    message, shown = ask(public)
    assert message.text == shown == f"{OPENING}\n\nYes, within 30 days [1].\n\n{CLOSING}"
    assert f'Begin with these words: "{OPENING}"' in fake_providers.requests[-1].body["messages"][0]["content"]
    replay = replays.replay(message)
    assert (replay.fidelity, message.voice) == (replays.Fidelity.EXACT, voice)
    assert OPENING in replays.prompt_of(message).system


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (f"{OPENING} Yes, within 30 days [1]. {CLOSING}", f"{OPENING} Yes, within 30 days [1]. {CLOSING}"),
        ("**ahoy there** Within 30 days [1]", f"**ahoy there** Within 30 days [1]\n\n{CLOSING}"),
        ("Ahoy! Within 30 days [1]. Fair winds", f"{OPENING}\n\nWithin 30 days [1]. Fair winds, the crew"),
    ],
)
def test_what_a_model_said_itself_is_not_said_twice(
    public: Collection, voice: Voice, fake_providers: FakeProviders, written: str, kept: str
) -> None:
    writes()
    fake_providers.blocks = [(written, ())]
    message, shown = ask(public)
    assert message.text == shown == kept
    assert (message.voice, message.style_faults) == (voice, [])


@pytest.mark.parametrize(
    ("step", "written", "outcome", "text"),
    [
        ("", "NOT_IN_DOCS", Outcome.NOT_IN_DOCS, ""),
        ("", "It is 30 days.", Outcome.NOT_IN_DOCS, "It is 30 days."),
        ("refusal", "I cannot [1]", Outcome.BLOCKED, ""),
        (Refusal(401), "", Outcome.PROVIDER_ERROR, ""),
        ("cut", "Within 30 days of the purchase [1]", Outcome.PROVIDER_ERROR, "Within 30 "),
    ],
)
def test_nothing_is_added_to_what_is_no_answer(
    public: Collection, voice: Voice, fake_providers: FakeProviders,
    step: Refusal | str, written: str, outcome: Outcome, text: str,
) -> None:  # fmt: skip
    writes()
    make_nobody_stand_in()
    fake_providers.blocks = [(written, ())]
    fake_providers.script(step)
    message, _ = ask(public)
    assert (message.outcome, message.voice, message.style_faults) == (outcome, voice, [])
    assert OPENING not in message.text
    assert CLOSING not in message.text
    assert trace.of(message).uncited_text.startswith(text)
    assert OPENING not in trace.of(message).uncited_text


@pytest.mark.usefixtures("voice")
def test_an_answer_that_was_cut_off_is_not_ended(public: Collection, fake_providers: FakeProviders) -> None:
    writes()
    fake_providers.blocks = [("Within 30 days [1] of", ())]
    fake_providers.script("length")
    message, _ = ask(public)
    assert (message.text, message.style_faults) == (f"{OPENING}\n\nWithin 30 days [1] of", ["closing"])


@pytest.mark.usefixtures("voice")
def test_a_search_that_a_model_asks_for_opens_nothing(
    public: Collection, fake_providers: FakeProviders, tmp_path: Path
) -> None:
    for number in range(answering.PASSAGES + 2):
        said = f"# Purchase {number}\n\nA purchase is made in the shop number {number}, at the desk.\n"
        make_indexed(public, make_file(tmp_path, f"purchase{number}.md", said))
    writes()
    fake_providers.blocks_in_turn = [
        [("SEARCH: where is a purchase made, at which desk of the shop", ())],
        [("Within 30 days", (0,))],
    ]
    message, shown = ask(public)
    assert message.text == shown == f"{OPENING}\n\nWithin 30 days [1]\n\n{CLOSING}"


@pytest.fixture
def composed(public: Collection) -> Callable[..., Answer]:
    def answered(deployment: Deployment, voice: Voice) -> Answer:
        return compose(QUESTION, collections=[public.pk], deployment=deployment, manner=Manner(voice)).finish()

    return answered


@pytest.mark.parametrize("variants", [("full", "short"), ("short", "full")])
def test_who_stands_in_is_asked_in_its_own_words(
    composed: Callable[..., Answer], voice: Voice, fake_providers: FakeProviders, variants: tuple[str, str]
) -> None:
    for name in vendors.those_that("answers"):
        vendors.load(name, "answers")  # an SDK takes longer to import than the patience with a model
    first, second = writes(), make_deployment(
        ServingRole.FALLBACK, provider="anthropic", model="claude-haiku-5-5", dimensions=None
    )  # fmt: skip
    for deployment, variant in zip((first, second), variants, strict=True):
        Deployment.objects.filter(pk=deployment.pk).update(prompt=variant)
    fake_providers.script(Refusal(401))
    answer = composed(Deployment.objects.live(ServingRole.ANSWER), voice)
    asked, stood_in = (str(request.body) for request in fake_providers.requests)
    assert [OPENING in said for said in (asked, stood_in)] == [variant == "full" for variant in variants]
    assert answer.prompt is not None
    assert (answer.deployment, answer.prompt.variant) == (second, PromptVariant(variants[1]))
