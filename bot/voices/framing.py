"""The words that every answer of a voice begins and ends with, added where whoever wrote it left them out. Pure.

They are compared word by word, whatever the capitals, punctuation, quotes and emphasis, so that nothing is said twice.
They are added as they were written, in whatever language the answer is: a channel that answers in another one has a
voice of its own.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from bot.models import Voice
from bot.voices.courtesy import GREETINGS, ONE_WORD_ANSWERS, is_courtesy, straight

WORD = re.compile(r"\w+(?:['’]\w+)*")  # noqa: RUF001  as typographers write it
MARKERS = re.compile(r"(?:\s*\[\d{1,2}\])+")
CLAUSE_END = re.compile(r"\W*?[,.:;!?…\n–—][^\w\s]*\s*")  # noqa: RUF001
AFTER = re.compile(r"[^\w\s]*(?:[ \t]+[-–—](?=[ \t]))?\s*")  # noqa: RUF001  dashes
HELD = 40  # characters beyond its length in which an opening is waited for, as it may be decorated


def fixed(voice: Voice) -> tuple[str, ...]:
    """What every answer of the voice begins and ends with, as far as it does: the voice's own words, and no claim."""
    return tuple(filter(None, (voice.opening, voice.closing)))


class Opened:
    """Text as it streams by, behind the opening. Iterating yields it; afterwards `added` is what was put before it."""

    def __init__(self, deltas: Iterable[str], opening: str) -> None:
        self.added = ""
        self._deltas = iter(deltas)
        self._opening = opening.strip()

    def __iter__(self) -> Iterator[str]:
        held = ""
        for delta in self._deltas:
            held += delta
            if not self._opening or not _is_undecided(self._opening, held):
                yield from self._begun(held)
                yield from self._deltas
                return
        yield from self._begun(held)

    def _begun(self, text: str) -> Iterator[str]:
        if not text.strip() or not self._opening or begins_with(self._opening, text):
            yield from [text] if text else []
            return
        self.added = f"{self._opening}\n\n"
        yield self.added + text[_repeated(self._opening, text) :].lstrip()


def opened(text: str, opening: str) -> str:
    return "".join(Opened([text], opening))


def closed(text: str, closing: str) -> str:
    """What is to follow `text` so that it ends with the closing: all of it, what is missing, or nothing."""
    closing = closing.strip()
    if not closing or not text.strip() or ends_with(closing, text):
        return ""
    said = _begun_closing(text, closing)
    if not said:
        return f"\n\n{closing}"
    rest = closing[list(WORD.finditer(closing))[said - 1].end() :]
    return rest if re.search(r"\w\Z", text) else f" {rest.lstrip(',.:;!… ')}"


def bare(text: str, voice: Voice) -> str:
    """`text` without the words that the voice begins and ends with, or the part of them that was said."""
    if voice.opening and begins_with(voice.opening, text):
        text = text[_end_of_words(text, len(_words(voice.opening))) :]
    elif voice.opening:
        text = text[_repeated(voice.opening, text) :]
    said = len(_words(voice.closing))
    if said and not ends_with(voice.closing, text):
        last = _words(_last_line(text))
        said = len(last) if _is_part(last, _words(voice.closing), voice.closing, is_cry=False) else 0
        said = max(said, _whole_clauses(_begun_closing(text, voice.closing), voice.closing))
    if said:
        text = text[: list(WORD.finditer(MARKERS.sub(_blank, text)))[-said].start()].rstrip('*_"“„«> \n')
    return text.strip()


def _whole_clauses(count: int, closing: str) -> int:
    """`count` where a clause of the closing ends behind so many of its words, otherwise 0."""
    words = list(WORD.finditer(closing))
    return count if count and CLAUSE_END.match(closing, words[count - 1].end()) else 0


def _end_of_words(text: str, count: int) -> int:
    """Where what follows the first words begins, behind their punctuation and decoration."""
    end = list(WORD.finditer(text))[count - 1].end() if count else len(text) - len(text.lstrip())
    found = AFTER.match(text, end)
    return found.end() if found else end


def _blank(markers: re.Match[str]) -> str:
    return " " * len(markers.group())


def begins_with(opening: str, text: str) -> bool:
    wanted = _words(opening)
    if not wanted:  # signs alone
        return text.strip().startswith(opening.strip())
    return not text.lstrip().startswith("`") and _same(wanted, _words(text)[: len(wanted)])


