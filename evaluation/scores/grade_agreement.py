"""How far people who grade agree with each other, with what is measured, and with a model that judges. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from foundation import agreement

LEAST_LABELS = 50  # of people, before anything is said of a judge
LEAST_KAPPA = 0.6  # "substantial" (Landis and Koch 1977); below it a judge decides nothing

Verdict = bool | None


@dataclass(frozen=True)
class Matched:
    """How often two verdicts on the same `count` answers are the same.

    `kappa` is Cohen's, None where chance alone would have them always agree. `share` is None of nothing.
    """

    count: int
    share: float | None
    kappa: float | None


@dataclass(frozen=True)
class Calibration:
    """A judge beside people. Of what people call right it calls `sensitivity` right, of what they call wrong
    `specificity` wrong (TPR and TNR); None where people called nothing so. What it left `unknown` is neither, so it
    counts against it in all of these."""

    matched: Matched
    sensitivity: float | None
    specificity: float | None
    unknown: int

    @property
    def is_trusted(self) -> bool:
        kappa = self.matched.kappa
        return self.matched.count >= LEAST_LABELS and kappa is not None and kappa >= LEAST_KAPPA

    @property
    def why_not(self) -> str:
        """Why nothing is made of what it says; empty where something is."""
        if self.matched.count < LEAST_LABELS:
            return f"It takes {LEAST_LABELS} answers that people graded as well; there are {self.matched.count}."
        if self.matched.kappa is None:
            return "People gave all of these answers one and the same grade, so that nobody can tell."
        if self.matched.kappa < LEAST_KAPPA:
            return f"Its kappa with people is {self.matched.kappa:.2f}; it takes {LEAST_KAPPA}."
        return ""


def matched(pairs: Iterable[tuple[Verdict, Verdict]]) -> Matched:
    """Of two who each said something; a pair in which one of them did not is left out."""
    told = [(one, other) for one, other in pairs if one is not None and other is not None]
    return _matched(told)


def calibrated(pairs: Iterable[tuple[bool, Verdict]]) -> Calibration:
    """People's verdict and the judge's on each answer, None where the judge is at a loss."""
    told = list(pairs)
    right = [judge is True for person, judge in told if person]
    wrong = [judge is False for person, judge in told if not person]
    return Calibration(
        matched=_matched(told),
        sensitivity=sum(right) / len(right) if right else None,
        specificity=sum(wrong) / len(wrong) if wrong else None,
        unknown=sum(judge is None for _, judge in told),
    )


def _matched(told: Sequence[tuple[Verdict, Verdict]]) -> Matched:
    if not told:
        return Matched(0, None, None)
    ones, others = zip(*told, strict=True)
    share = sum(one == other for one, other in told) / len(told)
    return Matched(len(told), share, agreement.kappa(ones, others))
