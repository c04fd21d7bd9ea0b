"""What a trainer would refuse or silently cut, and what would be learnt wrongly: one rule, one sentence, with line and
field. Pure."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from bot.answers import prompts
from bot.claims import citations, supporting
from bot.claims.supporting import Words
from knowledge.passages import languages
from llm import tokens
from llm.prompt import Passage
from tuning.examples.clusters import plain
from tuning.examples.redacting import Own, redact

LEAST_LINES = 10  # what OpenAI takes, developers.openai.com/api/docs/guides/supervised-fine-tuning
MOST_TOKENS = 65_536  # of one line; what is longer is cut without a word (Azure's limit for the gpt-4.1 family)
PILOT, RECOMMENDED = 50, 200  # clusters with which a tuning run begins to make sense
ROLES = ("system", "user", "assistant")
SAMPLE = 200  # lines whose tokens are counted; of the others they are taken to be as dense
LEAST_SUPPORT = 0.25  # of a cited sentence's words; on MT-RAG four answers in a hundred have less than .4
LEAST_WORDS = 3  # in a sentence that can be judged by them

_PASSAGE = re.compile(r"^\[(\d{1,2})\] ", re.MULTILINE)

Message = dict[str, str]


@dataclass(frozen=True)
class Candidate:
    """A line before it is frozen. `example` is the id of its example; `refuses`: it says "not in our documents".

    `key` names the line whatever stands beside it. `author` is the model whose words the answer is, as provider:model;
    empty where a person changed them, or nobody knows. `is_made`: its cited passages were taken out to teach refusing.
    """

    example: int
    messages: Sequence[Message]
    rejected: str = ""
    refuses: bool = False
    reviewer: int | None = None
    key: str = ""
    author: str = ""
    edit_kind: str = ""
    is_truncated: bool = False
    is_made: bool = False

    @property
    def answer(self) -> str:
        return str(self.messages[-1]["content"])


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
    found = list(too_few(len(lines)))
    first: dict[str, int] = {}
    for number, line in enumerate(lines, start=1):
        found += [Problem(number, line.example, field, sentence) for field, sentence in of_line(line.messages, own)]
        asked = "\0".join(str(message.get("content")) for message in line.messages)
        before = first.setdefault(asked, number)
        if before != number:
            found.append(Problem(number, line.example, "messages", f"says the same as line {before}"))
    return found


def too_few(count: int) -> Iterator[Problem]:
    if count < LEAST_LINES:
        yield Problem(0, 0, "", f"There are {count} examples to train on; a trainer takes no fewer than {LEAST_LINES}.")


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
    beyond = sorted(set(citations.numbers(answer)) - _numbered(messages))
    if beyond:
        yield field, f"cites a passage that is not there: {', '.join(f'[{number}]' for number in beyond)}"
    if left := redact(answer, own=own).counts:
        yield field, f"still holds what must not be learnt: {', '.join(sorted(left))}"
    if _is_too_long("\n".join(str(message.get("content", "")) for message in messages)):
        yield "messages", f"is longer than {MOST_TOKENS:,} tokens"


def _numbered(messages: Sequence[Message]) -> set[int]:
    """The passages of the last question; what was told before has numbers of its own. Of what is no such prompt, as of
    an answer that is to be said again, everything that looks like a number of one."""
    asked = str(messages[-2].get("content", ""))
    try:
        return {passage.number for passage in prompts.read(asked)[0]}
    except prompts.PromptReadError:
        return {int(number) for number in _PASSAGE.findall(asked)} | set(citations.numbers(asked))


def _is_too_long(text: str) -> bool:
    return len(text.encode()) > MOST_TOKENS and tokens.count(text) > MOST_TOKENS  # no token is less than a byte


def sizes(texts: Iterable[str]) -> list[int]:
    """Tokens of each text: counted in a sample spread over them, estimated of the others by their bytes."""
    listed = list(texts)
    step = max(1, len(listed) // SAMPLE)
    sample = listed[::step]
    counted = {text: tokens.count(text) for text in sample}
    dense = sum(counted.values()) / max(1, sum(len(text.encode()) for text in sample))
    return [counted[text] if text in counted else round(len(text.encode()) * dense) for text in listed]


def of_support(
    line: Candidate, told: Sequence[Message], passages: Sequence[Passage], words: Words
) -> Iterator[tuple[str, str]]:
    """What an answer says that neither its passages say nor anybody who spoke: learnt, it is invented the next time.

    `told` are the messages in full, the voice's own words among them.
    """
    field = f"messages[{len(line.messages) - 1}].content"
    known = "\n".join(str(message["content"]) for message in told[:-1])
    facts = supporting.untold(line.answer, known)
    if facts:
        yield field, f"says what no passage says: {', '.join(facts)}"
    texts = {passage.number: f"{passage.heading}\n{passage.text}" for passage in passages}
    for sentence, numbers in supporting.cited_sentences(line.answer):
        cited = [texts[number] for number in numbers if number in texts]
        is_held = len(supporting.stems(sentence)) < LEAST_WORDS or words.share(sentence, cited) >= LEAST_SUPPORT
        if not is_held and _is_one_language(sentence, " ".join(cited)):
            yield field, f"cites a passage that says something else: {sentence[:80]!r}"


def _is_one_language(said: str, passages: str) -> bool:
    """Unless both can be told, and differ: words of two languages share nothing."""
    first, second = languages.code(said), languages.code(passages)
    return not (first and second) or first == second


def of_splits(lines: Sequence[tuple[str, int, str]], asked: Iterable[str]) -> Iterator[tuple[int, tuple[str, str]]]:
    """What would make an evaluation look better than it is, with its place among lines of split, cluster and question.

    `asked` are the questions that are kept for an evaluation.
    """
    splits: dict[int, str] = {}
    kept = {plain(question) for question in asked}
    for place, (split, cluster, question) in enumerate(lines):
        if splits.setdefault(cluster, split) != split:
            yield place, ("split", f"is for {split}, while others of its cluster are for {splits[cluster]}")
        if plain(question) in kept:
            yield place, ("messages", "asks what is kept for an evaluation")
