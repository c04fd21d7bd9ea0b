"""What people do in Discord: they write, open threads, press buttons, give commands and fill in forms."""

from typing import Any

from tests.fakes.discord.hooks import AUTOCOMPLETE, COMMAND, COMPONENT, MODAL, Hooks, Interaction
from tests.fakes.discord.messages import Messages
from tests.fakes.discord.messages import attachments as files_of
from tests.fakes.discord.rest import Rest
from tests.fakes.discord.rules import Json, walk
from tests.fakes.discord.things import (
    DIRECT_REACTIONS,
    EVERYTHING,
    GUILD_REACTIONS,
    GUILDS,
    Channel,
    Event,
    Message,
    now,
)
from tests.fakes.discord.world import World

TYPES: dict[type, int] = {str: 3, int: 4, bool: 5, float: 10}


class People:
    def __init__(self, world: World, rest: Rest, hooks: Hooks) -> None:
        self.world, self.rest, self.hooks = world, rest, hooks
        self.messages: Messages = rest
        self.answer_seconds = 3.0

    def post(
        self, channel: int, user: int, content: str, *, reply_to: int | None = None, ping_reply: bool = True,
        attachments: int = 0, nonce: str | None = None, brings_reply: bool = True, forwards: str = "",
        sticker: str = "",
    ) -> int:  # fmt: skip
        """`forwards` is what a message of elsewhere says that this one forwards, with an attachment of its own."""
        assert len(content) <= 4000, "nobody can write more"
        place = self.world.channels[channel]
        body: Json = {"content": content, "nonce": nonce, "attachments": files_of(attachments)}
        extra: Json = {}
        if reply_to is not None:
            body["message_reference"] = {"message_id": str(reply_to), "channel_id": str(channel), "type": 0}
            if place.guild:
                body["message_reference"]["guild_id"] = str(place.guild)
            replied = place.messages.get(reply_to)
            mentions = self.world.mentions_in(body)["mentions"]
            if replied and ping_reply and replied.data["author"] not in mentions:
                extra["mentions"] = [*mentions, replied.data["author"]]
        if forwards:
            snapshot = {"type": 0, "content": forwards, "embeds": [], "attachments": files_of(1), "timestamp": now(),
                        "edited_timestamp": None, "flags": 0, "mentions": [], "mention_roles": []}  # fmt: skip
            extra["message_snapshots"] = [{"message": snapshot}]
        if sticker:
            extra["sticker_items"] = [{"id": str(self.world.new_id()), "name": sticker, "format_type": 1}]
        if place.is_thread:
            assert not place.data["thread_metadata"]["locked"], "the thread is locked"
            if place.data["thread_metadata"]["archived"]:
                place.data["thread_metadata"]["archived"] = False
                self.world.emit(Event("THREAD_UPDATE", place.data, place.guild, GUILDS))
        message = self.world.add_message(
            place, user, body, kind=19 if reply_to else 0, extra=extra, brings_reply=brings_reply
        )
        return int(message.data["id"])

    def forward(self, channel: int, user: int, source: int, message: int, *, has_snapshot: bool = True) -> int:
        """A forward: a message without words of its own, with a snapshot of the other as it is now, or with that."""
        original = self.world.channels[source].messages[message].data
        kept = ("type", "content", "embeds", "attachments", "timestamp", "edited_timestamp", "flags", "mentions",
                "mention_roles", "components")  # fmt: skip
        reference = {"type": 1, "message_id": str(message), "channel_id": str(source)}
        guild = self.world.channels[source].guild
        extra: Json = {
            "message_reference": reference | ({"guild_id": str(guild)} if guild else {}),
            "flags": 1 << 14,
        }
        snapshot: Json = {"message_snapshots": [{"message": {key: original[key] for key in kept}}]}
        extra |= snapshot if has_snapshot else {"referenced_message": original}
        return int(self.world.add_message(self.world.channels[channel], user, {}, extra=extra).data["id"])

    def start_thread(self, channel: int, user: int, name: str, content: str, on: int | None) -> int:
        parent = self.world.channels[channel]
        assert parent.data["type"] in (0, 5, 15), "no threads here"
        assert 1 <= len(name) <= 100
        assert on is None or on in parent.messages
        number = on or self.world.new_message_id()
        thread = self.world.create_thread(parent, user, name, number, {})
        is_forum = parent.data["type"] == 15
        if not is_forum and on is None:
            place = {"channel_id": str(number), "guild_id": str(parent.guild)}
            self.world.add_message(parent, user, {"content": name}, kind=18, extra={"message_reference": place})
        self.world.add_message(thread, user, {"content": content}, number=number if is_forum else 0)
        return number

    def edit(self, channel: int, message: int, content: str) -> None:
        place = self.world.channels[channel]
        self.world.change_message(place.messages[message], {"content": content})
        self.world.say("MESSAGE_UPDATE", place, place.messages[message].data)

    def react(self, channel: int, message: int, user: int, emoji: str, *, is_gone: bool) -> None:
        place = self.world.channels[channel]
        assert message in place.messages, "no such message"
        data: Json = {
            "user_id": str(user), "channel_id": str(channel), "message_id": str(message), "burst": False, "type": 0,
            "emoji": {"id": None, "name": emoji},
        }  # fmt: skip
        if place.guild:
            data["guild_id"] = str(place.guild)
            if not is_gone:
                data["member"] = self.world.member(place.guild, user) | {"user": self.world.users[user]}
        kind = "MESSAGE_REACTION_REMOVE" if is_gone else "MESSAGE_REACTION_ADD"
        self.world.emit(Event(kind, data, place.guild, GUILD_REACTIONS if place.guild else DIRECT_REACTIONS))

    def clear_reactions(self, channel: int, message: int, emoji: str | None) -> None:
        place = self.world.channels[channel]
        data: Json = {"channel_id": str(channel), "message_id": str(message), "guild_id": str(place.guild)}
        data |= {"emoji": {"id": None, "name": emoji}} if emoji else {}
        kind = "MESSAGE_REACTION_REMOVE_EMOJI" if emoji else "MESSAGE_REACTION_REMOVE_ALL"
        self.world.emit(Event(kind, data, place.guild, GUILD_REACTIONS))

    def press(self, channel: int, message: int, custom_id: str, user: int, values: list[str] | None) -> Interaction:
        shown = self.world.channels[channel].messages.get(message) or self.hooks.hidden.get(message)
        assert shown, "no such message"
        found = [each for each in walk(shown.data["components"]) if each.get("custom_id") == custom_id]
        names = [each["custom_id"] for each in walk(shown.data["components"]) if each.get("custom_id")]
        assert found, f"the message shows no {custom_id!r}, but {names}"
        assert not found[0].get("disabled"), f"{custom_id!r} is disabled"
        data: Json = {"custom_id": custom_id, "component_type": found[0]["type"], "id": 1}
        if found[0]["type"] == 3:
            assert values, "a select needs values"
            assert set(values) <= {each["value"] for each in found[0]["options"]}, "no such option"
            data["values"] = values
        return self._interact(COMPONENT, user, channel, data, shown)

    def _registered(self, kind: int, name: str, channel: int) -> Json:
        for guild in (self.world.channels[channel].guild, None):
            for command in self.rest.commands.get(guild, []):
                if command["type"] == kind and command["name"] == name:
                    return command
        raise AssertionError(f"no such command: {name}")

    def command(self, user: int, channel: int, name: str, options: dict[str, Any]) -> Interaction:
        first, *path = name.split(" ")
        registered = level = self._registered(1, first, channel)
        data: Json = {"id": registered["id"], "name": first, "type": 1}
        inner = data
        for part in path:
            level = next(each for each in level["options"] if each["name"] == part and each["type"] in (1, 2))
            inner["options"] = [{"name": part, "type": level["type"]}]
            inner = inner["options"][0]
        known = {each["name"]: each for each in level.get("options") or []}
        missing = [key for key, each in known.items() if each.get("required") and key not in options]
        assert set(options) <= set(known), f"the command has {sorted(known)}"
        assert not missing, f"the command needs {missing}"
        inner["options"] = [{"name": key, "type": known[key]["type"], "value": value} for key, value in options.items()]
        for key, value in options.items():
            kind = known[key]["type"]
            assert kind not in TYPES.values() or kind == TYPES[type(value)] or kind == 10, f"{key} is of type {kind}"
            if isinstance(value, str):
                assert known[key].get("min_length", 0) <= len(value) <= known[key].get("max_length", 6000)
            choices = [each["value"] for each in known[key].get("choices") or []]
            assert not choices or value in choices, f"{key} is one of {choices}"
        return self._interact(COMMAND, user, channel, data)

    def typed(self, user: int, channel: int, name: str, option: str, text: str) -> Interaction:
        """Somebody types a text as an option of a command."""
        registered = self._registered(1, name, channel)
        (known,) = [each for each in registered["options"] if each["name"] == option]
        assert known.get("autocomplete"), "nothing is suggested for it"
        said = {"name": option, "type": known["type"], "value": text, "focused": True}
        data = {"id": registered["id"], "name": name, "type": 1, "options": [said]}
        return self._interact(AUTOCOMPLETE, user, channel, data)

    def context_menu(self, user: int, channel: int, message: int, name: str) -> Interaction:
        registered = self._registered(3, name, channel)
        target = self.world.channels[channel].messages[message]
        data = {
            "id": registered["id"], "name": name, "type": 3, "target_id": str(message),
            "resolved": {"messages": {str(message): target.data}},
        }  # fmt: skip
        return self._interact(COMMAND, user, channel, data)

    def submit(self, user: int, form: Interaction | str, values: dict[str, str], channel: int | None) -> Interaction:
        if isinstance(form, Interaction):
            assert form.modal, "it was not answered with a modal"
            assert form.user == user, "another user's form"
            rows = [_filled(row, values) for row in form.modal["components"]]
            inputs = {each["custom_id"] for each in walk(form.modal["components"]) if each.get("custom_id")}
            assert set(values) <= inputs, f"the form has {sorted(inputs)}"
            data: Json = {"custom_id": form.modal["custom_id"], "components": rows}
            return self._interact(MODAL, user, channel or form.channel, data, form.message)
        assert channel, "a form without its interaction needs a channel"
        rows = [
            {"type": 1, "id": 2 * n + 1, "components": [{"type": 4, "id": 2 * n + 2, "custom_id": key, "value": value}]}
            for n, (key, value) in enumerate(values.items())
        ]
        return self._interact(MODAL, user, channel, {"custom_id": form, "components": rows})

    def _interact(self, kind: int, user: int, channel: int, data: Json, message: Message | None = None) -> Interaction:
        place = self.world.channels[channel]
        interaction = Interaction(self.world.new_id(), kind, channel, user, message, answer_seconds=self.answer_seconds)
        payload: Json = {
            "id": str(interaction.id), "application_id": str(self.world.application_id), "type": kind, "data": data,
            "token": interaction.token, "version": 1, "channel_id": str(channel), "channel": place.data,
            "app_permissions": str(place.may), "locale": "en-US", "entitlements": [], "entitlement_skus": [],
            "attachment_size_limit": 10485760, "authorizing_integration_owners": {"0": str(place.guild or 0)},
            "context": 0 if place.guild else 1,
        } | self._who(place, user)  # fmt: skip
        if message:
            payload["message"] = message.data
        interaction.payload = payload
        self.hooks.add(interaction)
        self.world.emit(Event("INTERACTION_CREATE", payload, place.guild, 0))
        return interaction

    def _who(self, place: Channel, user: int) -> Json:
        if place.guild is None:
            return {"user": self.world.users[user]}
        member = self.world.member(place.guild, user) | {"user": self.world.users[user]}
        member |= {"permissions": str(EVERYTHING), "premium_since": None, "communication_disabled_until": None}
        guild = {"id": str(place.guild), "locale": "en-US", "features": []}
        return {
            "guild_id": str(place.guild), "guild": guild, "guild_locale": "en-US",
            "member": member,
        }  # fmt: skip


def _filled(row: Json, values: dict[str, str]) -> Json:
    """A row or label of a modal as it comes back."""
    items = [row["component"]] if row.get("component") else row.get("components", [])
    answers = []
    for item in items:
        value = values.get(item["custom_id"], item.get("value") or "")
        assert value or item.get("required", True) is False, f"{item['custom_id']} must be filled in"
        if item["type"] == 3:
            assert not value or value in [each["value"] for each in item["options"]], f"{value} cannot be chosen"
            answers.append({"type": 3, "custom_id": item["custom_id"], "values": [value] if value else [], "id": 1})
            continue
        if value:
            assert (item.get("min_length") or 0) <= len(value) <= (item.get("max_length") or 4000), "too short or long"
        answers.append({"type": item["type"], "custom_id": item["custom_id"], "value": value, "id": 1})
    kind = {"type": row["type"], "id": 1}
    return kind | ({"component": answers[0]} if row["type"] == 18 else {"components": answers})
