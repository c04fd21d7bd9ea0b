"""The six questions of the first article in its order, and those that come before and after them. Pure.

Each is answered yes, no or unknown from one figure or two, with the threshold it was held against.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from evaluation.advice.evidence import FRESH_DAYS, Inputs, LiveFigure, Value

CHANGE_DAYS = 30
CHANGE_SHARE = 0.2  # a month: half of what was trained is stale after three months, as the second article found
EXAMPLES = 200
PILOT_EXAMPLES = 50
CLASSIFYING_EXAMPLES = 500
QUERIES = 500_000
GAP = 0.05
RETRIEVAL_FAILURES = 0.5
STYLE_FAILURES = 0.5
GRADED_CASES = 100

FIRST, SECOND, THIRD = "“RAG vs fine-tuning, 2025”", "“The decision framework”", "“How I actually decide”"
FOURTH = "“The architect's guide”"


class YesNo(StrEnum):
    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class TracedQuestion:
    """A question with its answer. `threshold` is what yes takes, in words; `decides`: the verdict comes from here."""

    question: str
    figure: LiveFigure
    answer: YesNo
    threshold: str
    article: str
    leads_to: str = ""
    decides: bool = False

    def as_json(self, today: date) -> dict[str, object]:
        as_of = self.figure.as_of
        age = self.figure.age_days(today)
        return {
            "question": self.question,
            "value": plain(self.figure.value),
            "interval": self.figure.interval,
            "sample": self.figure.sample,
            "source": self.figure.source,
            "as_of": as_of.isoformat() if as_of else None,
            "is_old": age is not None and age > FRESH_DAYS,
            "answer": str(self.answer),
            "threshold": self.threshold,
            "article": self.article,
            "leads_to": self.leads_to,
            "decides": self.decides,
        }


def plain(value: Value) -> object:
    """As it stands in JSON: money as a decimal string."""
    return f"{value:f}" if isinstance(value, Decimal) else value


def _asked(
    question: str, figure: LiveFigure, is_yes: Callable[[float], bool], threshold: str, article: str, leads_to: str
) -> TracedQuestion:
    answer = YesNo.UNKNOWN
    if figure.value is not None:
        answer = YesNo.YES if is_yes(float(figure.value)) else YesNo.NO
    return TracedQuestion(question, figure, answer, threshold, article, leads_to)


def changes(inputs: Inputs) -> TracedQuestion:
    """Yes by either figure; no takes both."""
    days, share = inputs.days_between_changes, inputs.changed_share
    is_often = days.value is not None and days.value <= CHANGE_DAYS
    is_much = share.value is not None and share.value >= CHANGE_SHARE
    answer = YesNo.NO if days.is_known and share.is_known else YesNo.UNKNOWN
    if is_often or is_much:
        answer = YesNo.YES
    figure = share if is_much and not is_often else days
    threshold = f"every {CHANGE_DAYS} days or more often, or {CHANGE_SHARE:.0%} of what is cited in a month"
    return TracedQuestion("Does the knowledge change more than monthly?", figure, answer, threshold, FIRST, "retrieval")


def is_style_the_problem(inputs: Inputs) -> TracedQuestion:
    return _asked(
        "Is the main problem format or style?",
        inputs.style_failures,
        lambda share: share > STYLE_FAILURES,
        f"more than {STYLE_FAILURES:.0%} of the failed cases",
        FIRST,
        "tuning first",
    )


def are_examples_few(inputs: Inputs) -> TracedQuestion:
    return _asked(
        f"Are there fewer than {EXAMPLES} examples?",
        inputs.examples,
        lambda clusters: clusters < EXAMPLES,
        f"fewer than {EXAMPLES} different questions with an approved answer",
        FIRST,
        "prompt engineering",
    )


def are_queries_few(inputs: Inputs) -> TracedQuestion:
    return _asked(
        f"Are there fewer than {QUERIES:,} questions a month?",
        inputs.queries_a_month,
        lambda queries: queries < QUERIES,
        f"fewer than {QUERIES:,}",
        FIRST,
        "retrieval",
    )


def must_sources_be_seen(inputs: Inputs) -> TracedQuestion:
    question = "Must people see where an answer comes from?"
    return _asked(question, inputs.are_sources_shown, bool, "sources are required", FIRST, "retrieval")


def is_it_classification(inputs: Inputs) -> TracedQuestion:
    question = "Is it classification or extraction at scale?"
    return _asked(
        question, inputs.is_classification, bool, "a label is what is asked for", FIRST, "a small tuned model"
    )


SIX = (changes, is_style_the_problem, are_examples_few, are_queries_few, must_sources_be_seen, is_it_classification)


def are_cases_graded(inputs: Inputs) -> TracedQuestion:
    return _asked(
        f"Have people graded at least {GRADED_CASES} cases?",
        inputs.graded_cases,
        lambda cases: cases >= GRADED_CASES,
        f"{GRADED_CASES} or more",
        THIRD,
        "an evaluation set before anything else",
    )


def is_retrieval_to_blame(inputs: Inputs) -> TracedQuestion:
    return _asked(
        "Do most failed cases fail for want of the right passages?",
        inputs.retrieval_failures,
        lambda share: share > RETRIEVAL_FAILURES,
        f"more than {RETRIEVAL_FAILURES:.0%} of the failed cases",
        FIRST,
        "better documents and retrieval",
    )


def is_gap_proven(inputs: Inputs) -> TracedQuestion:
    """Of style or of refusals, whichever is surer; no takes both."""
    gaps = (inputs.style_gap, inputs.refusal_gap)
    known = [gap for gap in gaps if gap.is_known and gap.interval is not None]
    surest = max(known, key=low_end, default=inputs.style_gap)
    threshold = f"surely more than {GAP:.0%} of the cases"
    question = "Do style, format or refusals fail measurably with retrieval and the prompt as they are?"
    if surest.is_known and low_end(surest) > GAP:
        answer = YesNo.YES
    else:
        answer = YesNo.NO if len(known) == len(gaps) else YesNo.UNKNOWN
    return TracedQuestion(question, surest, answer, threshold, THIRD, "tuning")


def low_end(gap: LiveFigure) -> float:
    return gap.interval[0] if gap.interval else 0.0


def is_prompt_tried(inputs: Inputs) -> TracedQuestion:
    question = "Was the prompt tried first?"
    return _asked(question, inputs.is_prompt_tried, bool, "the voice has more than one version", FIRST, "going on")


def can_it_be_trained(inputs: Inputs) -> TracedQuestion:
    question = "Is there a way to train a model from here?"
    return _asked(question, inputs.is_trainer_there, bool, "one trainer or more", FOURTH, "going on")
