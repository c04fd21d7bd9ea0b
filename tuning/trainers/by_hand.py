"""Training elsewhere: the files are downloaded, and the model is registered by a person when it is there."""

from collections.abc import Mapping
from datetime import date

from llm.models import Endpoint
from tuning.models import JobState
from tuning.trainers.base import Availability, Order, Report, Trainer

NAME = "by_hand"  # what jobs call it


class ByHandTrainer(Trainer):
    takes_an_endpoint = False

    def availability(self, endpoint: Endpoint | None, today: date) -> Availability:  # noqa: ARG002
        return Availability(True, "Always: download the dataset, train it anywhere, and register the model.")

    def upload(self, endpoint: Endpoint | None, order: Order) -> dict[str, str]:  # noqa: ARG002
        return {}

    def find(self, endpoint: Endpoint | None, key: str, files: Mapping[str, str]) -> str:  # noqa: ARG002
        return key

    def create(self, endpoint: Endpoint | None, order: Order, files: Mapping[str, str]) -> str:  # noqa: ARG002
        return order.key

    def report(self, endpoint: Endpoint | None, job: str) -> Report | None:  # noqa: ARG002
        return Report(JobState.RUNNING, "in somebody's hands")

    def cancel(self, endpoint: Endpoint | None, job: str) -> None:
        """Nobody has to be told."""
