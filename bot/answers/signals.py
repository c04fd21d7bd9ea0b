"""What a model writes, in the words that were agreed with it: of its signals nothing is shown, its markers are ours.

Models put signals in other letters and behind other sentences, and cite as they were trained to: 【1†source】, [^1].
"""

import re
from collections.abc import Iterable, Iterator

from bot.answers import prompts

_AROUND = " \n*`\"'"  # what models put around a word that they were told to say
_NOT_FOUND = re.compile(rf"{prompts.NOT_FOUND}|{prompts.NOT_FOUND.replace('_', ' ')}")
_NOT_FOUND_IN_ANY_LETTERS = re.compile(prompts.NOT_FOUND, re.IGNORECASE)
_NOT_FOUND_ALONE = re.compile(rf"{prompts.NOT_FOUND.replace('_', '[ _]')}\W*\Z", re.IGNORECASE)
_BEGINNINGS = tuple(prompts.NOT_FOUND[:size].casefold() for size in range(1, len(prompts.NOT_FOUND)))
_HABIT = re.compile(
    r"【\s*(?P<cjk>\d{1,2}(?:\s*[,、]\s*\d{1,2})*)\s*(?:[†:][^】\n]{0,60})?】"  # OpenAI's file search
    r"|\uff3b\s*(?P<wide>\d{1,2}(?:\s*[,、]\s*\d{1,2})*)\s*\uff3d"
    r"|\[\^(?P<foot>\d{1,2})\](?!:)"
    r"|\[(?:passages?|sources?|refs?\.?|doc(?:ument)?s?)[\s:]*(?P<named>\d{1,2}(?:\s*(?:,|and|&)\s*\d{1,2})*)\]",
    re.IGNORECASE,
)
_OPEN_HABIT = re.compile(
    r"(?:【[^】\n]{0,80}|\uff3b[^\uff3d\n]{0,20}|\[(?:\^\d{0,2}|[a-z]{1,9}\.?[\s:\d,&and]{0,20})?)\Z", re.IGNORECASE
)


class Signalled:
    """Iterating yields the text, with markers as we write them.

    Afterwards `search` holds the words a model asks to have searched, if it does so, and `is_not_found` tells whether
    it says, wherever in its reply, that the passages do not hold the answer; what came before that is to be withdrawn.
    """

    def __init__(self, deltas: Iterable[str]) -> None:
        self.search = ""
        self.is_not_found = False
        self._deltas = iter(deltas)

    def __iter__(self) -> Iterator[str]:
        held = ""
        for delta in self._deltas:
            held += delta
            if not _may_be_a_signal(held):
                yield from self._told(held)
                return
        said = _bare(held)
        self.is_not_found = any(each.match(said) for each in (_NOT_FOUND, _NOT_FOUND_IN_ANY_LETTERS, _NOT_FOUND_ALONE))
        if said.startswith(prompts.SEARCH):
            self.search = said.removeprefix(prompts.SEARCH).strip(_AROUND)
        elif not self.is_not_found and said:  # too short to tell before its end
            yield from self._told(held)

    def _told(self, held: str) -> Iterator[str]:
        """The text from its beginning, which is no signal; one may still follow."""
        for delta in self._rest(held):
            held = _HABIT.sub(_marked, delta)
            signal = _NOT_FOUND_IN_ANY_LETTERS.search(held) or _NOT_FOUND.search(held)
            if signal:
                self.is_not_found = True
                for _ in self._deltas:  # to its end, so that what it used is known
                    pass
                return
            if held:
                yield held

    def _rest(self, held: str) -> Iterator[str]:
        """Pieces that cut neither a signal nor a marker in two."""
        for delta in self._deltas:
            end = _settled(held)
            if end:
                yield held[:end]
            held = held[end:] + delta
        yield held


def _marked(match: re.Match[str]) -> str:
    numbers = re.findall(r"\d{1,2}", next(filter(None, match.groups())))
    return "".join(f"[{number}]" for number in numbers)


def _settled(text: str) -> int:
    """How much of `text` can be judged without what follows."""
    folded = text.casefold().replace(" ", "_")
    cut = max((size for size in range(1, len(_BEGINNINGS) + 1) if folded.endswith(_BEGINNINGS[size - 1])), default=0)
    open_marker = _OPEN_HABIT.search(text)
    end = len(text) - cut
    return min(end, open_marker.start()) if open_marker else end


def _may_be_a_signal(held: str) -> bool:
    """Whether what was written so far is, or may become, one of the agreed words."""
    opening = _bare(held)
    folded = opening.casefold().replace(" ", "_")
    return prompts.SEARCH.startswith(opening[: len(prompts.SEARCH)]) or prompts.NOT_FOUND.casefold().startswith(
        folded[: len(prompts.NOT_FOUND)]
    )


def _bare(text: str) -> str:
    return text.lstrip(_AROUND)
