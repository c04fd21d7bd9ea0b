"""Every branch of the advice and every boundary it turns on, from figures that are known and unknown."""

import json
from dataclasses import fields, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from evaluation.advice import advisor
from evaluation.advice.advisor import Advice
from evaluation.advice.evidence import Inputs, LiveFigure, unknown
from evaluation.figures import calculators
from evaluation.figures.calculators import Effort, ServedModel, Shape
from llm.spending.pricing import Rates

TODAY = date(2026, 11, 30)
UNKNOWN = unknown("nobody has counted")
GAP, NO_GAP, UNSURE = (0.2, (0.12, 0.3)), (0.02, (0.0, 0.05)), (0.1, (0.05, 0.17))


def figure(value: Any) -> LiveFigure:
    if value is None:
        return UNKNOWN
    if isinstance(value, tuple):
        return LiveFigure(value[0], "the newest run", 120, TODAY, value[1])
    return LiveFigure(value, "this install", 100, TODAY)


def inputs(**known: Any) -> Inputs:
    """Nothing known but what is named."""
    names = [each.name for each in fields(Inputs) if each.name not in ("today", "economics")]
    economics = known.pop("economics", None)
    return Inputs(today=TODAY, economics=economics, **{name: figure(known.pop(name, None)) for name in names}, **known)


SLOW: dict[str, Any] = {"days_between_changes": 31, "changed_share": 0.0}
MEASURED: dict[str, Any] = {
    "graded_cases": 100,
    "retrieval_failures": 0.2,
    "style_failures": 0.7,
    "style_gap": GAP,
    "refusal_gap": NO_GAP,
    "is_prompt_tried": True,
    "is_trainer_there": True,
    "examples": 200,
}
TYPICAL: dict[str, Any] = {
    "days_between_changes": 7,
    "changed_share": 0.6,
    "queries_a_month": 20_000,
    "are_sources_shown": True,
    "is_classification": False,
    "examples": 40,
    "is_trainer_there": True,
    "graded_cases": 0,
}


def advised(**known: Any) -> Advice:
    return advisor.advise(inputs(**known))


def decided(advice: Advice, layer: str) -> list[str]:
    return [asked.question for asked in getattr(advice, layer).trace if asked.decides]


KNOWLEDGE = {
    "30 days": ({"days_between_changes": 30}, "stay_rag", "more than monthly"),
    "31 days": ({**SLOW, "queries_a_month": 600_000}, "stay_rag", "Nothing that is known"),
    "a fifth changes": ({**SLOW, "changed_share": 0.2}, "stay_rag", "more than monthly"),
    "less than a fifth": ({**SLOW, "changed_share": 0.199, "queries_a_month": 1}, "stay_rag", "too few"),
    "499,999": ({**SLOW, "queries_a_month": 499_999}, "stay_rag", "499,999 questions a month are too few"),
    "500,000": ({**SLOW, "queries_a_month": 500_000, "are_sources_shown": True}, "stay_rag", "see where"),
    "no sources": ({**SLOW, "queries_a_month": 500_000, "are_sources_shown": False}, "stay_rag", "Nothing that is"),
    "labels": (
        {**SLOW, "queries_a_month": 500_000, "are_sources_shown": False, "is_classification": True},
        "classify_small",
        "classification at scale",
    ),
    "labels of what changes": ({"days_between_changes": 30, "is_classification": True}, "stay_rag", "would be stale"),
    "retrieval at half": ({"retrieval_failures": 0.5, "queries_a_month": 1}, "stay_rag", "too few"),
    "retrieval above half": ({"retrieval_failures": 0.51, "days_between_changes": 1}, "fix_retrieval", "51%"),
    "nothing known": ({}, "stay_rag", "Nothing that is known"),
}


@pytest.mark.parametrize(("known", "verdict", "because"), KNOWLEDGE.values(), ids=KNOWLEDGE)
def test_where_facts_come_from(known: dict[str, Any], verdict: str, because: str) -> None:
    found = advised(**known).knowledge
    assert (str(found.verdict), because in found.because) == (verdict, True), found.because


def measured(**changed: Any) -> dict[str, Any]:
    return {**MEASURED, **changed}


