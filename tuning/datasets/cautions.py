"""What may be frozen all the same, and is likely to disappoint. One rule, one sentence. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from bot.claims import citations
from tuning.datasets.validating import LEAST_LINES, PILOT, RECOMMENDED, Candidate
from tuning.examples import clusters
from tuning.examples.clusters import Item

REFUSALS = (0.10, 0.35)  # the share of "not in our documents" that teaches neither to invent nor to give up
LONGER = 1.3  # how much longer preferred answers may be before length is what is learnt
OUTLIER = 5  # times the middle length of an answer
ONE_TOPIC = 0.3  # of the lines
ALIKE = 0.1  # of the answers
DISTRACTORS = 2  # passages that are not cited
NAMED = 5  # lines that a sentence names
MOST_BYTES = 512 * 1024**2  # of one file, developers.openai.com/api/docs/api-reference/files


@dataclass(frozen=True)
class Traits:
    """What is known of the lines together: `topics` are lines by topic, `languages` those of each line's answer, empty
    where it cannot be told; `distractors` are the passages that each line does not cite, None where that is not known.
    `can_refuse`: they are questions, of which some should be refused.
    """

    clusters: int
    topics: Mapping[str, int]
    languages: Sequence[str]
    distractors: Sequence[int | None]
    can_refuse: bool = True


def warnings(lines: Sequence[Candidate], traits: Traits) -> list[str]:
    """Sentences for those who freeze these lines."""
    found = [
        *_few(traits.clusters), *_reviewers(lines), *_preferences(lines), *_topics(lines, traits), *_lengths(lines),
        *_languages(traits), *_alike(lines), *_truncated(lines), *_authors(lines), *_bytes(lines),
    ]  # fmt: skip
    return [*found, *_refusals(lines), *_distractors(traits)] if traits.can_refuse else found


def _few(count: int) -> Iterator[str]:
    if count < PILOT:
        yield f"{count} different questions are few: {PILOT} are enough for a pilot, {RECOMMENDED} for going live."
    elif count < RECOMMENDED:
        yield f"{count} different questions are enough for a pilot; {RECOMMENDED} are recommended for going live."


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
    ratios = [len(line.answer) / len(line.rejected) for line in lines if line.rejected]
    if len(ratios) >= LEAST_LINES and median(ratios) > LONGER:
        yield f"Preferred answers are {median(ratios):.1f} times as long as before: length may be what is learnt."


def _topics(lines: Sequence[Candidate], traits: Traits) -> Iterator[str]:
    """Of few lines every topic is a large part."""
    if len(lines) < PILOT:
        return
    for words, count in traits.topics.items():
        if count > ONE_TOPIC * len(lines):
            yield f"{count / len(lines):.0%} ask about one topic ({words}): a model learns that one best."


def _lengths(lines: Sequence[Candidate]) -> Iterator[str]:
    answers = [(number, len(line.answer)) for number, line in enumerate(lines, start=1) if not line.refuses]
    usual = median(length for _, length in answers) if answers else 0
    long = [number for number, length in answers if length > OUTLIER * usual]
    if long:
        told = f"{len(long)} answer{' is' if len(long) == 1 else 's are'}"
        yield f"{told} more than {OUTLIER} times as long as is usual here ({_named(long)})."


def _languages(traits: Traits) -> Iterator[str]:
    counts = Counter(filter(None, traits.languages))
    rare = {code: count for code, count in counts.items() if count < LEAST_LINES}
    if rare and len(counts) > 1:
        told = ", ".join(f"{code} {count}" for code, count in sorted(rare.items()))
        yield f"Answers are in {len(counts)} languages; of {told} there are too few to learn from."


def _alike(lines: Sequence[Candidate]) -> Iterator[str]:
    """Answers that say nearly the same to questions that do not."""
    answers = [line.answer for line in lines if not line.refuses]
    together = Counter(clusters.assign([Item(citations.MARKER.sub("", answer)) for answer in answers]))
    alike = sum(count for count in together.values() if count > 1)
    if alike > ALIKE * len(answers) and alike > 1:
        yield f"{alike} answers are nearly the same text as another: a model learns to say that, whatever is asked."


def _truncated(lines: Sequence[Candidate]) -> Iterator[str]:
    cut = [number for number, line in enumerate(lines, start=1) if line.is_truncated and not line.rejected]
    if cut:
        told = f"{len(cut)} answer{' was' if len(cut) == 1 else 's were'}"
        yield f"{told} cut off where the model's limit was, and not completed ({_named(cut)})."


def _distractors(traits: Traits) -> Iterator[str]:
    known = [count for count in traits.distractors if count is not None]
    few = sum(count < DISTRACTORS for count in known)
    if known and few > len(known) / 2:
        yield (
            f"{few} of {len(known)} lines have fewer than {DISTRACTORS} passages beside those they cite: a model learns"
            " to cite all that it is given."
        )


def _authors(lines: Sequence[Candidate]) -> Iterator[str]:
    for author, count in sorted(Counter(line.author for line in lines if line.author).items()):
        one, it = (" is", "it") if count == 1 else ("s are", "them")
        yield (
            f"{count} answer{one} as {author} wrote {it}: the terms of some vendors forbid tuning another vendor's"
            " model on that; edited answers are yours."
        )


def _bytes(lines: Sequence[Candidate]) -> Iterator[str]:
    size = sum(len(message["content"].encode()) for line in lines for message in line.messages)
    if size > MOST_BYTES:
        yield f"The lines are {size / 1024**2:,.0f} MB of text; OpenAI takes no file larger than 512 MB."


def _named(numbers: Sequence[int]) -> str:
    named = ", ".join(map(str, numbers[:NAMED])) + (" …" if len(numbers) > NAMED else "")
    return f"line{'s' * (len(numbers) > 1)} {named}"
