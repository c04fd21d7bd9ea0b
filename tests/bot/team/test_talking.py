"""What asker and person write arrives as they wrote it, once, and both see that it did."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from bot.inbox import catching_up
from bot.models import Channel, Conversation, Delivery, Escalation, Question, Receipt, Remark
from tests.fakes.discord.faults import Cut, Http
from tests.fakes.slack.fake import Cut as SlackCut
from tests.fakes.slack.fake import Error
from tests.harness import bots
from tests.harness.desks import FILE, Desk, DiscordDesk, SlackDesk

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("shelf")]

SHARED = {"is_share": True, "is_msg_unfurl": True, "fallback": ""}


@pytest.fixture
def claimed(desk: Desk) -> Desk:
    """A desk where a person has the asker's question."""
    desk.begin()
    desk.press("human")
    desk.until_team_reads("A question for the team")
    desk.press("claim", by_team=True)
    desk.until_team_reads("Claimed by Bob Helper")
    desk.settle()
    return desk


def test_a_person_writes_as_ever(claimed: Desk) -> None:
    if isinstance(claimed, SlackDesk):
        claimed.team_writes(
            "*Look* <https://x.example/a_(b)|here>, <https://y.example|y.example>, ask <@U3> in <#C1|help> "
            "or <!subteam^S1|@ops>, <!channel>"
        )
    else:
        assert isinstance(claimed, DiscordDesk)
        claimed.team_writes(
            f"**Look** [here](https://x.example/a_(b)), https://y.example, ask <@{claimed.eve}> "
            f"in <#{claimed.room.channel}> or @ops, @everyone"
        )
    claimed.until_asker_reads("**Look** [here](https://x.example/a_%28b%29), https://y.example, ask @")
    said = claimed.asker_reads()[-1].replace("\\u200b", "\u200b")
    assert re.search("ask @\u200b?eve in #help or", said)
    assert "@ops" in said
    assert "@everyone" not in said
    assert "<!channel" not in said
    assert "From" in said


def test_rich_text_of_slack_keeps_its_shape(claimed: Desk) -> None:
    if not isinstance(claimed, SlackDesk):
        pytest.skip("Discord writes Markdown")
    words = [
        {"type": "text", "text": "Do "},
        {"type": "text", "text": "this ", "style": {"bold": True}},
        {"type": "link", "url": "https://x.example/b", "text": "as here"},
        {"type": "user", "user_id": "U3"},
    ]
    item = {"type": "rich_text_section", "elements": [{"type": "text", "text": "restart"}]}
    blocks = [
        {"type": "rich_text", "elements": [
            {"type": "rich_text_section", "elements": words},
            {"type": "rich_text_list", "style": "ordered", "indent": 0, "elements": [item, item]},
            {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "ls *"}]},
            {"type": "rich_text_quote", "elements": [{"type": "text", "text": "so it says"}]}]}
    ]  # fmt: skip
    claimed.team_writes("Do this", blocks=blocks)
    claimed.until_asker_reads("Do **this** [as here](https://x.example/b)@\u200beve")
    said = claimed.asker_reads()[-1]
    assert all(part in said for part in ("1. restart\n2. restart", "```\nls *\n```", "> so it says"))


def test_forwarded_messages_and_what_is_no_text_are_not_lost(claimed: Desk) -> None:
    if isinstance(claimed, SlackDesk):
        claimed.team_writes(
            "See:",
            attachments=(SHARED | {"text": "It is *down*", "from_url": "https://fake.slack.com/archives/C9/p1"},),
        )
        claimed.until_asker_reads("See:\n\n> It is **down**\nhttps://fake.slack.com/archives/C9/p1")
        claimed.team_writes("Mail <mailto:a@b.example|a@b.example> or call <tel:+15550100|Bob>")
        claimed.until_asker_reads("or call Bob (+15550100)")
        claimed.asker_writes("", has_file=True)
    else:
        assert isinstance(claimed, DiscordDesk)
        claimed.team_writes("", forwards="It is **down**")
        claimed.until_asker_reads("> It is **down**\n📎 [file0.txt]")
        claimed.team_writes("", sticker="Wave")
        claimed.until_asker_reads("📎 [Wave](https://")
        claimed.asker_writes("", has_file=True)
    claimed.until_team_reads("> 📎 [")


def test_files_arrive_or_are_named(claimed: Desk) -> None:
    said = claimed.team_writes("", has_file=True)
    claimed.until_asker_reads(
        "📎 [" if isinstance(claimed, DiscordDesk) else f"📎 [{FILE}](https://fake.slack.com/files/"
    )
    bots.until(lambda: claimed.signs(said, by_team=True) == {"✅"}, "the person sees that it was sent")
    claimed.asker_writes("Here it is", has_file=True)
    claimed.until_team_reads("> Here it is")
    assert "📎 [" in claimed.team_reads()[-1]


