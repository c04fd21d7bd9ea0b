"""The arithmetic of the four articles on when to tune, to the cent, also where it does not add up."""

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from evaluation.figures import calculators
from evaluation.figures.calculators import CalculationError, Effort, ServedModel, Shape
from llm.spending.pricing import Rates

D = Decimal


def rates(given: str, output: str = "0", cached: str | None = None) -> Rates:
    return Rates(D(given), None if cached is None else D(cached), D(output))


MINI, TUNED_MINI = rates("0.15", "0.60"), rates("0.30", "1.20")
MINI_41 = rates("0.40", "1.60")
LARGE = rates("2.50", "10")
LUNA = rates("0.10", "0.50", "0.01")
TRAINING = Effort(training=D(25))


def month(shape: Shape, price: Rates, queries: int) -> Decimal:
    found = calculators.query(shape, price, queries).more["per_month"]
    assert isinstance(found, Decimal)
    return found


CONTEXTS = {
    "gpt-4o": (2000, 100_000, "2.50", "500.00"),
    "Haiku 3.5 at the article's price": (2000, 100_000, "1", "200.00"),
    "Haiku 3.5 at its list price": (2000, 100_000, "0.80", "160.00"),
    "a prompt of 1,500 tokens": (1500, 500_000, "0.15", "112.50"),
}


@pytest.mark.parametrize(("tokens", "queries", "price", "expected"), CONTEXTS.values(), ids=CONTEXTS)
def test_the_hidden_cost_of_context(tokens: int, queries: int, price: str, expected: str) -> None:
    found = calculators.context(tokens, rates(price), queries)
    assert found.result == D(expected)
    assert found.more["per_query"] == D(expected) / queries


def test_the_article_pays_thirty_times_what_embedding_a_question_costs() -> None:
    embedding = rates("0.02")
    assert calculators.context(1000, embedding, 1).result == D("0.00002"), "what it says is a thousand tokens"
    assert calculators.context(30, embedding, 1).result == D("0.0000006"), "what a question of thirty tokens is"


def test_a_tuned_model_costs_twice_as_much_in_and_out() -> None:
    shape = Shape(0, 0, 300, 200)
    assert calculators.query(shape, TUNED_MINI).result == 2 * calculators.query(shape, MINI).result  # type: ignore[operator]


@pytest.mark.parametrize(("output", "expected"), [(100, 34_723), (200, 69_445), (300, "never"), (400, "never")])
def test_the_break_even_of_one_to_two_million_does_not_follow(output: int, expected: object) -> None:
    """1,500 tokens of prompt removed, the user's are 300, training costs $25 over six months."""
    base = ServedModel("mini", Shape(1500, 0, 300, output), MINI)
    tuned = ServedModel("tuned", Shape(0, 0, 300, output), TUNED_MINI)
    assert calculators.break_even(base, tuned, TRAINING).result == expected


def test_the_bill_of_a_hundred_thousand_answers() -> None:
    shape = Shape(0, 0, 1500, 800)
    lines = calculators.query(shape, MINI).lines
    assert [line.usd * 100_000 for line in lines if line.usd is not None] == [D("22.5"), D(0), D("48")]
    assert month(shape, MINI, 100_000) == D("70.50"), "the article says about $95"
    assert month(Shape(0, 0, 3133, 800), MINI, 100_000) == pytest.approx(D("95"), abs=D("0.01")), "what $95 would take"
    assert month(shape, MINI, 100_000) + 12 + 4 == D("86.50"), "with the database and embedding again; it says $111"


def test_tripling_the_output_is_not_tripling_the_bill() -> None:
    """The article's output of $285 is three times its whole $95, and its $250 (less $60, and $25 of training) the first
    month's alone."""
    output = Shape(0, 0, 0, 800)
    assert month(output, rates("0", "1.80"), 100_000) == D("144"), "the output at three times the price"
    assert month(output, TUNED_MINI, 100_000) == D("96"), "and at the price there is"
    assert month(Shape(0, 0, 1500, 0), MINI, 100_000) == D("22.50"), "so that no $60 of input can be saved"
    assert month(Shape(0, 0, 1500, 0), rates("0.45"), 100_000) == D("67.50")


def test_a_tune_with_a_short_prompt_is_dearer_all_the_same() -> None:
    assert month(Shape(200, 0, 0, 800), TUNED_MINI, 100_000) == D("102.00")
    base = ServedModel("mini", Shape(0, 0, 1500, 800), MINI)
    tuned = ServedModel("tuned", Shape(200, 0, 0, 800), TUNED_MINI)
    found = calculators.break_even(base, tuned, TRAINING)
    assert found.result == "never"
    assert found.sentence.startswith(
        "Never, at any volume: an answer of the tuned model costs $0.00032 more, most of it"
    )
    assert "for output" in found.sentence


def test_training_on_eight_hundred_examples() -> None:
    assert calculators.training(8_333_333, 1, D(3)) == pytest.approx(D(25), abs=D("0.01"))
    assert calculators.training(800 * 3472, 3, D(3)) == pytest.approx(D(25), abs=D("0.01"))
    assert calculators.training(1000, 3, None) is None


def test_what_labelling_takes() -> None:
    assert calculators.labelling(800, D(180)).result == D(2000), "40 hours"
    assert calculators.labelling(800, D(450)).result == D(5000), "100 hours"
    assert calculators.labelling(800, D(180)).sentence == "800 examples take about 40 hours, $2,000.00."


def hosted(hourly: str, hours: str) -> Decimal:
    base = ServedModel("base", Shape(0, 0, 1, 0), rates("0"))
    effort = Effort(hours_a_month=D(hours))
    found = calculators.break_even(base, replace(base, hosting=D(hourly)), effort).more["fixed_a_month"]
    assert isinstance(found, Decimal)
    return found


