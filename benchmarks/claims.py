"""What checking the claims of answers finds, and what it takes for an error: python -m benchmarks.claims --data DIR

Answers that people graded (IBM MT-RAG): how well the share of words that stands in the passages tells faithful answers
(a mean grade of 3 or more) from others, as the area under the curve. Then errors of each kind, planted into sentences
of answers that people hold to be faithful (3.5 or more), against the same sentences as they stood.
"""

import argparse
import json
import random
import re
import statistics
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot.claims import checking, grounding
from bot.claims.checking import Checked, Checking

SEED = 7
FAITHFUL, TRUE = 3.0, 3.5  # mean grades of people, from 1 to 4
MONTHS = re.findall(r"\w+", "January February March April June July August September October November December")
_NUMBER = re.compile(r"(?<![\w.,:/-])\d[\d,]*(?:\.\d+)?(?![\w:/-]|\.\d)")
_DATE = re.compile(rf"\b(?:19|20)\d\d\b|\b(?:{'|'.join(MONTHS)})\b")
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-z]{3,}\b(?: [A-Z][a-z]{2,}\b)*")
_VERB = re.compile(r"\b(?:is|are|can|must|will|do|does|was|were|should|may|has|have)\b(?! not)")
_NOT = re.compile(r" not\b|n't\b")


@dataclass
class GradedAnswer:
    answer: str
    passages: list[str]
    turns: list[str]
    task: str
    grade: float
    checking: Checking = field(init=False)

    def __post_init__(self) -> None:
        self.checking = Checking(self.passages, self.turns[-1:], self.turns[:-1])


@dataclass
class Tally:
    """Pairs of a true sentence and the same with an error in it, and how many of both were taken for untrue."""

    pairs: int = 0
    found: int = 0
    alarms: int = 0

    def add(self, *, is_found: bool, is_alarm: bool) -> None:
        self.pairs += 1
        self.found += is_found
        self.alarms += is_alarm

    def row(self, name: str) -> str:
        precision = f"{self.found / (self.found + self.alarms):.2f}" if self.found else "-"
        return f"{name:<34}{self.pairs:>6}{precision:>11}{self.found / max(1, self.pairs):>8.2f}{self.alarms:>8}\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    answers = read(parser.parse_args().data / "grades" / "grades.jsonl")
    sys.stdout.write(f"{len(answers)} graded answers; AUC for faithful {area(answers):.3f}\n")
    for name, some in (
        (f"graded {TRUE} or more", [each for each in answers if each.grade >= TRUE]),
        (f"graded below {FAITHFUL}", [each for each in answers if each.grade < FAITHFUL]),
    ):
        sys.stdout.write(said_of(name, some))
    sys.stdout.write(f"\n{'planted':<34}{'pairs':>6}{'precision':>11}{'recall':>8}{'alarms':>8}\n")
    for kind, tally in planted([each for each in answers if each.grade >= TRUE]).items():
        sys.stdout.write(tally.row(kind))


def read(path: Path) -> list[GradedAnswer]:
    """The answers that people graded and that had passages."""
    rows = map(json.loads, path.read_text().splitlines())
    return [
        GradedAnswer(
            row["answer"],
            row["passages"],
            [turn["text"] for turn in row["turns"]],
            row["task"],
            statistics.mean(row["faithfulness"]),
        )
        for row in rows
        if row["faithfulness"] and any(map(str.strip, row["passages"]))
    ]


def area(answers: Sequence[GradedAnswer]) -> float:
    """The chance that a faithful answer scores above another (Mann and Whitney), ties by half."""
    scored = [(grounding.ground(each.answer, each.passages, each.turns).score or 0.0, each.grade) for each in answers]
    faithful = [score for score, grade in scored if grade >= FAITHFUL]
    others = [score for score, grade in scored if grade < FAITHFUL]
    above = sum((one > other) + (one == other) / 2 for one in faithful for other in others)
    return above / (len(faithful) * len(others))


def said_of(name: str, answers: Sequence[GradedAnswer]) -> str:
    found = [each.checking.sentences(each.answer) for each in answers]
    sentences = sum(map(len, found))
    untrue = sum(each.fault is not None for one in found for each in one)
    losing = sum(any(each.fault for each in one) for one in found)
    shown = sum(checking.share_held(one) >= 0.5 for one in found)
    return (
        f"{name}: {len(answers)} answers of {sentences} sentences; {untrue} sentences are caught, in {losing} answers "
        f"({losing / len(answers):.1%}); markers would be put into {shown} ({shown / len(answers):.0%})\n"
    )


