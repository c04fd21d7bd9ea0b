"""One rule, one sentence, with line and field; and what is warned of."""

from collections.abc import Sequence
from typing import Any

import pytest

from bot.answers import prompts
from bot.claims import supporting
from bot.claims.supporting import Words
from llm.prompt import Turn
from tests.rows.examples import make_hit
from tuning.datasets import cautions, pairing, shaping, validating
from tuning.datasets.cautions import Traits
from tuning.datasets.validating import Candidate

PASSAGE = (
    "Annual plans can be refunded in full within 30 days. Ask at https://acme.example.com/billing for 1,000 seats."
)
OTHER = "Webhooks are sent again for one day after a failure."


def line(answer: str, question: str = "How are plans refunded?", **fields: Any) -> Candidate:
    hits = [make_hit("Refunds", PASSAGE), make_hit("Webhooks", OTHER)]
    messages = [*prompts.build(question, hits).messages(), {"role": "assistant", "content": answer}]
    return Candidate(example=1, messages=messages, **fields)


def said(messages: Sequence[dict[str, str]]) -> list[tuple[str, str]]:
    return list(validating.of_line(messages))


def unsupported(answer: str, question: str = "How are plans refunded?") -> list[str]:
    made = line(answer, question)
    given = shaping.GivenPassages([made])
    passages = given.passages[0]
    assert passages is not None
    found = list(validating.of_support(made, made.messages, passages, given.words))
    assert {field for field, _ in found} <= {"messages[2].content"}
    return [sentence for _, sentence in found]


SYSTEM, ASKED, TOLD = ({"role": role, "content": "x"} for role in ("system", "user", "assistant"))


@pytest.mark.parametrize(
    ("messages", "field", "sentence"),
    [
        ([], "messages", "does not go from a question to an answer"),
        ([SYSTEM, ASKED], "messages", "does not go from a question to an answer"),
        ([SYSTEM, TOLD], "messages", "does not go from a question to an answer"),
        ([ASKED, {"role": "tool", "content": "x"}, TOLD], "messages[1].role", "'tool', which a trainer does not take"),
        ([ASKED, SYSTEM, TOLD], "messages[1].role", "second instruction"),
        ([SYSTEM, ASKED, ASKED, TOLD], "messages[2].role", "follows another user"),
        ([SYSTEM, ASKED, {**TOLD, "weight": "1"}], "messages[2]", "fields that a trainer does not take: weight"),
        ([SYSTEM, {"role": "user", "content": " \n"}, TOLD], "messages[1].content", "is empty"),
        ([SYSTEM, ASKED, {"role": "assistant", "content": "Yes [3]."}], "messages[2].content", "not there: [3]"),
        ([SYSTEM, ASKED, {"role": "assistant", "content": "Yes [0, 4]."}], "messages[2].content", "[0], [4]"),
        ([SYSTEM, ASKED, {"role": "assistant", "content": "Ask eve@corp.io."}], "messages[2].content", "e-mail"),
        ([SYSTEM, {"role": "user", "content": "so " * 70_000}, TOLD], "messages", "longer than 65,536 tokens"),
    ],
)
def test_each_fault_is_named_with_its_field(messages: list[dict[str, str]], field: str, sentence: str) -> None:
    found = said(messages)
    assert len(found) == 1
    assert found[0][0] == field
    assert sentence in found[0][1]


def test_what_is_well_is_not_complained_of() -> None:
    history = (Turn("user", "Before?"), Turn("assistant", "As told there [5]."))  # numbers of another prompt
    messages = prompts.build("And now?", [make_hit("Refunds", PASSAGE)], history).messages()
    answer = {"role": "assistant", "content": "Within 30 days [1]. See `rows[7]`."}  # code cites nothing
    assert said([*messages, answer]) == []


@pytest.mark.parametrize(
    ("answer", "sentences"),
    [
        ("Hello! Plans can be refunded within 30 days [1]. Happy to help!", []),
        ("Within 30 days [1]; ask at https://acme.example.com/billing [1].", []),
        ("1. Ask for a refund [1].\n2. Webhooks are sent again [2].", []),
        ("Plans can be refunded within 45 days [1].", ["says what no passage says: 45"]),
        (
            "Plans can be refunded [1] at https://acme.example.com/money.",
            ["says what no passage says: acme.example.com/money"],
        ),
        (
            "Your cancelled subscription keeps working until midnight tomorrow [2].",
            ["cites a passage that says something else: 'Your cancelled subscription keeps working until midnight"],
        ),
        ("Die Tarife werden innerhalb der ersten Wochen vollständig erstattet, wenn man darum bittet [1].", []),
    ],
)
def test_what_no_passage_says_is_not_learnt(answer: str, sentences: list[str]) -> None:
    found = unsupported(answer)
    assert len(found) == len(sentences)
    assert all(told.startswith(sentence) for told, sentence in zip(found, sentences, strict=True))


def test_what_the_asker_said_is_no_invention() -> None:
    assert unsupported("After 45 days they are not refunded in full [1].", "And after 45 days?") == []


