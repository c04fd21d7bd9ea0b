"""From approved examples to a dataset that nobody can change any more."""

import hashlib
import json
import secrets
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from bot.answers import prompts
from llm.models import PromptVariant
from tuning.datasets import candidates, cautions, drawing, picturing, shaping, validating
from tuning.datasets.cautions import Traits
from tuning.datasets.drawing import Drawn
from tuning.datasets.shaping import GivenPassages
from tuning.datasets.validating import Candidate, Problem
from tuning.examples import clusters, own_addresses
from tuning.models import Dataset, DatasetLine, Split
from tuning.reviews import staleness

VALIDATION = 0.1
MOST_VALIDATION = 0.5
MOST_REFUSALS = 0.5


class FreezeError(ValueError):
    """The examples may not be frozen as they are. `problems` says why, line by line."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = list(problems)
        first = "; ".join(str(problem) for problem in self.problems[:3])
        more = f"; and {len(self.problems) - 3} more" if len(self.problems) > 3 else ""
        super().__init__(f"Nothing was frozen: {first}{more}")


@dataclass(frozen=True)
class Shaped:
    """The lines as they are trained on. `origins` are the places of the examples that each was made of."""

    lines: list[Candidate]
    origins: list[int]


def freeze(
    name: str,
    *,
    prompt: PromptVariant = PromptVariant.FULL,
    validation: float = VALIDATION,
    refusals: float = shaping.REFUSALS,
    is_shuffled: bool = True,
    by: User | None = None,
) -> Dataset:
    """Freeze what is approved, in the words that models of `prompt` are asked in. Raises FreezeError.

    About a share of `validation` of the lines is kept for validation; clusters stay whole. `refusals` is the share of
    lines that say "not in our documents": to those that reviewers made as many are added as can be made.
    """
    _check(name, validation, refusals)
    recalled = len(staleness.recall())
    drawn, lines, left_out = candidates.of(drawing.draw(), prompt)
    given = GivenPassages(lines)
    _refuse_if(
        [
            *drawing.unfit(drawn.examples),
            *validating.problems(lines, own_addresses.known()),
            *_unsupported(drawn, lines, given),
        ]
    )
    salt = secrets.token_hex(16)
    shaped = _shaped(lines, given, salt, refusals=refusals, is_shuffled=is_shuffled)
    share = min(validation, 1 - validating.LEAST_LINES / len(lines))  # a trainer counts what it trains on
    apart = clusters.split(drawn.clusters, [line.key for line in lines], salt=salt, share=share)
    rows = _rows(drawn, shaped, apart)
    _check_splits(rows, drawn)
    lengths = validating.sizes(_text(line) for line in shaped.lines)
    traits, statistics = _described(drawn, lines, given, shaped, lengths)
    traits = replace(traits, can_refuse=prompt != PromptVariant.RESTYLE)
    dataset = Dataset(
        name=name.strip(),
        prompt=prompt,
        template_hash=prompts.template_hash(prompt),
        checksum=checksum(rows),
        salt=salt,
        barred=drawn.barred,
        clusters=traits.clusters,
        tokens=sum(length for row, length in zip(rows, lengths, strict=True) if row.split == Split.TRAIN),
        longest=max(lengths),
        warnings=[*_left_out(drawn.doubled, recalled, left_out), *cautions.warnings(shaped.lines, traits)],
        statistics={**statistics, "left_out": dict(left_out), "is_shuffled": is_shuffled},
        created_by=by,
    )
    try:
        return _written(dataset, rows)
    except IntegrityError as error:
        _check(name, validation, refusals)  # another took the name meanwhile
        raise FreezeError([Problem(0, 0, "", "an example was changed meanwhile; freeze again")]) from error


def checksum(lines: Sequence[DatasetLine]) -> str:
    """SHA-256 over the lines as they are trained on, in their order."""
    digest = hashlib.sha256()
    for line in lines:
        kept = [line.split, line.cluster, line.messages, line.rejected]
        digest.update(json.dumps(kept, sort_keys=True, ensure_ascii=False).encode() + b"\n")
    return digest.hexdigest()


@transaction.atomic
def _written(dataset: Dataset, rows: list[DatasetLine]) -> Dataset:
    dataset.save()
    for row in rows:
        row.dataset = dataset
    DatasetLine.objects.bulk_create(rows, batch_size=1000)
    return dataset


def _check(name: str, validation: float, refusals: float) -> None:
    if not name.strip():
        raise FreezeError([Problem(0, 0, "", "a dataset needs a name")])
    if Dataset.objects.filter(name=name.strip()).exists():
        raise FreezeError([Problem(0, 0, "", f"there is a dataset called {name.strip()} already")])
    if not 0 <= validation <= MOST_VALIDATION:
        raise FreezeError([Problem(0, 0, "", f"the share for validation has to be from 0 to {MOST_VALIDATION:g}")])
    if not 0 <= refusals <= MOST_REFUSALS:
        raise FreezeError([Problem(0, 0, "", f"the share of refusals has to be from 0 to {MOST_REFUSALS:g}")])


def _refuse_if(problems: Sequence[Problem]) -> None:
    if problems:
        raise FreezeError(sorted(problems, key=lambda problem: problem.line))


def _unsupported(drawn: Drawn, lines: Sequence[Candidate], given: GivenPassages) -> Iterator[Problem]:
    """What the passages do not say, unless somebody has looked at it and said why it is no fact."""
    for number, (example, line, passages) in enumerate(
        zip(drawn.examples, lines, given.passages, strict=True), start=1
    ):
        if passages and not line.refuses and not getattr(example, "no_fact_reason", ""):
            for field, sentence in validating.of_support(line, example.messages, passages, given.words):
                yield Problem(number, line.example, field, sentence)


def _shaped(
    lines: Sequence[Candidate], given: GivenPassages, salt: str, *, refusals: float, is_shuffled: bool
) -> Shaped:
    """The lines with the refusals made of some of them behind those, so that whoever trains in this order sees both."""
    made = shaping.refusals(lines, given, salt=salt, share=refusals)
    shaped = Shaped([], [])
    for place, line in enumerate(lines):
        for each in (line, made.get(place)):
            if each is not None:
                shaped.lines.append(shaping.shuffled(each, salt=salt) if is_shuffled else each)
                shaped.origins.append(place)
    return shaped


def _rows(drawn: Drawn, shaped: Shaped, apart: set[int]) -> list[DatasetLine]:
    return [
        DatasetLine(
            example=drawn.examples[origin],
            ordinal=number,
            split=Split.VALIDATION if drawn.clusters[origin] in apart else Split.TRAIN,
            cluster=drawn.clusters[origin],
            messages=list(line.messages),
            rejected=line.rejected,
            is_made=line.is_made,
            checksum=drawn.examples[origin].checksum,
        )
        for number, (line, origin) in enumerate(zip(shaped.lines, shaped.origins, strict=True), start=1)
    ]


def _check_splits(rows: Sequence[DatasetLine], drawn: Drawn) -> None:
    """What clusters are for, asked of the lines as they are: no question in two splits, none of an evaluation's."""
    questions = {example.pk: example.question for example in drawn.examples}
    asked = [(row.split, row.cluster, questions[row.example_id or 0]) for row in rows]
    found = [
        Problem(place + 1, rows[place].example_id or 0, *each)
        for place, each in validating.of_splits(asked, drawn.asked)
    ]
    _refuse_if([*validating.too_few(sum(row.split == Split.TRAIN for row in rows)), *found])


