"""The commands that set a bot up: manifest, channel, doctor, play."""

import io
import json
import sys
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django.fixtures import Settings
from slack_sdk.models.blocks import Block

from bot.models import Channel, DeliveryKind, Workspace
from bot.platforms.slack import manifest as slack_manifest
from bot.platforms.slack import posts as slack_posts
from bot.posts import buttons
from bot.posts.post import Button, Credit, Post
from tests.fakes.discord.fake import FakeDiscord
from tests.fakes.slack.fake import FakeSlack
from tests.harness import bots
from tests.rows import web_rows
from tests.rows.make import make_collection


def output(*arguments: str) -> Any:
    out = io.StringIO()
    try:
        call_command(*arguments, stdout=out, stderr=io.StringIO())
    except SystemExit as error:
        return int(str(error.code)), out.getvalue()
    return 0, out.getvalue()


def test_the_slack_manifest_asks_for_what_is_used_and_no_more() -> None:
    manifest = json.loads(output("manifest", "slack", "--name", "Helper")[1])
    assert manifest["features"]["bot_user"]["display_name"] == "Helper"
    assert manifest["settings"]["socket_mode_enabled"]
    assert set(manifest["oauth_config"]["scopes"]["bot"]) == set(slack_manifest.SCOPES)
    shortcuts = manifest["features"]["shortcuts"]
    assert [each["callback_id"] for each in shortcuts] == ["ask_about", "use_as_example"]
    assert all(len(each["name"]) <= 24 and each["type"] == "message" for each in shortcuts)
    assert {"reaction_added", "reaction_removed"} <= set(manifest["settings"]["event_subscriptions"]["bot_events"])
    over_http = json.loads(output("manifest", "slack", "--http")[1])
    assert over_http["settings"]["event_subscriptions"]["request_url"].endswith("/slack/events")
    assert not over_http["settings"]["socket_mode_enabled"]
    with pytest.raises(CommandError, match="35"):
        output("manifest", "slack", "--name", "x" * 36)


def test_the_discord_invitation(discord: FakeDiscord, settings: Settings) -> None:
    _, address = output("manifest", "discord")
    assert f"client_id={discord.application_id}" in address
    assert "permissions=309237730368" in address
    settings.DISCORD_BOT_TOKEN = ""
    with pytest.raises(CommandError, match="--application"):
        output("manifest", "discord")
    assert "client_id=5" in output("manifest", "discord", "--application", "5")[1]


@pytest.mark.django_db
def test_channels_are_listed_and_changed() -> None:
    workspace = Workspace.objects.create(platform="slack", external_id="T1", name="Acme")
    for external_id, name in (("C1", "help"), ("C2", "team"), ("C3", "help")):
        Channel.objects.create(workspace=workspace, external_id=external_id, name=name)
    make_collection("Guides")
    changes = [
        "--mode",
        "all",
        "--collection",
        "Guides",
        "--escalate-to",
        "#team",
        "--least-answerable",
        "0.4",
        "--drafts",
        "on",
    ]
    code, written = output("channel", "C1", *changes, "--json")
    told = json.loads(written)
    assert code == 0
    assert (told["mode"], told["collections"], told["escalates_to"], told["drafts"]) == ("all", ["Guides"], "C2", True)
    assert told["least_answerable"] == 0.4
    assert "C1 help" in output("channel")[1]
    for arguments, said in (
        (["help"], "Several channels"),
        (["nowhere"], "has not seen"),
        (["C1", "--voice", "x"], "no voice"),
        (["C1", "--model", "openai:x"], "never deployed"),
        (["C1", "--least-answerable", "2"], "less than or equal to 1"),
        (["C1", "--collection", "Nothing"], "Nothing"),
        (["C1", "--proposers", "@bob"], "bob is no id"),
    ):
        with pytest.raises(CommandError, match=said):
            output("channel", *arguments)
    assert Channel.objects.get(external_id="C1").least_answerable == 0.4


@pytest.mark.django_db
def test_who_may_propose_examples_is_said_for_the_workspace_of_a_channel() -> None:
    workspace = Workspace.objects.create(platform="slack", external_id="T1", name="Acme")
    Channel.objects.create(workspace=workspace, external_id="C1", name="help")
    who = "<@U0BOB|bob>, <!subteam^S0HELP|@help> U0BOB"
    told = json.loads(output("channel", "C1", "--proposers", who, "--reaction", "mortar_board", "--json")[1])
    assert (told["proposers"], told["reaction"]) == (["U0BOB", "S0HELP"], "mortar_board")
    told = json.loads(output("channel", "C1", "--own-proposals", "off", "--proposers", "none", "--json")[1])
    assert (told["proposers"], told["reaction"], told["own_proposals"]) == ([], "mortar_board", False)
    assert json.loads(output("channel", "C1", "--reaction", "none", "--json")[1])["reaction"] == ""


