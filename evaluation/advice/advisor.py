"""Is tuning worth it here? Two verdicts, one for where facts come from and one for how answers sound. Pure.

The first article asks its six questions in one order and stops at the first yes, which for every support bot would be
the first. Asked twice, for the knowledge and for the behaviour, they tell the two apart, as all four articles do in the
end. Facts are never trained in. Blockers come before everything.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from enum import StrEnum

from evaluation.advice import alternatives, disagreements, questions
from evaluation.advice.evidence import Inputs, LiveFigure
from evaluation.advice.questions import TracedQuestion, YesNo
from evaluation.figures.calculators import Calculation
from llm.spending import money


class AdviceVerdict(StrEnum):
    STAY_RAG = "stay_rag"
    FIX_RETRIEVAL = "fix_retrieval"
    MEASURE = "measure"
    IMPROVE_PROMPT = "improve_prompt"
    COLLECT_EXAMPLES = "collect_examples"
    PILOT = "pilot"
    TUNE = "tune"
    CLASSIFY_SMALL = "classify_small"

    @property
    def words(self) -> str:
        return WORDS[self]


WORDS = {
    AdviceVerdict.STAY_RAG: "stay with retrieval",
    AdviceVerdict.FIX_RETRIEVAL: "mend documents and retrieval first",
    AdviceVerdict.MEASURE: "measure first",
    AdviceVerdict.IMPROVE_PROMPT: "improve the prompt",
    AdviceVerdict.COLLECT_EXAMPLES: "collect examples",
    AdviceVerdict.PILOT: "tune a pilot, not for askers",
    AdviceVerdict.TUNE: "tune",
    AdviceVerdict.CLASSIFY_SMALL: "tune a small classifier",
}


@dataclass(frozen=True)
class Layer:
    """What is advised for one layer, and all that led there."""

    verdict: AdviceVerdict
    because: str
    next: str
    trace: tuple[TracedQuestion, ...]
    would_change: tuple[str, ...] = ()


@dataclass(frozen=True)
class Advice:
    """`known` of `figures` figures were known; the others are guessed nowhere."""

    knowledge: Layer
    behaviour: Layer
    blockers: tuple[str, ...]
    disagreements: tuple[str, ...]
    economics: str
    known: int
    figures: int
    inputs: Inputs

    def as_json(self) -> dict[str, object]:
        figures = {name: _figure(figure) for name, figure in self.inputs.figures().items()}
        return {
            "knowledge": self._layer(self.knowledge),
            "behaviour": self._layer(self.behaviour),
            "disagreements": list(self.disagreements),
            "blockers": list(self.blockers),
            "economics": self.economics,
            "known": self.known,
            "figures": figures,
        }

    def _layer(self, layer: Layer) -> dict[str, object]:
        return {
            "verdict": str(layer.verdict),
            "because": layer.because,
            "next": layer.next,
            "trace": [asked.as_json(self.inputs.today) for asked in layer.trace],
            "would_change": list(layer.would_change),
        }


def _figure(figure: LiveFigure) -> dict[str, object]:
    as_of = figure.as_of.isoformat() if figure.as_of else None
    return {**asdict(figure), "value": questions.plain(figure.value), "as_of": as_of}


def advise(inputs: Inputs) -> Advice:
    figures = inputs.figures().values()
    return Advice(
        knowledge=replace(_knowledge(inputs), would_change=tuple(alternatives.would_change(inputs, _knowledge))),
        behaviour=replace(_behaviour(inputs), would_change=tuple(alternatives.would_change(inputs, _behaviour))),
        blockers=tuple(_blockers(inputs)),
        disagreements=tuple(disagreements.of(inputs)),
        economics=_economics(inputs),
        known=sum(figure.is_known for figure in figures),
        figures=len(figures),
        inputs=inputs,
    )


def _blockers(inputs: Inputs) -> Iterator[str]:
    graded = inputs.graded_cases.value
    if questions.are_cases_graded(inputs).answer != YesNo.YES:
        more = questions.GRADED_CASES - int(graded or 0)
        yield (
            f"No verdict on tuning is worth much before {questions.GRADED_CASES} cases are graded: {more} are missing."
            " Build the evaluation set first."
        )
    if questions.is_retrieval_to_blame(inputs).answer == YesNo.YES:
        yield (
            f"{inputs.retrieval_failures.value:.0%} of the failed cases fail for want of the right passages. No"
            " training mends that: mend the documents and the retrieval."
        )
    if questions.can_it_be_trained(inputs).answer == YesNo.NO:
        yield f"No model can be trained from here: {inputs.is_trainer_there.source}"


def _decided(
    trace: Sequence[TracedQuestion], by: Callable[..., TracedQuestion] | None, inputs: Inputs
) -> tuple[TracedQuestion, ...]:
    """The trace with the question that the verdict comes from marked."""
    named = by(inputs).question if by else ""
    return tuple(replace(asked, decides=asked.question == named) for asked in trace)


def _knowledge(inputs: Inputs) -> Layer:
    """Where facts come from. The questions on style and on examples are asked and say nothing of facts."""
    asked = {ask: ask(inputs) for ask in (questions.is_retrieval_to_blame, *questions.SIX)}
    trace = tuple(asked.values())

    def layer(verdict: AdviceVerdict, by: Callable[..., TracedQuestion] | None, because: str, after: str) -> Layer:
        return Layer(verdict, because, after, _decided(trace, by, inputs))

    def is_yes(ask: Callable[..., TracedQuestion]) -> bool:
        return asked[ask].answer == YesNo.YES

    keep = "Keep the documents right: a change there changes the next answer."
    if is_yes(questions.is_retrieval_to_blame):
        because = f"{inputs.retrieval_failures.value:.0%} of the failed cases fail for want of the right passages."
        after = "Look at these cases, try their questions on the retrieval bench, and mend the documents."
        return layer(AdviceVerdict.FIX_RETRIEVAL, questions.is_retrieval_to_blame, because, after)
    if is_yes(questions.changes):
        because = "The documents that answers rest on change more than monthly, and what is trained in would be stale."
        return layer(AdviceVerdict.STAY_RAG, questions.changes, because, keep)
    if is_yes(questions.are_queries_few):
        because = (
            f"{inputs.queries_a_month.value:,.0f} questions a month are too few for anything that has to be paid back."
        )
        return layer(AdviceVerdict.STAY_RAG, questions.are_queries_few, because, keep)
    if is_yes(questions.must_sources_be_seen):
        because = "People must see where an answer comes from, and only retrieval can say it."
        return layer(AdviceVerdict.STAY_RAG, questions.must_sources_be_seen, because, keep)
    if is_yes(questions.is_it_classification):
        because = "It is classification at scale, of knowledge that keeps still, and nobody has to see a source."
        after = f"Label {questions.CLASSIFYING_EXAMPLES} examples and tune a small model on them."
        return layer(AdviceVerdict.CLASSIFY_SMALL, questions.is_it_classification, because, after)
    because = "Nothing that is known speaks against retrieval, and facts that are trained in go stale unseen."
    return layer(AdviceVerdict.STAY_RAG, None, because, keep)


BEHAVIOUR = (
    questions.are_cases_graded,
    questions.is_retrieval_to_blame,
    *questions.SIX,
    questions.is_gap_proven,
    questions.is_prompt_tried,
    questions.can_it_be_trained,
)


def _behaviour(inputs: Inputs) -> Layer:
    """How answers sound, what they look like and when they refuse: the one thing that is worth training."""
    asked = {ask: ask(inputs) for ask in BEHAVIOUR}
    verdict, by, because, after = _of_behaviour(inputs, {ask: found.answer for ask, found in asked.items()})
    return Layer(verdict, because, after, _decided(tuple(asked.values()), by, inputs))


Ask = Callable[[Inputs], TracedQuestion]
Decision = tuple[AdviceVerdict, Ask, str, str]


def _of_behaviour(inputs: Inputs, answers: dict[Ask, YesNo]) -> Decision:
    if answers[questions.is_retrieval_to_blame] == YesNo.YES:
        because = "Most failures are of retrieval, and would be taken for bad style by whoever tunes now."
        after = "Mend documents and retrieval, run the evaluation again, and look at what is left."
        return AdviceVerdict.FIX_RETRIEVAL, questions.is_retrieval_to_blame, because, after
    if answers[questions.are_cases_graded] != YesNo.YES or answers[questions.is_gap_proven] == YesNo.UNKNOWN:
        return _unmeasured(inputs, answers)
    if answers[questions.is_gap_proven] == YesNo.NO:
        because = f"Style and refusals do not fail in surely more than {questions.GAP:.0%} of the cases."
        after = "Stay with retrieval and the prompt, and run the evaluation again each month."
        return AdviceVerdict.STAY_RAG, questions.is_gap_proven, because, after
    if answers[questions.is_prompt_tried] != YesNo.YES:
        because = f"{_gap(inputs)}, and nothing else than the first wording was tried."
        after = "Change the voice, give two or three examples in its guide, and run the evaluation again."
        return AdviceVerdict.IMPROVE_PROMPT, questions.is_prompt_tried, because, after
    if answers[questions.can_it_be_trained] == YesNo.NO:
        because = f"{_gap(inputs)}, and no model can be trained from here."
        after = "Go on with the prompt, or add an endpoint that trains on the page Models."
        return AdviceVerdict.IMPROVE_PROMPT, questions.can_it_be_trained, because, after
    return _by_examples(inputs, answers)


def _unmeasured(inputs: Inputs, answers: dict[Ask, YesNo]) -> Decision:
    """No gap is known. With few examples the first article's third question settles it all the same."""
    if answers[questions.are_examples_few] == YesNo.YES:
        because = f"There are {_examples(inputs)}, and with so few the prompt comes first; no gap is measured either."
        after = "Say in the voice how answers are to sound, and collect cases for an evaluation meanwhile."
        return AdviceVerdict.IMPROVE_PROMPT, questions.are_examples_few, because, after
    because = "Whether style or refusals are a problem has not been measured."
    after = f"Make cases of conversations, grade {questions.GRADED_CASES} of them, and run the evaluation."
    return AdviceVerdict.MEASURE, questions.are_cases_graded, because, after


