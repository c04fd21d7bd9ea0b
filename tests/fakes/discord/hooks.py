"""Interactions: what the bot answers within three seconds, and the webhook that it may use for fifteen minutes."""

import threading
import time
import uuid
from dataclasses import dataclass, field

from tests.fakes.discord.messages import Asked, Messages, Reply, attachments
from tests.fakes.discord.rules import (
    EPHEMERAL,
    LOADING,
    V2,
    DiscordError,
    Json,
    check_choices,
    check_message,
    check_modal,
    invalid,
)
from tests.fakes.discord.things import Channel, Message

COMMAND, COMPONENT, AUTOCOMPLETE, MODAL = 2, 3, 4, 5


@dataclass(eq=False)
class Interaction:
    """One press, command or form, with all the bot has answered."""

    id: int
    kind: int
    channel: int
    user: int
    message: Message | None = None
    token: str = field(default_factory=lambda: f"aW50ZXJhY3Rpb24{uuid.uuid4().hex}")
    created: float = field(default_factory=time.monotonic)
    answer_seconds: float = 3.0
    callbacks: list[Json] = field(default_factory=list)
    modal: Json | None = None
    payload: Json = field(default_factory=dict)
    sent: list[Message] = field(default_factory=list)
    first: Message | None = None
    deleted: set[int] = field(default_factory=set)
    answered: threading.Event = field(default_factory=threading.Event)

    @property
    def original(self) -> Json | None:
        """The @original message as it is now, ephemeral or not; None while there is none."""
        return dict(self.first.data) if self.first and int(self.first.data["id"]) not in self.deleted else None

    @property
    def followups(self) -> list[Json]:
        return [dict(each.data) for each in self.sent if int(each.data["id"]) not in self.deleted]

    @property
    def failed(self) -> bool:
        """The user sees "This interaction failed"."""
        return not self.callbacks and self.is_late

    @property
    def is_late(self) -> bool:
        return time.monotonic() - self.created > self.answer_seconds

    def wait(self, timeout: float = 5) -> Json:
        """The first callback. It blocks: from a coroutine, call it with asyncio.to_thread."""
        assert self.answered.wait(timeout), f"no callback within {timeout} s"
        return self.callbacks[0]