def test_support_is_the_share_of_the_rare_words() -> None:
    words = Words([PASSAGE, OTHER])
    assert words.share("Annual plans can be refunded in full.", [PASSAGE]) == 1.0
    assert words.share("Annual plans can be refunded in full.", [OTHER]) < 0.4
    assert words.share("Webhooks", []) == 0.0
    assert words.share("?!", [OTHER]) == 1.0
    assert words.share("返金は三十日以内です", ["返金は三十日以内に可能です"]) > 0.6
    found = supporting.cited_sentences("Hello! Within 30 days. [1][2] It is so [3]. Bye!")
    assert found == [("Within 30 days.", [1, 2]), ("It is so.", [3])]


def test_no_cluster_in_two_splits_and_no_question_of_an_evaluation() -> None:
    lines = [("train", 1, "How?"), ("validation", 2, "Why?"), ("validation", 1, "When?"), ("train", 3, "WHERE, is it")]
    found = list(validating.of_splits(lines, ["Where is it?"]))
    assert found == [
        (2, ("split", "is for validation, while others of its cluster are for train")),
        (3, ("messages", "asks what is kept for an evaluation")),
    ]


@pytest.mark.parametrize(
    ("original", "answer", "kind", "is_kept"),
    [
        ("Within 30 days [1].", "Hello! You have 30 days for that [1]. Happy to help!", "style", True),
        ("Within 30 days of the purchase you can ask for your money [1].",
         "Within 30 days of the purchase, you can ask for your money [1].", "style", False),
        ("Within 30 days [1].", "Within 45 days, as of May, by post [1].", "fact", False),
        ("Within 30 days [1].", prompts.NOT_FOUND, "refusal", True),
        ("Same.", "Same.", "none", False),
    ],
)  # fmt: skip
def test_what_is_preferred_is_more_than_a_comma_and_no_fact(
    original: str, answer: str, kind: str, is_kept: bool
) -> None:
    assert pairing.rejected(original, answer, kind) == (original if is_kept else "")


def told(lines: Sequence[Candidate], **traits: object) -> str:
    known: dict[str, object] = {"clusters": 300, "topics": {}, "languages": (), "distractors": (), **traits}
    return " ".join(cautions.warnings(lines, Traits(**known)))  # type: ignore[arg-type]


def lines_of(count: int = 60, **fields: Any) -> list[Candidate]:
    subjects = ("plans", "seats", "keys", "logs", "hooks")
    return [
        line(
            f"About {number}: {subjects[number % 5] * 3} go to {number * 7919 % 1000} in {number * 31 % 77} [1].",
            **fields,
        )
        for number in range(count)
    ]


@pytest.mark.parametrize(
    ("lines", "traits", "sentence"),
    [
        ([], {"clusters": 12}, "12 different questions are few"),
        ([], {"clusters": 120}, "120 different questions are enough for a pilot"),
        (lines_of(), {}, "0% say that the documents do not"),
        (lines_of(refuses=True), {}, "100% say that the documents do not"),
        (lines_of(reviewer=1), {}, "One person has reviewed them all"),
        (lines_of(rejected="x"), {}, "length may be what is learnt"),
        (lines_of(), {"topics": {"refund, plan": 31}}, "52% ask about one topic (refund, plan)"),
        ([*lines_of(), line("x" * 900)], {}, "1 answer is more than 5 times as long as is usual here (line 61)"),
        ([], {"languages": ["en"] * 40 + ["de"] * 3}, "in 2 languages; of de 3 there are too few"),
        ([line("Always the same words, whatever you ask [1].")] * 9, {}, "9 answers are nearly the same text"),
        (lines_of(12, is_truncated=True), {}, "12 answers were cut off where the model's limit was, and not completed"),
        ([], {"distractors": [0, 1, 2]}, "2 of 3 lines have fewer than 2 passages beside those they cite"),
        (lines_of(3, author="openai:a-model"), {}, "3 answers are as openai:a-model wrote them"),
    ],
)  # fmt: skip
def test_what_disappoints_is_warned_of(lines: list[Candidate], traits: dict[str, object], sentence: str) -> None:
    assert sentence in told(lines, **traits)


def test_what_is_well_is_not_warned_of() -> None:
    lines = [*lines_of(40), *(line(prompts.NOT_FOUND, refuses=True) for _ in range(10))]
    lines = [line(each.answer, refuses=each.refuses, reviewer=number % 2) for number, each in enumerate(lines)]
    assert told(lines, topics={"a": 10}, languages=["en"] * 40 + ["de"] * 12 + [""], distractors=[5, 4, None]) == ""


def test_a_part_of_a_number_or_an_address_is_no_fact() -> None:
    known = "Within 300 days, 12.5 % and 7 seats: https://acme.com/a/b, at 10:30."
    assert supporting.untold("30, 5, 12 and 3 at https://acme.com/a or acme.com", known) == [
        "12", "3", "30", "5", "acme.com/a",
    ]  # fmt: skip
    assert supporting.untold("300, 12.5 and 7 at 10:30 on https://acme.com/a/b.", known) == []