def _by_examples(inputs: Inputs, answers: dict[Ask, YesNo]) -> Decision:
    clusters = inputs.examples.value
    if clusters is None:
        because = f"{_gap(inputs)}, and how many examples there are is not known."
        return AdviceVerdict.MEASURE, questions.are_examples_few, because, "Review answers on the page Review."
    is_classifying = answers[questions.is_it_classification] == YesNo.YES
    least = questions.CLASSIFYING_EXAMPLES if is_classifying else questions.PILOT_EXAMPLES
    if clusters < least:
        because = f"{_gap(inputs)} with a prompt that was tried, and there are {_examples(inputs)}."
        after = f"Approve {least - int(clusters)} more that ask something else{_hours(inputs, least - int(clusters))}."
        return AdviceVerdict.COLLECT_EXAMPLES, questions.are_examples_few, because, after
    if is_classifying:
        because = f"{_gap(inputs)}, and a label is what is asked for."
        after = "Freeze the examples and tune a small model."
        return AdviceVerdict.CLASSIFY_SMALL, questions.is_it_classification, because, after
    if clusters < questions.EXAMPLES:
        because = f"{_gap(inputs)} with a prompt that was tried; {_examples(inputs)} are enough to see, not to go live."
        more = questions.EXAMPLES - int(clusters)
        after = f"Tune and evaluate, for nobody to use; approve {more} more meanwhile{_hours(inputs, more)}."
        return AdviceVerdict.PILOT, questions.are_examples_few, because, after
    because = f"{_gap(inputs)} with a prompt that was tried, and there are {_examples(inputs)}."
    after = "Freeze a dataset, tune, and let the gate decide."
    return AdviceVerdict.TUNE, questions.is_gap_proven, because, after


