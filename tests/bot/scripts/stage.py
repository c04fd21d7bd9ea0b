"""Two platforms as one stage: people act in words that both have, and what everybody reads is written down as text."""

import re
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from bot.models import Channel, Delivery, DeliveryState, Message, Question, QuestionState, Speaker, Workspace
from tests.fakes.providers.fake import FakeProviders
from tests.harness import bots

OVER = (QuestionState.DONE, QuestionState.CANCELLED, QuestionState.REFUSED, QuestionState.DEAD)
WAITING = (DeliveryState.STREAMING, DeliveryState.WAITING, DeliveryState.SENDING)
PERSONS = re.compile(r"\s*(\| )?(Ann|Bob)( \(.*\))?(:| presses| sends)|#|Ann and Parley$")
SECONDS = 10.0  # in which the bot has to say something
QUIET_SECONDS = 0.2  # in which nothing new was said, after which all is said


class Stage(ABC):
    """Ann asks, Bob is of the team. `model` is what writes the answers, `help` the id of the channel where people ask.

    A conversation is what is said in one thread, the last one begun. `pressed` tells who pressed what, and what they
    wrote into the form that opened.
    """

    help: str

    def __init__(self, model: FakeProviders) -> None:
        self.model = model
        self.pressed: list[str] = []
        self._before: list[str] = []  # what the bot had said when it was quiet last

    @abstractmethod
    def mention(self, person: str, text: str, *, above: Iterable[tuple[str, str]] = ()) -> None:
        """Call the bot: in #help, or in a thread in which others have written `above` (who, what) before."""

    @abstractmethod
    def point(self, person: str, text: str, to: tuple[str, str]) -> None:
        """Call the bot about what somebody wrote (who, what) in #help: forwarded on Slack, replied to on Discord."""

    @abstractmethod
    def call(self, person: str, text: str) -> None:
        """Call the bot in the thread of the conversation."""

    @abstractmethod
    def write(self, person: str, text: str) -> None:
        """Write into the thread of the conversation."""

    @abstractmethod
    def attach(self, person: str, text: str) -> None:
        """Call the bot in #help with a file."""

    @abstractmethod
    def edit(self, text: str) -> None:
        """Change the question that the conversation began with."""

    @abstractmethod
    def direct(self, person: str, text: str) -> None:
        """Write to the bot alone."""

    @abstractmethod
    def command(self, person: str, text: str) -> None:
        """Ask by /ask in #help."""

    @abstractmethod
    def team(self, person: str, text: str) -> None:
        """Write into the team's thread about the question."""

    @abstractmethod
    def press(self, person: str, label: str) -> None:
        """Press the newest button that says so, wherever the person sees it."""

    @abstractmethod
    def fill(self, person: str, given: dict[str, str]) -> None:
        """Send the form that has opened."""

    @abstractmethod
    def shown(self) -> Iterator[str]:
        """What everybody reads, line by line."""

    def says(self, *replies: str) -> None:
        """What the model says to the next calls of it, in turn."""
        self.model.blocks_in_turn = [[(reply, ())] for reply in replies]

    def set(self, **fields: Any) -> None:
        """How #help is set."""
        found, _ = Channel.objects.get_or_create(
            external_id=self.help, defaults={"workspace": Workspace.objects.get(name__gt=""), "name": "help"}
        )
        Channel.objects.filter(pk=found.pk).update(**fields)

    def begun(self) -> None:
        """Wait until an answer is begun to every question, and the model is at it."""
        asked = Message.objects.filter(speaker=Speaker.ASKER)
        bots.until(lambda: asked.exists() and self.model.requests, "the model writes")

    def sees(self, words: str) -> None:
        """Wait until somebody reads these words, and the bot has no more to say."""
        self.sees_at_once(words)
        self.quiet()

    def sees_at_once(self, words: str) -> None:
        """Wait until somebody reads these words, whatever is still to come."""
        try:
            bots.until(lambda: words in self.text(), f"somebody reads {words!r}", SECONDS)
        except AssertionError as error:
            raise AssertionError(f"{error}; this is read:\n{self.text()}") from None

    def answered(self) -> None:
        """Wait until the bot has said something more, or has changed what it said, and has no more to say."""
        bots.until(lambda: self._heard() != self._before, f"the bot answers; there is:\n{self.text()}", SECONDS)
        self.quiet()

    def quiet(self) -> None:
        """Wait until nothing is to be answered or posted, and nothing new is read for a while."""
        read = ""
        while read != (read := self.text()):
            bots.until(lambda: not Question.objects.exclude(state__in=OVER).exists(), "every question has ended")
            bots.until(lambda: not Delivery.objects.filter(state__in=WAITING).exists(), "every post is out")
            time.sleep(QUIET_SECONDS)
        self._before = self._heard()

    def text(self) -> str:
        """What everybody reads and pressed, without what differs from run to run."""
        return plain("\n".join([*self.shown(), *self.pressed])) + "\n"

    def _sends(self, person: str, title: str, fields: dict[str, str], values: dict[str, str]) -> None:
        """Note what a form asks (label of each field, with what may be chosen) and what was written into it."""
        self.pressed.append(f"{person} sends the form “{title}”")
        for label, shown in fields.items():
            said = f" → {values[label]}" if label in values else ""
            self.pressed += indented([f"{label}: {shown}{said}"], "  ")

    def _heard(self) -> list[str]:
        """The lines that are no person's."""
        return [line for line in self.text().splitlines() if not PERSONS.match(line)]


def plain(text: str) -> str:
    """`text` without ids, and with times as words."""
    text = re.sub(r"\b[0-9a-f]{32}\b", "(incident id)", text)
    text = re.sub(r"https://(fake\.slack|discord)\.com/(archives|channels)/[\w/@]+", "https://the.question", text)
    return re.sub(r"https?://127\.0\.0\.1:\d+", "https://platform.example", text)


def indented(lines: Iterable[str], by: str = "    ") -> Iterator[str]:
    for line in lines:
        yield from (f"{by}{each}".rstrip() for each in line.split("\n"))


Act = Callable[[Stage], None]
