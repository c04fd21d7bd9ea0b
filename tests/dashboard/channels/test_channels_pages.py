"""Where questions for people go, as a page sets it for a workspace."""

import pytest
from django.test import Client
from django.urls import reverse

from bot.models import Channel, Platform, Workspace
from dashboard.models import AuditEntry
from tests.rows.web_rows import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(client: Client) -> Client:
    client.force_login(make_user("root", is_superuser=True))
    return client


def make_channel(workspace: str, name: str, *, is_drafting: bool = False) -> Channel:
    of, _ = Workspace.objects.get_or_create(platform=Platform.SLACK, external_id=workspace)
    return Channel.objects.create(workspace=of, external_id=name, name=name, is_drafting=is_drafting)


def send_to(owner: Client, workspace: Workspace, channel: Channel | None) -> str:
    """What the page says after the choice."""
    address = reverse("escalate_to", args=[workspace.pk])
    reply = owner.post(address, {"channel": channel.pk if channel else ""}, follow=True)
    return " ".join(str(message) for message in reply.context["messages"])


def goes_to(workspace: Workspace) -> Channel | None:
    return Workspace.objects.get(pk=workspace.pk).escalation_channel


def test_questions_for_people_go_to_a_channel_of_the_same_workspace(owner: Client) -> None:
    team, stranger = make_channel("T1", "team"), make_channel("T2", "stranger")
    assert send_to(owner, team.workspace, team) == "Questions for people go to team."
    assert send_to(owner, team.workspace, stranger) == "stranger is no channel of T1."
    assert goes_to(team.workspace) == team
    assert send_to(owner, team.workspace, None) == "Questions for people go to this dashboard alone."
    assert goes_to(team.workspace) is None


def test_drafts_are_not_left_without_a_channel_of_the_team(owner: Client) -> None:
    team = make_channel("T1", "team")
    send_to(owner, team.workspace, team)
    drafting = make_channel("T1", "help", is_drafting=True)
    lines = AuditEntry.objects.filter(action="escalate_to").count()
    assert send_to(owner, team.workspace, None).startswith("help drafts answers for the team")
    assert goes_to(team.workspace) == team
    Channel.objects.filter(pk=drafting.pk).update(escalation_channel=team)
    send_to(owner, team.workspace, None)
    assert goes_to(team.workspace) is None
    assert AuditEntry.objects.filter(action="escalate_to").count() > lines


def test_who_may_propose_examples_is_said_by_ids(owner: Client) -> None:
    workspace = make_channel("T1", "team").workspace
    address = reverse("proposers", args=[workspace.pk])
    page = owner.get(address).content.decode()
    assert "nobody, as no channel says where questions for people go" in page
    assert "training is not allowed for T1" in page
    wrong = owner.post(address, {"proposers": "U0BOB\nbob", "example_reaction": "star"})
    assert (wrong.status_code, "bob is no id; write ids such as U012AB3CD" in wrong.content.decode()) == (422, True)
    owner.post(address, {"proposers": "<@U0BOB>\nS0HELP, U0BOB", "example_reaction": ":trophy:"})
    workspace.refresh_from_db()
    assert (workspace.proposers, workspace.example_reaction, workspace.is_proposing) == (
        ["U0BOB", "S0HELP"],
        "trophy",
        False,
    )
    assert AuditEntry.objects.get(action="proposers").details["example_reaction"] == "trophy"
    Workspace.objects.update(is_training_allowed=True)
    assert "Named: U0BOB, S0HELP" in owner.get(reverse("channels")).content.decode()
