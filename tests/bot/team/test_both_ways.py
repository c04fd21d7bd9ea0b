"""Asker and person talk through the bot until one of them ends it; each edge is walked, on both platforms."""

import logging
from datetime import timedelta

import pytest
from django.utils import timezone

from bot.models import Channel, Escalation, Question
from bot.team import handover, reminders
from tests.harness import bots
from tests.harness.desks import Desk, DiscordDesk, SlackDesk

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("shelf")]


def walked(caplog: pytest.LogCaptureFixture) -> set[tuple[str, str, str]]:
    told = [each.args for each in caplog.records if each.name == "bot.team.handover"]
    return {(str(start), str(move), str(end)) for start, move, end in filter(None, told)}


def test_every_edge_is_walked(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "bot.team.handover")
    from_asking_to_closing(desk)
    closing_while_nobody_has_it(desk)
    drafts(desk)
    edges = {(edge.start or "nowhere", edge.move.name, str(edge.end)) for edge in handover.EDGES}
    assert walked(caplog) == edges
    assert Escalation.objects.waiting().count() == 0


def from_asking_to_closing(desk: Desk) -> None:
    desk.begin()
    desk.press("human")
    desk.until_asker_reads("passed this on")
    desk.until_team_reads("A question for the team")
    Escalation.objects.update(remind_at=timezone.now() - timedelta(minutes=1))
    assert reminders.remind() == 1
    desk.until_team_reads("Nobody has claimed")
    desk.asker_writes("It is about the yearly plan.")
    desk.until_team_reads("> It is about the yearly plan.")
    desk.begin("And monthly plans?", is_new=False)
    desk.until_asker_reads("And monthly plans? [1]")
    desk.press("claim", by_team=True)
    desk.until_asker_reads("Bob Helper has taken your question")
    desk.until_team_reads("Claimed by Bob Helper")
    said = desk.team_writes("Which country do you live in?")
    desk.until_asker_reads("Which country do you live in?")
    bots.until(lambda: desk.signs(said, by_team=True) == {"✅"}, "the person sees that it was sent")
    said = desk.asker_writes("In Portugal.")
    desk.until_team_reads("> In Portugal.")
    bots.until(lambda: desk.signs(said) >= {"✅"}, "the asker sees that it was passed on")
    desk.begin("And quarterly plans?", is_new=False)
    desk.team_writes("Then you have 14 days.")
    desk.until_asker_reads("Then you have 14 days.")
    desk.press("answered", by_team=True, fields={"text": "All the best!"})
    desk.until_asker_reads("Bob Helper has closed this")
    desk.until_team_reads("Answered by Bob Helper")
    asked = Question.objects.count()
    desk.asker_writes("How are yearly plans refunded?")
    bots.until(lambda: Question.objects.count() == asked + 1, "the bot is asked")
    desk.until_asker_reads("How are yearly plans refunded? [1]")
    again(desk)


def again(desk: Desk) -> None:
    """The same case: asked for once more, claimed and solved; opened once more by the team, and solved again."""
    question = Question.objects.order_by("pk").first()
    assert question is not None
    press_first(desk)
    desk.until_team_reads("open once more")
    desk.until_team_reads("A question for the team")
    assert Escalation.objects.get().claimed_by == ""
    desk.press("claim", by_team=True)
    desk.until_asker_reads("has taken your question", 2)
    desk.press("solved")
    desk.until_asker_reads("Glad that is settled")
    desk.until_team_reads("The asker says that it is solved")
    desk.press("reopen", by_team=True)
    desk.until_asker_reads("has taken your question", 3)
    desk.asker_writes("That solved it, thank you!")
    desk.until_asker_reads("Glad that is settled", 2)
    desk.settle()


def press_first(desk: Desk) -> None:
    """Ask a human, under the first answer: the others are questions of their own."""
    if isinstance(desk, SlackDesk):
        first = desk.room.own("C1", desk.place)[0]
        desk.fake.press("C1", first["ts"], "parley:human", "U1")
    else:
        assert isinstance(desk, DiscordDesk)
        first = desk.room.own(desk.place)[0]
        pk = Question.objects.order_by("pk").first().pk  # type: ignore[union-attr]
        desk.fake.press(desk.place, int(first["id"]), f"parley:human:{pk}", desk.room.ann).wait()


def closing_while_nobody_has_it(desk: Desk) -> None:
    desk.begin("Can I talk to a human, please?")
    desk.asker_writes("solved, thanks")
    desk.until_asker_reads("Glad that is settled")
    desk.begin()
    desk.press("human")
    desk.settle()
    desk.press("answered", by_team=True, fields={"text": "It is in the terms."})
    desk.until_asker_reads("It is in the terms.")
    desk.settle()


def drafts(desk: Desk) -> None:
    Channel.objects.filter(pk__in=Question.objects.values("channel")).update(is_drafting=True)
    desk.begin("Are drafts refunded?")
    desk.until_asker_reads("The team has your question")
    desk.press("send", by_team=True)
    desk.until_asker_reads("Are drafts refunded? [1]")
    desk.press("human")
    desk.until_asker_reads("passed this on")
    desk.press("answered", by_team=True, fields={"text": ""})
    desk.until_asker_reads("has closed this")
    desk.begin("Are claimed drafts refunded?")
    desk.press("claim", by_team=True)
    desk.until_asker_reads("has taken your question")
    desk.press("send", by_team=True)
    desk.until_asker_reads("Are claimed drafts refunded? [1]")
    desk.settle()