def _described(
    drawn: Drawn, lines: Sequence[Candidate], given: GivenPassages, shaped: Shaped, lengths: Sequence[int]
) -> tuple[Traits, dict[str, object]]:
    """What warnings are given by, and what a page draws."""
    about = picturing.topics([example.question for example in drawn.examples], drawn.vectors)
    spoken = picturing.spoken(lines)
    topics = {words: len(places) for words, places in about.items()}
    traits = Traits(len(set(drawn.clusters)), topics, spoken, list(picturing.distractors(lines, given.passages)))
    return traits, {
        "lengths": picturing.lengths(lengths),
        "refusals": sum(line.refuses for line in shaped.lines),
        "made_refusals": sum(line.is_made for line in shaped.lines),
        "edited": sum(example.is_edited for example in drawn.examples),
        "preferences": sum(bool(line.rejected) for line in shaped.lines),
        "questions_in_a_conversation": picturing.turns(lines),
        "topics": [{"words": words, "lines": count} for words, count in topics.items()],
        "languages": picturing.by_language(spoken, len(lines)),
        "documents": picturing.documents(lines, given.passages),
        "edits": picturing.edits(lines),
    }


def _left_out(doubled: int, recalled: int, left_out: Counter[str]) -> Iterator[str]:
    if recalled:
        yield f"{recalled} went back into review, as what they cite says something else now."
    if doubled:
        yield f"{doubled} said the same as another example and were left out."
    for reason, count in sorted(left_out.items()):
        yield f"{count} left out: {reason}."


def _text(candidate: Candidate) -> str:
    return "\n".join(message["content"] for message in candidate.messages)
