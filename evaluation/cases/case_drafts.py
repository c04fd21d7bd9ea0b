"""A case before it is a row. Pure."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from evaluation.models import ExpectedBehaviour
from evaluation.scores.expectations import Expectation


@dataclass(frozen=True)
class FileProblem:
    """`place` is the line or the number of the test, empty for the whole file."""

    place: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.place}: {self.sentence}" if self.place else self.sentence


class CaseFileError(ValueError):
    """The file cannot be read as cases, so that nothing is imported. `problems` says why, place by place."""

    def __init__(self, problems: Sequence[FileProblem]) -> None:
        self.problems = list(problems)
        more = f"; and {len(self.problems) - 5} more" if len(self.problems) > 5 else ""
        super().__init__(f"Nothing was imported: {'; '.join(map(str, self.problems[:5]))}{more}.")


def once(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    """A JSON object as it is read. Raises ValueError where a name stands in it twice, of which one would be lost."""
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(name for name, _ in pairs if sum(name == other for other, _ in pairs) > 1)
        raise ValueError(f"has {twice} twice")
    return found


@dataclass(frozen=True, kw_only=True)
class CaseDraft:
    """What EvaluationCase keeps, and `place`, where it stood in its file."""

    question: str
    place: str = ""
    history: tuple[Mapping[str, str], ...] = ()
    expected: ExpectedBehaviour = ExpectedBehaviour.ANSWER
    gold: tuple[str, ...] = ()
    must_include: tuple[Expectation, ...] = ()
    must_not_include: tuple[Expectation, ...] = ()
    reference: str = ""
    tags: tuple[str, ...] = ()
    thread: str = ""

    @property
    def checksum(self) -> str:
        """SHA-256 of what is asked and expected; the same case twice is one."""
        kept = [
            self.question, list(map(dict, self.history)), self.expected, self.gold, self.must_include,
            self.must_not_include, self.reference, self.tags, self.thread,
        ]  # fmt: skip
        return hashlib.sha256(json.dumps(kept, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


@dataclass
class ReadCases:
    """The cases of a file, each with where it stood, and what of the file could not be taken over, for people."""

    drafts: list[CaseDraft] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def sampled(self, limit: int) -> "ReadCases":
        """So many of the cases, in their order: drawn by what they ask, so that it is always the same ones, and those
        of a smaller sample are in every larger one."""
        drawn = sorted(self.drafts, key=lambda draft: hashlib.sha256(draft.question.encode()).digest())[:limit]
        chosen = set(map(id, drawn))
        return ReadCases([draft for draft in self.drafts if id(draft) in chosen], self.notes)
