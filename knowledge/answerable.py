"""How likely it is that the passages found hold the answer."""

from collections.abc import Mapping, Sequence
from typing import Any


def estimate(rows: Sequence[Mapping[str, Any]]) -> float:
    return 0.0 if not rows else min(1.0, max(0.0, float(rows[0]["cosine"])))
