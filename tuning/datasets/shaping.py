"""What is trained on, made of what was asked: passages in another order, and questions without the passage they need.

A model that always finds the answer in the first passage learns to look nowhere else, and one that always finds it
learns to answer whatever it is given (RAFT, arXiv 2403.10131: shuffled positions, distractors, a share of questions
whose own document is missing). All passages that were retrieved stay, the cited ones among those that were not. Pure.

Which passages a line has is read from its prompt by the code that wrote it (bot.answers.prompts.read): imported
examples have nothing else. Where a passage itself holds what looks like the next one's beginning, the line stays as it
was asked.
"""

import hashlib
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace

from bot.answers import prompts
from bot.claims import citations, supporting
from bot.claims.supporting import Words
from llm.prompt import Passage
from tuning.datasets.validating import Candidate, Message

REFUSALS = 0.2  # of all lines; RAFT's own share, and within what validating warns of
STILL_HELD = 0.5  # from this share of a cited sentence on the other passages may hold the answer as well


class GivenPassages:
    """The passages of each line and the words in them, read once. None where they cannot be told apart."""

    def __init__(self, lines: Sequence[Candidate]) -> None:
        self.passages = [_read(line.messages) for line in lines]
        self.words = Words(passage.text for found in self.passages if found for passage in found)


def shuffled(line: Candidate, *, salt: str) -> Candidate:
    """The line with its passages in an order drawn by the salt and its key, and the markers of both answers with them.

    Production numbers markers anew when an answer is read, so that their order in the text need not rise.
    """
    order = list(_read(line.messages) or ())
    if len(order) < 2:
        return line
    random.Random(_seed(salt, line.key)).shuffle(order)  # noqa: S311  the same order every time is what is wanted
    places = {passage.number: place for place, passage in enumerate(order, start=1)}
    answer = citations.renumber(line.answer, places)
    messages = [*_asking(line.messages, order), {"role": "assistant", "content": answer}]
    return replace(line, messages=messages, rejected=citations.renumber(line.rejected, places))


def refusals(lines: Sequence[Candidate], given: GivenPassages, *, salt: str, share: float) -> dict[int, Candidate]:
    """Lines whose cited passages are taken out, to be answered by a refusal, by the place of their origin.

    As many, drawn by the salt, as bring all refusals to about `share` of the lines; fewer where the passages that are
    left, or what was said before, may hold the answer as well.
    """
    reviewed = sum(line.refuses for line in lines)
    wanted = round((share * len(lines) - reviewed) / (1 - share))
    made: dict[int, Candidate] = {}
    for place in sorted(range(len(lines)), key=lambda each: _seed(salt, f"refusal {lines[each].key}")):
        if len(made) >= wanted:
            break
        passages = given.passages[place]
        if passages and (left := _without_answer(lines[place], passages, given.words)):
            made[place] = _refusing(lines[place], left)
    return made


def _refusing(line: Candidate, left: Sequence[Passage]) -> Candidate:
    messages = [*_asking(line.messages, left), {"role": "assistant", "content": prompts.NOT_FOUND}]
    return replace(line, messages=messages, rejected="", refuses=True, is_made=True, key=f"refusal {line.key}")


def _without_answer(line: Candidate, passages: Sequence[Passage], words: Words) -> list[Passage]:
    """The passages that are not cited; none where they are not enough to refuse from, or hold the answer too."""
    cited = set(citations.numbers(line.answer))
    left = [passage for passage in passages if passage.number not in cited]
    if line.refuses or not cited or not left:
        return []
    said = [passage.text for passage in left] + [str(turn["content"]) for turn in line.messages[1:-2]]
    claims = [sentence for sentence, _ in supporting.cited_sentences(line.answer)]
    return left if claims and all(words.share(claim, said) < STILL_HELD for claim in claims) else []


def _asking(messages: Sequence[Message], passages: Sequence[Passage]) -> Iterator[Message]:
    """The messages up to the question, over these passages, numbered as they come."""
    _, question = prompts.read(messages[-2]["content"])
    numbered = [replace(passage, number=number) for number, passage in enumerate(passages, start=1)]
    yield from (dict(message) for message in messages[:-2])
    yield {"role": "user", "content": prompts.asking(question, numbered)}


def _read(messages: Sequence[Message]) -> tuple[Passage, ...] | None:
    try:
        return prompts.read(messages[-2]["content"])[0]
    except prompts.PromptReadError:
        return None


def _seed(salt: str, key: str) -> str:
    return hashlib.sha256(f"{salt}\0{key}".encode()).hexdigest()
