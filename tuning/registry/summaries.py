"""A version told to a script or a person."""

from typing import Any

from django.utils import timezone

from llm.spending import pricing
from tuning.models import ModelVersion
from tuning.registry import lineage


def as_json(version: ModelVersion, *, is_live: bool) -> dict[str, Any]:
    return {
        "id": version.pk,
        "endpoint": version.endpoint.name,
        "model": version.model,
        "base": version.base or None,
        "dataset": version.dataset_id,
        "job": version.job_id,
        "prompt": version.prompt,
        "template_hash": version.template_hash,
        "retires_on": version.retires_on.isoformat() if version.retires_on else None,
        "is_live": is_live,
    }


def with_lineage(version: ModelVersion, *, is_live: bool) -> dict[str, Any]:
    """The same, with what taught it, when it was let answer, and how many answers it gave."""
    taught = lineage.taught(version)
    return {
        **as_json(version, is_live=is_live),
        "parameters": version.parameters,
        "retrieval": version.retrieval,
        "price": _price(version),
        "examples": [line.example_id for line in taught if line.example_id],
        "erased_examples": sum(not line.messages for line in taught),
        "answers": lineage.answers(version).count(),
        "served": [{"at": row.created_at.isoformat(), "reason": row.reason} for row in lineage.served(version)],
    }


def _price(version: ModelVersion) -> dict[str, str | None]:
    """USD per million tokens today; None is unpriced."""
    rates = pricing.rates(version.endpoint.provider, version.model, timezone.now())
    told = {"input": rates.input, "cached": rates.cached, "output": rates.output}
    return {name: None if price is None else str(price) for name, price in told.items()}


def line(version: ModelVersion, *, is_live: bool) -> str:
    origin = f"tuned from {version.base}" if version.is_tuned else "a base model"
    ends = f", retired on {version.retires_on}" if version.retires_on else ""
    return f"{'live' if is_live else '':<5}{version.pk:>3}  {version}  {origin}, prompt {version.prompt}{ends}"
