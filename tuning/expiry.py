"""Watching the end of models: a provider tells when it retires one, and those who depend on it are told in time."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils import timezone

from llm.completion import ProviderError
from llm.models import Deployment, ServingRole
from llm.providers import provider_for
from tuning.models import ModelVersion
from tuning.registry import versions

log = logging.getLogger(__name__)

DAYS = (90, 30, 7)  # before the end, at which it is said again and louder
SECONDS = 20.0


@dataclass(frozen=True)
class Ending:
    """A version that is not served for ever. `days` is negative once it is gone; `is_live`: it serves now."""

    version: ModelVersion
    days: int
    is_live: bool

    @property
    def threshold(self) -> int:
        """The last of DAYS that it has passed."""
        return min(day for day in DAYS if self.days <= day)

    @property
    def sentence(self) -> str:
        """What ends, and when; "" where nobody has said a day."""
        if self.version.retires_on is None:
            return ""
        day = f"{self.version.retires_on:%-d %B %Y}"
        does = "says answers again" if versions.role_of(self.version) == ServingRole.RESTYLE else "answers"
        live = f" It {does} now." if self.is_live else ""
        if self.days < 0:
            return f"{self.version} is not served any more since {day}.{live}"
        left = "today" if self.days == 0 else "tomorrow" if self.days == 1 else f"in {self.days} days"
        return f"{self.version} ends {left}, on {day}.{live}"


def watch() -> int:
    """Once a day: ask of every version when it ends, and keep it; how many told.

    One that cannot be asked is asked again tomorrow, and what it told before stays.
    """
    told = 0
    for version in ModelVersion.objects.select_related("endpoint"):
        deployment = Deployment(role=versions.role_of(version), endpoint=version.endpoint, model=version.model)
        try:
            day = provider_for(deployment).retires_on(version.model, timeout=SECONDS)
        except ProviderError as error:
            log.info("When %s ends is not known: %s", version, error)
            continue
        found = {"retires_on": day, "retirement_told_by": ""} if day else {}
        ModelVersion.objects.filter(pk=version.pk).update(retirement_checked_at=timezone.now(), **found)
        told += day is not None
    return told


def endings(today: date) -> Sequence[Ending]:
    """What ends within the longest of DAYS, or has ended: what answers now before all others, then the soonest."""
    soon = ModelVersion.objects.filter(retires_on__lte=today + timedelta(days=max(DAYS))).order_by("retires_on", "id")
    found = soon.select_related("endpoint", "dataset")
    serving = {role: versions.live(role) for role in set(map(versions.role_of, found))}
    endings = [
        Ending(each, (each.retires_on - today).days, each == serving[versions.role_of(each)])
        for each in found
        if each.retires_on
    ]
    return sorted(endings, key=lambda each: not each.is_live)
