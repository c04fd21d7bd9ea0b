"""A channel of the fake Slack: its members, its messages in their order, and the threads among them."""

from bisect import bisect_left, insort
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.fakes.slack.rules import Json

TYPES = {"channel": "public_channel", "group": "private_channel", "im": "im", "mpim": "mpim"}
PRIVATE = {"streamed", "stream_started", "stopped_by_user", "streaming", "broken", "markdown", "tasks", "plan", "key"}
PRIVATE |= {"reacted"}


def key_of(ts: object) -> int:
    """A ts as microseconds; 0 when it is none."""
    whole, _, part = str(ts).partition(".")
    digits = whole + part[:6].ljust(6, "0")
    return int(digits) if digits.isdigit() else 0


def ts_of(key: int) -> str:
    return f"{key // 1_000_000}.{key % 1_000_000:06d}"


@dataclass
class Channel:
    id: str
    name: str
    kind: str
    members: dict[str, None]
    is_ext_shared: bool = False
    is_org_shared: bool = False
    is_member: bool = True
    user: str | None = None
    by_key: dict[int, Json] = field(default_factory=dict)
    roots: list[int] = field(default_factory=list)
    threads: dict[int, list[int]] = field(default_factory=dict)

    def public(self) -> Json:
        kind = {f"is_{name}": self.kind == name for name in TYPES}
        shown = kind | {
            "id": self.id, "created": 1_600_000_000, "is_archived": False, "is_ext_shared": self.is_ext_shared,
            "is_shared": self.is_ext_shared or self.is_org_shared, "is_org_shared": self.is_org_shared,
            "is_private": self.kind != "channel",
            "is_general": self.name == "general", "num_members": len(self.members), "is_member": self.is_member,
        }  # fmt: skip
        if self.kind == "im":
            return shown | {"user": self.user, "is_open": True}
        return shown | {"name": self.name, "name_normalized": self.name}

    def thread_exists(self, key: int) -> bool:
        message = self.by_key.get(key)
        return key in self.threads or (message is not None and message.get("thread_ts") in (None, message["ts"]))

    def insert(self, message: Json) -> None:
        key = message["key"] = key_of(message["ts"])
        self.by_key[key] = message
        root = key_of(message.get("thread_ts") or message["ts"])
        if root == key:
            insort(self.roots, key)
        else:
            insort(self.threads.setdefault(root, []), key)
            if message.get("subtype") == "thread_broadcast":
                insort(self.roots, key)

    def remove(self, message: Json) -> None:
        key = message["key"]
        del self.by_key[key]
        for keys in (self.roots, self.threads.get(key_of(message.get("thread_ts") or 0), [])):
            place = bisect_left(keys, key)
            if place < len(keys) and keys[place] == key:
                del keys[place]

    def of_thread(self, root: int) -> Iterator[Json]:
        if root in self.by_key:
            yield self.by_key[root]
        for key in self.threads.get(root, ()):
            yield self.by_key[key]
