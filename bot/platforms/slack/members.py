"""Who is in Slack's channels and groups: guests and other companies, or those who are trusted with something.

Slack is believed for minutes.
"""

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, cast

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
ASKED_ABOUT = 20  # people of one channel whom the list of the workspace does not know; more of them are outsiders


@dataclass(frozen=True)
class _People:
    """Those of a workspace, by their ids."""

    colleagues: frozenset[str]
    guests: frozenset[str]


def audience(channel: Channel) -> Audience:
    """Who reads a channel. Raises DeliveryError when Slack does not say."""
    found = caches["process"].get_or_set(f"slack-audience:{channel.pk}", lambda: _ask(channel), BELIEVED_SECONDS)
    return cast(Audience, found)


def _ask(channel: Channel) -> Audience:
    info = call(client_for(channel.workspace), "conversations.info", channel=channel.external_id)["channel"]
    if info.get("is_im"):
        found = Audience(is_outsider(channel.workspace, info.get("user", "")))
    else:
        found = Audience(_is_external(info) or _has_outsiders(channel, info), info.get("name", ""))
    Channel.objects.filter(pk=channel.pk).update(has_outsiders=found.has_outsiders)
    return found


def _is_external(info: dict[str, Any]) -> bool:
    """Whether another company reads a channel, or may soon. One that workspaces of one organisation share is shared as
    well, and says so."""
    is_with_others = info.get("is_shared") and not info.get("is_org_shared")
    return bool(info.get("is_ext_shared") or info.get("is_pending_ext_shared") or is_with_others)


def _has_outsiders(channel: Channel, info: dict[str, Any]) -> bool:
    people = _people(channel.workspace)
    if not people.guests and not info.get("is_org_shared"):
        return False
    client = client_for(channel.workspace)
    members = set(pages(client, "conversations.members", "members", channel=channel.external_id))
    unknown = members - people.colleagues - people.guests
    if members & people.guests or len(unknown) > ASKED_ABOUT:
        return True
    return any(_is_stranger(channel.workspace, each) for each in sorted(unknown))


def is_outsider(workspace: Workspace, person: str) -> bool:
    """Whether somebody is a guest, or of another company. A colleague in another workspace of the same organisation is
    neither. Raises DeliveryError where Slack does not say; whoever it does not know is an outsider."""
    people = _people(workspace)
    return person not in people.colleagues and (person in people.guests or _is_stranger(workspace, person))


def _is_stranger(workspace: Workspace, person: str) -> bool:
    def ask() -> bool:
        try:
            user = call(client_for(workspace), "users.info", user=person)["user"]
        except SlackRefusedError as error:
            if error.code != "user_not_found":
                raise
            return True
        return not _is_colleague(user, workspace.external_id, _enterprise(workspace))

    key = f"slack-stranger:{workspace.pk}:{person}"
    return cast(bool, caches["process"].get_or_set(key, ask, BELIEVED_SECONDS))


def _is_colleague(user: dict[str, Any], team: str, enterprise: str) -> bool:
    """Whether a user that Slack describes is one of us: of the workspace or its organisation, and no guest there.

    `is_stranger` tells less than its name: it is False for another company with whom a channel is shared.
    """
    if user.get("is_restricted") or user.get("is_ultra_restricted") or user.get("deleted"):
        return False
    of_organisation = user.get("enterprise_user") or {}
    if team in (user.get("team_id"), *(of_organisation.get("teams") or ())):
        return True
    return bool(enterprise) and of_organisation.get("enterprise_id") == enterprise


def _enterprise(workspace: Workspace) -> str:
    """The id of the organisation that a workspace belongs to; empty where it is alone."""

    def ask() -> str:
        return str(call(client_for(workspace), "auth.test").get("enterprise_id") or "")

    return cast(str, caches["process"].get_or_set(f"slack-enterprise:{workspace.pk}", ask, BELIEVED_SECONDS))


def _people(workspace: Workspace) -> _People:
    found = caches["process"].get_or_set(
        f"slack-people:{workspace.pk}", lambda: _all_people(workspace), BELIEVED_SECONDS
    )
    return cast(_People, found)


def _all_people(workspace: Workspace) -> _People:
    users = list(pages(client_for(workspace), "users.list", "members"))
    guests = frozenset(each["id"] for each in users if each.get("is_restricted") or each.get("is_ultra_restricted"))
    ours = (each["id"] for each in users if _is_colleague(each, workspace.external_id, ""))
    return _People(frozenset(ours), guests)


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
