"""What a trainer must do. It keeps nothing: the job's row says how far things are."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from llm.models import Endpoint
from tuning.models import JobState


class UnknownTrainerError(ValueError):
    """No trainer has this name; the message lists those there are."""


@dataclass(frozen=True)
class Availability:
    """Whether this install can train here. `why` is a sentence for a person, said before anybody labels anything."""

    is_available: bool
    why: str
    until: date | None = None


@dataclass(frozen=True)
class Order:
    """What is to be trained, as files in `Trainer.file_format`. A job that carries `key` is this one, and ours.

    `preferences` are the lines that were edited, with the answer before, in `Trainer.preference_format`.
    """

    key: str
    base: str
    training: bytes
    validation: bytes
    parameters: Mapping[str, Any]
    preferences: bytes = b""


@dataclass(frozen=True)
class Event:
    key: str
    level: str
    message: str
    at: datetime


@dataclass(frozen=True)
class ReportedCheckpoint:
    """A model from the middle of a job."""

    step: int
    model: str
    metrics: Mapping[str, Any]


@dataclass(frozen=True)
class Report:
    """How a job is doing. `provider_state` is the trainer's own word; one that we do not know counts as running."""

    state: JobState
    provider_state: str
    model: str = ""
    trained_tokens: int | None = None
    error: str = ""
    events: Sequence[Event] = field(default_factory=tuple)
    stages: Sequence[ReportedCheckpoint] = field(default_factory=tuple)
    metrics: Sequence[Mapping[str, float]] = field(default_factory=tuple)


class Trainer(ABC):
    """One way to train. Methods raise ProviderError and nothing else."""

    file_format = "openai"
    preference_format = ""  # empty: it learns no preferences
    takes_an_endpoint = True
    costs_money = True

    @abstractmethod
    def availability(self, endpoint: Endpoint | None, today: date) -> Availability:
        """Whether a job could be ordered now; asks nobody."""

    def objection(self, base: str, parameters: Mapping[str, Any]) -> str:  # noqa: ARG002
        """Why an order is not taken as it is, as a sentence, as far as it can be told here; empty: nothing is wrong."""
        return ""

    def plan(self, order: Order) -> Sequence[str]:  # noqa: ARG002
        """What it would do with an order, in sentences. Sends and begins nothing."""
        return ()

    @abstractmethod
    def upload(self, endpoint: Endpoint | None, order: Order) -> dict[str, str]:
        """Hand the files over; their ids by "train" and "validation". What is there already is not sent again."""

    def ready(self, endpoint: Endpoint | None, files: Mapping[str, str]) -> None:  # noqa: B027
        """Raises ProviderError while a job cannot be made of the files: for good where they are unfit."""

    @abstractmethod
    def find(self, endpoint: Endpoint | None, key: str, files: Mapping[str, str]) -> str:
        """The id of the job that carries `key`, or was made of these `files`, its own; empty where there is none."""

    @abstractmethod
    def create(self, endpoint: Endpoint | None, order: Order, files: Mapping[str, str]) -> str:
        """Begin; the id of the job. Costs money, and is not repeated: whoever is not sure asks `find` first.

        A permanent ProviderError says that it was refused, and that nothing was begun.
        """

    @abstractmethod
    def report(self, endpoint: Endpoint | None, job: str) -> Report | None:
        """How it is doing; None where the trainer knows no such job."""

    @abstractmethod
    def cancel(self, endpoint: Endpoint | None, job: str) -> None:
        """End it; one that is over is left as it is."""
