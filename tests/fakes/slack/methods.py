"""The fake Slack's other methods: conversations, users, views, reactions, tokens."""

import base64
import binascii
import secrets
import time
from bisect import bisect_left, bisect_right
from dataclasses import dataclass

from tests.fakes.slack.chat import flag
from tests.fakes.slack.rooms import TYPES, Channel, key_of
from tests.fakes.slack.rules import Json, SlackError, check_view, refuse_if
from tests.fakes.slack.world import World

PAGE = "cursor limit"
SPAN = f"{PAGE} latest oldest inclusive include_all_metadata"
LISTED = f"{PAGE} exclude_archived team_id types"
ARGUMENTS = {
    "auth.test": ("", ""),
    "auth.revoke": ("", "test"),
    "team.info": ("", "team domain"),
    "apps.connections.open": ("", ""),
    "conversations.info": ("channel", "include_locale include_num_members"),
    "conversations.history": ("channel", SPAN),
    "conversations.replies": ("channel ts", SPAN),
    "conversations.list": ("", LISTED),
    "conversations.open": ("", "channel users return_im"),
    "conversations.members": ("channel", PAGE),
    "conversations.join": ("channel", ""),
    "usergroups.users.list": ("usergroup", "include_disabled"),
    "users.info": ("user", "include_locale"),
    "users.list": ("", f"{PAGE} include_locale team_id"),
    "users.conversations": ("", f"{LISTED} user"),
    "views.open": ("view", "trigger_id interactivity_pointer"),
    "views.update": ("view", "view_id external_id hash"),
    "views.publish": ("user_id view", "hash"),
    "reactions.add": ("channel name timestamp", ""),
    "reactions.remove": ("name", "channel timestamp file file_comment"),
}


@dataclass
class Trigger:
    user: str
    expires: float
    used: bool = False


def _page(params: Json, most: int = 1000) -> tuple[int, int]:
    """What the cursor says, and how many the page may hold."""
    cursor, start = params.get("cursor"), 0
    if cursor:
        try:
            start = int(base64.b64decode(str(cursor), validate=True))
        except (ValueError, binascii.Error) as error:
            raise SlackError("invalid_cursor") from error
    limit = int(params.get("limit") or 100)
    refuse_if(not 0 < limit <= most, "invalid_limit")
    return start, limit


def _next(after: int) -> Json:
    cursor = base64.b64encode(str(after).encode()).decode() if after else ""
    return {"has_more": bool(after), "response_metadata": {"next_cursor": cursor}}


def _more(start: int, count: int, total: int) -> Json:
    return _next(start + count if start + count < total else 0)


