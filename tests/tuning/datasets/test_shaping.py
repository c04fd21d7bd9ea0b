"""What is trained on: passages in another order, refusals made of what can be answered, and nothing said otherwise."""

import re
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.answers import prompts
from bot.claims import citations
from llm.models import PromptVariant
from llm.prompt import Passage, Turn
from tests.rows.examples import SUBJECTS, make_example, make_examples, make_hit
from tests.rows.make import make_deployment
from tuning.datasets import shaping
from tuning.datasets.freezing import freeze
from tuning.datasets.shaping import GivenPassages
from tuning.datasets.validating import Candidate
from tuning.models import DatasetLine, Split

pytestmark = pytest.mark.django_db

DISTRACTORS = ("Invoices come by mail on the first.", "Webhooks retry for a day.", "Seats are billed by the month.")
TEXTS = st.text(st.sampled_from("ab .\n[]12"), min_size=1, max_size=30)
HEADINGS = st.text(st.sampled_from("ab >[]1"), max_size=8)


def passages_of(line: DatasetLine) -> tuple[Passage, ...]:
    return prompts.read(line.messages[-2]["content"])[0]


def cited_texts(messages: list[dict[str, str]]) -> list[str]:
    held = {passage.number: passage.text for passage in prompts.read(messages[-2]["content"])[0]}
    return [held[number] for number in citations.numbers(messages[-1]["content"])]


def candidate(answer: str, *texts: str, key: str = "k", history: tuple[Turn, ...] = (), **fields: object) -> Candidate:
    hits = [make_hit(f"Guide {number}", text) for number, text in enumerate(texts, start=1)]
    messages = [*prompts.build("How?", hits, history).messages(), {"role": "assistant", "content": answer}]
    return Candidate(example=1, messages=messages, key=key, **fields)  # type: ignore[arg-type]


@settings(deadline=None)
@given(st.lists(st.tuples(HEADINGS, TEXTS), max_size=6), TEXTS)
def test_what_was_built_is_read_as_it_was_or_not_at_all(given: list[tuple[str, str]], question: str) -> None:
    passages = [Passage(number, "", heading, text) for number, (heading, text) in enumerate(given, start=1)]
    built = prompts.asking(question, passages)
    try:
        found, asked = prompts.read(built)
    except prompts.PromptReadError:
        assert any(re.search(r"\n\n\[\d\] |\A\n\[\d\] ", f"{heading}\n{text}") for heading, text in given)
        return
    assert asked == question
    assert prompts.asking(asked, found) == built
    if len(found) == len(passages):
        assert [(each.heading, each.text) for each in found] == [(each.heading, each.text) for each in passages]
    else:  # the end of the last one looks like one more, to a model as well
        assert len(found) > len(passages)


def test_a_passage_that_looks_like_two_is_left_where_it_is() -> None:
    line = candidate("Yes [1].", "First.\n```\n\n[2] Looks like\nthe second.\n```", "Second.")
    with pytest.raises(prompts.PromptReadError, match="two ways"):
        prompts.read(line.messages[-2]["content"])
    assert shaping.shuffled(line, salt="s") == line
    with pytest.raises(prompts.PromptReadError, match="between lines"):
        prompts.read("[1] A prompt of somebody else")


def test_a_documents_own_number_at_the_head_of_a_line_begins_no_passage() -> None:
    text = "First.\n\n[2] Looks like\nthe second."
    line = candidate("Yes [1].", text, "Second.")
    assert [each.text for each in prompts.read(line.messages[-2]["content"])[0]] == [text, "Second."]
    assert {cited_texts(list(shaping.shuffled(line, salt=salt).messages))[0] for salt in "abcd"} == {text}


