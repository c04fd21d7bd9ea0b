"""The words a company uses for the same thing, kept by its admins. The search reads them with each question."""

from collections.abc import Sequence

from django.db import transaction

from knowledge.models import SynonymSet
from knowledge.originals.base import readable

MOST_SETS = 1_000  # all of them are looked at for each question
MOST_PHRASES = 20
MOST_CHARACTERS = 100


class SynonymError(ValueError):
    """The phrases cannot be synonyms; the message says why."""


def add(phrases: Sequence[str]) -> SynonymSet:
    """A new set. Raises SynonymError."""
    wanted = list(dict.fromkeys(" ".join(readable(phrase).casefold().split()) for phrase in phrases))
    if len(wanted) < 2 or not all(any(map(str.isalnum, phrase)) for phrase in wanted):
        raise SynonymError("A set of synonyms has at least two different words or phrases.")
    if len(wanted) > MOST_PHRASES or any(len(phrase) > MOST_CHARACTERS for phrase in wanted):
        raise SynonymError(f"A set has at most {MOST_PHRASES} phrases of at most {MOST_CHARACTERS} characters.")
    with transaction.atomic():
        if SynonymSet.objects.count() >= MOST_SETS:
            raise SynonymError(f"There are {MOST_SETS:,} sets already, which is as many as a search may look at.")
        taken = SynonymSet.objects.filter(phrases__overlap=wanted).first()
        if taken is not None:
            raise SynonymError(f"One of these is in set {taken.pk} already: {taken}. Remove that one first.")
        return SynonymSet.objects.create(phrases=wanted)


def remove(number: int) -> SynonymSet:
    """The set of that number, now gone. Raises SynonymError."""
    found = SynonymSet.objects.filter(pk=number).first()
    if found is None:
        raise SynonymError(f"There is no set {number}; manage.py synonyms list shows those there are.")
    SynonymSet.objects.filter(pk=number).delete()
    return found
