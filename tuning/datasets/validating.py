"""What a trainer would refuse, silently cut, or learn wrongly: one rule, one sentence, with line and field. Pure."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from llm import tokens
from tuning.examples.redacting import Own, redact

LEAST_LINES = 10  # what OpenAI takes, developers.openai.com/api/docs/guides/supervised-fine-tuning
MOST_TOKENS = 65_536  # of one line; what is longer is cut without a word (Azure's limit for the gpt-4.1 family)
PILOT, RECOMMENDED = 50, 200  # clusters with which a tuning run begins to make sense
REFUSALS = (0.10, 0.35)  # the share of "not in our documents" that teaches neither to invent nor to give up
LONGER = 1.3  # how much longer preferred answers may be before length is what is learnt
ROLES = ("system", "user", "assistant")
SAMPLE = 200  # lines whose tokens are counted; of the others they are taken to be as dense

_MARKER = re.compile(r"\[(\d{1,2})\]")
_PASSAGE = re.compile(r"^\[(\d{1,2})\] ", re.MULTILINE)

Message = dict[str, str]


@dataclass(frozen=True)
class Candidate:
    """A line before it is frozen. `example` is the id of its example; `refuses`: it says "not in our documents"."""

    example: int
    messages: Sequence[Message]
    rejected: str = ""
    refuses: bool = False
    reviewer: int | None = None


@dataclass(frozen=True)
class Problem:
    """`line` counts from 1; 0 is the whole set. `field` is a path into the line, such as messages[2].content."""

    line: int
    example: int
    field: str
    sentence: str

    def __str__(self) -> str:
        where = f"line {self.line} (example {self.example}), {self.field}: " if self.line else ""
        return f"{where}{self.sentence}"


def problems(lines: Sequence[Candidate], own: Own = ()) -> list[Problem]:
    """Everything for which the set may not be frozen. `own` are identifiers that may be learnt, as the company's public
    documents state them."""
    found = []
    if len(lines) < LEAST_LINES:
        found.append(
            Problem(0, 0, "", f"There are {len(lines)} examples; a trainer takes no fewer than {LEAST_LINES}.")
        )
    first: dict[str, int] = {}
    for number, line in enumerate(lines, start=1):
        found += [Problem(number, line.example, field, sentence) for field, sentence in of_line(line.messages, own)]
        asked = "\0".join(str(message.get("content")) for message in line.messages)
        before = first.setdefault(asked, number)
        if before != number:
            found.append(Problem(number, line.example, "messages", f"says the same as line {before}"))
    return found


def of_line(messages: Sequence[Message], own: Own = ()) -> Iterator[tuple[str, str]]:
    """What is wrong with one line: the field, and a sentence without its subject."""
    roles = [str(message.get("role")) for message in messages]
    if not messages or roles[-1] != "assistant" or "user" not in roles:
        yield "messages", "does not go from a question to an answer"
        return
    for number, (role, message) in enumerate(zip(roles, messages, strict=True)):
        field = f"messages[{number}]"
        if role not in ROLES:
            yield f"{field}.role", f"is {role!r}, which a trainer does not take"
        if role == "system" and number:
            yield f"{field}.role", "is a second instruction; there may be one, and it comes first"
        if number > 1 and role == roles[number - 1]:
            yield f"{field}.role", f"follows another {role}; question and answer take turns"
        if set(message) != {"role", "content"}:
            yield (
                field,
                f"has fields that a trainer does not take: {', '.join(sorted(set(message) - {'role', 'content'}))}",
            )
        if not str(message.get("content", "")).strip():
            yield f"{field}.content", "is empty"
    yield from _about_the_answer(messages, f"messages[{len(messages) - 1}].content", own)


def _about_the_answer(messages: Sequence[Message], field: str, own: Own) -> Iterator[tuple[str, str]]:
    answer = str(messages[-1].get("content", ""))
    passages = {
        int(number) for message in messages[:-1] for number in _PASSAGE.findall(str(message.get("content", "")))
    }
    beyond = sorted({int(number) for number in _MARKER.findall(answer)} - passages)
    if beyond:
        yield field, f"cites a passage that is not there: {', '.join(f'[{number}]' for number in beyond)}"
    if left := redact(answer, own=own).counts:
        yield field, f"still holds what must not be learnt: {', '.join(sorted(left))}"
    if _is_too_long("\n".join(str(message.get("content", "")) for message in messages)):
        yield "messages", f"is longer than {MOST_TOKENS:,} tokens"


def _is_too_long(text: str) -> bool:
    return len(text.encode()) > MOST_TOKENS and tokens.count(text) > MOST_TOKENS  # no token is less than a byte


def warnings(lines: Sequence[Candidate], clusters: int) -> list[str]:
    """What may be frozen all the same, and is likely to disappoint."""
    return [*_few(clusters), *_refusals(lines), *_reviewers(lines), *_preferences(lines)]


def _few(clusters: int) -> Iterator[str]:
    if clusters < PILOT:
        yield f"{clusters} different questions are few: {PILOT} are enough for a pilot, {RECOMMENDED} for going live."
    elif clusters < RECOMMENDED:
        yield f"{clusters} different questions are enough for a pilot; {RECOMMENDED} are recommended for going live."


def _refusals(lines: Sequence[Candidate]) -> Iterator[str]:
    share = sum(line.refuses for line in lines) / len(lines) if lines else 0.0
    least, most = REFUSALS
    if share < least:
        yield f"{share:.0%} say that the documents do not: below {least:.0%} a model learns to answer everything."
    elif share > most:
        yield f"{share:.0%} say that the documents do not: above {most:.0%} a model learns to give up."


def _reviewers(lines: Sequence[Candidate]) -> Iterator[str]:
    if len(lines) >= PILOT and len({line.reviewer for line in lines}) == 1:
        yield "One person has reviewed them all; a second pair of eyes sees what the first is used to."


def _preferences(lines: Sequence[Candidate]) -> Iterator[str]:
    ratios = [len(line.messages[-1]["content"]) / len(line.rejected) for line in lines if line.rejected]
    if len(ratios) >= LEAST_LINES and median(ratios) > LONGER:
        yield f"Preferred answers are {median(ratios):.1f} times as long as before: length may be what is learnt."


def sizes(texts: Iterable[str]) -> list[int]:
    """Tokens of each text: counted in a sample spread over them, estimated of the others by their bytes."""
    listed = list(texts)
    step = max(1, len(listed) // SAMPLE)
    sample = listed[::step]
    counted = {text: tokens.count(text) for text in sample}
    dense = sum(counted.values()) / max(1, sum(len(text.encode()) for text in sample))
    return [counted[text] if text in counted else round(len(text.encode()) * dense) for text in listed]


def statistics(lines: Sequence[Candidate], lengths: Sequence[int]) -> dict[str, object]:
    """Counts for people: how long the lines are, how many refuse, how many have turns before the question."""
    turns = Counter(sum(message.get("role") == "user" for message in line.messages) for line in lines)
    edges = [0, 500, 1000, 2000, 4000, 8000, 16_000]
    histogram = {f"{low:,}+": sum(low <= length < high for length in lengths) for low, high in _pairs(edges)}
    return {
        "lengths": histogram,
        "refusals": sum(line.refuses for line in lines),
        "edited": sum(bool(line.rejected) for line in lines),
        "questions_in_a_conversation": {str(count): lines for count, lines in sorted(turns.items())},
    }


def _pairs(edges: Sequence[int]) -> Iterator[tuple[int, int]]:
    yield from zip(edges, [*edges[1:], MOST_TOKENS + 1], strict=True)
