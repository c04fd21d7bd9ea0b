"""Discord as a stage: a local Discord, and its messages as text."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from tests.bot.scripts.stage import Stage, indented
from tests.fakes.discord.guild import Server
from tests.fakes.discord.hooks import Interaction
from tests.fakes.providers.fake import FakeProviders
from tests.harness import bots

Json = dict[str, Any]
LABELS = {"Helpful": "👍", "Not helpful": "👎", "Nicht hilfreich": "👎"}  # words that Discord shows as signs


class DiscordStage(Stage):
    def __init__(self, server: Server, model: FakeProviders) -> None:
        super().__init__(model)
        self._server, self._fake = server, server.fake
        self._people = {"Ann": server.ann, "Bob": server.bob}
        for name, key in self._people.items():
            self._fake.world.users[key]["global_name"] = name
        self._names = {key: name for name, key in self._people.items()} | {self._fake.bot_id: "Parley"}
        self._dm = self._fake.open_dm(server.ann)
        self.help = str(server.channel)
        self._forum = 0
        self._place = 0  # where the conversation goes on
        self._hidden: list[tuple[str, Interaction]] = []

    def mention(self, person: str, text: str, *, above: Iterable[tuple[str, str]] = ()) -> None:
        self._place, first = 0, 0
        for who, said in above:
            if not first:
                first = self._fake.post(self._server.channel, self._people[who], said)
            elif not self._place:
                self._place = self._fake.start_thread(
                    self._server.channel, self._people[who], "About it", said, on=first
                )
            else:
                self._fake.post(self._place, self._people[who], said)
        message = self._fake.post(self._place or self._server.channel, self._people[person], self._called(text))
        self._place = self._place or message  # a thread has the id of the message that it hangs on

    def point(self, person: str, text: str, to: tuple[str, str]) -> None:
        there = self._fake.post(self._server.channel, self._people[to[0]], to[1])
        called = self._called(text)
        self._place = self._fake.post(self._server.channel, self._people[person], called, reply_to=there)

    def call(self, person: str, text: str) -> None:
        self.write(person, self._called(text))

    def _called(self, text: str) -> str:
        return f"<@{self._fake.bot_id}> {text}"

    def attach(self, person: str, text: str) -> None:
        called = self._called(text)
        self._place = self._fake.post(self._server.channel, self._people[person], called, attachments=1)

    def edit(self, text: str) -> None:
        self._fake.edit(self._server.channel, self._place, self._called(text))

    def begin_post(self, person: str, title: str, text: str) -> None:
        """Ask the bot in a post of a forum, which has a tag for what is solved."""
        self._forum = self._forum or self._fake.add_channel(name="questions", kind="forum")
        tags = [{"id": "71", "name": "Unsolved"}, {"id": "72", "name": "Solved"}]
        self._fake.world.channels[self._forum].data["available_tags"] = tags
        self._place = self._fake.start_thread(self._forum, self._people[person], title, self._called(text))

    def write(self, person: str, text: str) -> None:
        bots.until(lambda: self._place in self._fake.world.channels, "there is a thread")
        self._fake.post(self._place, self._people[person], text)

    def direct(self, person: str, text: str) -> None:
        self._place = self._dm
        self._fake.post(self._dm, self._people[person], text)

    def command(self, person: str, text: str) -> None:
        asked = self._fake.command(self._people[person], self._server.channel, "ask", {"question": text})
        self._hidden.append((person, asked))

    def team(self, person: str, text: str) -> None:
        post = self._server.own(self._server.team)[-1]
        thread = int(post["id"])
        bots.until(lambda: thread in self._fake.world.channels, "the team's thread is there")
        self._fake.post(thread, self._people[person], text)

    def press(self, person: str, label: str) -> None:
        label = LABELS.get(label, label)
        bots.until(lambda: list(self._with(label)), f"{person} sees a button {label}")
        place, message, custom_id = max(self._with(label), key=lambda each: each[1])
        self.pressed.append(f"{person} presses [{label}]")
        pressed = self._fake.press(place, message, custom_id, self._people[person])
        pressed.wait()
        self._hidden.append((person, pressed))

    def _with(self, label: str) -> Iterator[tuple[int, int, str]]:
        for place, _ in self._places():
            for message in self._fake.messages(place):
                yield from ((place, int(message["id"]), key) for name, key in _buttons(message) if name == label)
        for _, each in self._hidden:
            for message in filter(None, [each.original, *each.followups]):
                yield from ((each.channel, int(message["id"]), key) for name, key in _buttons(message) if name == label)

    def fill(self, person: str, given: dict[str, str]) -> None:
        form = self._hidden[-1][1]
        assert form.modal, "no form has opened"
        items = [_item(row) for row in form.modal["components"]]
        fields = {label: _shown(item) for label, item in items}
        words = {each["value"]: each["label"] for _, item in items for each in item.get("options") or ()}
        named = {label: given[item["custom_id"]] for label, item in items if item["custom_id"] in given}
        self._sends(
            person, form.modal["title"], fields, {label: words.get(said, said) for label, said in named.items()}
        )
        sent = self._fake.submit(self._people[person], form, given)
        sent.wait()
        self._hidden.append((person, sent))

    def _places(self) -> Iterator[tuple[int, str]]:
        yield self._server.channel, "#help"
        if self._server.team:
            yield self._server.team, "#team"
        yield self._dm, "Ann and Parley"
        names = {str(self._server.channel): "help", str(self._server.team): "team", str(self._forum): "questions"}
        for key, each in list(self._fake.world.channels.items()):
            if parent := names.get(str(each.data.get("parent_id"))):
                tags = "".join(f" [tag: {name}]" for name in self._tags(each.data))
                yield key, f"#{parent} > {each.data['name']}{tags}"

    def _tags(self, thread: Json) -> Iterator[str]:
        if self._forum:
            offered = self._fake.world.channels[self._forum].data["available_tags"]
            yield from (each["name"] for each in offered if each["id"] in (thread.get("applied_tags") or ()))

    def shown(self) -> Iterator[str]:
        for place, name in self._places():
            if messages := self._fake.messages(place):
                yield name
            for message in messages:
                yield from indented(self._message(message), "  ")
        for person, each in self._hidden:
            yield from self._answered(person, each)

    def _answered(self, person: str, interaction: Interaction) -> Iterator[str]:
        for message in filter(None, [interaction.original, *interaction.followups]):
            yield f"only {person} sees"
            yield from indented(self._body(message), "  ")

    def _message(self, message: Json) -> Iterator[str]:
        reactions = "".join(f" {each['emoji']['name']}" for each in message.get("reactions") or ())
        who = self._names.get(int(message["author"]["id"]), "somebody")
        body = list(self._body(message))
        yield f"{who}{self._to(message)}: {body[0]}{reactions}"
        yield from indented(body[1:], "  ")

    def _body(self, message: Json) -> Iterator[str]:
        yield re.sub(r"<@!?(\d+)>", lambda match: f"@{self._names.get(int(match[1]), match[1])}", message["content"])
        yield from (f"📎 {each['filename']}" for each in message.get("attachments") or ())
        for row in message.get("components") or ():
            yield " ".join(f"[{label}]" for label, _ in _buttons({"components": [row]}))

    def _to(self, message: Json) -> str:
        """Whom a message of a person replies to."""
        replied = message.get("referenced_message")
        return f" (replies to {self._names[int(replied['author']['id'])]})" if replied else ""


def _buttons(message: Json) -> Iterator[tuple[str, str]]:
    for row in message.get("components") or ():
        for each in row.get("components") or ():
            if each["type"] == 2:
                yield each.get("label", ""), each.get("custom_id", "")


def _item(row: Json) -> tuple[str, Json]:
    """The label of a field, and the field."""
    item = row.get("component") or row["components"][0]
    return str(row.get("label") or item.get("label")), item


def _shown(item: Json) -> str:
    return " / ".join(each["label"] for each in item.get("options") or ()) or str(item.get("value") or "…")
