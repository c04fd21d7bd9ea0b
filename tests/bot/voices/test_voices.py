"""The company's voice: told to the model, checked on every answer, kept with it."""

import pytest
from django.core.management import CommandError, call_command

from bot.answers.prompts import Manner, build, template_hash
from bot.models import Channel, Message, Question, Voice, Workspace
from bot.voices import choosing, style
from tests.fakes.discord.fake import FakeDiscord
from tests.fakes.providers.fake import FakeProviders
from tests.harness import bots

VOICE = Voice(
    name="default", version=1, style_guide="Be warm.", opening="Hi there,", closing="Cheers, the team",
    banned_phrases=["no problem", "simply"], person="we", most_words=20,
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("Hi there, we refund it within 30 days [1]. Cheers, the team", []),
        ("We refund it [1]. Cheers, the team", ["opening"]),
        ("Hi there, we refund it.", ["closing"]),
        ("Hi there, no  problem: simply ask us. Cheers, the team", ["banned: no problem", "banned: simply"]),
        ("Hi there, I refund it. Cheers, the team", ["person"]),
        ("Hi there, we refund it 🎉. Cheers, the team", ["emoji"]),
        ("Hi there, we refund it :tada: Cheers, the team", ["emoji"]),
        ("Hi there, " + "we refund it " * 10 + " Cheers, the team", ["length"]),
        ("Hi there, use `simply.I()` at 10:30:15. Cheers, the team", []),
    ],
)
def test_what_breaks_a_rule_is_named(text: str, faults: list[str]) -> None:
    assert style.faults(VOICE, text) == faults


def test_the_prompt_holds_the_rules_and_its_hash_stays() -> None:
    before = template_hash()
    system = build("How?", [], manner=Manner(VOICE, "German")).system
    for said in ("Be warm.", '"Hi there,"', '"Cheers, the team"', "no problem; simply", '"we"', "no emoji", "20 words"):
        assert said in system
    assert "Answer in German" in system
    assert "How to write" not in build("How?", []).system
    assert template_hash() == before


@pytest.mark.django_db
def test_a_change_is_the_next_version(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("voice", "default", "--guide", "Be warm.", "--ban", "no problem")
    call_command("voice", "default", "--opening", "Hi,")
    assert [(each.version, each.opening, each.style_guide) for each in Voice.objects.order_by("version")] == [
        (1, "", "Be warm."),
        (2, "Hi,", "Be warm."),
    ]
    assert "default v2" in capsys.readouterr().out
    with pytest.raises(CommandError, match="no such voice"):
        call_command("voice", "other")


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("shelf")
def test_an_answer_keeps_its_voice_and_its_faults(discord: FakeDiscord, fake_providers: FakeProviders) -> None:
    Voice.objects.create(name="default", version=1, opening="Hi,", closing="Ask us more: https://acme.com", person="we")
    fake_providers.blocks = [("I refund them within 30 days", (0,)), (".", ())]
    place, ann = discord.add_channel(name="help"), discord.add_user("ann")
    with bots.running("discord"):
        discord.post(place, ann, f"<@{discord.bot_id}> How are annual plans refunded?")
        bots.until(lambda: Question.objects.filter(state="done").exists(), "it is answered")
    answer = Message.objects.get(speaker="bot")
    assert answer.voice is not None
    assert (answer.voice.version, answer.style_faults) == (1, ["person"])
    assert answer.text == "Hi,\n\nI refund them within 30 days [1].\n\nAsk us more: https://acme.com"
    thread = discord.threads(place)[-1]["id"]
    shown = next(each["content"] for each in discord.messages(int(thread)) if "I refund them" in each["content"])
    assert shown.startswith("Hi,\n\nI refund them within 30 days")
    assert "more: https://acme.com" in shown
    assert "Begin with these words" in str(fake_providers.requests[-1].body)


@pytest.mark.django_db
def test_a_channel_without_a_voice_of_its_own_has_the_default() -> None:
    workspace = Workspace.objects.create(platform="slack", external_id="T1")
    channel = Channel.objects.create(workspace=workspace, external_id="C1")
    assert choosing.of(channel) is None
    Voice.objects.create(name="default", version=1)
    Voice.objects.create(name="support", version=3)
    assert str(choosing.of(channel)) == "default v1"
    channel.voice_name = "support"
    assert str(choosing.of(channel)) == "support v3"
