"""Where the four articles that the advice follows contradict each other, and which of them is followed here. Pure."""

from collections.abc import Iterator

from evaluation.advice import questions
from evaluation.advice.evidence import Inputs
from evaluation.advice.questions import FIRST, FOURTH, SECOND, THIRD


def of(inputs: Inputs) -> Iterator[str]:
    """The contradictions that bear on these figures."""
    clusters = inputs.examples.value
    if clusters is None or clusters < 10_000:
        yield (
            f"How many examples it takes: {FIRST} says 50 to 200 for style and, two questions later, that fewer than"
            f" 200 are too few; {SECOND} wants 10,000. Here it goes by the goal: {questions.PILOT_EXAMPLES} for a pilot"
            f" of style, {questions.EXAMPLES} to go live, {questions.CLASSIFYING_EXAMPLES} to classify."
        )
    queries = inputs.queries_a_month.value
    if queries is None or queries < 2_000_000:
        yield (
            f"From how many questions a month on: {FIRST} says 500,000, a million for a small team, and breaks even at"
            " one to two million, which its own prices do not give. Here it is worked out from your prices."
        )
    yield (
        f"What a tuned model costs: {FIRST} says twice as much as its base, as price lists do, {THIRD} three times."
        " Here it is the price that is stated or listed, and unknown where there is none."
    )
    if inputs.retrieval_failures.value is None or inputs.retrieval_failures.value > 0:
        yield (
            f"What to do where retrieval finds the wrong passages: {SECOND} says tune, {FIRST} and {THIRD} say mend the"
            " retrieval first. Here retrieval comes first: a model that never sees the passage cannot say it."
        )
    yield (
        f"Whether training saves the tokens of the context: {FOURTH} says so, as facts are trained in, and says too"
        " that tuning is bad at facts. Here passages stay in the prompt; a tuned model saves the rules of the voice."
    )
    if questions.changes(inputs).answer == questions.YesNo.YES:
        yield (
            f"The order of {FIRST} stops at its first yes, which would end here with retrieval and say nothing of"
            " style. Here it is gone through twice, for the knowledge and for the behaviour."
        )
