"""A hand-over that is not one of threads and teams: in private, in direct chats, in forums, and with no team told."""

from io import StringIO

import pytest
from django.core.management import call_command

from bot import tasks
from bot.models import AnswerMode, Channel, Delivery, Escalation, Question, Workspace
from bot.team import handover
from config.settings import BASE_DIR
from tests.fakes.discord.fake import FakeDiscord
from tests.fakes.discord.faults import CutBefore
from tests.fakes.discord.guild import ASKED
from tests.fakes.discord.things import PERMISSIONS
from tests.harness import bots
from tests.harness.desks import Desk, DiscordDesk, SlackDesk

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("shelf")]


def test_the_diagram_is_that_of_the_table() -> None:
    assert handover.diagram() in (BASE_DIR / "docs" / "platforms.md").read_text()


def test_without_a_team_the_asker_reads_the_truth_and_the_team_is_told_later(desk: Desk) -> None:
    team = Workspace.objects.get().escalation_channel
    Workspace.objects.update(escalation_channel=None)
    desk.begin()
    desk.press("human")
    desk.until_asker_reads("on the team's board")
    assert not any("passed this on" in each for each in desk.asker_reads())
    desk.asker_writes("It is urgent.")
    bots.until(Escalation.objects.get().remarks.exists, "it is kept")
    assert Escalation.objects.told_nobody().count() == 1
    Workspace.objects.update(escalation_channel=team)
    tasks.remind()
    desk.until_team_reads("A question for the team")
    desk.until_team_reads("> It is urgent.")
    assert Escalation.objects.told_nobody().count() == 0
    tasks.remind()
    desk.settle()
    assert sum("A question for the team" in each for each in desk.team_reads()) == 1


def test_the_doctor_counts_what_waits_untold(desk: Desk) -> None:
    Workspace.objects.update(escalation_channel=None)
    desk.begin("Can I talk to a human, please?")
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("doctor", stdout=out, stderr=out)
    assert "1 wait on the dashboard, and nobody is told" in out.getvalue()


def test_a_private_question_is_talked_about_in_private(desk: Desk) -> None:
    if isinstance(desk, SlackDesk):
        desk.fake.command("U1", "C1", ASKED)
        bots.until(lambda: "parley:human" in str(desk.fake.ephemerals("C1", "U1")), "the answer is there")
        shown = desk.fake.ephemerals("C1", "U1")[0]
        desk.fake.press("C1", shown["ts"], "parley:human", "U1")
    else:
        assert isinstance(desk, DiscordDesk)
        asked = desk.fake.command(desk.room.ann, desk.room.channel, "ask", {"question": ASKED})
        bots.until(lambda: asked.original and asked.original.get("components"), "the answer is there")
        pk = Question.objects.get().pk
        desk.fake.press(
            desk.room.channel, int(asked.original["id"]), f"parley:human:{pk}", desk.room.ann  # type: ignore[index]
        ).wait()  # fmt: skip
    desk.until_team_reads("A question for the team")
    desk.press("claim", by_team=True)
    desk.team_writes("Which plan is it?")
    bots.until(lambda: Delivery.objects.filter(kind="human", state="sent").exists(), "it is sent")
    post = Delivery.objects.get(kind="human")
    assert post.is_private
    assert [each["action"] for each in post.body["buttons"]] == ["write", "solved"]
    question = Question.objects.get()
    write_back(desk, question)
    desk.until_team_reads("> The yearly one.")
    assert f"{ASKED} [1]" in read_in_private(desk)  # the answer is still there
    assert "passed this on" in read_in_private(desk)
    assert "Which plan is it?" in read_in_private(desk)


def test_the_thread_of_a_team_is_opened_by_a_later_attempt(discord: FakeDiscord) -> None:
    with bots.running("discord"):
        desk = DiscordDesk(discord)
        desk.begin()
        discord.script("POST", f"channels/{desk.team}/messages/[0-9]+/threads", CutBefore())
        desk.press("human")
        desk.until_team_reads("A question for the team")
        desk.asker_writes("It is urgent.")
        desk.until_team_reads("> It is urgent.")
        desk.settle()
        assert sum("A question for the team" in each for each in desk.team_reads()) == 1


def read_in_private(desk: Desk) -> str:
    if isinstance(desk, SlackDesk):
        return " ".join(str(each) for each in desk.fake.ephemerals("C1", "U1"))
    assert isinstance(desk, DiscordDesk)
    return " ".join(str(each.data["content"]) for each in desk.fake.hooks.hidden.values())


