"""A job told to a script or a person."""

from decimal import Decimal
from typing import Any

from llm.models import Endpoint
from llm.spending import money
from tuning.jobs import states
from tuning.models import FineTuneJob
from tuning.trainers.base import Availability


def as_json(job: FineTuneJob) -> dict[str, Any]:
    return {
        "job": job.pk,
        "dataset": job.dataset_id,
        "trainer": job.trainer,
        "endpoint": job.endpoint.name if job.endpoint else None,
        "base": job.base,
        "state": job.state,
        "provider_state": job.provider_state,
        "provider_job": job.provider_job,
        "estimate_usd": usd(job.estimate),
        "cost_usd": usd(job.cost),
        "trained_tokens": job.trained_tokens,
        "model": job.model or None,
        "error": job.error or None,
        "created_at": job.created_at.isoformat(),
        "finished_at": job.finished_at.isoformat() if job.finished_at else None,
    }


def line(job: FineTuneJob) -> str:
    cost = f"cost {money.label(job.cost)}" if states.is_over(job) else f"about {money.label(job.estimate)}"
    more = job.model or job.error
    return (
        f"job {job.pk}  {job.base} on {job.dataset} by {job.trainer}  {job.state}  {cost}{f'  {more}' if more else ''}"
    )


def availability(trainer: str, endpoint: Endpoint | None, told: Availability) -> dict[str, Any]:
    return {
        "trainer": trainer,
        "endpoint": endpoint.name if endpoint else None,
        "is_available": told.is_available,
        "until": told.until.isoformat() if told.until else None,
        "why": told.why,
    }


def usd(amount: Decimal | None) -> str | None:
    """As it stands in JSON; None where no price is known."""
    return None if amount is None else f"{amount:.4f}"
