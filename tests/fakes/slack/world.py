"""The fake Slack's workspace: people, channels, messages, and the events that tell of them."""

import secrets
import time
from collections.abc import Callable
from random import Random
from typing import Any

from tests.fakes.slack.limits import Knobs
from tests.fakes.slack.rooms import PRIVATE, TYPES, Channel, key_of, ts_of
from tests.fakes.slack.rules import Json, SlackError, refuse_if, visible_text


class World:
    """Touched in the server's loop alone. `emit` takes each event that Slack would send."""

    def __init__(self, knobs: Knobs, random: Random) -> None:
        self.knobs, self.random, self.team_id, self.app_id = knobs, random, knobs.team_id, knobs.app_id
        self.bot_user_id, self.bot_id, self.bot_name = knobs.bot_user_id, knobs.bot_id, knobs.bot_name
        self.channels: dict[str, Channel] = {}
        self.users: dict[str, Json] = {}
        self.groups: dict[str, tuple[str, ...]] = {}  # the members of user groups
        self.ephemerals: list[Json] = []
        self.emit: Callable[[Json], Any] = list
        self._last = 0
        self.add_user(self.bot_user_id, name=self.bot_name, is_bot=True)

    def new_ts(self) -> str:
        self._last = max(self._last + 100, time.time_ns() // 1000 - int(self.knobs.ago * 1_000_000))
        return ts_of(self._last)

    # People and channels

    def add_user(
        self,
        id: str,  # noqa: A002
        *,
        name: str,
        is_restricted: bool = False,
        is_ultra_restricted: bool = False,
        team_id: str | None = None,
        is_bot: bool = False,
        enterprise_id: str = "",
        teams: tuple[str, ...] = (),
    ) -> str:
        team = team_id or self.team_id
        self.users[id] = {
            "id": id, "team_id": team, "name": name, "real_name": name, "deleted": False, "is_bot": is_bot,
            "is_restricted": is_restricted or is_ultra_restricted, "is_ultra_restricted": is_ultra_restricted,
            "is_stranger": team != self.team_id, "is_app_user": False, "tz": "Europe/Berlin", "is_admin": False,
            "profile": {"real_name": name, "display_name": name, "email": f"{name}@example.com", "team": team},
        }  # fmt: skip
        if enterprise_id:
            person = {"id": f"W{id}", "enterprise_id": enterprise_id, "enterprise_name": "Org", "is_admin": False}
            self.users[id]["enterprise_user"] = person | {"is_owner": False, "teams": list(teams or (team,))}
        return id

    def add_channel(
        self,
        id: str,  # noqa: A002
        *,
        name: str = "general",
        kind: str = "channel",
        members: tuple[str, ...] = (),
        is_ext_shared: bool = False,
        is_org_shared: bool = False,
        is_member: bool = True,
        user: str | None = None,
    ) -> str:
        assert kind in TYPES, kind
        assert kind != "im" or user, "an im needs its user"
        everyone = (*members, *((user,) if user else ()), *((self.bot_user_id,) if is_member else ()))
        self.channels[id] = Channel(
            id, name, kind, dict.fromkeys(everyone), is_ext_shared, is_org_shared, is_member, user
        )
        return id

    def open_im(self, user: str) -> Channel:
        known = f"D{user}"
        found = self.channels.get(known) or next((c for c in self.channels.values() if c.user == user), None)
        return found or self.channels[self.add_channel(known, kind="im", user=user)]

    def channel(self, id: object, *, member: bool = False) -> Channel:  # noqa: A002
        """As the bot sees it: a private channel that it is not in does not exist."""
        found = self.channels.get(str(id))
        if found is None or (not found.is_member and found.kind != "channel"):
            raise SlackError("channel_not_found")
        refuse_if(member and not found.is_member, "not_in_channel")
        return found

    def user(self, id: object) -> Json:  # noqa: A002
        if str(id) not in self.users:
            raise SlackError("user_not_found")
        return self.users[str(id)]

    # Messages

    def message(self, channel: Channel, ts: object, error: str = "message_not_found") -> Json:
        found = channel.by_key.get(key_of(ts))
        if found is None or found["ts"] != str(ts):
            raise SlackError(error)
        return found

    def is_broken(self, message: Json) -> bool:
        old = message.get("streaming") and time.monotonic() - message["stream_started"] > self.knobs.stream_seconds
        return bool(message.get("broken") or old)

    def public(self, channel: Channel, message: Json, *, metadata: bool = True) -> Json:
        shown = {k: v for k, v in message.items() if k not in PRIVATE and (metadata or k != "metadata")}
        replies = channel.threads.get(message["key"])
        if replies:
            people = list(dict.fromkeys(channel.by_key[key]["user"] for key in replies))
            shown |= {"thread_ts": message["ts"], "reply_count": len(replies), "latest_reply": ts_of(replies[-1]),
                      "reply_users": people, "reply_users_count": len(people)}  # fmt: skip
        return shown

    def stored(self, message: Json) -> Json:
        """For tests: with what only the server knows."""
        return message | {
            "streaming": bool(message.get("streaming")),
            "broken": self.is_broken(message),
            "visible": visible_text(message),
        }

    def by_bot(self, **content: object) -> Json:
        profile = {"id": self.bot_id, "app_id": self.app_id, "name": self.bot_name, "team_id": self.team_id}
        return {
            "type": "message", "user": self.bot_user_id, "bot_id": self.bot_id, "app_id": self.app_id,
            "team": self.team_id, "bot_profile": profile, "ts": self.new_ts(), **content,
        }  # fmt: skip

    def add(self, channel: Channel, message: Json) -> Json:
        channel.insert(message)
        if message.get("bot_id") != self.bot_id or self.knobs.echo:
            self.tell(channel, self._event(channel, message))
        return message

    def _event(self, channel: Channel, message: Json) -> Json:
        shown = self.public(channel, message, metadata=False)
        return shown | {"channel": channel.id, "event_ts": message["ts"], "channel_type": channel.kind}

    def tell(self, channel: Channel, event: Json) -> None:
        if channel.is_member:
            self.emit(event)

    def post(
        self,
        channel_id: str,
        user: str,
        text: str,
        *,
        thread_ts: str | None = None,
        files: tuple[Json, ...] = (),
        subtype: str | None = None,
        mention: bool | None = None,
        attachments: tuple[Json, ...] = (),
        blocks: list[Json] | None = None,
    ) -> str:
        """A person's message, or another bot's; its ts. `attachments`: what Slack adds of what is forwarded, or linked
        to."""
        channel, person = self.channels[channel_id], self.users[user]
        assert thread_ts is None or channel.thread_exists(key_of(thread_ts)), f"no thread {thread_ts}"
        channel.members.setdefault(user)
        message: Json = {"type": "message", "user": user, "text": text, "ts": self.new_ts(), "team": person["team_id"]}
        message |= {"thread_ts": thread_ts} if thread_ts else {}
        if person["is_bot"]:
            message |= {"bot_id": f"B{user}", "app_id": f"A{user}"}
        else:
            message["client_msg_id"] = secrets.token_hex(16)
        subtype = subtype or ("file_share" if files else None)
        message |= {"files": list(files), "upload": False} if files else {}
        message |= {"attachments": list(attachments)} if attachments else {}
        message |= {"subtype": subtype} if subtype else {}
        message |= {"blocks": blocks} if blocks else {}
        if person["team_id"] != self.team_id:
            message |= {"user_team": person["team_id"], "source_team": person["team_id"]}
        channel.insert(message)
        told = [self._event(channel, message)]
        named = f"<@{self.bot_user_id}" in text if mention is None else mention
        if named and channel.kind != "im":
            said = {k: v for k, v in told[0].items() if k != "channel_type"}
            told.append(said | {"type": "app_mention"})
        self.random.shuffle(told)
        for event in told:
            self.tell(channel, event)
        return str(message["ts"])

    def forwarded(self, channel_id: str, ts: str) -> Json:
        """What Slack attaches to a message that somebody forwards another one with."""
        message = self.channels[channel_id].by_key[key_of(ts)]
        name = self.users[message["user"]]["name"]
        link = f"https://fake.slack.com/archives/{channel_id}/p{ts.replace('.', '')}"
        shown = {key: message[key] for key in ("files",) if key in message}
        return shown | {
            "id": 1, "ts": ts, "author_id": message["user"], "author_name": name, "channel_id": channel_id,
            "channel_team": self.team_id, "is_msg_unfurl": True, "is_share": True, "text": message["text"],
            "fallback": f"[January 1st, 1:00 PM] {name}: {message['text']}", "from_url": link, "original_url": link,
            "mrkdwn_in": ["text"], "color": "D0D0D0", "footer": "Posted in a channel",
        }  # fmt: skip

    def react(self, channel: Channel, message: Json, user: str, name: str, *, is_gone: bool = False) -> Json:
        """A person's reaction, or that it is taken away; the event that tells of it."""
        seen: set[str] = message.setdefault("reacted", {}).setdefault(name, set())
        assert (user in seen) == is_gone, f"{user} has {'not ' if is_gone else ''}reacted with {name}"
        (seen.remove if is_gone else seen.add)(user)
        item = {"type": "message", "channel": channel.id, "ts": message["ts"]}
        kind = "reaction_removed" if is_gone else "reaction_added"
        return {"type": kind, "user": user, "reaction": name, "item": item, "item_user": message["user"],
                "event_ts": self.new_ts()}  # fmt: skip

    def edit(self, channel: Channel, message: Json, changes: Json, *, by: str | None = None) -> None:
        before = self.public(channel, message, metadata=False)
        message |= changes
        if by:
            message["edited"] = {"user": by, "ts": self.new_ts()}
        after = self.public(channel, message, metadata=False)
        self._tell_change(channel, "message_changed", {"message": after, "previous_message": before}, message)

    def delete(self, channel: Channel, message: Json) -> None:
        before = self.public(channel, message, metadata=False)
        channel.remove(message)
        self._tell_change(
            channel, "message_deleted", {"deleted_ts": message["ts"], "previous_message": before}, message
        )

    def _tell_change(self, channel: Channel, subtype: str, what: Json, message: Json) -> None:
        if message.get("bot_id") == self.bot_id and not self.knobs.echo:
            return
        ts = self.new_ts()
        head = {"type": "message", "subtype": subtype, "hidden": True, "channel": channel.id, "ts": ts}
        self.tell(channel, head | what | {"channel_type": channel.kind, "event_ts": ts})

    def messages(self, channel_id: str, thread_ts: str | None = None) -> list[Json]:
        channel = self.channels[channel_id]
        if thread_ts is not None:
            return [self.stored(message) for message in channel.of_thread(key_of(thread_ts))]
        return [self.stored(channel.by_key[key]) for key in sorted(channel.by_key)]
