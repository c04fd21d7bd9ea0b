"""Two platforms as one stage: people act in words that both have, and what everybody reads is written down as text."""

import re
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator

from bot.models import Delivery, DeliveryState, Question, QuestionState
from tests.harness import bots

OVER = (QuestionState.DONE, QuestionState.CANCELLED, QuestionState.REFUSED, QuestionState.DEAD)
WAITING = (DeliveryState.STREAMING, DeliveryState.WAITING, DeliveryState.SENDING)
PERSONS = re.compile(r"\s*(\| )?(Ann|Bob): |#|Ann and Parley$")
QUIET_SECONDS = 0.4  # in which nothing new was said, after which all is said


class Stage(ABC):
    """Ann asks, Bob is of the team. A conversation is what is said in one thread; `thread` is the last one begun."""

    _before: list[str] = []  # what the bot had said when it was quiet last

    @abstractmethod
    def mention(self, person: str, text: str, *, above: Iterable[tuple[str, str]] = ()) -> None:
        """Call the bot: in #help, or in a thread in which others have written `above` (who, what) before."""

    @abstractmethod
    def write(self, person: str, text: str) -> None:
        """Write into the thread of the conversation."""

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
    def fill(self, person: str, values: dict[str, str]) -> None:
        """Send the form that has opened."""

    @abstractmethod
    def shown(self) -> Iterator[str]:
        """What everybody reads, line by line."""

    def answered(self) -> None:
        """Wait until the bot has said something more, or has changed what it said, and has no more to say."""
        bots.until(lambda: self._heard() != self._before, "the bot has answered")
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
        """What everybody reads, without what differs from run to run."""
        return plain("\n".join(self.shown())) + "\n"

    def _heard(self) -> list[str]:
        """The lines that are no person's."""
        return [line for line in self.text().splitlines() if not PERSONS.match(line)]


def plain(text: str) -> str:
    """`text` without ids, and with times as words."""
    text = re.sub(r"\b[0-9a-f]{32}\b", "(incident id)", text)
    return re.sub(r"https?://127\.0\.0\.1:\d+", "https://platform.example", text)


def indented(lines: Iterable[str], by: str = "    ") -> Iterator[str]:
    for line in lines:
        yield from (f"{by}{each}".rstrip() for each in line.split("\n"))


Act = Callable[[Stage], None]