class Hooks:
    def __init__(self, messages: Messages) -> None:
        self.messages, self.world = messages, messages.world
        self.interactions: dict[int, Interaction] = {}
        self.tokens: dict[str, Interaction] = {}
        self.hidden: dict[int, Message] = {}  # ephemeral
        self.interaction_seconds = 900.0

    def add(self, interaction: Interaction) -> None:
        self.interactions[interaction.id] = self.tokens[interaction.token] = interaction

    def callback(self, asked: Asked) -> Reply:
        interaction = self.interactions.get(int(asked.parts[0]))
        if not interaction or interaction.token != asked.parts[1]:
            raise DiscordError(10062)
        if interaction.callbacks:
            raise DiscordError(40060)
        if interaction.is_late:
            raise DiscordError(10062)
        kind = asked.body.get("type")
        self._check_kind(interaction, kind)
        self._apply(interaction, kind, asked.body.get("data") or {}, asked.files)
        interaction.callbacks.append(asked.body)
        interaction.answered.set()
        if asked.query.get("with_response") not in ("1", "true"):
            return 204, None
        return 200, self._response(interaction, kind)

    def _apply(self, interaction: Interaction, kind: int, data: Json, files: int) -> None:
        channel = self.world.channels[interaction.channel]
        if kind in (4, 5):
            body = data if kind == 4 else {"flags": int(data.get("flags") or 0) | LOADING}
            interaction.first = self._create(interaction, channel, Asked([], {}, body, files))
        elif kind == 8:
            check_choices(data.get("choices"))
        elif kind == 9:
            check_modal(data)
            interaction.modal = data
        else:
            interaction.first = interaction.message
        if kind == 7:
            self._rewrite(channel, interaction.message, Asked([], {}, data, files))

    def _check_kind(self, interaction: Interaction, kind: object) -> None:
        allowed = {COMMAND: (4, 5, 9), COMPONENT: (4, 5, 6, 7, 9), AUTOCOMPLETE: (8,), MODAL: (4, 5)}[interaction.kind]
        if interaction.kind == MODAL and interaction.message:
            allowed = (4, 5, 6, 7)
        if kind not in allowed:
            raise invalid("type", f"Value must be one of {allowed}.", "BASE_TYPE_CHOICES")

    def _response(self, interaction: Interaction, kind: int) -> Json:
        data: Json = {"id": str(interaction.id), "type": interaction.kind}
        answer: Json = {"interaction": data, "resource": {"type": kind}}
        if interaction.first and kind in (4, 5, 6, 7):
            flags = interaction.first.data["flags"]
            data |= {
                "response_message_id": interaction.first.data["id"],
                "response_message_loading": bool(flags & LOADING),
                "response_message_ephemeral": bool(flags & EPHEMERAL),
            }
            if kind in (4, 7):
                answer["resource"]["message"] = interaction.first.data
        return answer

    def _create(self, interaction: Interaction, channel: Channel, asked: Asked) -> Message:
        flags = int(asked.body.get("flags") or 0) & (EPHEMERAL | LOADING | V2 | 1 << 2 | 1 << 12)
        body: Json = dict(asked.body) | {"flags": flags, "attachments": attachments(asked.files)}
        if not flags & LOADING:
            check_message(body, flags, has_files=bool(asked.files))
            self._watch(channel, body, is_edit=False)
        application = str(self.world.application_id)
        kind = 20 if interaction.kind == COMMAND else 0
        extra: Json = {
            "application_id": application, "webhook_id": application,
            "interaction_metadata": {
                "id": str(interaction.id), "type": interaction.kind, "user": self.world.users[interaction.user],
                "authorizing_integration_owners": {}},
        }  # fmt: skip
        message = self.world.add_message(
            channel, self.world.bot_id, body, kind=kind, extra=extra, is_hidden=bool(flags & EPHEMERAL)
        )
        if flags & EPHEMERAL:
            self.hidden[int(message.data["id"])] = message
        return message

    def _watch(self, channel: Channel, body: Json, *, is_edit: bool) -> None:
        if not int(body.get("flags") or 0) & EPHEMERAL:
            self.world.watch_pings(channel, body, is_edit=is_edit)

    def _rewrite(self, channel: Channel, message: Message | None, asked: Asked) -> None:
        assert message
        loading = message.data["flags"] & LOADING
        self.messages.rewrite(channel, message, asked)
        message.data["flags"] &= ~LOADING
        message.edits -= bool(loading)
        if not message.data["flags"] & EPHEMERAL:
            self.world.say("MESSAGE_UPDATE", channel, message.data)

    def _interaction(self, asked: Asked) -> Interaction:
        interaction = self.tokens.get(asked.parts[1])
        if not interaction or int(asked.parts[0]) != self.world.application_id:
            raise DiscordError(10015)
        if not interaction.callbacks:
            raise DiscordError(10015)
        if time.monotonic() - interaction.created > self.interaction_seconds:
            raise DiscordError(50027)
        return interaction

    def follow_up(self, asked: Asked) -> Reply:
        interaction = self._interaction(asked)
        channel = self.world.channels[interaction.channel]
        if interaction.first and interaction.first.data["flags"] & LOADING:
            self._rewrite(channel, interaction.first, asked)
            return 200, interaction.first.data
        body = asked.body | {"flags": int(asked.body.get("flags") or 0) & ~LOADING}
        message = self._create(interaction, channel, Asked([], {}, body, asked.files))
        interaction.sent.append(message)
        return (200, message.data) if asked.query.get("wait") in ("1", "true") else (204, None)

    def _message(self, asked: Asked) -> tuple[Interaction, Message]:
        interaction, key = self._interaction(asked), asked.parts[2]
        candidates = [each for each in (interaction.first, *interaction.sent) if each]
        if key == "@original":
            candidates = candidates[:1] if interaction.first else []
            key = candidates[0].data["id"] if candidates else ""
        for message in candidates:
            number = int(message.data["id"])
            gone = not message.data["flags"] & EPHEMERAL and number not in self._shown(interaction)
            if message.data["id"] == key and number not in interaction.deleted and not gone:
                return interaction, message
        raise DiscordError(10008)

    def _shown(self, interaction: Interaction) -> dict[int, Message]:
        return self.world.channels[interaction.channel].messages

    def get(self, asked: Asked) -> Reply:
        return 200, self._message(asked)[1].data

    def edit(self, asked: Asked) -> Reply:
        interaction, message = self._message(asked)
        self._rewrite(self.world.channels[interaction.channel], message, asked)
        return 200, message.data

    def delete(self, asked: Asked) -> Reply:
        interaction, message = self._message(asked)
        number = int(message.data["id"])
        interaction.deleted.add(number)
        if self.hidden.pop(number, None) is None:
            self.world.delete_message(self.world.channels[interaction.channel], number)
        return 204, None
