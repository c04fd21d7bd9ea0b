"""The home page shows a person what they would be answered from, what is open of theirs, and the team its day."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import caches

from bot.models import Channel, Question
from bot.models import Workspace as Installed
from knowledge.models import Collection, Visibility
from tests.fakes.slack.fake import Error, FakeSlack
from tests.fakes.slack.workspace import ANN, ASKED, BOB, CHANNEL, DIRECT, TEAM, Workspace
from tests.harness import bots
from tests.rows import web_rows
from tests.rows.make import make_collection

pytestmark = pytest.mark.django_db(transaction=True)
GUEST = "U5"


@pytest.fixture
def workspace(slack: FakeSlack, shelf: Collection) -> Iterator[Workspace]:
    slack.add_user(GUEST, name="guest", is_restricted=True)
    slack.add_channel("D5", kind="im", user=GUEST)
    workspace = Workspace(slack)
    with bots.running("slack"):
        bots.until(lambda: Channel.objects.filter(external_id="D5"), "the places are known")
        yield workspace


def home(slack: FakeSlack, person: str) -> str:
    """What stands on the home page that somebody opens."""
    before = len(slack.calls_of("views.publish"))
    slack.open_home(person)
    bots.until(lambda: len(slack.calls_of("views.publish")) > before, "it is shown")
    call = slack.calls_of("views.publish")[-1]
    assert call.response["ok"], call.response
    blocks: list[dict[str, Any]] = call.params["view"]["blocks"]
    return "\n".join(each["text"]["text"] for each in blocks)


def test_each_sees_what_they_would_be_answered_from(workspace: Workspace) -> None:
    internal = make_collection("Staff <only>", Visibility.INTERNAL)
    web_rows.make_document(internal, "Salaries")
    for place in (DIRECT, "D5"):
        Channel.objects.get(external_id=place).collections.set(Collection.objects.all())
    shown = home(workspace.fake, ANN)
    assert "*Public*  ·  documents: 1  ·  changed today" in shown
    assert "*Staff &lt;only&gt;*  ·  documents: 1" in shown
    assert "None at the moment" in shown
    assert "Staff" not in home(workspace.fake, GUEST)
    assert "Today" not in shown


def test_open_questions_and_the_days_figures(workspace: Workspace) -> None:
    team, _ = Channel.objects.get_or_create(
        workspace=Installed.objects.get(), external_id=TEAM, defaults={"name": "team"}
    )
    Installed.objects.update(escalation_channel=team)
    caches["process"].clear()
    (answer,) = workspace.answers(workspace.mention())
    pk = Question.objects.get().pk
    workspace.fake.press(CHANNEL, answer["ts"], "parley:feedback", BOB, f"up:{pk}")
    assert "waits for somebody" not in home(workspace.fake, ANN)
    workspace.fake.press(CHANNEL, answer["ts"], "parley:human", ANN, f"human:{pk}")
    shown = home(workspace.fake, ANN)
    assert f"“{ASKED}”  ·  waits for somebody of the team" in shown
    assert "Today" not in shown  # she is not of the team
    figures = home(workspace.fake, BOB)
    assert "Asked 1  ·  answered 1  ·  handed to people 1  ·  👍 1  👎 0  ·  cost" in figures


def test_what_others_asked_is_offered_and_nothing_where_there_is_nothing(workspace: Workspace) -> None:
    slack = workspace.fake
    slack.open_home(ANN, tab="messages")
    workspace.answers(workspace.mention())
    workspace.answers(slack.post(CHANNEL, BOB, f"<@{slack.bot_user_id}> {ASKED}"))
    assert slack.prompts == []
    caches["process"].clear()
    slack.open_home(ANN, tab="messages")
    bots.until(lambda: slack.prompts, "they are offered")
    (offered,) = slack.prompts
    assert offered["prompts"] == [{"title": ASKED, "message": ASKED}]
    assert offered["title"] == "What others asked"


def test_guests_are_not_shown_what_colleagues_asked_and_nobody_a_live_address(workspace: Workspace) -> None:
    slack, asked = workspace.fake, f"{ASKED[:-1]} on evil.example.com?"
    workspace.answers(workspace.mention(asked))
    workspace.answers(slack.post(CHANNEL, BOB, f"<@{slack.bot_user_id}> {asked}"))
    caches["process"].clear()
    assert "on `evil.example.com`?" in home(slack, ANN)
    assert "evil" not in home(slack, GUEST)
    slack.open_home(GUEST, tab="messages")
    slack.open_home(ANN, tab="messages")
    bots.until(lambda: slack.prompts, "they are offered")
    assert len(slack.prompts) == 1


def test_the_page_is_there_though_slack_does_not_tell_who_somebody_is(workspace: Workspace) -> None:
    internal = make_collection("Staff", Visibility.INTERNAL)
    web_rows.make_document(internal, "Salaries")
    Channel.objects.get(external_id=DIRECT).collections.set(Collection.objects.all())
    team, _ = Channel.objects.get_or_create(workspace=Installed.objects.get(), external_id=TEAM)
    Installed.objects.update(escalation_channel=team)
    caches["process"].clear()
    workspace.fake.script("conversations.members", Error("fatal_error"))
    shown = home(workspace.fake, ANN)
    assert "Staff" in shown
    assert "Today" not in shown
    caches["process"].clear()
    workspace.fake.script("users.list", Error("fatal_error"))
    shown = home(workspace.fake, ANN)
    assert "*Public*" in shown
    assert "Staff" not in shown