def ends_with(closing: str, text: str) -> bool:
    wanted = _words(closing)
    text = MARKERS.sub("", text)
    if not wanted:
        return text.strip().endswith(closing.strip())
    return _same(wanted, _words(text)[-len(wanted) :])


def _is_undecided(opening: str, held: str) -> bool:
    """Whether more has to be seen to tell if what is being written begins with the opening, or parts of it."""
    if len(held) > len(opening) + HELD:
        return False
    rest = held[_repeated(opening, held) :]
    return _may_begin(opening, held) or _may_repeat(opening, rest) or (rest != held and _may_begin(opening, rest))


def _may_repeat(opening: str, rest: str) -> bool:
    """Whether `rest` may become another clause of the opening."""
    said = _words(re.sub(r"\w+\Z", "", rest))
    return any(
        _same(said, clause[: len(said)])
        and (len(said) < len(clause) or not re.search(rf"{CLAUSE_END.pattern}\w", rest))
        for clause in _clauses(opening)
    )


def _may_begin(opening: str, held: str) -> bool:
    wanted = _words(opening)
    if not wanted:
        return len(held.strip()) < len(opening)
    said = _words(re.sub(r"\w+\Z", "", held))  # the last word may go on
    if not said or _same(said, wanted[: len(said)]):
        return len(said) < len(wanted)
    if said[0] != wanted[0] and said[0] not in GREETINGS:
        return False
    return not re.search(rf"{CLAUSE_END.pattern}\w", held)


def _repeated(opening: str, text: str) -> int:
    """How much of the start of `text` the opening says already: its clauses, a part of it, or another greeting."""
    place = 0
    while found := _once_repeated(opening, text[place:]):
        place += found
    return place


def _once_repeated(opening: str, text: str) -> int:
    words = [] if text.lstrip().startswith("`") else list(WORD.finditer(text))
    wanted = _words(opening)
    for count in range(min(len(words), len(wanted)), 0, -1):
        said = _words(text[: words[count - 1].end()])
        end = CLAUSE_END.match(text, words[count - 1].end())
        if end and _is_part(said, wanted, opening, is_cry="!" in end.group()):
            return end.end()
    return 0 if text.lstrip().startswith("`") else _clause_repeated(opening, text)


def _clause_repeated(opening: str, text: str) -> int:
    words = list(WORD.finditer(text))
    for clause in _clauses(opening):
        if len(words) >= len(clause) and _same(clause, _words(text[: words[len(clause) - 1].end()])):
            end = CLAUSE_END.match(text, words[len(clause) - 1].end())
            if end and (is_courtesy(clause) or re.search(r"[.:!?…\n]", end.group())):
                return end.end()
    return 0


def _clauses(text: str) -> list[list[str]]:
    """The words of each clause, without a single word that may be the answer itself."""
    found = [_words(clause) for clause in re.split(r"[,.:;!?…\n–—]", text)]  # noqa: RUF001
    return [clause for clause in found if len(clause) > 1 or is_courtesy(clause)]


def _begun_closing(text: str, closing: str) -> int:
    """With how many words of the closing `text` ends, where they begin a sentence or line; 0 where with none."""
    text = MARKERS.sub(lambda markers: "\n" * len(markers.group()), text).rstrip()
    wanted, words = _words(closing), list(WORD.finditer(text))
    for count in range(min(len(wanted) - 1, len(words)), 0, -1):
        before = text[: words[-count].start()].rstrip(' *_"“„«>')
        if _same(_words(text[words[-count].start() :]), wanted[:count]) and (not before or before[-1] in ".!?…\n"):
            return count
    return 0


def _is_part(said: list[str], wanted: list[str], opening: str, *, is_cry: bool) -> bool:
    if ONE_WORD_ANSWERS.issuperset(said) or len(said) > len(wanted):  # as it is where nothing was said
        return False
    if GREETINGS.issuperset(said[:1]) and GREETINGS.issuperset(wanted[:1]) and is_courtesy(said):
        return True
    if not _same(said, wanted[: len(said)]):
        return False
    place = list(WORD.finditer(opening))[len(said) - 1].end()
    return is_cry or is_courtesy(said) or bool(CLAUSE_END.match(opening, place))


def _last_line(text: str) -> str:
    """What stands behind the last marker, or in the last line or sentence."""
    return re.split(r"\[\d{1,2}\][.!?]*|\n|(?<=[.!?])\s", text.rstrip())[-1]


def _words(text: str) -> list[str]:
    return [straight(word).casefold().strip("_") for word in WORD.findall(text)]


def _same(first: Sequence[str], second: Sequence[str]) -> bool:
    return list(first) == list(second)
