"""A dataset told to a script or a person."""

from typing import Any

from tuning.models import Dataset


def as_json(dataset: Dataset) -> dict[str, Any]:
    counts = dataset.counts()
    return {
        "dataset": dataset.pk,
        "name": dataset.name,
        "checksum": dataset.checksum,
        "prompt": dataset.prompt,
        "template_hash": dataset.template_hash,
        "examples": sum(counts.values()),
        "clusters": dataset.clusters,
        **counts,
        "barred": dataset.barred,
        "tokens": dataset.tokens,
        "longest": dataset.longest,
        "made_refusals": dataset.statistics.get("made_refusals", 0),
        "preferences": dataset.statistics.get("preferences", 0),
        "statistics": dataset.statistics,
        "problems": [],
        "warnings": dataset.warnings,
        "created_at": dataset.created_at.isoformat(),
    }


def line(dataset: Dataset) -> str:
    counts = dataset.counts()
    return (
        f"dataset {dataset.pk}  {dataset.name}  {counts['train']} to train on, {counts['validation']} to validate,"
        f" {dataset.clusters} different questions, {dataset.tokens:,} tokens, prompt {dataset.prompt},"
        f" {dataset.checksum[:12]}"
    )
