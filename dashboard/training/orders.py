"""What somebody is shown before they order a job, signed: just that is ordered, and once."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.core import signing

from dashboard.rendering import words
from llm import endpoints
from llm.models import Endpoint
from llm.spending import money
from tuning.jobs import submitting
from tuning.jobs.submitting import WantedJob
from tuning.models import Dataset, ModelVersion, Split
from tuning.registry import versions

SALT = "parley fine-tune order"
VALID = timedelta(hours=1)
STALE = (
    "This dataset was frozen for another wording of the prompt than this version of Parley asks in. A model that is "
    "trained on it may not answer; freeze the examples anew."
)


class AgreementError(ValueError):
    """What was agreed to is not what would be ordered now, or was never shown; the message says why."""


@dataclass(frozen=True)
class Shown:
    """An order as it is agreed to. `token` says all of it; `left` is what the budget holds, None without one."""

    wanted: WantedJob
    token: str
    estimate: Decimal | None
    left: Decimal | None
    counts: dict[str, int]
    address: str
    warnings: Sequence[str]

    @property
    def tokens(self) -> int:
        return self.wanted.dataset.tokens * self.wanted.epochs

    @property
    def labels(self) -> dict[str, str]:
        return {
            "estimate": money.label(self.estimate),
            "left": "no limit" if self.left is None else money.amount(self.left),
            "trainer": words.TRAINERS.get(self.wanted.trainer, self.wanted.trainer),
        }

    @property
    def is_unpriced(self) -> bool:
        return self.estimate is None

    @property
    def fits(self) -> bool:
        return self.left is None or self.estimate is None or self.estimate <= self.left


def show(wanted: WantedJob) -> Shown:
    """What a person is to agree to, as it is now."""
    lines = wanted.dataset.lines.exclude(messages=[])
    told = [] if versions.is_current(wanted.dataset) else [STALE]
    return Shown(
        wanted=wanted,
        token=signing.dumps({"key": uuid.uuid4().hex, **_facts(wanted)}, salt=SALT),
        estimate=submitting.estimate(wanted),
        left=submitting.room(),
        counts={split: lines.filter(split=split).count() for split in Split.values},
        address=endpoints.address(wanted.endpoint) if wanted.endpoint else "",
        warnings=[*told, *wanted.dataset.warnings],
    )


def agreed(token: str) -> tuple[WantedJob, uuid.UUID, bool]:
    """What was agreed to, the key of its job, and whether everything is still as it was shown. Raises AgreementError.

    An order that is there already counts as agreed to, whatever has changed since.
    """
    try:
        said = signing.loads(token, salt=SALT, max_age=VALID)
    except signing.SignatureExpired as error:
        raise AgreementError("That was shown more than an hour ago; please look at it again.") from error
    except signing.BadSignature as error:
        raise AgreementError("This order was never shown; please begin again.") from error
    key = uuid.UUID(said.pop("key"))
    wanted = _wanted(said)
    return wanted, key, _facts(wanted) == said


def _facts(wanted: WantedJob) -> dict[str, Any]:
    """Everything that is agreed to, as it stands now."""
    estimate = submitting.estimate(wanted)
    return {
        "dataset": wanted.dataset.pk,
        "checksum": wanted.dataset.checksum,
        "lines": wanted.dataset.lines.exclude(messages=[]).count(),
        "trainer": wanted.trainer,
        "endpoint": wanted.endpoint.pk if wanted.endpoint else None,
        "address": endpoints.address(wanted.endpoint) if wanted.endpoint else "",
        "base": wanted.base,
        "epochs": wanted.epochs,
        "parameters": dict(wanted.parameters or {}),
        "replaces": wanted.replaces.pk if wanted.replaces else None,
        "estimate": None if estimate is None else str(estimate),
    }


def _wanted(said: dict[str, Any]) -> WantedJob:
    """The order of what was signed. Raises AgreementError where a row of it is gone."""
    dataset = Dataset.objects.filter(pk=said["dataset"]).first()
    endpoint = Endpoint.objects.filter(pk=said["endpoint"]).first() if said["endpoint"] else None
    if dataset is None or (said["endpoint"] and endpoint is None):
        raise AgreementError("The dataset or the endpoint is gone; please begin again.")
    replaces = ModelVersion.objects.select_related("endpoint").filter(pk=said["replaces"] or 0).first()
    return WantedJob(
        dataset, said["trainer"], said["base"], endpoint, said["epochs"], said["parameters"], replaces
    )  # fmt: skip
