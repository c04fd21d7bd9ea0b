"""Who reads a Slack channel: only the company, or guests and other companies as well. Slack is believed for minutes."""

from typing import cast

from django.core.cache import caches

from bot.messenger import Audience
from bot.models import Channel, Workspace
from bot.platforms.slack.web_api import call, client_for, pages

BELIEVED_SECONDS = 300.0
SHARED = ("is_ext_shared", "is_shared", "is_pending_ext_shared", "is_org_shared")


def of(channel: Channel) -> Audience:
    """Raises DeliveryError when Slack does not say."""
    found = caches["process"].get_or_set(f"slack-audience:{channel.pk}", lambda: _ask(channel), BELIEVED_SECONDS)
    return cast(Audience, found)


def _ask(channel: Channel) -> Audience:
    info = call(client_for(channel.workspace), "conversations.info", channel=channel.external_id)["channel"]
    if info.get("is_im"):
        found = Audience(info.get("user", "") in _guests(channel.workspace))
    else:
        is_shared = any(info.get(name) for name in SHARED)
        found = Audience(is_shared or _has_guests(channel), info.get("name", ""))
    Channel.objects.filter(pk=channel.pk).update(has_outsiders=found.has_outsiders)
    return found


def _has_guests(channel: Channel) -> bool:
    guests = _guests(channel.workspace)
    client = client_for(channel.workspace)
    return bool(guests) and any(
        member in guests for member in pages(client, "conversations.members", "members", channel=channel.external_id)
    )


def _guests(workspace: Workspace) -> frozenset[str]:
    """The ids of the guests of a workspace."""
    found = caches["process"].get_or_set(
        f"slack-guests:{workspace.pk}", lambda: _all_guests(workspace), BELIEVED_SECONDS
    )
    return cast(frozenset[str], found)


def _all_guests(workspace: Workspace) -> frozenset[str]:
    return frozenset(
        each["id"]
        for each in pages(client_for(workspace), "users.list", "members")
        if each.get("is_restricted") or each.get("is_ultra_restricted")
    )
