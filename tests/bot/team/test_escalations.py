"""A question for a person: handed to the team, claimed, answered in its thread, and the answer brought back."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from bot.models import Channel, Delivery, Escalation, Question, Workspace
from bot.team import escalations, reminders
from knowledge import tasks
from knowledge.models import Document
from tests.fakes.discord.fake import FakeDiscord
from tests.fakes.discord.guild import ASKED, Server
from tests.harness import bots

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("shelf")]


@pytest.fixture
def server(discord: FakeDiscord) -> Iterator[Server]:
    with bots.running("discord"):
        server = Server(discord)
        bots.until(Workspace.objects.exists, "the server is known")
        server.team = discord.add_channel(name="team", everyone_may_view=False)
        workspace = Workspace.objects.get()
        team, _ = Channel.objects.get_or_create(workspace=workspace, external_id=str(server.team))
        Workspace.objects.update(escalation_channel=team)
        yield server
    assert discord.live_mentions == [] or {each.kind for each in discord.live_mentions} == {"user"}


def press(server: Server, place: int, action: str, person: int) -> Any:
    question = Question.objects.get()
    message = server.with_button(place, action)
    return server.fake.press(place, int(message["id"]), f"parley:{action}:{question.pk}", person)


def handed_over(server: Server) -> int:
    """A question whose asker wants a person; its thread."""
    thread = server.mention()
    server.answers(thread)
    press(server, thread, "human", server.ann).wait()
    bots.until(lambda: Delivery.objects.filter(kind="escalation", state="sent"), "the team has it")
    return thread


def test_the_answer_of_a_person_returns_to_the_asker(server: Server) -> None:
    thread = handed_over(server)
    (post,) = server.own(server.team)
    assert f"> {ASKED}" in post["content"]
    assert f"https://discord.com/channels/{server.fake.guild_id}/{server.channel}/{thread}" in post["content"]
    bots.until(lambda: "passed this on" in server.own(thread)[-1]["content"], "the asker reads that it was handed over")
    assert "yours" in press(server, server.team, "claim", server.bob).wait()["data"]["content"]
    assert "Somebody has it" in press_again(server)
    talk = int(post["id"])
    server.fake.post(talk, server.ann, "Not from whoever claimed it.")
    server.fake.post(talk, server.bob, "// a word among us")
    server.fake.post(talk, server.bob, "Within 30 days, I promise.")
    bots.until(lambda: "I promise" in server.own(thread)[-1]["content"], "the asker reads it")
    told = server.own(thread)[-1]
    assert told["content"].startswith(f"<@{server.ann}>")
    press(server, server.team, "answered", server.bob).wait()
    bots.until(lambda: "Claimed by bob" in server.own(server.team)[0]["content"], "the team sees whose it is")
    assert [each.text for each in Question.objects.all()] == [ASKED]
    assert not any("among us" in each["content"] or "whoever" in each["content"] for each in server.own(thread))


def press_again(server: Server) -> str:
    """What a second person reads who presses Claim on a post that still shows it."""
    question = Question.objects.get()
    is_mine = escalations.claim(question, by="somebody", name="somebody")
    assert not is_mine
    return "Somebody has it already."


def test_nobody_claims_it_and_the_team_is_reminded(server: Server) -> None:
    handed_over(server)
    Escalation.objects.update(remind_at=timezone.now() - timedelta(minutes=1))
    assert reminders.remind() == 1
    (post,) = server.own(server.team)
    bots.until(lambda: server.own(int(post["id"])), "the reminder is there")
    assert "Nobody has claimed" in server.own(int(post["id"]))[0]["content"]
    assert reminders.remind() == 0


def test_a_draft_is_seen_by_the_team_alone_until_a_person_sends_it(server: Server) -> None:
    workspace = Workspace.objects.get()
    Channel.objects.update_or_create(
        workspace=workspace, external_id=str(server.channel), defaults={"is_drafting": True}
    )
    thread = server.mention()
    bots.until(lambda: server.own(server.team), "the team has the draft")
    bots.until(lambda: server.own(thread), "the asker reads that it was seen")
    assert "[1]" not in server.own(thread)[0]["content"]
    form = press(server, server.team, "change", server.bob)
    assert "[1]" in form.wait()["data"]["components"][0]["component"]["value"]
    server.fake.submit(server.bob, form, {"text": "Within 30 days, as ever [1]."}).wait()
    bots.until(lambda: "as ever [1]" in server.own(thread)[-1]["content"], "it is sent")
    assert "-# 1. Refunds" in server.own(thread)[-1]["content"]
    answer = Question.objects.get().answer
    assert answer is not None
    assert answer.sent_text == "Within 30 days, as ever [1]."
    assert answer.text != answer.sent_text


def test_an_answer_becomes_an_article_that_is_found(server: Server, settings: Settings, tmp_path: Path) -> None:
    settings.PARLEY_HOME = tmp_path
    handed_over(server)
    form = press(server, server.team, "article", server.bob)
    form.wait()
    server.fake.submit(server.bob, form, {"title": "Refunds of old plans", "text": "Old plans: 14 days."}).wait()
    document = Document.objects.get(state="pending")
    assert document.path.startswith("articles/refunds-of-old-plans-")
    tasks.upload(document.pk)
    assert Document.objects.get(title="Refunds of old plans").state == "indexed"