def test_a_file_that_the_other_side_cannot_open_is_named_and_both_know(claimed: Desk) -> None:
    if not isinstance(claimed, SlackDesk):
        pytest.skip("who has the address of a file on Discord opens it")
    claimed.fake.channels["C2"].kind = "group"
    claimed.team_writes("", has_file=True)
    claimed.until_asker_reads(f"(sent a file that I could not pass on: {FILE})")
    claimed.until_team_reads(f"I could not pass on {FILE}")


def test_only_who_claimed_it_is_heard_and_the_others_are_told_why(claimed: Desk) -> None:
    claimed.team_writes("I know this one!", by_other=True)
    claimed.until_team_reads("This stayed here: Bob Helper has the question")
    claimed.team_writes("Really, I do.", by_other=True)
    claimed.team_writes("// a word among us")
    claimed.team_writes("Monday.")
    claimed.until_asker_reads("Monday.")
    claimed.press("answered", by_team=True, fields={"text": ""})
    claimed.until_asker_reads("has closed this")
    claimed.team_writes("And Tuesday.")
    claimed.until_team_reads("the question is closed")
    claimed.settle()
    assert sum("This stayed here" in each for each in claimed.team_reads()) == 2
    assert not any(
        word in each for each in claimed.asker_reads() for word in ("I know", "Really", "among us", "Tuesday")
    )


def test_before_anybody_claims_it_nothing_of_the_team_goes_out(desk: Desk) -> None:
    desk.begin()
    desk.press("human")
    desk.until_team_reads("A question for the team")
    desk.team_writes("Who takes it?")
    desk.until_team_reads("press Claim above")
    desk.settle()
    assert not any("Who takes it" in each for each in desk.asker_reads())


def test_an_edit_and_a_taken_back_message_follow(claimed: Desk) -> None:
    said = claimed.team_writes("It costs 10.")
    claimed.until_asker_reads("It costs 10.")
    claimed.edit(said, "It costs 12.", by_team=True)
    claimed.until_asker_reads("It costs 12.")
    asked = claimed.asker_writes("My code is 1234.")
    claimed.until_team_reads("> My code is 1234.")
    bots.until(lambda: claimed.signs(asked) == {"✅"}, "it is marked")
    claimed.delete(asked)
    claimed.until_team_reads("(taken back)")
    claimed.settle()
    assert not any("It costs 10" in each for each in claimed.asker_reads())
    assert not any("1234" in each for each in claimed.team_reads())
    assert not Remark.objects.filter(text__contains="1234").exists()


def test_the_bot_keeps_out_and_others_are_not_passed_on(claimed: Desk) -> None:
    asked = Question.objects.count()
    claimed.asker_writes("I have the same problem?", by_other=True)
    claimed.asker_writes("One more thing?")
    claimed.until_team_reads("> One more thing?")
    claimed.begin("And monthly plans?", is_new=False)
    assert Question.objects.count() == asked + 1
    assert not any("same problem" in each or "monthly" in each for each in claimed.team_reads())
    claimed.asker_writes("Is anybody there?")
    claimed.until_team_reads("> Is anybody there?")
    claimed.settle()
    assert Question.objects.count() == asked + 1


def test_the_history_read_again_passes_nothing_on_twice(claimed: Desk) -> None:
    claimed.asker_writes("Said once.")
    claimed.asker_writes("A bystander.", by_other=True)
    claimed.team_writes("Heard once.")
    claimed.until_team_reads("> Said once.")
    claimed.until_asker_reads("Heard once.")
    claimed.press("solved")
    claimed.until_asker_reads("Glad that is settled")
    asked = Question.objects.count()
    read_again(claimed)
    claimed.settle()
    assert sum("Said once." in each for each in claimed.team_reads()) == 1
    assert sum("Heard once." in each for each in claimed.asker_reads()) == 1
    assert Question.objects.count() == asked
    assert Conversation.objects.get().silenced_at is None


def read_again(desk: Desk) -> None:
    messenger = desk.crew.bot.messenger
    for channel in Channel.objects.select_related("workspace"):
        catching_up.catch_up(channel, messenger)


def test_what_was_written_to_people_before_the_end_and_comes_late_goes_to_them(claimed: Desk) -> None:
    claimed.press("solved")
    claimed.until_asker_reads("Glad that is settled")
    Receipt.objects.filter(key__startswith="heard").delete()
    Escalation.objects.update(answered_at=timezone.now() + timedelta(minutes=10))
    asked = Question.objects.count()
    claimed.asker_writes("Written before the end?")
    claimed.until_team_reads("> Written before the end?")
    assert Question.objects.count() == asked


