"""The trace of an answer goes into its row and comes back; rows that know less are read all the same."""

import json
from dataclasses import replace

from bot.answers.trace import Reach, SentPrompt, Trace
from knowledge.retrieval.search import Hit, RetrievedSentence

HIT = Hit(
    chunk_id=1, document_id=2, collection_id=3, path="refunds.md", url="https://help.example.com", title="Refunds",
    heading="Refunds > Annual", text="Within 30 days.", ordinal=4, score=0.1 + 0.2, scores={"bm25": 1 / 3},
    sentences=(RetrievedSentence(0, 15, 2 / 3),),
)  # fmt: skip
WHOLE = Trace(
    question="Refunds?", passages=(HIT,), stages_ms={"embed": 1.5}, answerable=0.5, corrections={"refnd": "refund"},
    uncovered=("annual",), searched_again="plans", prompt_hash="abc", uncited_text="Trust me.", error="It broke.",
    prompt=SentPrompt(could_search=False, language="Danish", checksum="def"),
)  # fmt: skip


def kept(trace: Trace) -> Trace:
    return Trace.from_json(json.loads(json.dumps(trace.as_json())))


def test_nothing_is_lost_on_the_way_into_the_row_and_back() -> None:
    assert kept(WHOLE) == WHOLE


def test_no_prompt_and_an_unknown_one_are_told_apart() -> None:
    unsent, unknown = replace(WHOLE, prompt=None), replace(WHOLE, prompt=None, knows_prompt=False)
    assert (kept(unsent), kept(unknown)) == (unsent, unknown)
    assert unsent != unknown


def test_a_row_of_before_is_read_with_what_it_knows() -> None:
    old = WHOLE.as_json()
    del old["prompt"], old["passages"][0]["sentences"], old["uncovered"]
    read = Trace.from_json(old)
    assert read.passages == (replace(HIT, sentences=()),)
    assert (read.prompt, read.knows_prompt, read.uncovered) == (None, False, ())


def test_an_erased_row_knows_nothing() -> None:
    assert Trace.from_json({}) == Trace(knows_prompt=False)
    assert Reach.from_json({}).collections is None
    assert Reach.from_json({"collections": []}) == Reach(())


def test_a_key_nobody_knows_is_left_alone() -> None:
    assert Trace.from_json({**WHOLE.as_json(), "[erased]": 1}) == WHOLE
