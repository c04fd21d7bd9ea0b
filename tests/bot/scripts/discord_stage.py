"""Discord as a stage: a local Discord, and its messages as text."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from tests.bot.scripts.stage import Stage, indented
from tests.fakes.discord.guild import Server
from tests.fakes.discord.hooks import Interaction
from tests.harness import bots

Json = dict[str, Any]


class DiscordStage(Stage):
    def __init__(self, server: Server) -> None:
        self._server, self._fake = server, server.fake
        self._people = {"Ann": server.ann, "Bob": server.bob}
        self._names = {key: name for name, key in self._people.items()} | {self._fake.bot_id: "Parley"}
        self._dm = self._fake.open_dm(server.ann)
        self._place = 0  # where the conversation goes on
        self._hidden: list[tuple[str, Interaction]] = []

    def mention(self, person: str, text: str, *, above: Iterable[tuple[str, str]] = ()) -> None:
        self._place = 0
        for who, said in above:
            if self._place:
                self._fake.post(self._place, self._people[who], said)
                continue
            first = self._fake.post(self._server.channel, self._people[who], said)
            self._place = self._fake.start_thread(self._server.channel, self._people[who], "A thread", "", on=first)
        called = f"<@{self._fake.bot_id}> {text}"
        message = self._fake.post(self._place or self._server.channel, self._people[person], called)
        self._place = self._place or message  # a thread has the id of the message that it hangs on

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
        bots.until(lambda: list(self._with(label)), f"{person} sees a button {label}")
        place, message, custom_id = list(self._with(label))[-1]
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

    def fill(self, person: str, values: dict[str, str]) -> None:
        form = self._hidden[-1][1]
        sent = self._fake.submit(self._people[person], form, values)
        sent.wait()
        self._hidden.append((person, sent))

    def _places(self) -> Iterator[tuple[int, str]]:
        yield self._server.channel, "#help"
        if self._server.team:
            yield self._server.team, "#team"
        yield self._dm, "Ann and Parley"
        for thread in self._fake.world.channels:
            if str(self._fake.world.channels[thread].data.get("parent_id")) in map(str, self._parents()):
                yield thread, f"#{self._fake.world.channels[thread].data['name']}"

    def _parents(self) -> tuple[int, int]:
        return self._server.channel, self._server.team

    def shown(self) -> Iterator[str]:
        for place, name in self._places():
            if messages := self._fake.messages(place):
                yield name
            for message in messages:
                yield from indented(self._message(message), "  ")
        for person, each in self._hidden:
            yield from self._answered(person, each)

    def _answered(self, person: str, interaction: Interaction) -> Iterator[str]:
        if interaction.modal:
            yield f"a form: {interaction.modal['title']}"
            yield from indented(map(_field, interaction.modal["components"]), "  ")
            return
        for message in filter(None, [interaction.original, *interaction.followups]):
            yield f"only {person} sees"
            yield from indented(self._body(message), "  ")

    def _message(self, message: Json) -> Iterator[str]:
        reactions = "".join(f" {each['emoji']['name']}" for each in message.get("reactions") or ())
        who = self._names.get(int(message["author"]["id"]), "somebody")
        body = list(self._body(message))
        yield f"{who}: {body[0] if body else ''}{reactions}"
        yield from indented(body[1:], "  ")

    def _body(self, message: Json) -> Iterator[str]:
        yield re.sub(r"<@!?(\d+)>", lambda match: f"@{self._names.get(int(match[1]), match[1])}", message["content"])
        for row in message.get("components") or ():
            yield " ".join(f"[{label}]" for label, _ in _buttons({"components": [row]}))


def _buttons(message: Json) -> Iterator[tuple[str, str]]:
    for row in message.get("components") or ():
        for each in row.get("components") or ():
            if each["type"] == 2:
                yield each.get("label", ""), each.get("custom_id", "")


def _field(row: Json) -> str:
    item = row.get("component") or row["components"][0]
    options = " / ".join(each["label"] for each in item.get("options") or ())
    return f"{row.get('label') or item.get('label')}: {options or item.get('value') or '…'}"