def test_the_press_of_somebody_else_does_not_end_it(claimed: Desk) -> None:
    if isinstance(claimed, SlackDesk):
        found = next(each for each in claimed.room.own("C1", claimed.place) if "parley:solved" in str(each["blocks"]))
        claimed.fake.press("C1", found["ts"], "parley:solved", "U3")
    else:
        assert isinstance(claimed, DiscordDesk)
        found = claimed.room.with_button(claimed.place, "solved")
        pk = Question.objects.get().pk
        claimed.fake.press(claimed.place, int(found["id"]), f"parley:solved:{pk}", claimed.eve).wait()
    assert Escalation.objects.get().state == "claimed"


def test_names_that_cannot_be_looked_up_leave_no_gap(desk: Desk) -> None:
    if not isinstance(desk, SlackDesk):
        pytest.skip("Discord sends names")
    desk.fake.script("users.info", *[Error("fatal_error")] * 20)
    desk.begin()
    desk.press("human")
    desk.until_team_reads("A question for the team")
    desk.press("claim", by_team=True)
    desk.until_asker_reads("bob has taken your question")
    desk.team_writes("Ask <@U3>.")
    desk.until_asker_reads("Ask @\u200bsomebody.")
    desk.press("answered", by_team=True, fields={"text": ""})
    desk.until_team_reads("Answered by bob")
    desk.expected = [("users.info", "fatal_error")] * len(desk.fake.calls_of("users.info"))


def test_a_lost_reply_of_the_platform_doubles_nothing(claimed: Desk) -> None:
    if isinstance(claimed, SlackDesk):
        claimed.fake.script("chat.postMessage", SlackCut())
    else:
        assert isinstance(claimed, DiscordDesk)
        claimed.fake.script("POST", f"channels/{claimed.place}/messages", Cut())
    said = claimed.team_writes("Said once.")
    claimed.until_asker_reads("Said once.")
    bots.until(lambda: claimed.signs(said, by_team=True) == {"✅"}, "the person sees that it was sent")
    claimed.settle()
    assert sum("Said once." in each for each in claimed.asker_reads()) == 1


def test_what_is_too_long_for_one_post_comes_in_several_and_goes_with_all(claimed: Desk) -> None:
    long = " ".join(f"word{number}" for number in range(450))
    said = claimed.team_writes(long)
    claimed.until_asker_reads("word449")
    asked = claimed.asker_writes("\n".join(["a line"] * 300 + ["the end"]))
    claimed.until_team_reads("> the end")
    bots.until(lambda: claimed.signs(asked) == {"✅"}, "it is marked")
    claimed.settle()
    read = " ".join(claimed.asker_reads())
    assert all(f"word{number}" in read for number in range(450))
    assert sum(each.count("> a line") for each in claimed.team_reads()) >= 300
    claimed.delete(said, by_team=True)
    claimed.delete(asked)
    claimed.until_team_reads("(taken back)")
    claimed.settle()
    assert not any("word" in each for each in claimed.asker_reads())
    assert not any("a line" in each for each in claimed.team_reads())


def test_many_messages_at_once_all_arrive_in_their_order(claimed: Desk) -> None:
    for number in range(8):
        claimed.asker_writes(f"Part {number} of it.")
    claimed.until_team_reads("> Part 7 of it.")
    claimed.settle()
    told = [each for each in claimed.team_reads() if "> Part" in each]
    assert [int(each.split("> Part ")[1][0]) for each in told] == list(range(8))


def test_a_message_that_cannot_be_passed_on_is_said_to_its_writer(claimed: Desk) -> None:
    if isinstance(claimed, SlackDesk):
        claimed.fake.script("chat.postMessage", Error("restricted_action"))
        claimed.expected = [("chat.postMessage", "restricted_action")]
    else:
        assert isinstance(claimed, DiscordDesk)
        refusal = Http(403, {"code": 50013, "message": "Missing Permissions"})
        claimed.fake.script("POST", f"channels/{claimed.place}/messages", refusal)
        claimed.fake.script("POST", f"channels/{claimed.room.channel}/messages", refusal)
        claimed.fake.close_dm(claimed.room.ann)
        claimed.expected = [403, 403, 403]
    said = claimed.team_writes("This does not arrive.")
    claimed.until_team_reads("This did not reach the asker")
    bots.until(lambda: claimed.signs(said, by_team=True) == {"⚠️"}, "the person sees that it was not sent")
    claimed.team_writes("This does.")
    claimed.until_asker_reads("This does.")
    assert Delivery.objects.filter(kind="human", state="dead").count() == 1
