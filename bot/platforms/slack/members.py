"""Who is in Slack's channels and groups: guests and other companies, or those who are trusted with something.

Slack is believed for minutes.
"""

import logging
from collections.abc import Callable, Collection
from typing import cast

from django.core.cache import caches

from bot.messenger import Audience, DeliveryError
from bot.models import Channel, Workspace
from bot.platforms.slack.web_api import SlackRefusedError, call, client_for, pages
from bot.team import circles
from bot.team.circles import Circle

log = logging.getLogger(__name__)

BELIEVED_SECONDS = 300.0
NAMED_SECONDS = 3600.0
NAMES_ASKED = 8  # people of a thread whose names are asked for; each is a call
UNTOLD = {"user_not_found", "user_not_visible"}  # of people of another company, as Slack may refuse to name them
PRESSED_SECONDS = 2  # of one call that somebody waits for who pressed: Slack waits three
SHARED = ("is_ext_shared", "is_shared", "is_pending_ext_shared", "is_org_shared")


def audience(channel: Channel) -> Audience:
    """Who reads a channel. Raises DeliveryError when Slack does not say."""
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


def is_in(circle: Circle, person: str) -> bool:
    """Whether a person belongs to those who may propose. Raises DeliveryError where Slack does not say."""
    if person in circle.ids:
        return True
    groups = sorted(each for each in circle.ids if each.startswith(circles.GROUP))
    if any(person in _of_group(circle.workspace, group) for group in groups):
        return True
    return not circle.ids and circle.team is not None and person in _of_channel(circle.team)


def _of_group(workspace: Workspace, group: str) -> frozenset[str]:
    def ask() -> frozenset[str]:
        client = client_for(workspace, seconds=PRESSED_SECONDS)
        try:
            return frozenset(call(client, "usergroups.users.list", usergroup=group)["users"])
        except SlackRefusedError as error:
            raise _without_scope(error, f"the user group {group}", "usergroups:read") from error

    return _believed(f"slack-group:{workspace.pk}:{group}", ask)


def _of_channel(channel: Channel) -> frozenset[str]:
    def ask() -> frozenset[str]:
        client = client_for(channel.workspace, seconds=PRESSED_SECONDS)
        return frozenset(pages(client, "conversations.members", "members", channel=channel.external_id))

    return _believed(f"slack-members:{channel.pk}", ask)


def _without_scope(error: SlackRefusedError, what: str, scope: str) -> DeliveryError:
    """A scope that is missing is for an administrator, who has to be told which."""
    if error.code != "missing_scope":
        return error
    return DeliveryError(
        f"I may not see who is in {what}: the app lacks the scope {scope}; manage.py doctor says how to add it.",
        permanent=True,
        was_refused=True,
    )


def _believed(key: str, ask: Callable[[], frozenset[str]]) -> frozenset[str]:
    return cast(frozenset[str], caches["process"].get_or_set(key, ask, BELIEVED_SECONDS))


def names(workspace: Workspace, people: Collection[str]) -> dict[str, str]:
    """What people are called, as far as Slack tells: who has no name here is nobody in particular."""
    found: dict[str, str] = {}
    try:
        for person in sorted(people)[:NAMES_ASKED]:
            found[person] = _name(workspace, person)
    except DeliveryError as error:
        log.info("The names of some people of %s are not known: %s", workspace, error)
    return found


def _name(workspace: Workspace, person: str) -> str:
    def ask() -> str:
        try:
            user = call(client_for(workspace, seconds=PRESSED_SECONDS), "users.info", user=person)["user"]
        except SlackRefusedError as error:
            if error.code not in UNTOLD:
                raise
            return ""
        profile = user.get("profile") or {}
        return str(profile.get("display_name") or profile.get("real_name") or user.get("name") or "")

    return cast(str, caches["process"].get_or_set(f"slack-name:{workspace.pk}:{person}", ask, NAMED_SECONDS))
