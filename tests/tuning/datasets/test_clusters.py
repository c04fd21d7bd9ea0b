"""Splits: what says the same stays together, whatever is added, and what is kept for an evaluation is never learnt."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuning.datasets import picturing
from tuning.examples import clusters, resemblance
from tuning.examples.clusters import Item
from tuning.examples.resemblance import Vectors

WORDS = st.sampled_from(["refund", "plan", "annual", "seat", "key", "log", "export", "owner", "month", "day"])
TEXTS = st.lists(WORDS, min_size=1, max_size=9).map(" ".join)
ITEMS = st.lists(st.builds(Item, TEXTS, st.sampled_from(["", "", "a", "b"])), min_size=1, max_size=25)
SHARES = st.floats(0, 0.5)


def keys(items: list[Item]) -> list[str]:
    return [f"{number} {item.text}" for number, item in enumerate(items)]


def drawn(count: int, dimensions: int = 384, seed: int = 1) -> Vectors:
    """Unit rows in a few directions, as embeddings are, some of them nearly those of others."""
    chance = np.random.default_rng(seed)
    mixed = chance.normal(size=(count, 24)) @ chance.normal(size=(24, dimensions))
    rows = mixed + 0.6 * chance.normal(size=(count, dimensions)) * np.linalg.norm(mixed, axis=1, keepdims=True) / 20
    rows[count // 2 :] = rows[: count - count // 2] + 0.3 * rows[count // 2 :] * chance.random((count - count // 2, 1))
    found: Vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return found


@settings(deadline=None, max_examples=60)
@given(ITEMS, SHARES, st.text(max_size=5))
def test_a_cluster_is_in_one_split_and_the_same_salt_draws_the_same(items: list[Item], share: float, salt: str) -> None:
    assigned = clusters.assign(items)
    apart = clusters.split(assigned, keys(items), salt=salt, share=share)
    assert apart <= set(assigned)
    assert apart < set(assigned)  # something is left to train on
    assert apart == clusters.split(assigned, keys(items), salt=salt, share=share)
    assert bool(apart) == (share > 0 and len(set(assigned)) > 1)
    for first, second in ((a, b) for a in range(len(items)) for b in range(a)):
        is_same = items[first].text == items[second].text
        if is_same or (items[first].thread and items[first].thread == items[second].thread):
            assert assigned[first] == assigned[second]


@settings(deadline=None, max_examples=40)
@given(ITEMS, TEXTS)
def test_what_is_added_never_parts_what_was_together(items: list[Item], more: str) -> None:
    before = clusters.assign(items)
    after = clusters.assign([*items, Item(more)])
    assert [a == b for a in before for b in before if a == b] == [
        after[x] == after[y] for x, a in enumerate(before) for y, b in enumerate(before) if a == b
    ]


@settings(deadline=None, max_examples=60)
@given(ITEMS, ITEMS)
def test_what_an_evaluation_asks_is_never_learnt(items: list[Item], barred: list[Item]) -> None:
    assigned = clusters.assign([*items, *barred])
    kept = clusters.beside(assigned, len(items))
    assert {assigned[place] for place in kept}.isdisjoint(assigned[len(items) :])
    asked = {item.text for item in barred} | {item.thread for item in barred if item.thread}
    assert all(items[place].text not in asked and items[place].thread not in asked for place in kept)
    left = [place for place in range(len(items)) if place not in kept]
    assert all(assigned[place] in assigned[len(items) :] for place in left)


@settings(deadline=None, max_examples=60)
@given(st.lists(TEXTS, min_size=2, max_size=20, unique=True))
def test_texts_are_paired_exactly_when_they_are_alike(texts: list[str]) -> None:
    """Banding may overlook one in a hundred at the very edge, and never pairs what is not alike."""

    def jaccard(one: str, other: str) -> float:
        first, second = ({text[n : n + 5] for n in range(max(1, len(text) - 4))} for text in (one, other))
        return len(first & second) / len(first | second)

    found = set(resemblance.near_duplicates(texts))
    alike = {
        (a, b): likeness
        for b in range(len(texts)) for a in range(b) if (likeness := jaccard(texts[a], texts[b])) >= 0.7
    }  # fmt: skip
    assert found <= set(alike)
    assert {pair for pair, likeness in alike.items() if likeness >= 0.9} <= found


@pytest.mark.parametrize("text", ["", "?", "é", "日本語", "a\0b", "x" * 10_000])
def test_no_text_is_too_short_or_too_strange(text: str) -> None:
    assert clusters.assign([Item(text), Item("something else"), Item(text)])[0] == 1
    assert list(resemblance.near_duplicates([text, "", "quite another text"])) == []


@pytest.mark.parametrize("count", [3, 700, 2500])
def test_every_near_pair_of_vectors_is_found_and_no_other(count: int) -> None:
    vectors = drawn(count)
    expected = np.argwhere(np.triu(vectors @ vectors.T >= resemblance.ALIKE_MEANING, 1))
    assert sorted(resemblance.neighbours(vectors)) == [(int(a), int(b)) for a, b in expected]
    assert len(expected) > 0 or count < 10


def test_ten_thousand_items_take_no_time() -> None:
    """`python -m benchmarks.tuning` takes ten times as many, and the time."""
    items = [Item(f"question {number % 9000} about {number * 7919 % 997}") for number in range(10_000)]
    assert len(set(clusters.assign(items, drawn(10_000, 64)))) < 9_001


def test_topics_are_named_by_what_tells_them_apart() -> None:
    directions = np.eye(3, 8, dtype=np.float32)
    subjects = ("refund of plans", "webhook retries", "audit logs")
    questions = [f"How do I see {subjects[number % 3]} number {number}?" for number in range(30)]
    vectors = np.array([directions[number % 3] for number in range(30)])
    found = picturing.topics(questions, vectors)
    assert [len(places) for places in found.values()] == [10, 10, 10]
    assert {words.split(", ")[0] for words in found} <= {"refund", "plans", "webhook", "retries", "audit", "logs"}
    assert found == picturing.topics(questions, vectors)
    assert picturing.topics([], None) == {}


def test_languages_are_counted_or_said_to_be_unknown() -> None:
    assert picturing.by_language(["en", "en", "de", ""], 4) == {"en": 2, "de": 1, "unknown": 1}
    assert picturing.by_language([], 0) == {}