BEHAVIOUR = {
    "everything is there": (measured(), "tune", "let the gate decide"),
    "199 examples": (measured(examples=199), "pilot", "approve 1 more meanwhile"),
    "50 examples": (measured(examples=50), "pilot", "for nobody to use"),
    "49 examples": (measured(examples=49), "collect_examples", "Approve 1 more"),
    "no examples": (measured(examples=0), "collect_examples", "Approve 50 more"),
    "examples unknown": (measured(examples=None), "measure", "page Review"),
    "prompt not tried": (measured(is_prompt_tried=False), "improve_prompt", "Change the voice"),
    "prompt unknown": (measured(is_prompt_tried=None), "improve_prompt", "Change the voice"),
    "no trainer": (measured(is_trainer_there=False), "improve_prompt", "add an endpoint that trains"),
    "trainer unknown": (measured(is_trainer_there=None), "tune", "let the gate decide"),
    "gap not above five points": (measured(style_gap=UNSURE), "stay_rag", "Stay with retrieval"),
    "no gap": (measured(style_gap=NO_GAP), "stay_rag", "Stay with retrieval"),
    "of refusals alone": (measured(style_gap=NO_GAP, refusal_gap=GAP), "tune", "let the gate decide"),
    "one gap unknown": (measured(style_gap=NO_GAP, refusal_gap=None), "measure", "run the evaluation"),
    "gaps unknown": (measured(style_gap=None, refusal_gap=None), "measure", "run the evaluation"),
    "a gap without an interval": (measured(style_gap=0.9, refusal_gap=NO_GAP), "measure", "run the evaluation"),
    "99 graded, few examples": (measured(graded_cases=99, examples=199), "improve_prompt", "in the voice"),
    "99 graded, 200 examples": (measured(graded_cases=99), "measure", "grade 100"),
    "graded unknown": (measured(graded_cases=None), "measure", "grade 100"),
    "retrieval above half": (measured(retrieval_failures=0.501), "fix_retrieval", "run the evaluation again"),
    "retrieval at half": (measured(retrieval_failures=0.5), "tune", "let the gate decide"),
    "499 labels": (measured(is_classification=True, examples=499), "collect_examples", "Approve 1 more"),
    "500 labels": (measured(is_classification=True, examples=500), "classify_small", "small model"),
    "nothing known": ({}, "measure", "Make cases of conversations"),
}


@pytest.mark.parametrize(("known", "verdict", "after"), BEHAVIOUR.values(), ids=BEHAVIOUR)
def test_how_answers_sound(known: dict[str, Any], verdict: str, after: str) -> None:
    found = advised(**known).behaviour
    assert (str(found.verdict), after in found.next) == (verdict, True), found
    assert found.because.endswith(".")


def test_a_typical_install_stays_with_retrieval_and_improves_its_prompt() -> None:
    """Documents weekly, 20,000 questions a month, sources shown, forty examples: as it should come out."""
    mini, tuned = Rates(Decimal("0.15"), None, Decimal("0.60")), Rates(Decimal("0.30"), None, Decimal("1.20"))
    economics = calculators.break_even(
        ServedModel("mini", Shape(1500, 2000, 50, 200), mini),
        ServedModel("tuned", Shape(0, 2000, 50, 200), tuned),
        Effort(training=Decimal(25)),
    )
    found = advised(**TYPICAL, economics=economics)
    assert (found.knowledge.verdict, found.behaviour.verdict) == ("stay_rag", "improve_prompt")
    assert decided(found, "knowledge") == ["Does the knowledge change more than monthly?"]
    assert decided(found, "behaviour") == ["Are there fewer than 200 examples?"]
    assert found.economics.startswith("Never, at any volume")
    assert found.blockers[0].startswith(
        "No verdict on tuning is worth much before 100 cases are graded: 100 are missing"
    )
    assert (found.known, found.figures) == (8, 22)


def test_the_six_questions_are_all_asked_in_their_order_whatever_was_decided() -> None:
    found = advised(**TYPICAL)
    six = [asked.question for asked in found.knowledge.trace[-6:]]
    assert six == [
        "Does the knowledge change more than monthly?",
        "Is the main problem format or style?",
        "Are there fewer than 200 examples?",
        "Are there fewer than 500,000 questions a month?",
        "Must people see where an answer comes from?",
        "Is it classification or extraction at scale?",
    ]
    assert [asked.question for asked in found.behaviour.trace[2:8]] == six
    assert [str(asked.answer) for asked in found.knowledge.trace[-6:]] == ["yes", "unknown", "yes", "yes", "yes", "no"]


