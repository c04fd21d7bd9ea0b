"""Slack as a stage: a local Slack, and its blocks as text."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from tests.bot.scripts.stage import Stage, indented
from tests.fakes.providers.fake import FakeProviders
from tests.fakes.slack.workspace import ANN, BOB, CHANNEL, DIRECT, TEAM, Workspace
from tests.harness import bots

PEOPLE = {"Ann": ANN, "Bob": BOB}
NAMES = {key: name for name, key in PEOPLE.items()}
PLACES = {CHANNEL: "#help", TEAM: "#team", DIRECT: "Ann and Parley"}
Block = dict[str, Any]


class SlackStage(Stage):
    help = CHANNEL

    def __init__(self, workspace: Workspace, model: FakeProviders) -> None:
        super().__init__(model)
        self._workspace, self._fake = workspace, workspace.fake
        for key, name in NAMES.items():
            self._fake.users[key]["profile"]["display_name"] = name
        self._place, self._thread = CHANNEL, ""
        self._views = 0

    def mention(self, person: str, text: str, *, above: Iterable[tuple[str, str]] = ()) -> None:
        thread: dict[str, Any] = {}
        for who, said in above:
            self._thread = self._fake.post(CHANNEL, PEOPLE[who], said, **thread)
            thread = thread or {"thread_ts": self._thread}
        ts = self._fake.post(CHANNEL, PEOPLE[person], self._called(text), **thread)
        self._place, self._thread = CHANNEL, thread.get("thread_ts", ts)

    def point(self, person: str, text: str, to: tuple[str, str]) -> None:
        there = self._fake.post(CHANNEL, PEOPLE[to[0]], to[1])
        ts = self._fake.post(CHANNEL, PEOPLE[person], self._called(text), forwards=(CHANNEL, there))
        self._place, self._thread = CHANNEL, ts

    def call(self, person: str, text: str) -> None:
        self.write(person, self._called(text))

    def _called(self, text: str) -> str:
        return f"<@{self._fake.bot_user_id}> {text}"

    def attach(self, person: str, text: str) -> None:
        file = {"name": "invoice.pdf", "permalink": "https://fake.slack.com/files/invoice.pdf"}
        self._place = CHANNEL
        self._thread = self._fake.post(
            CHANNEL, PEOPLE[person], self._called(text), files=(file,), subtype="file_share"
        )  # fmt: skip

    def edit(self, text: str) -> None:
        self._fake.edit(self._place, self._thread, self._called(text))

    def write(self, person: str, text: str) -> None:
        self._fake.post(self._place, PEOPLE[person], text, thread_ts=self._thread)

    def direct(self, person: str, text: str) -> None:
        self._place, self._thread = DIRECT, self._fake.post(DIRECT, PEOPLE[person], text)

    def command(self, person: str, text: str) -> None:
        self._fake.command(PEOPLE[person], CHANNEL, text)

    def team(self, person: str, text: str) -> None:
        (post,) = [each for each in self._workspace.own(TEAM) if not each.get("thread_ts")][-1:]
        self._fake.post(TEAM, PEOPLE[person], text, thread_ts=post["ts"])

    def press(self, person: str, label: str) -> None:
        bots.until(lambda: list(self._with(person, label)), f"{person} sees a button {label}")
        channel, ts, action, value = max(self._with(person, label), key=lambda each: each[1])
        self.pressed.append(f"{person} presses [{label}]")
        self._views = len(self._fake.views)
        if channel:
            self._fake.press(channel, ts, action, PEOPLE[person], value)
        else:
            self.pressed.insert(-1, f"{person} has read, in that window")
            self.pressed[-1:-1] = indented(map(self._block, self._fake.views[ts]["blocks"]), "  ")
            self._fake.press_in_view(ts, action, PEOPLE[person], value)

    def _with(self, person: str, label: str) -> Iterator[tuple[str, str, str, str]]:
        """Where a person sees a button: channel, message, and what the press says; in a view without a channel."""
        for channel in PLACES:
            for message in self._everything(channel, person):
                yield from ((channel, message["ts"], *said) for said in _saying(label, message.get("blocks") or []))
        for key, view in self._open().items():
            if view["user"] == PEOPLE[person]:
                yield from (("", key, *said) for said in _saying(label, view["blocks"]))

    def _open(self) -> dict[str, dict[str, Any]]:
        return {key: view for key, view in dict(self._fake.views).items() if not view.get("closed")}

    def _everything(self, channel: str, person: str = "") -> list[dict[str, Any]]:
        hidden = self._fake.ephemerals(channel, PEOPLE[person]) if person else []
        return [*self._fake.messages(channel), *hidden]

    def fill(self, person: str, given: dict[str, str]) -> None:
        bots.until(lambda: len(self._fake.views) > self._views, "a form has opened")
        key = list(self._fake.views)[-1]
        view = self._fake.views[key]
        fields = {each["label"]["text"]: _options(each["element"]) for each in view["blocks"]}
        names = {each["label"]["text"]: each["block_id"] for each in view["blocks"]}
        options = [each for block in view["blocks"] for each in block["element"].get("options") or ()]
        words = {each["value"]: each["text"]["text"] for each in options}
        values = {label: words.get(given[name], given[name]) for label, name in names.items() if name in given}
        self._sends(person, view["title"]["text"], fields, values)
        self.pressed.append(f"  [{view['close']['text']}] [{view['submit']['text']}]")
        self._fake.submit(PEOPLE[person], key, {name: {name: value} for name, value in given.items()})

    def shown(self) -> Iterator[str]:
        for channel, name in PLACES.items():
            messages = self._fake.messages(channel)
            if messages:
                yield name
            for each in messages:
                if each.get("thread_ts") in (None, each["ts"]):
                    yield from indented(self._message(channel, each), "  ")
                    for reply in self._replies(messages, each["ts"]):
                        yield from indented(self._message(channel, reply), "    | ")
        for each in self._fake.ephemerals():
            thread = " in the thread" if each.get("thread_ts") else ""
            yield f"only {NAMES[each['user']]} sees, in {PLACES[each['channel']]}{thread}"
            yield from indented(self._body(each), "  ")
        for view in self._open().values():
            yield f"only {NAMES[view['user']]} sees, in a window: {view['title']['text']}"
            yield from indented(map(self._block, view["blocks"]), "  ")
            yield f"  [{view['close']['text']}]"

    def _replies(self, messages: list[dict[str, Any]], thread: str) -> list[dict[str, Any]]:
        return [each for each in messages if each.get("thread_ts") == thread != each["ts"]]

    def _message(self, channel: str, message: dict[str, Any]) -> Iterator[str]:
        put = self._fake.reactions.get((channel, message["ts"]), ())
        reactions = "".join(f" :{name}:" for name in sorted(put))
        who = NAMES.get(message.get("user", ""), "Parley")
        body = list(self._body(message))
        yield f"{who}: {body[0] if body else ''}{reactions}"
        yield from indented(body[1:], "  ")

    def _body(self, message: dict[str, Any]) -> Iterator[str]:
        text = str(message.get("text") or "")
        if message.get("streamed") or not message.get("blocks"):
            yield self._named(text)
        yield from map(self._block, message.get("blocks") or [])
        yield from (f"> {each['author_name']}: {each['text']}" for each in message.get("attachments") or ())
        yield from (f"📎 {each['name']}" for each in message.get("files") or ())

    def _named(self, text: str) -> str:
        text = text.replace(f"<@{self._fake.bot_user_id}>", "@Parley")
        return re.sub(r"<@(\w+)>", lambda match: f"@{NAMES.get(match[1], match[1])}", text)

    def _block(self, block: Block) -> str:
        match block["type"]:
            case "markdown":
                return self._named(block["text"])
            case "section":
                return self._named(block["text"]["text"])
            case "header":
                return f"## {block['text']['text']}"
            case "divider":
                return "---"
            case "context":
                return "\n".join(f"({self._named(each['text'])})" for each in block["elements"])
            case "rich_text":
                return "\n".join(f"> {part['elements'][0]['text']}" for part in block["elements"])
            case "actions" | "context_actions":
                return " ".join(f"[{each['text']['text']}]" for each in _elements([block]))
        return f"({block['type']})"


def _elements(blocks: list[Block]) -> Iterator[Block]:
    """The buttons of a message, both sides of a thumb as one each."""
    for block in blocks:
        for element in (*block.get("elements", ()), block.get("accessory", {})):
            if element.get("type") == "feedback_buttons":
                for side in ("positive_button", "negative_button"):
                    yield {**element[side], "action_id": element["action_id"]}
            elif element.get("type") == "button":
                yield element


def _saying(label: str, blocks: list[Block]) -> Iterator[tuple[str, str]]:
    """What a press of the buttons with this label says: action and value."""
    for element in _elements(blocks):
        if element["text"]["text"] == label:
            yield element["action_id"], element["value"]


def _options(element: Block) -> str:
    chosen = " / ".join(each["text"]["text"] for each in element.get("options") or ())
    return chosen or str(element.get("initial_value") or "…")
