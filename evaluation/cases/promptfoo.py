"""Tests of promptfoo as cases. Pure.

What of a test has no counterpart here is told, never left out in silence: see `read`. Scalars are read as the text that
stands there, so that "1.10" stays that and "no" is a word.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any

import yaml

from evaluation.cases.case_drafts import CaseDraft, CaseFileError, FileProblem
from evaluation.models import ExpectedBehaviour
from evaluation.scores import expectations
from evaluation.scores.expectations import Expectation
from foundation.text import clean

QUESTION_NAMES = ("question", "query", "input", "prompt", "message", "user_input", "text")
MOST_COMBINATIONS = 1000  # of one test whose variables are lists

_PLACEHOLDER = re.compile(r"\{\{\s*([\w.]+)\s*\}\}")
_NAMED = re.compile(r"\(\?<(?![=!])")
_TEMPLATED = re.compile(r"\{[{%]")


@dataclass
class _Reading:
    """One test as it is read: what becomes of its assertions, and what of it is only told."""

    place: str
    notes: list[str]
    must_include: list[Expectation] = field(default_factory=list)
    must_not_include: list[Expectation] = field(default_factory=list)
    rubrics: list[str] = field(default_factory=list)
    expected: ExpectedBehaviour = ExpectedBehaviour.ANSWER

    def tell(self, sentence: str) -> None:
        self.notes.append(f"{self.place}: {sentence}")


def read(text: str) -> tuple[list[CaseDraft], list[str]]:
    """The tests of a configuration as cases, and what of them could not be taken over. Raises CaseFileError."""
    try:
        whole = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506  it builds texts, lists and maps alone
    except yaml.YAMLError as error:
        raise CaseFileError([FileProblem("", f"the file is no YAML: {_where(error)}")]) from error
    tests = whole.get("tests") if isinstance(whole, Mapping) else whole
    if not isinstance(tests, list):
        sentence = "it has no list of tests; tests that stand in other files have to be imported from those"
        raise CaseFileError([FileProblem("", sentence)])
    default = whole.get("defaultTest") if isinstance(whole, Mapping) else None
    drafts: list[CaseDraft] = []
    notes: list[str] = []
    problems: list[FileProblem] = []
    for number, test in enumerate(tests, start=1):
        place = f"test {number}"
        try:
            drafts += _drafts(place, test, default if isinstance(default, Mapping) else {}, notes)
        except ValueError as error:
            problems.append(FileProblem(place, str(error)))
    if problems:
        raise CaseFileError(problems)
    return drafts, notes


def _where(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    said = getattr(error, "problem", None) or "it cannot be read"
    return f"line {mark.line + 1}: {said}" if mark else str(said)


def _drafts(place: str, test: object, default: Mapping[str, Any], notes: list[str]) -> Iterator[CaseDraft]:
    """The cases of one test: one for each combination of its variables. Raises ValueError."""
    if not isinstance(test, Mapping):
        raise ValueError("is no map; tests that stand in other files have to be imported from those")
    variables = {**_map(default.get("vars")), **_map(test.get("vars"))}
    asserts = [*_list(default.get("assert")), *_list(test.get("assert"))]
    if "assert" in variables:
        raise ValueError("its assertions stand among its variables, one step too far to the right")
    left = sorted(set(test) - {"vars", "assert", "description", "metadata", "threshold"})
    left += [f"the variable {name}" for name, value in variables.items() if not _is_text(value)]
    notes += [f"{place}: {name} is not taken over" for name in left]
    for index, chosen in enumerate(_combinations(variables)):
        reading = _Reading(place, notes if not index else [])
        for each in asserts:
            _take(reading, each, chosen)
        draft = CaseDraft(
            place=place,
            question=_question(chosen),
            expected=reading.expected,
            must_include=tuple(reading.must_include) if reading.expected == ExpectedBehaviour.ANSWER else (),
            must_not_include=tuple(reading.must_not_include),
            reference="\n".join(reading.rubrics),
            thread=str(test.get("description", ""))[:200] if index or len(variables) > 1 else "",
        )
        if not (reading.must_include or reading.must_not_include or reading.expected != ExpectedBehaviour.ANSWER):
            reading.tell("nothing is asserted that is looked for here, so that its facts are for people to grade")
        yield replace(draft, tags=_tags(test))


def _is_text(value: object) -> bool:
    return all(isinstance(each, str) for each in (value if isinstance(value, list) else [value]))


def _combinations(variables: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """Each way to choose one value of every variable that is a list, as promptfoo tries them all."""
    lists = {name: value if isinstance(value, list) else [value] for name, value in variables.items()}
    count = 1
    for values in lists.values():
        count *= len(values)
    if count > MOST_COMBINATIONS:
        raise ValueError(f"its variables make {count:,} cases; no more than {MOST_COMBINATIONS:,} are taken")
    for chosen in product(*lists.values()):
        yield {name: value for name, value in zip(lists, chosen, strict=True) if isinstance(value, str)}


def _question(variables: Mapping[str, str]) -> str:
    """The variable that is the question: by its name, or as it is the only one. Raises ValueError."""
    named = next((variables[name] for name in QUESTION_NAMES if name in variables), None)
    only = next(iter(variables.values())) if len(variables) == 1 else None
    found = clean(_filled(named if named is not None else only or "", variables)).strip()
    if not found:
        raise ValueError(f"none of its variables is the question; call it {', '.join(QUESTION_NAMES[:3])} or the like")
    if found.startswith("file://"):
        raise ValueError(f"its question stands in another file, {found}")
    return found


def _tags(test: Mapping[str, Any]) -> tuple[str, ...]:
    found = _map(test.get("metadata")).get("tags", [])
    return tuple(str(tag)[:60] for tag in (found if isinstance(found, list) else [found]) if str(tag).strip())


def _take(reading: _Reading, written: object, variables: Mapping[str, str]) -> None:
    """One assertion as what an answer must or must not say, or as a note that it was left."""
    if not isinstance(written, Mapping) or not isinstance(written.get("type"), str):
        reading.tell("an assertion without a type is not taken over")
        return
    kind: str = written["type"]
    take = _KINDS.get(kind)
    if kind == "assert-set":
        for each in _list(written.get("assert")):
            _take(reading, each, variables)
        reading.tell("of an assert-set all has to hold here, whatever its threshold")
    elif take is None:
        reading.tell(f"the assertion {kind} has no counterpart here and is not taken over")
    else:
        values = [_filled(value, variables) for value in _values(kind, written.get("value"))]
        if kind != "is-refusal" and (not values or any(_TEMPLATED.search(value) for value in values)):
            reading.tell(f"the assertion {kind} has no value that stands in the file, and is not taken over")
            return
        take(reading, values)


def _values(kind: str, written: object) -> list[str]:
    """The texts of an assertion; of those that take several, one text is a list with commas."""
    if isinstance(written, str) and kind.endswith(("-any", "-all")) and not written.startswith("file://"):
        written = [part.strip() for part in written.split(",")]
    found = written if isinstance(written, list) else [written]
    return [value for value in found if isinstance(value, str) and value.strip() and not value.startswith("file://")]


def _filled(text: str, variables: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda match: variables.get(match[1], match[0]), text)


def _pattern(value: str) -> str:
    """A pattern of JavaScript as one of Python: named groups are written another way there."""
    return f"/{_NAMED.sub('(?P<', value)}/"


def _all(reading: _Reading, values: Sequence[str]) -> None:
    reading.must_include += map(_checked, map(expectations.literal, values))


def _any(reading: _Reading, values: Sequence[str]) -> None:
    reading.must_include.append([_checked(expectations.literal(value)) for value in values])


def _none(reading: _Reading, values: Sequence[str]) -> None:
    reading.must_not_include += map(_checked, map(expectations.literal, values))


def _matches(reading: _Reading, values: Sequence[str]) -> None:
    reading.must_include += [_checked(_pattern(value)) for value in values]


def _matches_not(reading: _Reading, values: Sequence[str]) -> None:
    reading.must_not_include += [_checked(_pattern(value)) for value in values]


def _equals(reading: _Reading, values: Sequence[str]) -> None:
    reading.must_include += [_checked(f"/^\\s*{re.escape(value)}\\s*$/") for value in values]


def _rubric(reading: _Reading, values: Sequence[str]) -> None:
    reading.rubrics += values
    reading.tell("llm-rubric is kept as the reference, for people who grade and for a judge")


def _refusal(reading: _Reading, _values: Sequence[str]) -> None:
    reading.expected = ExpectedBehaviour.REFUSE


def _checked(written: str) -> str:
    expectations.check(written)
    return written


_KINDS: dict[str, Callable[[_Reading, Sequence[str]], None]] = {
    "contains": _all,
    "icontains": _all,
    "contains-all": _all,
    "icontains-all": _all,
    "contains-any": _any,
    "icontains-any": _any,
    "not-contains": _none,
    "not-icontains": _none,
    "not-contains-any": _none,
    "not-icontains-any": _none,
    "regex": _matches,
    "not-regex": _matches_not,
    "equals": _equals,
    "llm-rubric": _rubric,
    "is-refusal": _refusal,
}


def _map(written: object) -> Mapping[str, Any]:
    return written if isinstance(written, Mapping) else {}


def _list(written: object) -> list[object]:
    return written if isinstance(written, list) else []
