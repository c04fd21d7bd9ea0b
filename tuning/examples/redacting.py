"""Taking out what names a person or opens a door, before a text is kept for training.

In its place stands a placeholder with its kind and a number, such as [EMAIL_1]: within one example the same value has
the same one, in question, history and answer, so that a model still sees who is who. What is kept of a value is a keyed
hash, by which a later edit of the same example is given the same placeholder. Older examples have the bare kind,
[e-mail]; both are left alone.
"""

import re
import secrets
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from django.utils.crypto import salted_hmac

from bot.claims import identifiers, naming
from bot.claims.identifiers import KINDS, Identifier

PLACEHOLDER = re.compile(
    r"\[(?:EMAIL|PHONE|NAME|IBAN|CARD|IP|KEY|ID)_\d+\]|\[(?:e-mail|phone|name|iban|card|ip|key|platform id)\]"
)
LABELS = {kind.name: kind.label for kind in KINDS} | {"name": "NAME"}
KEPT_SECRET = "key"  # noqa: S105  what opens a door is taken out even where the company's own documents state it

SALT = "salt"  # beside the hashes of an example: without it one person would have the same hash in all of them

Own = Collection[tuple[str, str]]
Finder = Callable[[str], Iterable[Identifier]]


@dataclass(frozen=True)
class Redacted:
    """`counts`: how many of each kind were taken out."""

    text: str
    counts: dict[str, int]


def redact(text: str, names: Iterable[str] = (), *, own: Own = ()) -> Redacted:
    """A text by itself, without secrets, addresses, numbers of people, ids of platforms, and the `names` of those who
    spoke.

    `own` are identifiers that may stay, as kind and value: what the company states in public itself.
    """
    redaction = Redaction(names, own=own)
    return Redacted(redaction.clean(text), dict(redaction.counts))


class Redaction:
    """The redaction of one example: every text that is cleaned by it shares its placeholders.

    `said` are the texts in which people introduce themselves; `placeholders` those that the example has already.
    """

    def __init__(
        self,
        names: Iterable[str] = (),
        *,
        own: Own = (),
        said: Iterable[str] = (),
        placeholders: Mapping[str, str] | None = None,
    ) -> None:
        self.counts: Counter[str] = Counter()
        self.placeholders = dict(placeholders or {})
        self._names = [*names, *(name for text in said for name in naming.introduced(text))]
        self._own = own

    def clean(self, text: str) -> str:
        for kind in KINDS:
            text = self._without(text, partial(identifiers.find, kind=kind))
        return self._without(text, self._named)

    def _without(self, text: str, find: Finder) -> str:
        """`text` with a placeholder for everything that `find` finds between the placeholders it has."""
        pieces: list[str] = []
        rest = 0
        for match in [*PLACEHOLDER.finditer(text), None]:
            pieces.append(self._replaced(text[rest : match.start() if match else len(text)], find))
            if match:
                pieces.append(match.group())
                rest = match.end()
        return "".join(pieces)

    def _replaced(self, text: str, find: Finder) -> str:
        pieces: list[str] = []
        rest = 0
        for each in list(find(text)):
            if each.kind != KEPT_SECRET and (each.kind, each.value) in self._own:
                continue
            self.counts[each.kind] += 1
            pieces += [text[rest : each.start], self._placeholder(each)]
            rest = each.end
        return "".join([*pieces, text[rest:]])

    def _named(self, text: str) -> Iterable[Identifier]:
        for start, end in naming.spans(text, self._names):
            yield Identifier(start, end, "name", naming.owner(text[start:end], self._names))

    def _placeholder(self, found: Identifier) -> str:
        label = LABELS[found.kind]
        salt = self.placeholders.setdefault(SALT, secrets.token_hex(8))
        key = salted_hmac(salt, f"{label}\0{found.value}", algorithm="sha256").hexdigest()[:24]
        if key not in self.placeholders:
            taken = [
                int(each.rpartition("_")[2]) for each in self.placeholders.values() if each.startswith(f"{label}_")
            ]
            self.placeholders[key] = f"{label}_{max(taken, default=0) + 1}"
        return f"[{self.placeholders[key]}]"
