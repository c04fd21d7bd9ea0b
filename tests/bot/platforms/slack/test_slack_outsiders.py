"""Who is a colleague in Slack: of the workspace or of its organisation, and no guest; and who is no person at all."""

import pytest

from bot.models import Channel, Message, Question
from knowledge.models import Collection, Visibility
from tests.fakes.slack.fake import Error, FakeSlack
from tests.fakes.slack.workspace import ANN, ASKED, CHANNEL, Workspace
from tests.harness import bots
from tests.rows.make import make_collection

pytestmark = pytest.mark.django_db(transaction=True)
EVA = "U7"
ORGANISATION = "E1"
EVAS = {
    "a colleague of another workspace": {"team_id": "T2", "enterprise_id": ORGANISATION},
    "one who is in both workspaces": {"team_id": "T2", "enterprise_id": "E9", "teams": ("T2", "T1")},
    "a guest of another workspace": {"team_id": "T2", "enterprise_id": ORGANISATION, "is_restricted": True},
    "of another organisation": {"team_id": "T2", "enterprise_id": "E2"},
    "of another company": {"team_id": "T2"},
}
COLLEAGUES = ("a colleague of another workspace", "one who is in both workspaces")


@pytest.mark.parametrize("who", [*EVAS, "nobody that Slack knows", "a colleague, and Slack does not answer"])
@pytest.mark.parametrize("where", ["a channel", "a channel of the organisation", "a direct message"])
def test_internal_documents_are_for_colleagues_of_the_organisation(
    slack: FakeSlack, shelf: Collection, who: str, where: str
) -> None:
    slack.enterprise_id = ORGANISATION
    slack.add_user(EVA, name="eva", **EVAS.get(who, EVAS[COLLEAGUES[0]]))  # type: ignore[arg-type]
    if who.startswith("nobody"):
        slack.script("users.info", *[Error("user_not_found")] * 9)
    if who.endswith("does not answer"):
        slack.script("users.info", *[Error("fatal_error")] * 9)
    workspace = Workspace(slack)
    place = "D7" if where == "a direct message" else "C7"
    if place == "D7":
        slack.add_channel(place, kind="im", user=EVA)
    else:
        slack.add_channel(place, name="room", members=(ANN, EVA), is_org_shared=where.endswith("organisation"))
    internal = make_collection("Internal", Visibility.INTERNAL)
    with bots.running("slack"):
        bots.until(lambda: Channel.objects.filter(external_id=place), "the place is known")
        Channel.objects.get(external_id=place).collections.set([shelf, internal])
        thread = slack.post(place, EVA, f"<@{slack.bot_user_id}> {ASKED}")
        workspace.answers(thread, channel=place)
    asked = Message.objects.get(speaker="asker").trace["collections"]
    assert asked == ([shelf.pk, internal.pk] if who in COLLEAGUES else [shelf.pk])


def test_slackbot_is_nobody(slack: FakeSlack, shelf: Collection) -> None:
    slack.add_user("USLACKBOT", name="slackbot")
    workspace = Workspace(slack)
    slack.add_channel("D8", kind="im", user="USLACKBOT")
    with bots.running("slack"):
        slack.post(CHANNEL, "USLACKBOT", f"Reminder: <@{slack.bot_user_id}> how are annual plans refunded?")
        slack.post("D8", "USLACKBOT", "Reminder: how are annual plans refunded?")
        slack.wait_acked()
        workspace.answers(workspace.mention())
    assert [each.asker for each in Question.objects.all()] == [ANN]
