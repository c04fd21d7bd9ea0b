"""The calculators as they are asked for, on the command line: begun from real answers, or not at all."""

import json
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from evaluation.figures import sums
from evaluation.figures.calculators import CalculationError
from llm.models import ModelPrice
from tests.rows.answer_rows import make_past_answer
from tests.rows.web_rows import make_models, make_user

pytestmark = pytest.mark.django_db

MINI = ("--base-input-price", "0.40", "--base-output-price", "1.60")
HOSTED = ("--tuned-input-price", "0.40", "--tuned-output-price", "1.60", "--tuned-hosting", "1.70")
SHAPE = ("--system", "1500", "--context", "2000", "--question", "50", "--output", "200")


def calculate(*words: str) -> Any:
    out = StringIO()
    call_command("calculate", *words, "--json", stdout=out, stderr=StringIO())
    return json.loads(out.getvalue())


def told(*words: str) -> str:
    out = StringIO()
    call_command("calculate", *words, stdout=out, stderr=StringIO())
    return out.getvalue()


def test_without_an_answer_nothing_is_made_up() -> None:
    with pytest.raises(
        CommandError, match=r"Nothing is known of these: tokens of instructions \(--system\), .*Fill them in"
    ):
        told("query", "--input-price", "1", "--output-price", "2")
    with pytest.raises(CommandError, match="Say which model it is with --model, or its prices with --input-price"):
        told("query", *SHAPE)
    with pytest.raises(CommandError, match=r"answers a month \(--queries\)"):
        told("context", "--input-price", "2.50", "--context", "2000")


def test_what_is_said_is_worked_out_with_every_input_and_line() -> None:
    found = calculate("context", "--input-price", "2.50", "--context", "2000", "--queries", "100,000")
    assert (found["calculator"], Decimal(found["result"]), Decimal(found["per_query"])) == (
        "context", Decimal(500), Decimal("0.005"),
    )  # fmt: skip
    assert found["inputs"] == {"context": 2000, "queries": 100_000, "input_price": "2.50"}
    found = calculate("query", "--model", "openai:gpt-6-luna", *SHAPE, "--cached", "1500", "--queries", "1000")
    assert (Decimal(found["result"]), Decimal(found["per_month"])) == (Decimal("0.00032"), Decimal("0.32"))
    assert [line["name"] for line in found["lines"]] == ["Input", "Cached input", "Output"]


def test_the_break_even_is_a_number_or_never() -> None:
    hosted = calculate("break-even", *SHAPE, *MINI, *HOSTED, "--tuned-system", "0", "--training", "25")
    assert (hosted["result"], hosted["inputs"]["months"], hosted["inputs"]["tuned_hosting"]) == (2_075_278, "6", "1.70")
    dearer = ("--tuned-input-price", "0.80", "--tuned-output-price", "3.20", "--tuned-system", "0", "--training", "25")
    assert calculate("break-even", *SHAPE, *MINI, *dearer)["result"] == "never"
    assert "Never, at any volume" in told("break-even", *SHAPE, *MINI, *dearer)
    untold = calculate("break-even", *SHAPE, *MINI, *HOSTED, "--tuned-system", "0")
    assert untold["result"] is None
    assert untold["why"] == "It is not known, as a price is missing for: training."


def test_an_unpriced_model_gives_null_and_says_so() -> None:
    found = calculate("query", "--model", "openai:nobody-knows", *SHAPE)
    assert (found["result"], found["why"]) == (None, "What an answer costs is not known, as a price is missing.")
    with pytest.raises(CommandError, match="write it as provider:model"):
        told("query", "--model", "gpt", *SHAPE)


def test_it_begins_with_the_live_model_and_what_its_answers_take() -> None:
    make_models()
    user = make_user()
    for number in range(2):
        make_past_answer(user, number, tokens=(2000, 500, 100))
    ModelPrice.objects.create(
        provider="openai", model="a-model", input_per_million=2, cached_input_per_million=1, output_per_million=10,
        valid_from="2020-01-01T00:00Z",
    )  # fmt: skip
    found = calculate("query")
    assert Decimal(found["result"]) == (1500 * 2 + 500 * 1 + 100 * 10) / Decimal(1_000_000)
    assert (found["inputs"]["cached"], found["inputs"]["queries"]) == (500, 60)
    cheaper = calculate("query", "--output-price", "0", "--output", "1000")
    assert Decimal(cheaper["result"]) == Decimal("0.0035"), "what is said comes before what is known"


@pytest.mark.parametrize("wrong", ["-1", "NaN", "many", "1.5"])
def test_what_is_no_number_of_tokens_is_refused(wrong: str) -> None:
    with pytest.raises(CommandError, match="no "):
        told("query", *SHAPE[:-1], wrong)


def test_more_from_the_cache_than_goes_in_is_refused() -> None:
    with pytest.raises(CommandError, match="cached tokens are a part of the others"):
        told("query", "--input-price", "1", *SHAPE, "--cached", "9999")
    with pytest.raises(CalculationError):
        sums.work_out("break-even", {"system": 1})


def test_advice_is_told_as_a_text_and_as_json() -> None:
    make_models()
    make_past_answer(make_user(), 1)
    out = StringIO()
    call_command("advise", stdout=out)
    assert out.getvalue().startswith("First: No verdict on tuning is worth much before 100 cases are graded")
    assert "\nKnowledge: stay with retrieval." in out.getvalue()
    assert (
        "> yes     Are there fewer than 200 examples? (approved examples of different questions: 0;" in out.getvalue()
    )
    out = StringIO()
    call_command("advise", "--json", stdout=out)
    written = json.loads(out.getvalue())
    assert (written["knowledge"]["verdict"], written["behaviour"]["verdict"]) == ("stay_rag", "improve_prompt")
    assert written["figures"]["queries_a_month"] == {
        "value": 30, "source": "Extrapolated from 1 day.", "sample": 1, "interval": None,
        "as_of": written["figures"]["examples"]["as_of"],
    }  # fmt: skip