def test_azures_own_example() -> None:
    assert hosted("1.70", "720") + 22 + 176 == D("1422.00")


def test_a_hosted_tune_in_place_of_a_long_prompt() -> None:
    """Where the first article's one to two million may come from."""
    base = ServedModel("gpt-4.1-mini", Shape(1500, 2000, 50, 200), MINI_41)
    tuned = ServedModel("hosted", Shape(0, 2000, 50, 200), MINI_41, hosting=D("1.70"))
    found = calculators.break_even(base, tuned, TRAINING)
    assert found.result == 2_075_278
    assert "has to pay for $1,245.17 a month, most of it hosting (730 hours at $1.70 - $0)" in found.sentence


def test_a_hybrid_never_pays_for_itself() -> None:
    base = ServedModel("mini", Shape(1500, 2000, 50, 200), MINI)
    tuned = ServedModel("tuned", Shape(0, 2000, 50, 200), TUNED_MINI)
    found = calculators.break_even(base, tuned, TRAINING)
    assert (found.result, found.more["saving_per_query"]) == ("never", D("-0.0002025"))


def test_a_small_tune_in_place_of_a_large_model() -> None:
    base = ServedModel("gpt-4o", Shape(1500, 2000, 50, 200), LARGE)
    tuned = ServedModel("tuned", Shape(0, 2000, 50, 200), TUNED_MINI)
    effort = Effort(training=D(25), label_hours=D(60), wage=D(50))
    found = calculators.break_even(base, tuned, effort)
    assert found.result == 50_317
    assert "most of it labelling" in found.sentence


def test_a_cached_prompt_is_cheaper_than_none_at_all() -> None:
    prompted = calculators.query(Shape(1500, 2000, 50, 200, cached=1500), LUNA)
    assert prompted.result == D("0.000320")
    assert calculators.query(Shape(0, 2000, 50, 200), TUNED_MINI).result == D("0.000855")


def test_cached_tokens_are_part_of_the_input_and_not_counted_twice() -> None:
    found = calculators.query(Shape(0, 0, 17_903, 0, cached=17_817), rates("1", "1", "0.1"))
    assert [line.how for line in found.lines[:2]] == [
        "86 tokens at $1.00 a million",
        "17,817 tokens at $0.10 a million",
    ]
    with pytest.raises(CalculationError, match="cached tokens are a part of the others"):
        Shape(10, 10, 10, 5, cached=31)


def test_a_price_that_is_not_known_makes_the_sum_unknown() -> None:
    shape = Shape(1500, 2000, 50, 200, cached=1500)
    assert calculators.query(shape, TUNED_MINI, 1000).result is None, "cached input has no price, which is not $0"
    assert calculators.query(shape, Rates(None, None, None), 1000).more["per_month"] is None
    assert calculators.query(replace(shape, cached=0), TUNED_MINI).result is not None
    base = ServedModel("mini", replace(shape, cached=0), MINI)
    found = calculators.break_even(base, replace(base, rates=Rates(None, None, None)), TRAINING)
    assert found.result is None
    assert found.sentence == "It is not known, as a price is missing for: input, output."
    untrained = calculators.break_even(base, base, Effort(training=None, retrains_a_month=D(1)))
    assert untrained.sentence == "It is not known, as a price is missing for: training, training again."


def test_what_costs_nothing_to_begin_with_pays_from_the_first_query_on() -> None:
    base = ServedModel("large", Shape(0, 0, 1000, 100), LARGE)
    free = calculators.break_even(base, ServedModel("mini", Shape(0, 0, 1000, 100), MINI), Effort())
    assert (free.result, free.sentence.startswith("From the first query on")) == (0, True)
    same = calculators.break_even(base, base, Effort())
    assert (same.result, same.sentence) == ("never", "Never, at any volume: it saves nothing.")


def test_a_tune_that_saves_a_server_is_cheaper_up_to_a_point() -> None:
    own = ServedModel("own server", Shape(0, 0, 1000, 100), rates("0"), hosting=D(1))
    dearer = ServedModel("tuned", Shape(0, 0, 1000, 100), rates("0.73"))
    found = calculators.break_even(own, dearer, Effort())
    assert (found.result, "up to 1,000,000 queries a month" in found.sentence) == (0, True)


def test_retraining_and_labelling_count_every_month() -> None:
    base = ServedModel("mini", Shape(1500, 0, 300, 100), MINI)
    tuned = ServedModel("tuned", Shape(0, 0, 300, 100), TUNED_MINI)
    monthly = replace(TRAINING, retrains_a_month=D(1))
    assert calculators.break_even(base, tuned, monthly).more["fixed_a_month"] == pytest.approx(
        D("29.1667"), abs=D("0.001")
    )


@pytest.mark.parametrize(
    "wrong", [lambda: Shape(-1, 0, 0, 0), lambda: Effort(months=D(0)), lambda: calculators.labelling(-1, D(1))]
)
def test_numbers_below_nothing_are_refused(wrong: Callable[[], object]) -> None:
    with pytest.raises(CalculationError):
        wrong()


def test_every_input_and_line_is_in_the_json() -> None:
    base = ServedModel("mini", Shape(1500, 2000, 50, 200), MINI)
    written = json.loads(json.dumps(calculators.break_even(base, base, TRAINING).as_json()))
    assert (written["result"], written["inputs"]["base_system"], written["inputs"]["training"]) == ("never", 1500, "25")
    assert [line["name"] for line in written["lines"]] == [
        "Input", "Cached input", "Output", "Training", "Evaluation", "Labelling", "Hosting", "Training again",
    ]  # fmt: skip
    assert sum(D(line["usd"]) for line in written["lines"][3:]) == pytest.approx(D(written["fixed_a_month"]))