def test_passages_are_moved_with_their_markers_and_the_history_is_not() -> None:
    history = (Turn("user", "And before?"), Turn("assistant", "That was before [1]."))
    line = candidate(
        "First [1][3], then [2, 3]; `a[1]` is code.\n```\nb[2]\n```", *DISTRACTORS, history=history, rejected="No [2]."
    )
    orders = set()
    for number in range(12):
        moved = shaping.shuffled(line, salt=f"salt {number}")
        assert moved == shaping.shuffled(line, salt=f"salt {number}")
        messages = list(moved.messages)
        assert cited_texts(messages) == [DISTRACTORS[0], DISTRACTORS[2], DISTRACTORS[1]]
        assert cited_texts([*messages[:-1], {"role": "assistant", "content": moved.rejected}]) == [DISTRACTORS[1]]
        assert messages[:-2] == list(line.messages[:-2])
        assert "`a[1]`" in moved.answer
        assert "b[2]" in moved.answer
        orders.add(tuple(text.text for text in prompts.read(messages[-2]["content"])[0]))
    assert len(orders) > 3


def test_markers_read_by_people_say_the_same_before_and_after() -> None:
    """Production numbers markers as they come: whatever the order of the passages, a reader sees the same text."""
    line = candidate("First [2], then [3], and [2] again.", *DISTRACTORS)
    for number in range(6):
        moved = shaping.shuffled(line, salt=str(number))
        assert "".join(citations.Renumbered([moved.answer], 3)) == "First [1], then [2], and [1] again."


def test_the_cited_passage_stands_anywhere_and_distractors_stay() -> None:
    make_deployment()
    for subject in SUBJECTS:
        make_example(subject, others=DISTRACTORS)
    places = Counter[int]()
    for line in freeze("first", refusals=0).lines.all():
        places.update(citations.numbers(line.messages[-1]["content"]))
        assert {passage.text for passage in passages_of(line)} >= set(DISTRACTORS)
        assert cited_texts(line.messages)[0].startswith("The guide tells about")
        assert prompts.SEARCH in line.messages[0]["content"]
    assert len(places) == 4
    assert max(places.values()) < 15
    left = [line.messages[-1]["content"] for line in freeze("second", refusals=0, is_shuffled=False).lines.all()]
    assert all("[1]" in answer for answer in left)


def test_refusals_are_made_of_what_can_be_answered_up_to_their_share() -> None:
    make_deployment()
    for subject in SUBJECTS[:19]:
        make_example(subject, others=DISTRACTORS)
    make_example("the weather", answer=prompts.NOT_FOUND, is_refusal=True, others=DISTRACTORS)
    dataset = freeze("first", validation=0.2, prompt=PromptVariant.SHORT)
    made = list(dataset.lines.filter(is_made=True))
    assert (dataset.lines.count(), len(made), dataset.statistics["refusals"]) == (24, 4, 5)  # 5 of 24 are a fifth
    for line in made:
        origin = dataset.lines.get(example=line.example, is_made=False)
        assert (line.cluster, line.split) == (origin.cluster, origin.split)
        assert line.messages[-1]["content"] == prompts.NOT_FOUND
        assert {passage.text for passage in passages_of(line)} == set(DISTRACTORS)
        assert line.messages[0] == origin.messages[0]
        assert line.rejected == ""
    assert dataset.counts()[Split.VALIDATION] >= 4


def test_no_refusal_is_made_where_the_other_passages_hold_the_answer_too() -> None:
    answer = "Annual plans are refunded within thirty days [1]."
    told = "Annual plans are refunded within thirty days."
    lines = [
        candidate(answer, told, "Plans that are annual: refunded within thirty days, once.", key="held"),
        candidate(answer, told, "Webhooks retry.", key="said", history=(Turn("user", "?"), Turn("assistant", told))),
        candidate(answer, told, key="nothing left"),
        candidate(prompts.NOT_FOUND, told, "Webhooks retry.", key="refused", refuses=True),
        candidate("It is so.", told, "Webhooks retry.", key="uncited"),
        candidate(answer, told, "Webhooks retry for a day.", key="good"),
    ]
    made = shaping.refusals(lines, GivenPassages(lines), salt="s", share=0.5)
    assert list(made) == [5]
    assert made[5].answer == prompts.NOT_FOUND
    assert made[5].is_made
    assert shaping.refusals(lines, GivenPassages(lines), salt="s", share=0.0) == {}


def test_examples_with_one_passage_stay_as_they_are() -> None:
    make_deployment()
    make_examples(12)
    dataset = freeze("first")
    assert dataset.lines.count() == 12
    for line in dataset.lines.select_related("example"):
        assert line.example is not None
        assert line.messages == line.example.messages