def test_unknown_is_answered_unknown_and_guessed_nowhere() -> None:
    found = advised()
    assert {str(asked.answer) for asked in (*found.knowledge.trace, *found.behaviour.trace)} == {"unknown"}
    assert found.known == 0
    half = advised(days_between_changes=31)
    assert str(half.knowledge.trace[1].answer) == "unknown", "no takes both figures of it"


def test_blockers_come_first_and_by_name() -> None:
    found = advised(**measured(graded_cases=1, retrieval_failures=0.6, is_trainer_there=False))
    assert [blocker.split(" ")[0] for blocker in found.blockers] == ["No", "60%", "No"]
    assert "99 are missing" in found.blockers[0]
    assert advised(**measured()).blockers == ()


def test_how_long_the_rest_takes_is_told_at_the_pace_of_this_install() -> None:
    assert "50 more that ask something else, about 3 hours at your pace." in (
        advised(**measured(examples=0, seconds_an_example=200)).behaviour.next
    )
    assert "about 10 minutes at your pace" in advised(**measured(examples=45, seconds_an_example=120)).behaviour.next
    assert advised(**measured(examples=0)).behaviour.next == "Approve 50 more that ask something else."


def test_what_would_change_it_does_change_it() -> None:
    found = advised(**measured(examples=40))
    assert "With 50 approved examples (40 now): tune a pilot, not for askers." in found.behaviour.would_change
    assert "With 200 approved examples (40 now): tune." in found.behaviour.would_change
    assert "If 100 graded cases show no gap of style or refusals: stay with retrieval." in found.behaviour.would_change
    for line in found.behaviour.would_change:
        assert not line.endswith(f": {found.behaviour.verdict.words}."), line
    assert advised(**measured(examples=200)).behaviour.verdict == "tune"
    knowing = advised(**{**SLOW, "queries_a_month": 500_000, "are_sources_shown": False}).knowledge
    assert "If labels were asked for and not answers: tune a small classifier." in knowing.would_change


def test_the_bill_is_told_for_the_volume_there_is() -> None:
    large, mini = Rates(Decimal("2.50"), None, Decimal(10)), Rates(Decimal("0.30"), None, Decimal("1.20"))
    economics = calculators.break_even(
        ServedModel("large", Shape(1500, 2000, 50, 200), large),
        ServedModel("tuned", Shape(0, 2000, 50, 200), mini),
        Effort(training=Decimal(25), label_hours=Decimal(60)),
    )
    assert advised(queries_a_month=100_000, economics=economics).economics.endswith(
        "At 100,000 a month it saves $497.83 a month, hosting not counted."
    )
    assert advised(queries_a_month=10_000, economics=economics).economics.endswith(
        "At 10,000 a month you would pay $403.97 a month for how answers sound."
    )
    assert "there is no tuned model to compare with" in advised(queries_a_month=10_000).economics
    free = ServedModel("tuned", Shape(1500, 2000, 50, 200), Rates(None, None, None))
    unpriced = calculators.break_even(ServedModel("large", Shape(1500, 2000, 50, 200), large), free, Effort())
    assert advised(economics=unpriced).economics == (
        "It is not known, as a price is missing for: input, output. State it on the page Prices, or fill it in below."
    )
    assert advised(economics=economics).economics == economics.sentence


def test_contradictions_of_the_articles_are_told_where_they_bear() -> None:
    typical = advised(**TYPICAL).disagreements
    assert len(typical) == 6
    assert all(line.count("“") >= 1 for line in typical)
    settled = advised(**{**SLOW, **measured(examples=20_000, queries_a_month=3_000_000, retrieval_failures=0.0)})
    assert len(settled.disagreements) == 2


def test_the_json_holds_every_figure_with_value_sample_and_source() -> None:
    old = replace(inputs(**TYPICAL), examples=LiveFigure(40, "approved", 55, TODAY - timedelta(days=40)))
    written = json.loads(json.dumps(advisor.advise(old).as_json()))
    assert {"knowledge", "behaviour", "disagreements", "blockers"} <= written.keys()
    assert {"verdict", "because", "next", "trace", "would_change"} == written["knowledge"].keys()
    third = written["knowledge"]["trace"][3]
    assert (third["value"], third["sample"], third["source"], third["answer"]) == (40, 55, "approved", "yes")
    assert (third["as_of"], third["is_old"]) == ("2026-10-21", True)
    assert written["figures"]["p95_ms"]["value"] is None
