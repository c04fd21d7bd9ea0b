"""What follows a thumbs-down: a form whose labels are whole, a word, and a person; a refusal is rated as well."""

from collections.abc import Iterator

import pytest

from bot.models import Escalation, Feedback, Message, Question
from bot.platforms.discord import posts as discord_posts
from bot.platforms.slack import posts as slack_posts
from bot.posts.post import Form
from bot.posts.press import Press
from bot.team import feedback, pressing
from bot.wording import phrases
from bot.wording.speech import Speech
from tests.fakes.discord.fake import FakeDiscord
from tests.fakes.discord.guild import Server
from tests.fakes.discord.rules import check_modal
from tests.fakes.providers.fake import FakeProviders
from tests.fakes.slack.fake import FakeSlack
from tests.fakes.slack.rules import check_view
from tests.fakes.slack.workspace import BOB, CHANNEL, Workspace
from tests.harness import bots
from tests.rows.questions import make_channel, make_question_row
from tests.rows.web_rows import make_answer, make_question, make_user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def server(discord: FakeDiscord, shelf: object) -> Iterator[Server]:
    with bots.running("discord"):
        yield Server(discord)
    assert [call for call in discord.refusals if call.status != 404] == []


@pytest.fixture
def workspace(slack: FakeSlack, shelf: object) -> Iterator[Workspace]:
    workspace = Workspace(slack)
    with bots.running("slack"):
        yield workspace


@pytest.mark.parametrize("action", ["down", "change", "answered", "article"])
@pytest.mark.parametrize("outcome", ["answered", "not_in_docs"])
@pytest.mark.parametrize("language", ["en", "de", "fr", "es", "ja"])
def test_every_label_of_every_form_is_whole_on_both_platforms(action: str, outcome: str, language: str) -> None:
    channel = make_channel(language=language)
    question = make_question_row(make_answer(make_question(make_user()), outcome=outcome), channel)
    form = pressing.press(Press(action, str(question.pk), "U1", "Ann"))
    assert isinstance(form, Form)
    modal, view = discord_posts.modal(form), slack_posts.view(form, form.value)
    check_modal(modal)
    check_view(view, "modal")
    assert {form.title} == {modal["title"], view["title"]["text"]}
    assert form.submit == view["submit"]["text"]
    wanted = [each.label for each in form.fields]
    assert wanted == [each["label"] for each in modal["components"]]
    assert wanted == [each["label"]["text"] for each in view["blocks"]]


@pytest.mark.parametrize("language", ["en", "de", "fr", "es", "ja"])
def test_every_title_of_a_modal_fits(language: str) -> None:
    said = Speech(language).say
    for phrase in (phrases.WHAT_I_READ, phrases.WHAT_WAS_WRONG, phrases.SEND, phrases.CANCEL, phrases.CLOSE):
        assert len(said(phrase)) <= slack_posts.TITLE


def test_a_modal_is_put_away_in_the_language_of_its_asker() -> None:
    question = make_question_row(make_answer(make_question(make_user())), make_channel(language="German"))
    form = pressing.press(Press("down", str(question.pk), "U1", "Ann"))
    assert isinstance(form, Form)
    assert slack_posts.view(form, form.value)["close"]["text"] == "Abbrechen"
    said = pressing.submit(form.name, form.value, {"reason": "wrong"}, person="U1", person_name="Ann")
    assert said.close == "Schließen"


def test_on_discord_a_refusal_that_is_wrong_can_be_said_to_be_and_a_person_asked(
    server: Server, fake_providers: FakeProviders
) -> None:
    fake_providers.blocks = [("NOT_IN_DOCS", ())]
    thread = server.mention()
    (answer,) = server.answers(thread)
    pk = Question.objects.get().pk
    form = server.fake.press(thread, int(answer["id"]), f"parley:down:{pk}", server.bob)
    options = form.wait()["data"]["components"][0]["component"]["options"]
    assert "You have it, I know" in [each["label"] for each in options]
    said = server.fake.submit(
        server.bob, form, {"reason": feedback.OVER_REFUSAL, "right_document": "Refunds"}
    ).wait()["data"]  # fmt: skip
    assert "we have it" in said["content"]
    assert said["flags"] & 1 << 6
    kept = Feedback.objects.get()
    assert (kept.reason, kept.right_document, kept.is_positive) == ("have_it", "Refunds", False)
    assert f"parley:human:{pk}" in str(said["components"])


def test_on_slack_the_form_ends_with_a_word_and_a_person_is_asked_from_it(
    workspace: Workspace, fake_providers: FakeProviders
) -> None:
    fake_providers.blocks = [("NOT_IN_DOCS", ())]
    (answer,) = workspace.answers(workspace.mention())
    pk = Question.objects.get().pk
    workspace.fake.press(CHANNEL, answer["ts"], "parley:feedback", BOB, f"down:{pk}")
    (view,) = workspace.fake.views
    workspace.fake.submit(BOB, view, {"reason": {"reason": "have_it"}, "right_document": {"right_document": "Refunds"}})
    assert "we have it" in str(workspace.fake.views[view]["blocks"])
    workspace.fake.press_in_view(view, "parley:human", BOB)
    bots.until(lambda: "on the team's board" in str(workspace.fake.views[view]["blocks"]), "the person reads a word")
    assert Escalation.objects.get().question_id == pk


def test_who_has_a_person_already_is_not_offered_one() -> None:
    answer = make_answer(make_question(make_user()))
    question = make_question_row(answer, make_channel())
    first = feedback.improve(question, {"reason": "sources"}, "U1")
    assert "wrong documents" in first.text
    assert [each.action for each in first.buttons] == ["human"]
    Escalation.objects.create(question=question, reason="asked")
    again = feedback.improve(question, {"reason": "sources"}, "U1")
    assert again.buttons == ()
    assert "The question is with the team already" in again.text


def test_the_dashboard_finds_over_refusals_and_incidents() -> None:
    asked = make_question(make_user(), trace_id="abcdef01" + "2" * 24)
    answer = make_answer(asked, outcome="not_in_docs")
    other = make_answer(make_question(make_user("eve"), trace_id="3" * 32))
    feedback.keep(answer, feedback.Opinion(False, feedback.OVER_REFUSAL), person="U1")
    feedback.keep(other, feedback.Opinion(False), person="U1")
    assert list(Message.objects.all().matching({"rating": feedback.OVER_REFUSAL})) == [answer]
    assert list(Message.objects.all().matching({"text": " ABCDEF01 "})) == [answer]
    assert list(Message.objects.all().matching({"rating": "down"})) == [other, answer]
