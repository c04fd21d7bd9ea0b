"""Leaving a model alone that keeps failing: its breaker opens, and calls are refused at once instead of waited for.

All processes share the state, a row of Breaker. What was called and how it ended is in the ledger, so nothing is
counted a second time. While a breaker is open one call in PROBE_SECONDS goes through, and when that succeeds it closes.
Times are the database's, as the clocks of processes differ.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import get_args

from django.db.models import Count, Q, QuerySet, Value
from django.db.models.functions import Now

from llm import vendors
from llm.completion import FinishReason, ProviderError
from llm.models import Breaker, Deployment, Purpose, ServingRole, UsageRecord

log = logging.getLogger(__name__)

WINDOW_SECONDS = 30
LEAST_CALLS = 10
FAILING_SHARE = 0.5
TIMEOUTS_IN_A_ROW = 5
PROBE_SECONDS = 15
SPOKEN = 5  # the last calls that said something, of which OFTEN as many late ones make a model slow
OFTEN = 2

FAILURES = frozenset({"unavailable", "timeout", "cut", "bad_reply", "rate_limit", "key", "quota"})
"""Ends that say something about the provider; the others are about the question, or about us."""

_SAYS_NOTHING = ("abandoned", "failed")
# Nobody waits for these: they come in thousands from jobs that are repeated, and would all fail while it is open.
_PATIENT = frozenset({Purpose.EMBED_DOCUMENT, Purpose.JUDGE, Purpose.EVALUATE})


@dataclass(frozen=True)
class Standing:
    """What is to be known of a model before it is called. `fallback_id` is the Deployment that would stand in.

    `is_hurried` is whether that one is asked after FIRST_WORD_SECONDS already. A candidate has as long as the live
    model has, as both are compared. `may_quote` is whether the documents' own words may stand in after that: unless
    they were asked for in the first place, or somebody decided that nobody stands in.
    """

    is_open: bool = False
    fallback_id: int | None = None
    is_hurried: bool = False
    may_quote: bool = False


@dataclass(frozen=True)
class Decided:
    """A model that was let serve a role; no `model` where nobody is to."""

    pk: int
    provider: str
    model: str


def standing(deployment: Deployment) -> Standing:
    """One query; none for a provider that runs in this process, which has no breaker and needs nobody to stand in."""
    provider, model = deployment.endpoint.provider, deployment.model
    if vendors.runs_here(provider):
        return Standing()
    opened = Breaker.objects.filter(provider=provider, model=model, opened_at__isnull=False)
    decided = Deployment.objects.decided(ServingRole.FALLBACK, ServingRole.ANSWER)
    rows = opened.values_list(Value("breaker"), "pk", "provider", "model").union(
        decided.values_list("role", "pk", "endpoint__provider", "model"), all=True
    )
    found = {kind: Decided(*row) for kind, *row in rows}
    chosen, live = found.get(ServingRole.FALLBACK), found.get(ServingRole.ANSWER)
    beside = live if deployment.is_candidate else None
    stand_in = _stand_in(Decided(0, provider, model), chosen, beside)
    hurrying = _stand_in(live, chosen, None) if deployment.is_candidate and live else stand_in
    return Standing(
        "breaker" in found,
        stand_in.pk if stand_in else None,
        is_hurried=hurrying is not None,
        may_quote=chosen is None or bool(chosen.model),
    )


def _stand_in(asked: Decided, chosen: Decided | None, live: Decided | None) -> Decided | None:
    """The fallback, or with nobody chosen the `live` model; nobody where that is what was chosen, and never the model
    that is asked itself."""
    if chosen is not None and not chosen.model:
        return None
    possible = (each for each in (chosen, live) if each is not None)
    return next((each for each in possible if (each.provider, each.model) != (asked.provider, asked.model)), None)


def admit(deployment: Deployment, purpose: Purpose, known: Standing | None = None) -> bool:
    """Let a call through, True when it is the probe of an open breaker. Raises ProviderError (open) when it may not."""
    if purpose in _PATIENT or not (known or standing(deployment)).is_open:
        return False
    if _due(deployment).update(probe_at=Now() + timedelta(seconds=PROBE_SECONDS)):
        return True
    raise ProviderError(
        f"{deployment} has failed too often and is left alone; it is tried again every {PROBE_SECONDS} seconds.",
        kind="open",
    )


def report(deployment: Deployment, outcome: str, *, is_probe: bool) -> None:
    """Learn from a call that is in the ledger: the success of a probe closes, a failure too many opens."""
    if vendors.runs_here(deployment.endpoint.provider):
        return
    if is_probe and outcome in get_args(FinishReason):
        _close(deployment)
    elif not is_probe and outcome in FAILURES and _has_failed_too_often(deployment, outcome):
        _open(deployment)


def is_slow(deployment: Deployment, milliseconds: float) -> bool:
    """Whether a model has lately needed longer than that for its first word, and more than once."""
    calls = UsageRecord.objects.filter(
        provider=deployment.endpoint.provider, model=deployment.model, first_token_ms__isnull=False
    )
    last = calls.order_by("-created_at", "-pk").values_list("first_token_ms", flat=True)[:SPOKEN]
    return sum(taken is not None and taken >= milliseconds for taken in last) >= OFTEN


def is_left_alone(deployment: Deployment) -> bool:
    """Whether a call would be refused now, and nobody is decided to stand in: what can wait had better wait."""
    known = standing(deployment)
    return known.is_open and known.fallback_id is None and not _due(deployment).exists()


def _due(deployment: Deployment) -> QuerySet[Breaker]:
    return _row(deployment).filter(opened_at__isnull=False, probe_at__lte=Now())


def _row(deployment: Deployment) -> QuerySet[Breaker]:
    return Breaker.objects.filter(provider=deployment.endpoint.provider, model=deployment.model)


def _has_failed_too_often(deployment: Deployment, outcome: str) -> bool:
    closed_at = _row(deployment).values_list("closed_at", flat=True).first()
    calls = _told(deployment, closed_at)
    recent = calls.filter(created_at__gt=Now() - timedelta(seconds=WINDOW_SECONDS)).aggregate(
        calls=Count("pk"), failures=Count("pk", filter=Q(finish_reason__in=FAILURES))
    )
    if recent["calls"] >= LEAST_CALLS and recent["failures"] >= recent["calls"] * FAILING_SHARE:
        return True
    if outcome != "timeout":
        return False
    last = calls.order_by("-created_at", "-pk").values_list("finish_reason", flat=True)[:TIMEOUTS_IN_A_ROW]
    return list(last) == ["timeout"] * TIMEOUTS_IN_A_ROW


def _told(deployment: Deployment, since: datetime | None) -> QuerySet[UsageRecord]:
    """The calls that say something about the model: it was asked, and the end was not ours."""
    calls = UsageRecord.objects.filter(
        provider=deployment.endpoint.provider, model=deployment.model, attempts__gt=0
    ).exclude(finish_reason__in=_SAYS_NOTHING)
    return calls.filter(created_at__gt=since) if since else calls


def _open(deployment: Deployment) -> None:
    Breaker.objects.get_or_create(provider=deployment.endpoint.provider, model=deployment.model)
    if (
        _row(deployment)
        .filter(opened_at=None)
        .update(opened_at=Now(), probe_at=Now() + timedelta(seconds=PROBE_SECONDS))
    ):
        log.error("%s has failed too often and is left alone for now.", deployment)


def _close(deployment: Deployment) -> None:
    if _row(deployment).filter(opened_at__isnull=False).update(opened_at=None, probe_at=None, closed_at=Now()):
        log.warning("%s answers again.", deployment)
