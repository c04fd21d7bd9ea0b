"""The terminal as a platform, so that a person can feel the bot without an account: the same inbox and outbox."""

import itertools
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TextIO

from bot.inbox import receiving
from bot.messenger import AnswerStage, Audience, Bot, Incoming, Live, Messenger, Place, Posted
from bot.models import Channel, ChannelKind, Delivery, Platform, Question, Workspace
from bot.posts import press
from bot.posts.post import Field, Form, Post, Sheet
from bot.surroundings.utterances import Utterance
from bot.team import pressing

WORKSPACE, CHANNEL, PERSON = "terminal", "terminal", "you"
HELP = "A line is a question; /up, /down, /human and the like press a button under the last answer; Ctrl-D ends."


class ConsoleMessenger(Messenger):
    part_characters = 100_000

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self.last: Post | None = None

    def measure(self, post: Post) -> int:
        return len(post.text)

    def say(self, text: str, end: str = "\n") -> None:
        with self._lock:
            self._out.write(text + end)
            self._out.flush()

    def sign(self, question: Question) -> None:  # noqa: ARG002  the interface's
        self.say("… looking in the documents")

    def progress(self, question: Question, stage: AnswerStage) -> None:  # noqa: ARG002  the interface's
        if stage == AnswerStage.READING:
            self.say("… reading what I found")

    def begin(self, delivery: Delivery, keep: Callable[[str], None]) -> Live:  # noqa: ARG002  there is nothing to keep
        return ConsoleLive(self)

    def send(self, delivery: Delivery) -> str:
        self.show(Post.from_json(delivery.body))
        return str(next(self._numbers))

    def show(self, post: Post, *, has_text: bool = True) -> None:
        lines = [post.text] if has_text and post.text else [""]
        lines += [
            f"  [{each.number}] {each.title}"
            + (f"  {each.url}" if each.url else "")
            + (f"  ({each.age})" if each.age else "")
            for each in post.sources
        ]
        lines += [f"  {note}" for note in post.notes]
        if post.buttons:
            lines.append("  " + "  ".join(f"/{button.action} {button.label}" for button in post.buttons))
        self.say("\n".join(lines))
        self.last = post

    def edit(self, delivery: Delivery) -> None:
        self.show(Post.from_json(delivery.body))

    def own(self, channel: Channel, thread_id: str, after: str | datetime) -> list[Posted]:  # noqa: ARG002
        """Nothing: a terminal forgets."""
        return []

    def delete(self, channel: Channel, message_id: str, *, thread_id: str = "") -> None:
        """What is printed stays."""

    def permalink(self, question: Question) -> str:  # noqa: ARG002
        return ""

    def audience(self, channel: Channel) -> Audience:  # noqa: ARG002
        return Audience(has_outsiders=False)

    def places(self, workspace: Workspace) -> list[Place]:  # noqa: ARG002
        return []

    def catch_up(self, channel: Channel, since: datetime) -> Iterator[Incoming]:  # noqa: ARG002
        return iter(())

    def thread(self, channel: Channel, thread_id: str, before: str) -> list[Utterance]:  # noqa: ARG002
        """Nothing: a terminal has no threads."""
        return []

    def replied(self, channel: Channel, replies_to: str) -> None:
        """Nothing: a line replies to none."""


class ConsoleLive(Live):
    """Prints what is new of the answer."""

    def __init__(self, messenger: ConsoleMessenger) -> None:
        self._messenger = messenger
        self._shown = ""

    def show(self, text: str) -> None:
        if text.startswith(self._shown):
            self._messenger.say(text[len(self._shown) :], end="")
            self._shown = text

    def finish(self, post: Post) -> bool:
        if not self._shown or not post.text.startswith(self._shown):
            self._messenger.say("")
            return False
        self._messenger.say(post.text[len(self._shown) :])
        self._messenger.show(post, has_text=False)
        return True


class ConsoleBot(Bot):
    def __init__(self, source: TextIO = sys.stdin, out: TextIO = sys.stdout) -> None:
        self.messenger: ConsoleMessenger = ConsoleMessenger(out)
        self._source = source

    def start(self, on_gap: Callable[[], None]) -> None:
        """Nothing: `read` is called by whoever has the terminal."""

    def stop(self) -> None:
        """Nothing: the terminal ends by itself."""

    @property
    def is_connected(self) -> bool:
        return True

    def read(self, ask: Callable[[str], str]) -> bool:
        """Take one line; False at the end. `ask` puts a question of a form to the person."""
        line = self._source.readline()
        if not line:
            return False
        text = line.strip()
        if text.startswith("/"):
            self._press(text[1:], ask)
        elif text:
            receiving.receive(_incoming(text))
        return True

    def _press(self, action: str, ask: Callable[[str], str]) -> None:
        shown = self.messenger.last.buttons if self.messenger.last else ()
        button = next((each for each in shown if each.action == action), None)
        if button is None:
            self.messenger.say(HELP)
            return
        here = press.Press(button.action, button.value, PERSON, PERSON, has_outsiders=lambda _: False)
        result = pressing.press(here)
        if isinstance(result, Sheet):
            self.messenger.say("\n".join(f"  [{each.number}] {each.title}: {each.quote}" for each in result.excerpts))
            return
        if isinstance(result, Form):
            fields = {each.name: ask(_prompt(each)) or each.initial for each in result.fields}
            result = pressing.submit(result.name, result.value, fields, person=PERSON, person_name=PERSON)
        self.messenger.say(result.text)


def _prompt(field: Field) -> str:
    options = f" ({', '.join(value for value, _ in field.options)})" if field.options else ""
    return f"{field.label}{options}: "


def _incoming(text: str) -> Incoming:
    number = uuid.uuid4().hex
    return Incoming(
        platform=Platform.CONSOLE,
        workspace=WORKSPACE,
        channel=CHANNEL,
        kind=ChannelKind.DIRECT,
        message_id=number,
        author=PERSON,
        author_name=PERSON,
        text=text,
        delivery_key=f"console:{number}",
        is_threaded=False,
    )