def _gap(inputs: Inputs) -> str:
    gap = questions.is_gap_proven(inputs).figure
    named = "Style" if gap == inputs.style_gap else "Refusals"
    low, high = gap.interval or (0.0, 1.0)
    return (
        f"{named} {'fails' if named == 'Style' else 'fail'} in {gap.value:.0%} of the cases ({low:.0%} to {high:.0%})"
    )


def _examples(inputs: Inputs) -> str:
    clusters = inputs.examples.value
    return f"{clusters:,} approved example{'' if clusters == 1 else 's'}"


def _hours(inputs: Inputs, more: int) -> str:
    seconds = inputs.seconds_an_example.value
    if seconds is None:
        return ""
    hours = more * float(seconds) / 3600
    return (
        f", about {hours:.0f} hours at your pace"
        if hours >= 2
        else f", about {max(60 * hours, 1):.0f} minutes at your pace"
    )


def _economics(inputs: Inputs) -> str:
    """What tuning would do to the bill, from the calculator; money is a reason only where it says so."""
    found, queries = inputs.economics, inputs.queries_a_month.value
    if found is None:
        return (
            "What tuning would do to it is not known: there is no tuned model to compare with, or no answer to measure."
        )
    if found.result is None:
        return f"{found.sentence} State it on the page Prices, or fill it in below."
    monthly = _monthly(found, int(queries)) if queries is not None else None
    if monthly is None:
        return found.sentence
    if monthly < 0:
        more = f"At {queries:,.0f} a month you would pay {money.amount(-monthly)} a month"
        return f"{found.sentence} {more} for how answers sound."
    return f"{found.sentence} At {queries:,.0f} a month it saves {money.amount(monthly)} a month, hosting not counted."


def _monthly(found: Calculation, queries: int) -> Decimal | None:
    """What tuning saves in a month, below 0 where it costs more."""
    saving, fixed = found.more["saving_per_query"], found.more["fixed_a_month"]
    if not isinstance(saving, Decimal) or not isinstance(fixed, Decimal):
        return None
    return saving * queries - fixed
