"""What Slack delivers, in the words of this room. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from bot.messenger import Attached, Incoming
from bot.models import ChannelKind, NominationWay, Platform
from bot.platforms.slack.people import written
from bot.surroundings.utterances import Utterance
from bot.team.nominating import Pointing

KINDS = {  # by the type of a channel that an event names
    "channel": ChannelKind.CHANNEL,
    "group": ChannelKind.GROUP,
    "mpim": ChannelKind.GROUP,
    "im": ChannelKind.DIRECT,
}
SUBTYPES = {None, "file_share", "thread_broadcast", "me_message", "message_share"}  # of messages that people write
SHARED = ("is_share", "is_msg_unfurl", "is_reply_unfurl")  # of an attachment that is a message of Slack
SLACKBOT = "USLACKBOT"  # brings reminders and what else Slack says of itself; it has the id of a person
REFERENCE = re.compile(r"<([@#!]?)([^<>|]+)(?:\|([^<>]*))?>")
ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))


@dataclass(frozen=True)
class Edited:
    """A message says something else now. `incoming` is what it would be if it came in anew."""

    incoming: Incoming


@dataclass(frozen=True)
class Deleted:
    channel: str
    message_id: str


@dataclass(frozen=True)
class Stopped:
    """Somebody pressed stop in a thread; what was being written there is stopped already."""

    channel: str
    thread_id: str
    message_ids: tuple[str, ...]


@dataclass(frozen=True)
class Uninstalled:
    """The workspace took the app away, or its tokens."""


@dataclass(frozen=True)
class Reacted:
    """Somebody put a reaction under a message, or took it away again."""

    pointing: Pointing
    reaction: str
    is_gone: bool


@dataclass(frozen=True)
class HomeOpened:
    """Somebody looks at the app: its home page, or with `is_chat` the place where they write to it."""

    person: str
    channel: str
    is_chat: bool


Happening = Incoming | Edited | Deleted | Stopped | Uninstalled | Reacted | HomeOpened


def happening(body: dict[str, Any], bot_user: str) -> Happening | None:
    """What an event is about; None for what does not concern the bot, as its own posts and those of other bots."""
    event = body.get("event") or {}
    kind = event.get("type")
    if kind == "agent_session_stopped":
        return Stopped(
            event.get("channel", ""), event.get("thread_ts") or "", tuple(event.get("streaming_message_ts") or ())
        )
    if kind == "app_home_opened":
        return HomeOpened(event["user"], event.get("channel") or "", is_chat=event.get("tab") == "messages")
    if kind in ("app_uninstalled", "tokens_revoked"):
        return Uninstalled()
    if kind in ("reaction_added", "reaction_removed"):
        return _reacted(event, body, bot_user)
    if kind not in ("message", "app_mention"):
        return None
    subtype = event.get("subtype")
    if subtype == "message_deleted":
        return Deleted(event["channel"], event["deleted_ts"])
    if subtype == "message_changed":
        return _edited(event, body, bot_user)
    return _message(event, body, bot_user)


def _edited(event: dict[str, Any], body: dict[str, Any], bot_user: str) -> Edited | None:
    """A message whose words are others now; previews that come in change it as well."""
    changed = {**event["message"], "channel": event["channel"], "channel_type": event.get("channel_type")}
    found = _message(changed, body, bot_user)
    if found is None or event["message"].get("text") == _former(event).get("text"):
        return None
    edited = event["message"].get("edited") or {}
    return Edited(replace(found, asked_at=moment(edited.get("ts") or event["message"]["ts"])))


def _reacted(event: dict[str, Any], body: dict[str, Any], bot_user: str) -> Reacted | None:
    """A reaction under a post of the bot; Slack names the author of a message unless an app posted as somebody else."""
    item, person = event.get("item") or {}, event.get("user", "")
    if (
        item.get("type") != "message"
        or person in ("", bot_user, SLACKBOT)
        or event.get("item_user") not in (None, "", bot_user)
    ):
        return None
    pointing = Pointing(
        platform=Platform.SLACK,
        workspace=body["team_id"],
        channel=item["channel"],
        message_id=item["ts"],
        person=person,
        way=NominationWay.REACTION,
        at=moment(event["event_ts"]),
        key=_key(body),
    )
    return Reacted(pointing, event.get("reaction", ""), is_gone=event["type"] == "reaction_removed")


def pointed(body: dict[str, Any], bot_user: str) -> Pointing:
    """A message that somebody chose "Use as example" for."""
    message, user = body["message"], body["user"]
    thread = message.get("thread_ts", "")
    return Pointing(
        platform=Platform.SLACK,
        workspace=body["team"]["id"],
        channel=body["channel"]["id"],
        message_id=body.get("message_ts") or message["ts"],
        person=user["id"],
        person_name=user.get("name") or user.get("username") or "",
        way=NominationWay.MENU,
        at=moment(body["action_ts"]),
        author=message.get("user", ""),
        thread_id=thread if thread != message["ts"] else "",
        text="" if message.get("bot_id") else text(message.get("text") or "", bot_user),
        written_at=moment(message["ts"]),
    )


def moment(ts: str) -> datetime:
    return datetime.fromtimestamp(float(ts), UTC)


def _key(body: dict[str, Any]) -> str:
    return f"slack:{body.get('api_app_id', '')}:{body['team_id']}:{body.get('event_id', '')}"


def _former(event: dict[str, Any]) -> dict[str, Any]:
    former: dict[str, Any] = event.get("previous_message") or {}
    return former


def _message(event: dict[str, Any], body: dict[str, Any], bot_user: str) -> Incoming | None:
    return message(
        event,
        workspace=body["team_id"],
        bot_user=bot_user,
        delivery_key=_key(body),
        has_outsiders=True if body.get("is_ext_shared_channel") else None,
    )


def message(
    event: dict[str, Any], *, workspace: str, bot_user: str, delivery_key: str, has_outsiders: bool | None = None
) -> Incoming | None:
    """A message of a person, from an event or from the history; None for anything else."""
    author = event.get("user", "")
    if author in ("", bot_user, SLACKBOT) or event.get("bot_id") or event.get("subtype") not in SUBTYPES:
        return None
    said = event.get("text") or ""
    team = event.get("user_team") or event.get("team") or workspace
    kind = KINDS.get(event.get("channel_type") or "", kind_of(event["channel"]))
    thread = event.get("thread_ts", "")
    return Incoming(
        platform=Platform.SLACK,
        workspace=workspace,
        channel=event["channel"],
        message_id=event["ts"],
        author=author,
        text=text(said, bot_user),
        markdown=written.markdown(event, bot_user),
        delivery_key=delivery_key,
        thread_id=thread if thread != event["ts"] else "",
        kind=kind,
        has_outsiders=has_outsiders,
        is_mention=f"<@{bot_user}" in said,
        is_outsider=team != workspace,
        asked_at=moment(event["ts"]),
        unread=unread(event),
        quoted=tuple(quoted(event, bot_user)),
        files=tuple(_attached(file, kind) for file in event.get("files") or ()),
    )


def unread(message: dict[str, Any]) -> tuple[str, ...]:
    """The names of the files of a message, and of those of what was forwarded with it."""
    files = [*(message.get("files") or ()), *(file for each in _shared(message) for file in each.get("files") or ())]
    return tuple(file.get("name") or "a file" for file in files)


def quoted(message: dict[str, Any], bot_user: str) -> Iterator[Utterance]:
    """The messages that were forwarded with a message, or linked to in it. What Slack shows of web pages is not."""
    for each in _shared(message):
        said = text(each.get("text") or each.get("fallback") or "", bot_user)
        if said:
            yield Utterance(
                said, each.get("author_id") or "", each.get("author_name") or "", each.get("ts") or "", is_quoted=True
            )


def _shared(message: dict[str, Any]) -> list[dict[str, Any]]:
    return [each for each in message.get("attachments") or () if any(each.get(flag) for flag in SHARED)]


def _attached(file: dict[str, Any], kind: ChannelKind) -> Attached:
    """A file can be opened by whoever may look into a channel that it was shared in."""
    is_public = kind == ChannelKind.CHANNEL
    return Attached(file.get("name") or "a file", (file.get("permalink") or "") if is_public else "")


def kind(conversation: dict[str, Any]) -> ChannelKind:
    """That of a conversation as Slack describes it."""
    if conversation.get("is_im"):
        return ChannelKind.DIRECT
    return ChannelKind.GROUP if conversation.get("is_mpim") or conversation.get("is_private") else ChannelKind.CHANNEL


def kind_of(channel: str) -> ChannelKind:
    """By the first letter of its id, where the event does not say."""
    return {"D": ChannelKind.DIRECT, "G": ChannelKind.GROUP}.get(channel[:1], ChannelKind.CHANNEL)


def text(written: str, bot_user: str) -> str:
    """What a person reads of a message: without the mention of the bot, references by their names, entities decoded."""
    plain = REFERENCE.sub(lambda match: _reference(match, bot_user), written)
    for entity, character in ENTITIES:
        plain = plain.replace(entity, character)
    return " ".join(plain.split(" ")).strip()


def _reference(match: re.Match[str], bot_user: str) -> str:
    sign, target, label = match.groups()
    if sign == "@":
        return "" if target == bot_user else f"@{label or target}"
    if sign == "#":
        return f"#{label or target}"
    if sign == "!":
        return label or f"@{target.split('^')[0]}"
    return label if label and label not in target else target
