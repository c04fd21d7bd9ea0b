"""Answers as a command names them, by their ids or by what fits, and what became of proposing them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.management.base import CommandError

from bot.models import Channel, Message, Outcome, Platform, Speaker
from llm.completion import ProviderError
from tuning.examples.proposing import ExampleError, propose_once
from tuning.models import TrainingExample

RATINGS = ("up", "down", "none")


@dataclass(frozen=True)
class Refusal:
    message: int
    reason: str


@dataclass
class Proposed:
    """What became of each answer."""

    proposed: list[TrainingExample] = field(default_factory=list)
    known: list[TrainingExample] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)

    @property
    def total(self) -> int:
        return len(self.proposed) + len(self.known) + len(self.refused)

    @property
    def summary(self) -> str:
        return f"{len(self.proposed)} proposed, {len(self.known)} known already, {len(self.refused)} refused."

    def as_json(self, row: Callable[[TrainingExample], dict[str, Any]]) -> dict[str, Any]:
        return {
            "proposed": [row(each) for each in self.proposed],
            "known": [row(each) for each in self.known],
            "refused": [{"message": each.message, "reason": each.reason} for each in self.refused],
        }


def messages(ids: Sequence[int], matching: Sequence[str]) -> list[int]:
    """The ids of answers that were named, or of all that fit, oldest first. Raises CommandError."""
    if bool(ids) == bool(matching):
        raise CommandError("Name answers by their ids, or say --matching what fits; not both.")
    if not matching:
        return list(dict.fromkeys(ids))
    found = Message.objects.matching(_wanted(matching)).values_list("pk", flat=True)
    return sorted(found)


def propose(ids: Iterable[int]) -> Proposed:
    """Each in a transaction of its own; what is refused, or cannot be searched now, keeps none of the others."""
    done = Proposed()
    known = Message.objects.select_related("conversation__user", "voice", "question__channel__workspace")
    for pk in ids:
        message = known.filter(pk=pk, speaker=Speaker.BOT).first()
        if message is None:
            done.refused.append(Refusal(pk, f"There is no answer {pk}."))
            continue
        try:
            example, is_new = propose_once(message, by=None)
        except (ExampleError, ProviderError) as error:
            done.refused.append(Refusal(pk, str(error)))
            continue
        (done.proposed if is_new else done.known).append(example)
    return done


def _wanted(matching: Sequence[str]) -> dict[str, Any]:
    """ "rating=up" and the like as Message.objects.matching takes it. Raises CommandError."""
    wanted: dict[str, Any] = {}
    for each in matching:
        name, _, value = each.partition("=")
        if name not in WANTED or not value:
            raise CommandError(f"{each!r} is not understood: write WHAT=VALUE, where WHAT is {', '.join(WANTED)}.")
        try:
            wanted |= WANTED[name](value)
        except (ValueError, InvalidOperation) as error:
            raise CommandError(f"{each!r}: {error}") from error
    return wanted


def _day(value: str) -> dict[str, Any]:
    return {"since": date.fromisoformat(value), "until": date.fromisoformat(value)}


def _channel(value: str) -> dict[str, Any]:
    """By id of the platform or by name. Raises CommandError for none, or several."""
    found = Channel.objects.filter(external_id=value) or Channel.objects.filter(name=value.removeprefix("#"))
    if len(found) != 1:
        raise CommandError(f"{len(found)} channels are called {value!r}; manage.py channel lists their ids.")
    return {"channel": found[0]}


def _one_of(name: str, known: Iterable[str]) -> Callable[[str], dict[str, Any]]:
    def read(value: str) -> dict[str, Any]:
        if value not in list(known):
            raise ValueError(f"there are {', '.join(known)}")
        return {name: value}

    return read


WANTED: dict[str, Callable[[str], dict[str, Any]]] = {
    "day": _day,
    "since": lambda value: {"since": date.fromisoformat(value)},
    "until": lambda value: {"until": date.fromisoformat(value)},
    "platform": _one_of("platform", Platform.values),
    "channel": _channel,
    "outcome": _one_of("outcome", Outcome.values),
    "rating": _one_of("rating", RATINGS),
    "model": lambda value: {"model": value},
    "text": lambda value: {"text": value},
    "least_cost": lambda value: {"least_cost": Decimal(value)},
    "least_seconds": lambda value: {"least_seconds": float(value)},
}
