"""What a model writes: text for the asker, or one of the agreed words in its place, of which nothing is shown."""

from collections.abc import Iterable, Iterator

from bot.answers import prompts

_AROUND = " \n*`\"'"  # what models put around a word that they were told to say


class Signalled:
    """Iterating yields the text. Afterwards `search` holds the words a model asks to have searched, if it does so."""

    def __init__(self, deltas: Iterable[str]) -> None:
        self.search = ""
        self._deltas = iter(deltas)

    def __iter__(self) -> Iterator[str]:
        held = ""
        for delta in self._deltas:
            held += delta
            if not _may_be_a_signal(held):
                yield held
                yield from self._deltas
                return
        said = _bare(held)
        if said.startswith(prompts.SEARCH):
            self.search = said.removeprefix(prompts.SEARCH).strip(_AROUND)


def _may_be_a_signal(held: str) -> bool:
    """Whether what was written so far is, or may become, one of the agreed words."""
    opening = _bare(held)
    return any(signal.startswith(opening[: len(signal)]) for signal in (prompts.NOT_FOUND, prompts.SEARCH))


def _bare(text: str) -> str:
    return text.lstrip(_AROUND)
