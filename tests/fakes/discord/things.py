"""The things in Discord's state, the permissions, and what counts as a ping."""

import re
from bisect import bisect_left
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tests.fakes.discord.rules import Json, invalid, walk

EPOCH = 1420070400000
PERMISSIONS = {
    "administrator": 1 << 3, "manage_channels": 1 << 4, "manage_guild": 1 << 5, "add_reactions": 1 << 6,
    "view_channel": 1 << 10, "send_messages": 1 << 11, "manage_messages": 1 << 13, "embed_links": 1 << 14,
    "attach_files": 1 << 15, "read_message_history": 1 << 16, "mention_everyone": 1 << 17,
    "use_external_emojis": 1 << 18, "manage_roles": 1 << 28, "use_application_commands": 1 << 31,
    "manage_threads": 1 << 34, "create_public_threads": 1 << 35, "create_private_threads": 1 << 36,
    "send_messages_in_threads": 1 << 38,
}  # fmt: skip
EVERYTHING = sum(PERMISSIONS.values()) & ~PERMISSIONS["administrator"]
KINDS = {"text": 0, "dm": 1, "voice": 2, "category": 4, "announcement": 5, "forum": 15}
THREADS = (10, 11, 12)
GUILDS, GUILD_MESSAGES, GUILD_REACTIONS = 1 << 0, 1 << 9, 1 << 10
DIRECT_MESSAGES, DIRECT_REACTIONS, MESSAGE_CONTENT = 1 << 12, 1 << 13, 1 << 15


@dataclass
class Message:
    data: Json
    allowed_mentions: Json | None = None
    edits: int = 0


@dataclass
class Channel:
    data: Json
    guild: int | None
    may: int = EVERYTHING
    recipient: int | None = None
    messages: dict[int, Message] = field(default_factory=dict)
    ids: list[int] = field(default_factory=list)
    threads: list[int] = field(default_factory=list)
    nonces: dict[str, tuple[float, int]] = field(default_factory=dict)

    @property
    def id(self) -> int:
        return int(self.data["id"])

    @property
    def is_thread(self) -> bool:
        return self.data["type"] in THREADS

    def page(self, query: dict[str, str], limit: int) -> list[Message]:
        """Newest first, as Discord lists them."""
        if "after" in query:
            start = bisect_left(self.ids, int(query["after"]) + 1)
            chosen = self.ids[start : start + limit]
        elif "around" in query:
            middle = bisect_left(self.ids, int(query["around"]))
            chosen = self.ids[max(0, middle - limit // 2) : middle + limit - limit // 2]
        else:
            end = bisect_left(self.ids, int(query["before"])) if "before" in query else len(self.ids)
            chosen = self.ids[max(0, end - limit) : end]
        return [self.messages[number] for number in reversed(chosen)]


@dataclass
class Event:
    name: str
    data: Json
    guild: int | None
    intents: int  # any of these lets it through; 0: always


@dataclass
class LiveMention:
    """A ping that Discord would have sent: `kind` is everyone, role, user or reply."""

    channel: int
    kind: str
    target: str
    is_edit: bool


def now(ago: float = 0.0) -> str:
    return (datetime.now(UTC) - timedelta(seconds=ago)).isoformat()


def permission_bits(names: list[str] | None) -> int:
    return EVERYTHING if names is None else sum(PERMISSIONS[name] for name in set(names))


def spoken(body: Json) -> str:
    """The text in which mentions count: code does not."""
    texts = [str(body.get("content") or "")]
    texts += [str(item.get("content") or "") for item in walk(body.get("components")) if item.get("type") == 10]
    return re.sub(r"```.*?```|``.+?``|`[^`\n]+`", "", "\n".join(texts), flags=re.DOTALL)


def pings(body: Json, replied: str | None) -> list[tuple[str, str]]:
    """Kind and target of everything this body would ping."""
    text, allowed = spoken(body), body.get("allowed_mentions")
    parse = ["everyone", "roles", "users"] if allowed is None else allowed.get("parse") or []
    found = [("everyone", word) for word in re.findall(r"@(everyone|here)\b", text) if "everyone" in parse]
    for kind, listed, pattern in (("role", "roles", r"<@&(\d+)>"), ("user", "users", r"<@!?(\d+)>")):
        named = (allowed or {}).get(listed) or []
        found += [(kind, key) for key in re.findall(pattern, text) if listed in parse or key in map(str, named)]
    if replied and (allowed is None or allowed.get("replied_user")):
        found.append(("reply", replied))
    return found


def check_mentions(body: Json) -> None:
    """A text with @everyone, @here or a role asks for allowed_mentions that parse none of them."""
    text, allowed = spoken(body), body.get("allowed_mentions")
    parse = (allowed or {}).get("parse") or []
    if set(parse) - {"everyone", "roles", "users"}:
        raise invalid("allowed_mentions.parse", "Unknown kind of mention.", "BASE_TYPE_CHOICES")
    for kind in ("roles", "users"):
        if kind in parse and (allowed or {}).get(kind):
            raise invalid("allowed_mentions", f'parse:["{kind}"] and {kind}: [ids...] are mutually exclusive.')
    for kind, pattern in (("everyone", r"@(everyone|here)\b"), ("roles", r"<@&\d+>")):
        if re.search(pattern, text) and (allowed is None or kind in parse):
            raise invalid("allowed_mentions", f"The text would ping {kind}.", "MENTIONS_MUST_NOT_PARSE")


def overwrite(target: int, kind: int, allow: int, deny: int) -> Json:
    return {"id": str(target), "type": kind, "allow": str(allow), "deny": str(deny)}


def role(key: str, name: str, position: int) -> Json:
    return {
        "id": key, "name": name, "color": 0, "hoist": False, "position": position, "flags": 0, "mentionable": True,
        "managed": False, "permissions": str(EVERYTHING & ~PERMISSIONS["mention_everyone"]),
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
    }  # fmt: skip
