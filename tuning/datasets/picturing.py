"""What the lines of a dataset are, counted in a shape that a page can draw. Pure."""

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from bot.claims import citations
from knowledge.passages import languages
from llm.prompt import Passage
from tuning.datasets.validating import MOST_TOKENS, Candidate
from tuning.examples.clusters import plain
from tuning.examples.resemblance import Vectors

EDGES = (0, 500, 1000, 2000, 4000, 8000, 16_000)
TOPICS = 12  # more are not told apart at a glance
A_TOPIC = 5  # lines, about, so that a topic is more than a question
ROUNDS = 12
TELLING = 3  # words that name a topic
DOCUMENTS = 20
IDENTIFIED = 2000  # answers whose language is looked at; more of them are a sample
_ONLY_LETTERS = re.compile(r"[^\W\d_]{3,}")


def lengths(tokens: Sequence[int]) -> dict[str, int]:
    """Lines by their length: "500+" are those from 500 tokens to the next edge."""
    edges = zip(EDGES, [*EDGES[1:], MOST_TOKENS + 1], strict=True)
    return {f"{low:,}+": sum(low <= length < high for length in tokens) for low, high in edges}


def turns(lines: Sequence[Candidate]) -> dict[str, int]:
    """Lines by how many questions the conversation has."""
    counts = Counter(sum(message.get("role") == "user" for message in line.messages) for line in lines)
    return {str(count): lines for count, lines in sorted(counts.items())}


def spoken(lines: Sequence[Candidate]) -> list[str]:
    """The language of each answer; empty where it cannot be told, as of refusals, or was not looked at."""
    step = max(1, len(lines) // IDENTIFIED)
    identify = _remembering(languages.code)
    return ["" if line.refuses or number % step else identify(line.answer) for number, line in enumerate(lines)]


def by_language(found: Sequence[str], count: int) -> dict[str, int]:
    """Lines by language, "unknown" where it could not be told; of a sample as many as they are likely to be."""
    known = Counter(filter(None, found))
    step = max(1, len(found) // IDENTIFIED)
    counts = {code: min(count, each * step) for code, each in known.most_common()}
    left = count - sum(counts.values())
    return {**counts, "unknown": left} if left > 0 else counts


def documents(lines: Sequence[Candidate], passages: Sequence[Sequence[Passage] | None]) -> list[dict[str, object]]:
    """What is cited most, with the lines that cite it; a passage is called by the first part of its heading."""
    counts: Counter[str] = Counter()
    for line, found in zip(lines, passages, strict=True):
        cited = set(citations.numbers(line.answer))
        counts.update({each.heading.split(" > ")[0] for each in found or () if each.number in cited})
    return [{"title": title, "lines": count} for title, count in counts.most_common(DOCUMENTS)]


def edits(lines: Sequence[Candidate]) -> dict[str, int]:
    """Lines by what was changed of the first answer."""
    return dict(Counter(line.edit_kind for line in lines if not line.is_made).most_common())


def topics(questions: Sequence[str], vectors: Vectors | None) -> dict[str, list[int]]:
    """The places of the questions about much the same, by the words that tell a topic from the others, largest first.

    Spherical k-means (Dhillon and Modha 2001) from fixed beginnings, so that the same questions give the same topics.
    """
    if vectors is None or not questions:
        return {}
    nearest = _means(vectors, min(TOPICS, max(1, len(questions) // A_TOPIC)))
    words = [Counter(dict.fromkeys(_ONLY_LETTERS.findall(plain(question)), 1)) for question in questions]
    everywhere = _summed(words)
    found: dict[str, list[int]] = {}
    for topic in np.unique(nearest):
        places = np.flatnonzero(nearest == topic).tolist()
        found.setdefault(_named([words[place] for place in places], everywhere, len(questions)), []).extend(places)
    return dict(sorted(found.items(), key=lambda each: -len(each[1])))


def _summed(words: Sequence[Mapping[str, int]]) -> Counter[str]:
    whole: Counter[str] = Counter()
    for each in words:
        whole.update(each)
    return whole


def _named(inside: Sequence[Mapping[str, int]], everywhere: Counter[str], count: int) -> str:
    """The words that stand here more often than they would by chance: their G, Dunning 1993, the positive half."""
    here = _summed(inside)

    def telling(word: str) -> float:
        expected = everywhere[word] * len(inside) / count
        return here[word] * math.log(here[word] / expected)

    best = sorted(here, key=lambda word: (-telling(word), -here[word], word))
    return ", ".join(best[:TELLING]) or "other"


def _means(vectors: Vectors, count: int) -> npt.NDArray[np.intp]:
    """The number of the centre that each vector is nearest to."""
    centres = vectors[np.linspace(0, len(vectors) - 1, count).round().astype(int)]
    nearest = np.zeros(len(vectors), dtype=np.intp)
    for _ in range(ROUNDS):
        found = (vectors @ centres.T).argmax(axis=1)
        if (found == nearest).all():
            break
        nearest = found
        centres = np.array([_centre(vectors[nearest == each], centres[each]) for each in range(count)])
    return nearest


def _centre(members: Vectors, before: Vectors) -> Vectors:
    mean = members.sum(axis=0)
    length = float(np.linalg.norm(mean))
    return before if not len(members) or length == 0 else (mean / length).astype(np.float32)


def _remembering(identify: Callable[[str], str]) -> Callable[[str], str]:
    known: dict[str, str] = {}
    return lambda text: known[text] if text in known else known.setdefault(text, identify(text))


def distractors(lines: Sequence[Candidate], passages: Sequence[Sequence[Passage] | None]) -> Iterator[int | None]:
    """How many passages each line has beside those that it cites; None where it refuses, or that is not known."""
    for line, found in zip(lines, passages, strict=True):
        cited = len(set(citations.numbers(line.answer)))
        yield None if line.refuses or found is None else len(found) - cited