@pytest.mark.django_db
def test_the_doctor_says_what_to_do(slack: FakeSlack, discord: FakeDiscord, settings: Settings) -> None:
    slack.scopes = slack.scopes.replace("users:read", "").replace("commands,", "")
    code, written = output("doctor", "--json")
    findings = {(each["platform"], each["subject"]): each for each in json.loads(written)["findings"]}
    assert code == 1
    assert findings["slack", "token"]["is_ok"]
    assert "users:read (who is a guest, and what people are called)" in findings["slack", "scopes"]["detail"]
    assert findings["slack", "shortcuts"]["is_ok"]
    assert findings["slack", "app token"]["is_ok"]
    assert not findings["slack", "process"]["is_ok"]
    assert "runbot slack" in findings["slack", "process"]["advice"]
    assert findings["discord", "servers"]["is_ok"]
    settings.SLACK_BOT_TOKEN, settings.DISCORD_BOT_TOKEN = "xoxb-wrong-token", "wrong"
    findings = {
        (each["platform"], each["subject"]): each for each in json.loads(output("doctor", "--json")[1])["findings"]
    }
    assert "invalid_auth" in findings["slack", "token"]["detail"]
    assert "xoxb-wrong" not in str(findings)
    assert "Reset Token" in findings["discord", "token"]["advice"]


@pytest.mark.django_db
def test_the_doctor_tells_an_app_from_an_older_manifest(slack: FakeSlack) -> None:
    slack.scopes = slack.scopes.replace("reactions:read,", "")
    found = {each["subject"]: each for each in json.loads(output("doctor", "--json")[1])["findings"]}
    assert "reactions:read (a reaction by which the team proposes an example)" in found["scopes"]["detail"]
    assert "lacks the shortcut Use as example" in found["shortcuts"]["detail"]
    assert "manage.py manifest slack" in found["shortcuts"]["advice"]


@pytest.mark.django_db
def test_the_doctor_as_a_page_is_for_administrators(client: Client, slack: FakeSlack) -> None:
    client.force_login(web_rows.make_user("eve"))
    assert client.get("/doctor/").status_code == 403
    client.force_login(web_rows.make_user("root", is_superuser=True))
    page = client.get("/doctor/").content.decode()
    assert "to put right" in page
    assert "Discord is not used" in page


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("shelf")
def test_a_conversation_in_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = iter(["How are annual plans refunded?", "/up", "/nonsense", ""])
    out = io.StringIO()

    class Typed:
        """Each line is typed when what was said before it has been answered."""

        def readline(self) -> str:
            line = next(lines)
            if line != "How are annual plans refunded?":
                bots.until(lambda: "/up Helpful" in out.getvalue(), "the answer is there")
            return f"{line}\n" if line else ""

    monkeypatch.setattr(sys, "stdin", Typed())
    monkeypatch.setattr(sys, "stdout", out)
    call_command("play")
    assert "[1] Refunds" in out.getvalue()
    assert "Thank you, that helps." in out.getvalue()


def test_posts_keep_to_the_limits_of_block_kit() -> None:
    post = Post(
        text="x" * 10_000,
        sources=tuple(Credit(number, "Title | with <signs> & more " * 5, "https://e.com/a|b") for number in range(12)),
        notes=("A note.",),
        buttons=tuple(Button(action, "1", "Label") for action in (buttons.UP, buttons.DOWN, buttons.HUMAN)),
        mention="U1", about="U2", about_label="Asked by",
    )  # fmt: skip
    blocks = slack_posts.blocks(post, "https://example.slack.com/p1")
    for block in blocks:
        if block["type"] in ("section", "context", "actions"):
            Block.parse(block).validate_json()  # type: ignore[union-attr]
    assert len(blocks) <= 50
    assert "<signs>" not in str(blocks)
    assert "a%7Cb" in str(blocks)
    assert len(slack_posts.fallback(post)) <= 3000


def test_every_kind_of_delivery_fits_its_column() -> None:
    assert all(len(kind) <= 12 for kind in DeliveryKind.values)
