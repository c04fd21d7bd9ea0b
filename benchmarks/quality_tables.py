"""The tables of benchmarks.quality; imported once Django is set up."""

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks import data, loading, peers
from benchmarks.measures import Quality, quality
from benchmarks.speed_tables import write
from knowledge.embedders.base import PassageVectors, Vector
from knowledge.embedders.embedding import QuestionVector
from knowledge.embedders.local import LocalEmbedder
from knowledge.retrieval import search

Ranking = Callable[[data.Question, Vector], list[int]]
DEPTH = 10
SIX = 6  # passages that an answer is written from
LONG = 6  # letters of a word that is misspelled


def report(url: str, folder: Path, count: int) -> None:
    embedder = LocalEmbedder(model="all-MiniLM-L6-v2", dimensions=384, base_url="", api_key="")
    table: dict[str, list[Quality]] = {}
    sizes = []
    for name in data.SETS:
        part = data.read(folder, name)
        vectors = data.embed(embedder, part.passages, name)
        asked = part.judged()
        if 0 < count < len(asked):
            asked = random.Random(1).sample(asked, count)  # noqa: S311  a benchmark
        sizes.append(f"{name} ({len(asked)} of its questions)")
        systems = _systems(url, part, vectors)
        for system, rank in systems.items():
            table.setdefault(system, []).append(_quality(part, asked, embedder, rank))
        written = misspelled(asked)
        for system in ("Parley", "bm25s"):
            if system in systems:
                row = table.setdefault(f"{system}, one letter wrong", [])
                row.append(_quality(part, written, embedder, systems[system]))
    write(f"\n## Quality: {', '.join(sizes)}\n")
    write("nDCG@10 / recall@5 / recall@6 / MRR@10 / hit@1 in each set; the last column is the mean nDCG@10.\n")
    write("| | " + " | ".join(data.SETS) + " | macro nDCG@10 |\n|---|" + "---|" * (len(data.SETS) + 1))
    for system, scores in table.items():
        cells = (
            f"{s.ndcg:.3f} / {s.recall:.3f} / {s.recall_of_six:.3f} / {s.reciprocal_rank:.3f} / {s.first_hit:.3f}"
            for s in scores
        )
        write(f"| {system} | {' | '.join(cells)} | {sum(s.ndcg for s in scores) / len(scores):.4f} |")


def _quality(part: data.DataSet, asked: Sequence[data.Question], embedder: LocalEmbedder, rank: Ranking) -> Quality:
    found = {}
    for question in asked:
        vector, _ = embedder.embed_question(question.text, 10)
        found[question.id] = [part.passages[i].id for i in rank(question, vector)]
    return quality(found, part.relevance)


def misspelled(questions: Sequence[data.Question]) -> list[data.Question]:
    """The questions with one letter wrong in one long word: another, one more, one less, or two swapped."""
    chance = random.Random(3)  # noqa: S311  a benchmark
    found = []
    for question in questions:
        words = question.text.split(" ")
        long = [place for place, word in enumerate(words) if len(word) >= LONG and word.isalpha()]
        if long:
            place = chance.choice(long)
            words[place] = _misspelled(words[place], chance)
        found.append(replace(question, text=" ".join(words)))
    return found


def _misspelled(word: str, chance: random.Random) -> str:
    at, letter = chance.randrange(len(word) - 1), chance.choice("abcdefghijklmnopqrstuvwxyz")
    return chance.choice(
        [
            word[:at] + letter + word[at + 1 :],
            word[:at] + letter + word[at:],
            word[:at] + word[at + 1 :],
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
        ]
    )


def _systems(url: str, part: data.DataSet, vectors: Sequence[PassageVectors]) -> dict[str, Ranking]:
    collection, ids = loading.load(part.name, part.passages, vectors, space="quality")
    places = {chunk: place for place, chunk in enumerate(ids)}
    matrix = np.array([v.vector for v in vectors])
    texts = [passage.full_text for passage in part.passages]

    def parley(question: data.Question, vector: Vector) -> list[int]:
        rows = search.search(question.text, QuestionVector("quality", vector), collections=[collection], k=DEPTH)
        return [places[row["chunk_id"]] for row in rows]

    def rounds(question: data.Question, vector: Vector) -> list[int]:
        asked = QuestionVector("quality", vector)
        rows = search.search(question.text, asked, collections=[collection], k=SIX)
        rows = search.second_round(rows, search.uncovered(rows), asked, collections=[collection])
        return [places[row["chunk_id"]] for row in rows]

    def dense(_: data.Question, vector: Vector) -> list[int]:
        return [int(place) for place in np.argsort(-(matrix @ vector))[:DEPTH]]

    def lexical(question: data.Question, _: Vector) -> list[int]:
        return [places[chunk] for chunk in loading.lexical(question.text, collection, DEPTH)]

    systems: dict[str, Ranking] = {
        "Parley": parley,
        "Parley, k=6 in two rounds": rounds,
        "its BM25 alone": lexical,
        "its vectors alone (exact)": dense,
    }
    if peers.installed(*peers.LangChain.needs):
        chain = peers.LangChain(url, part.name, texts, matrix)
        systems["LangChain PGVector, k=4"] = lambda _, vector: chain.search(vector, 4)
        systems["LangChain PGVector, k=10"] = lambda _, vector: chain.search(vector, DEPTH)
    if peers.installed(*peers.BM25S.needs):
        scorer = peers.BM25S(texts)
        systems["bm25s"] = lambda question, _: scorer.search(question.text, DEPTH)
    return systems