class Methods:
    def __init__(self, world: World) -> None:
        self.world = world
        self.triggers: dict[str, Trigger] = {}
        self.views: dict[str, Json] = {}
        self.homes: dict[str, Json] = {}
        self.reactions: dict[tuple[str, str], set[str]] = {}

    # Conversations

    def info(self, params: Json) -> Json:
        return {"channel": self.world.channel(params["channel"]).public()}

    def _span(self, keys: list[int], params: Json) -> tuple[int, int]:
        """The places in `keys` between oldest and latest."""
        oldest, latest, inclusive = key_of(params.get("oldest") or 0), params.get("latest"), flag(params, "inclusive")
        first = (bisect_left if inclusive else bisect_right)(keys, oldest)
        if not latest:
            return first, len(keys)
        return first, (bisect_right if inclusive else bisect_left)(keys, key_of(latest))

    def history(self, params: Json) -> Json:
        channel = self.world.channel(params["channel"], member=True)
        first, end = self._span(channel.roots, params)
        after, limit = _page(params)
        if after:
            end = min(end, bisect_left(channel.roots, after))
        start = max(first, end - limit)
        keys = channel.roots[start:end][::-1]
        return self._shown(channel, keys, params) | _next(keys[-1] if keys and start > first else 0)

    def replies(self, params: Json) -> Json:
        channel = self.world.channel(params["channel"], member=True)
        root = key_of(params["ts"])
        refuse_if(root not in channel.by_key and root not in channel.threads, "thread_not_found")
        answers = channel.threads.get(root, [])
        first, end = self._span(answers, params)
        after, limit = _page(params)
        head = [root] if root in channel.by_key and not after else []
        if after:
            first = max(first, bisect_right(answers, after))
        stop = min(end, first + limit - len(head))
        keys = head + answers[first:stop]
        return self._shown(channel, keys, params) | _next(keys[-1] if keys and first <= stop < end else 0)

    def _shown(self, channel: Channel, keys: list[int], params: Json) -> Json:
        metadata = flag(params, "include_all_metadata")
        return {"messages": [self.world.public(channel, channel.by_key[key], metadata=metadata) for key in keys]}

    def _listed(self, params: Json, found: list[Channel]) -> Json:
        types = set(str(params.get("types") or "public_channel").replace(" ", "").split(","))
        refuse_if(types - set(TYPES.values()), "invalid_types")
        found = [channel for channel in found if TYPES[channel.kind] in types]
        start, limit = _page(params)
        shown = [channel.public() for channel in found[start : start + limit]]
        return {"channels": shown} | _more(start, len(shown), len(found))

    def list(self, params: Json) -> Json:
        return self._listed(params, [c for c in self.world.channels.values() if c.is_member or c.kind == "channel"])

    def users_conversations(self, params: Json) -> Json:
        user = str(params.get("user") or self.world.bot_user_id)
        self.world.user(user)
        seen = [c for c in self.world.channels.values() if c.is_member or c.kind == "channel"]
        return self._listed(params, [c for c in seen if user in c.members])

    def open(self, params: Json) -> Json:
        if params.get("channel"):
            return {"channel": self.world.channel(params["channel"]).public()}
        users = [user for user in str(params.get("users") or "").split(",") if user]
        refuse_if(not users, "users_list_not_supplied")
        for user in users:
            self.world.user(user)
        if len(users) == 1:
            refuse_if(users[0] == self.world.bot_user_id, "cannot_dm_bot")
            return {"channel": self.world.open_im(users[0]).public()}
        known = "G" + "".join(sorted(users))
        if known not in self.world.channels:
            self.world.add_channel(known, name=f"mpdm-{known}", kind="mpim", members=tuple(users))
        return {"channel": self.world.channels[known].public()}

    def members(self, params: Json) -> Json:
        members = list(self.world.channel(params["channel"]).members)
        start, limit = _page(params)
        shown = members[start : start + limit]
        return {"members": shown} | _more(start, len(shown), len(members))

    def join(self, params: Json) -> Json:
        channel = self.world.channel(params["channel"])
        refuse_if(channel.kind != "channel", "method_not_supported_for_channel_type")
        channel.is_member = True
        channel.members.setdefault(self.world.bot_user_id)
        return {"channel": channel.public()}

    def users_info(self, params: Json) -> Json:
        return {"user": self.world.user(params["user"])}

    def users_list(self, params: Json) -> Json:
        team = self.world.team_id  # those of others are known by users.info alone
        users = [
            user for user in self.world.users.values()
            if team in (user["team_id"], *user.get("enterprise_user", {}).get("teams", ()))
        ]  # fmt: skip
        start, limit = _page(params)
        shown = users[start : start + limit]
        return {"members": shown} | _more(start, len(shown), len(users))

    def group_users(self, params: Json) -> Json:
        if params["usergroup"] not in self.world.groups:
            raise SlackError("no_such_subteam")
        return {"users": list(self.world.groups[params["usergroup"]])}

    def team_info(self, params: Json) -> Json:
        refuse_if(params.get("team", self.world.team_id) != self.world.team_id, "team_not_found")
        return {"team": {"id": self.world.team_id, "name": "Fake", "domain": "fake", "url": "https://fake.slack.com/"}}

    # Views

    def new_trigger(self, user: str) -> str:
        now = time.monotonic()
        trigger = f"{secrets.randbelow(10**10)}.{secrets.token_hex(8)}"
        self.triggers[trigger] = Trigger(user, now + self.world.knobs.trigger_seconds)
        return trigger

    def views_open(self, params: Json) -> Json:
        trigger = self.triggers.get(str(params.get("trigger_id")))
        if trigger is None:
            raise SlackError("invalid_trigger_id")
        refuse_if(time.monotonic() > trigger.expires, "expired_trigger_id")
        refuse_if(trigger.used, "exchanged_trigger_id")
        check_view(params["view"], "modal")
        trigger.used = True
        return {"view": self.new_view(params["view"], trigger.user)}

    def new_view(self, view: Json, user: str) -> Json:
        known = f"V{secrets.token_hex(5).upper()}"
        return self._store(known, view, user)

    def _store(self, known: str, view: Json, user: str) -> Json:
        defaults: Json = {"private_metadata": "", "callback_id": "", "external_id": "", "submit": None, "close": None}
        self.views[known] = {
            **defaults, **view, "id": known, "team_id": self.world.team_id, "app_id": self.world.app_id, "user": user,
            "bot_id": self.world.bot_id, "root_view_id": known, "hash": f"{time.time():.0f}.{secrets.token_hex(4)}",
            "state": {"values": {}},
        }  # fmt: skip
        return {key: value for key, value in self.views[known].items() if key != "user"}

    def replace_view(self, known: str, view: Json) -> Json:
        return self._store(known, view, str(self.views[known]["user"]))

    def views_update(self, params: Json) -> Json:
        outer = params.get("external_id")
        ids = [v["id"] for v in self.views.values() if outer and v["external_id"] == outer]
        known = str(params.get("view_id") or (ids or [""])[0])
        refuse_if(known not in self.views or self.views[known].get("closed"), "not_found")
        refuse_if(params.get("hash") not in (None, self.views[known]["hash"]), "hash_conflict")
        check_view(params["view"], self.views[known]["type"])
        return {"view": self.replace_view(known, params["view"])}

    def views_publish(self, params: Json) -> Json:
        user = str(params["user_id"])
        self.world.user(user)
        check_view(params["view"], "home")
        before = self.homes.get(user)
        refuse_if(before and params.get("hash") not in (None, before["hash"]), "hash_conflict")
        shown = self._store(str(before["id"]) if before else f"VHOME{user}", params["view"], user)
        self.homes[user] = self.views[shown["id"]]
        return {"view": shown}

    # Reactions

    def _reacted(self, params: Json) -> tuple[set[str], str]:
        channel = self.world.channel(params["channel"])
        self.world.message(channel, params["timestamp"])
        name = str(params["name"])
        refuse_if(not name or ":" in name, "invalid_name")
        return self.reactions.setdefault((channel.id, str(params["timestamp"])), set()), name

    def react(self, params: Json) -> Json:
        seen, name = self._reacted(params)
        refuse_if(name in seen, "already_reacted")
        seen.add(name)
        return {}

    def unreact(self, params: Json) -> Json:
        seen, name = self._reacted(params)
        refuse_if(name not in seen, "no_reaction")
        seen.remove(name)
        return {}