def write_back(desk: Desk, question: Question) -> None:
    """Press "Write back" under what the person wrote, and fill in the form."""
    if isinstance(desk, SlackDesk):
        shown = [each for each in desk.fake.ephemerals("C1", "U1") if "parley:write" in str(each.get("blocks"))]
        desk.fake.press("C1", shown[-1]["ts"], "parley:write", "U1")
        view = list(desk.fake.views)[-1]
        desk.fake.submit("U1", view, {"text": {"text": "The yearly one."}})
        return
    assert isinstance(desk, DiscordDesk)
    forms, wanted = desk.fake.hooks.hidden, f"parley:write:{question.pk}"
    hidden = [key for key, each in forms.items() if wanted in str(each.data["components"])]
    pressed = desk.fake.press(desk.room.channel, hidden[-1], f"parley:write:{question.pk}", desk.room.ann)
    pressed.wait()
    desk.fake.submit(desk.room.ann, pressed, {"text": "The yearly one."}).wait()


def test_the_author_of_a_message_that_another_asks_about_is_a_party(desk: Desk) -> None:
    if isinstance(desk, SlackDesk):
        said = desk.fake.post("C1", "U2", ASKED)
        desk.fake.shortcut("U1", "C1", said)
        desk.room.answers(said)
        desk.fake.post("C1", "U2", "And monthly plans?", thread_ts=said)
        desk.room.answers(said, 2)
    else:
        assert isinstance(desk, DiscordDesk)
        message = desk.fake.post(desk.room.channel, desk.room.bob, ASKED)
        desk.fake.context_menu(desk.room.ann, desk.room.channel, message, "Ask about this")
        desk.room.answers(message)
        desk.fake.post(message, desk.room.bob, "And monthly plans?")
        desk.room.answers(message, 2)
    assert Question.objects.first().conversation.silenced_at is None  # type: ignore[union-attr]


class Direct:
    """A direct chat of the asker with the bot: a thread on Slack, one long talk on Discord."""

    def __init__(self, desk: Desk, text: str) -> None:
        self.desk = desk
        if isinstance(desk, SlackDesk):
            self.thread = desk.fake.post("D1", "U1", text)
        else:
            assert isinstance(desk, DiscordDesk)
            self.place = desk.fake.open_dm(desk.room.ann)
            self.write(text)

    def write(self, text: str) -> None:
        if isinstance(self.desk, SlackDesk):
            self.desk.fake.post("D1", "U1", text, thread_ts=self.thread)
        else:
            assert isinstance(self.desk, DiscordDesk)
            self.desk.fake.post(self.place, self.desk.room.ann, text)

    def until_reads(self, text: str) -> None:
        bots.until(lambda: text in self._read(), f"the asker reads {text}")

    def _read(self) -> str:
        if isinstance(self.desk, SlackDesk):
            return str(self.desk.room.own("D1"))
        assert isinstance(self.desk, DiscordDesk)
        return str(self.desk.room.own(self.place))


def test_a_direct_chat_goes_to_the_team_of_its_workspace(desk: Desk) -> None:
    direct = Direct(desk, "Can I talk to a human, please?")
    direct.until_reads("passed this on")
    desk.until_team_reads("A question for the team")
    desk.press("claim", by_team=True)
    direct.until_reads("has taken your question")
    direct.write("It is about the yearly plan.")
    desk.until_team_reads("> It is about the yearly plan.")
    desk.team_writes("Then you have 14 days.")
    direct.until_reads("14 days")
    direct.write("Perfect, that solved it!")
    desk.until_team_reads("The asker says that it is solved")
    direct.until_reads("Glad that is settled")


@pytest.mark.parametrize("may", [True, False], ids=["with the right", "without it"])
@pytest.mark.parametrize("way", ["words", "button"])
def test_a_forum_post_is_marked_solved(discord: FakeDiscord, may: bool, way: str) -> None:
    with bots.running("discord"):
        desk = DiscordDesk(discord)
        rights = [name for name in PERMISSIONS if name not in ("administrator", "manage_threads")]
        forum = discord.add_channel(name="questions", kind="forum", bot_may=None if may else rights)
        tags = [{"id": "71", "name": "Unsolved"}, {"id": "72", "name": "✅ Solved"}]
        discord.world.channels[forum].data["available_tags"] = tags
        post = discord.start_thread(forum, desk.room.ann, "Refunds", f"<@{discord.bot_id}> Are annual plans refunded")
        desk.place = post
        desk.room.answers(post)
        assert Channel.objects.get(external_id=str(forum)).mode == AnswerMode.MENTION
        if way == "words":
            discord.archive(post)  # writing opens it again, a press of a button does not
            desk.asker_writes("solved, thanks!")
            desk.until_asker_reads("Glad that is settled")
        else:
            discord.archive(post)
            desk.press("solved")
        bots.until(lambda: Delivery.objects.filter(kind="solved", state="sent").exists(), "it is marked")
        thread = discord.world.channels[post]
        assert thread.data["applied_tags"] == (["72"] if may else [])
        assert desk.signs(post) == (set() if may else {"✅"})
        assert Question.objects.count() == 1
