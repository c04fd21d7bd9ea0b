"""What the commands of this room share: how they name a row that is not there, and print for a script."""

import json

from django.core.management.base import BaseCommand, CommandError

from llm.models import Endpoint
from tuning.models import Dataset, FineTuneJob


class ActionsCommand(BaseCommand):
    def _print(self, found: object) -> None:
        self.stdout.write(json.dumps(found, ensure_ascii=False, indent=2))


def find_dataset(number: int) -> Dataset:
    """Raises CommandError."""
    found = Dataset.objects.filter(pk=number).first()
    if found is None:
        raise CommandError(f"There is no dataset {number}; manage.py dataset list shows those there are.")
    return found


def find_endpoint(name: str) -> Endpoint:
    """Raises CommandError, which names those there are."""
    found = Endpoint.objects.filter(name=name).first()
    if found is None:
        known = ", ".join(Endpoint.objects.order_by("name").values_list("name", flat=True))
        raise CommandError(f"There is no endpoint named {name}; known are: {known}")
    return found


def find_job(number: int) -> FineTuneJob:
    """Raises CommandError."""
    found = FineTuneJob.objects.select_related("dataset", "endpoint").filter(pk=number).first()
    if found is None:
        raise CommandError(f"There is no job {number}; manage.py tune status shows those there are.")
    return found
