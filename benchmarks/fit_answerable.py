"""Fit the coefficients of knowledge/answerable.py: python -m benchmarks.fit_answerable --data DIR

Positives are questions whose passages are there. Negatives are the questions of other sets ("far") and the same
questions with their passages taken away ("removed"). Prints how well each set is told apart by coefficients fitted on
the others, then the coefficients fitted on all.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

PER_SET = 300
FAR_PER_SET = 100
HITS = 6
DEPTH = 40
PENALTY = 1.0
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Sample:
    kind: str
    features: dict[str, float]


def fit(x: Array, y: Array, weights: Array) -> Array:
    """Coefficients, the intercept first, of a logistic regression with an L2 penalty, by Newton's method."""
    x = np.hstack([np.ones((len(x), 1)), x])
    penalty = np.diag([0.0] + [PENALTY] * (x.shape[1] - 1))
    beta = np.zeros(x.shape[1])
    for _ in range(50):
        p = 1 / (1 + np.exp(-x @ beta))
        gradient = x.T @ (weights * (y - p)) - penalty @ beta
        hessian = (x * (weights * p * (1 - p))[:, None]).T @ x + penalty
        step = np.linalg.solve(hessian, gradient)
        beta += step
        if np.abs(step).max() < 1e-8:
            break
    return beta


def auc(positive: Array, negative: Array) -> float:
    """The chance that a positive scores above a negative."""
    return float(np.mean((positive[:, None] > negative) + 0.5 * (positive[:, None] == negative)))