def planted(answers: Sequence[GradedAnswer]) -> dict[str, Tally]:
    rng = random.Random(SEED)  # noqa: S311  the same errors every time are what is wanted
    names = sorted({name for each in answers for name in _NAME.findall(each.answer)})
    kinds: dict[str, Callable[[str, GradedAnswer], str]] = {
        "number": lambda text, _: number(text, rng),
        "date": lambda text, _: date(text, rng),
        "name": lambda text, one: name(text, one, names, rng),
        "negation": lambda text, _: negation(text, rng),
    }
    tallies = {kind: Tally() for kind in (*kinds, "passages of another conversation", "another of the passages")}
    for one, text in claims(answers):
        is_alarm = is_caught(one, text)
        for kind, plant in kinds.items():
            if wrong := plant(text, one):
                tallies[kind].add(is_found=is_caught(one, wrong), is_alarm=is_alarm)
        swap(one, text, answers, tallies, rng, is_alarm=is_alarm)
    return tallies


def claims(answers: Sequence[GradedAnswer]) -> Iterator[tuple[GradedAnswer, str]]:
    for one in answers:
        for each in one.checking.sentences(one.answer):
            if each.share is not None and len(grounding.terms(each.statement.text)) > checking.LEAST_TERMS:
                yield one, each.statement.text


def swap(
    one: GradedAnswer,
    text: str,
    answers: Sequence[GradedAnswer],
    tallies: dict[str, Tally],
    rng: random.Random,
    *,
    is_alarm: bool,
) -> None:
    others = [each for each in answers if each.task[:32] != one.task[:32] and each.passages[0] != one.passages[0]]
    far = is_caught(rng.choice(others), text)
    tallies["passages of another conversation"].add(is_found=far, is_alarm=is_alarm)
    best = next((each for each in one.checking.sentences(text) if each.is_held), None)
    wrong = [number for number in range(1, len(one.passages) + 1) if best and number != best.best]
    if best and wrong:
        near = any(map(_is_wrong, one.checking.sentences(f"{text} [{rng.choice(wrong)}]")))
        right = any(map(_is_wrong, one.checking.sentences(f"{text} [{best.best}]")))
        tallies["another of the passages"].add(is_found=near, is_alarm=right)


def is_caught(one: GradedAnswer, text: str) -> bool:
    """Whether it would not be shown; it cites a passage, as a model has it do."""
    return any(each.is_untrue for each in one.checking.sentences(f"{text} [1]"))


def _is_wrong(each: Checked) -> bool:
    return each.fault is not None


def number(text: str, rng: random.Random) -> str:
    found = [match for match in _NUMBER.finditer(checking.bare(text)) if not _DATE.fullmatch(match.group())]
    if not found:
        return ""
    match = rng.choice(found)
    other = int(float(match.group().replace(",", ""))) + rng.choice([1, 2, 3, 5, 10, 15, 20])
    return f"{text[: match.start()]}{other}{text[match.end() :]}"


def date(text: str, rng: random.Random) -> str:
    found = list(_DATE.finditer(checking.bare(text)))
    if not found:
        return ""
    match = rng.choice(found)
    written = match.group()
    others = [str(int(written) + step) for step in (-7, -3, -2, -1, 1, 2, 4)] if written.isdigit() else MONTHS
    return f"{text[: match.start()]}{rng.choice([each for each in others if each != written])}{text[match.end() :]}"


def name(text: str, one: GradedAnswer, names: Sequence[str], rng: random.Random) -> str:
    """Another name of which no passage has a word."""
    found = list(_NAME.finditer(checking.bare(text)))
    there = "\n".join((*one.passages, *one.turns)).casefold()
    others = [each for each in names if not any(word[:5].casefold() in there for word in each.split())]
    if not found or not others:
        return ""
    match = rng.choice(found)
    return f"{text[: match.start()]}{rng.choice(others)}{text[match.end() :]}"


def negation(text: str, rng: random.Random) -> str:
    if found := list(_NOT.finditer(text)):
        match = rng.choice(found)
        return text[: match.start()] + text[match.end() :]
    if found := list(_VERB.finditer(text)):
        match = rng.choice(found)
        return f"{text[: match.end()]} not{text[match.end() :]}"
    return ""


if __name__ == "__main__":
    main()
