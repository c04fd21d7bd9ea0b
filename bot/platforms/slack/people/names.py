"""What people of a Slack workspace are called. Events tell only their ids; who was asked about is known for an hour."""

from django.core.cache import caches

from bot.messenger import DeliveryError
from bot.models import Workspace
from bot.platforms.slack.web_api import call, client_for

KNOWN_SECONDS = 3600.0
UNKNOWN_SECONDS = 60.0  # until somebody is asked about again whom Slack did not name
SECONDS = 1  # of a call; somebody waits who pressed, and Slack waits three for this and for what they pressed


def called(workspace: Workspace, person: str) -> str:
    """The name that a person shows; empty where Slack does not say. Never raises."""
    if person[:1] not in ("U", "W"):
        return ""
    key = f"slack-name:{workspace.pk}:{person}"
    known: str | None = caches["process"].get(key)
    if known is None:
        known = _ask(workspace, person)
        caches["process"].set(key, known, KNOWN_SECONDS if known else UNKNOWN_SECONDS)
    return known


def _ask(workspace: Workspace, person: str) -> str:
    try:
        user = call(client_for(workspace, seconds=SECONDS), "users.info", user=person)["user"]
    except DeliveryError:
        return ""
    profile = user.get("profile") or {}
    return str(
        profile.get("display_name") or profile.get("real_name") or user.get("real_name") or user.get("name") or ""
    )
