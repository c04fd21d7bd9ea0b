"""Slack as a stage: a local Slack, and its blocks as text."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from tests.bot.scripts.stage import Stage, indented
from tests.fakes.slack.workspace import ANN, BOB, CHANNEL, DIRECT, TEAM, Workspace
from tests.harness import bots

PEOPLE = {"Ann": ANN, "Bob": BOB}
NAMES = {key: name for name, key in PEOPLE.items()}
PLACES = {CHANNEL: "#help", TEAM: "#team", DIRECT: "Ann and Parley"}
Block = dict[str, Any]


class SlackStage(Stage):
    def __init__(self, workspace: Workspace) -> None:
        self._workspace, self._fake = workspace, workspace.fake
        self._place, self._thread = CHANNEL, ""
        self._views = 0

    def mention(self, person: str, text: str, *, above: Iterable[tuple[str, str]] = ()) -> None:
        thread: dict[str, Any] = {}
        for who, said in above:
            self._thread = self._fake.post(CHANNEL, PEOPLE[who], said, **thread)
            thread = thread or {"thread_ts": self._thread}
        called = f"<@{self._fake.bot_user_id}> {text}"
        ts = self._fake.post(CHANNEL, PEOPLE[person], called, **thread)
        self._place, self._thread = CHANNEL, thread.get("thread_ts", ts)

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
        channel, ts, action, value = list(self._with(person, label))[-1]
        self._views = len(self._fake.views)
        self._fake.press(channel, ts, action, PEOPLE[person], value)

    def _with(self, person: str, label: str) -> Iterator[tuple[str, str, str, str]]:
        """Where a person sees a button: channel, message, and what the press says."""
        for channel in PLACES:
            for message in self._everything(channel, person):
                for element in _elements(message.get("blocks") or []):
                    if element["text"]["text"] == label:
                        yield channel, message["ts"], element["action_id"], element["value"]

    def _everything(self, channel: str, person: str = "") -> list[dict[str, Any]]:
        hidden = self._fake.ephemerals(channel, PEOPLE[person]) if person else []
        return [*self._fake.messages(channel), *hidden]

    def fill(self, person: str, values: dict[str, str]) -> None:
        bots.until(lambda: len(self._fake.views) > self._views, "a form has opened")
        view = list(self._fake.views)[-1]
        self._fake.submit(PEOPLE[person], view, {name: {name: value} for name, value in values.items()})

    def shown(self) -> Iterator[str]:
        for channel, name in PLACES.items():
            messages = self._fake.messages(channel)
            if messages:
                yield name
            for each in messages:
                if each.get("thread_ts") in (None, each["ts"]):
                    yield from indented(self._message(each), "  ")
                    for reply in self._replies(messages, each["ts"]):
                        yield from indented(self._message(reply), "    | ")
        for each in self._fake.ephemerals():
            thread = " in the thread" if each.get("thread_ts") else ""
            yield f"only {NAMES[each['user']]} sees, in {PLACES[each['channel']]}{thread}"
            yield from indented(self._body(each), "  ")
        for view in self._fake.views.values():
            yield f"a form: {view['title']['text']}"
            yield from indented(map(self._block, view["blocks"]), "  ")

    def _replies(self, messages: list[dict[str, Any]], thread: str) -> list[dict[str, Any]]:
        return [each for each in messages if each.get("thread_ts") == thread != each["ts"]]

    def _message(self, message: dict[str, Any]) -> Iterator[str]:
        reactions = "".join(f" :{each['name']}:" for each in message.get("reactions") or ())
        who = NAMES.get(message.get("user", ""), "Parley")
        body = list(self._body(message))
        yield f"{who}: {body[0] if body else ''}{reactions}"
        yield from indented(body[1:], "  ")

    def _body(self, message: dict[str, Any]) -> Iterator[str]:
        text = str(message.get("text") or "")
        if message.get("streamed") or not message.get("blocks"):
            yield self._named(text)
        yield from map(self._block, message.get("blocks") or [])

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
            case "input":
                return f"{block['label']['text']}: {_options(block['element'])}"
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


def _options(element: Block) -> str:
    chosen = " / ".join(each["text"]["text"] for each in element.get("options") or ())
    return chosen or str(element.get("initial_value") or "…")
