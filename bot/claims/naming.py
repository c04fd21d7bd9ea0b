"""Finding the names of people in a text, however they are written there. Pure.

"Jürgen Müller" is also "Juergen", "MUELLER" and "Müllers". A name that is a word as well ("Will", "Rose") counts where
it has a capital letter; what is no name, though people put it into theirs ("von", "support"), never does.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator

SHORTEST_NAME = 3  # shorter ones count as words do

_LISTED_WORDS = """
    abel amber angel april art august autumn bank berg bill black blue bond brown bush carol chance chase christian
    cook crystal daisy dawn dean drew engel ernst faith feld field fischer ford frank frei fuchs gene glass gold grace
    grant gray green grey gross guy hale hall hazel hill hirsch hope house iris ivy jack jade joy jung june kaiser king
    klein koch kurz lane lang lily little long love major mark marks mai may mercy miles miller mine moon north olive
    page park pat pearl penny post power price reich rich richter rob rock rose ruby sage sharp short skip small
    sommer star stark stein stern stone storm sue summer sunny swift victor violet wald wall weiss west white will wills
    winter wise wolf wood woods young
"""
_LISTED_NO_NAMES = """
    admin and assistant bot card club dem den der des desk die del della demo dos editor from group guest help
    her him his iban info inc key llc ltd mail mrs name office out owner phone platform root sales service she staff
    support system team test the them they und user van von with zum zur
"""
_WORDS = frozenset(_LISTED_WORDS.split())
_NO_NAMES = frozenset(_LISTED_NO_NAMES.split())

_PLAIN = str.maketrans(
    {
        "ł": "l", "ø": "o", "đ": "d", "æ": "ae", "œ": "oe", "\N{LATIN SMALL LETTER DOTLESS I}": "i", "`": "'",
        "\N{RIGHT SINGLE QUOTATION MARK}": "'", "\N{MODIFIER LETTER APOSTROPHE}": "'",
    }
)  # fmt: skip
_E_OF_UMLAUT = "ǝ"  # stands in a name for the e that may be written or not
_UMLAUTS = str.maketrans({"ä": "aǝ", "ö": "oǝ", "ü": "uǝ", "ø": "oǝ"})
_PART = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_SEPARATED = r"[\s._-]{1,3}"
_NO_SPACES = re.compile(
    r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u1100-\u11ff]"
)  # scripts that write names and words in one piece
_CYRILLIC = re.compile(r"[\u0400-\u04ff]")
_CASES = "(?:[аяуюеыи]|ом|ем|ои|ым|ею|ою)?"
_CAPITALISED = r"(?-i:[^\W\d_a-z][^\W\d_]*(?:['’-][^\W\d_]+)*)"  # noqa: RUF001  an apostrophe
_INTRODUCED = re.compile(
    r"(?i:\b(?:my name is|name['’]s|i am called|this is|mein name ist|ich hei(?:ß|ss)e|je m['’]appelle"  # noqa: RUF001
    r"|mi nombre es|me llamo|il mio nome è|mi chiamo|meu nome é|меня зовут)"
    rf"\s+(?:mr\.?|mrs\.?|ms\.?|dr\.?|herr|frau)?\s*)(?P<name>{_CAPITALISED}(?:\s{_CAPITALISED}){{0,2}})(?![^\W_])"
)


def spans(text: str, names: Iterable[str]) -> Iterator[tuple[int, int]]:
    """Where in `text` one of the names stands, whole or in part, from left to right."""
    pattern = _pattern(names)
    if pattern is None:
        return
    folded, places = _fold(text)
    for match in pattern.finditer(folded):
        start, end = places[match.start()], places[match.end() - 1] + 1
        while end < len(text) and unicodedata.combining(text[end]):
            end += 1
        if match["word"] is None or text[start] == "@" or not text[start:end].islower():
            yield start, end


def owner(written: str, names: Iterable[str]) -> str:
    """Whose name this is: the first of `names` that it is a whole or a part of, else what is written itself, folded."""
    folded = "".join(_fold(written)[0])
    for name in names:
        if any(True for _ in spans(written, [name])):
            return "".join(_fold(name.strip().lstrip("@").translate(_UMLAUTS))[0]).replace(_E_OF_UMLAUT, "e")
    return folded


def introduced(text: str) -> list[str]:
    """The names by which people call themselves: "my name is ...", "ich heiße ...", and what a letter ends with."""
    return [match["name"] for match in _INTRODUCED.finditer(text) if match["name"].casefold() not in _NO_NAMES]


def _fold(text: str) -> tuple[str, list[int]]:
    """`text` without accents and capitals, and for each of its letters the place where it came from."""
    folded: list[str] = []
    places: list[int] = []
    for place, sign in enumerate(text):
        plain = unicodedata.normalize("NFKD", sign.casefold().translate(_PLAIN))
        letters = [letter for letter in plain if not unicodedata.combining(letter)]
        folded += letters
        places += [place] * len(letters)
    return "".join(folded), places


def _pattern(names: Iterable[str]) -> re.Pattern[str] | None:
    """What the names look like in a folded text: those that count anywhere, those that need a capital letter, and those
    of scripts that put no space between words."""
    sure: set[str] = set()
    words: set[str] = set()
    inside: set[str] = set()
    for name in names:
        parts = _parts(name)
        for part in parts:
            if part not in _NO_NAMES and not part.isdecimal() and len(part) > 1:
                is_word = part in _WORDS or len(part) < SHORTEST_NAME
                (inside if _NO_SPACES.search(part) else words if is_word else sure).add(_loosely(part))
        if len(parts) > 1 and not _NO_NAMES.issuperset(parts):
            if _NO_SPACES.search(name):
                inside.add(rf"(?:{_SEPARATED})?".join(map(_loosely, parts)))
            elif len("".join(parts)) >= SHORTEST_NAME:
                sure.add(_SEPARATED.join(map(_loosely, parts)))
    if not sure | words | inside:
        return None
    either = f"(?P<name>{_one_of(sure)})|(?P<word>{_one_of(words)})"
    return re.compile(rf"@?(?:{_one_of(inside)})|(?<![^\W_])@?(?:{either})(?=s?(?![^\W_]))")


def _parts(name: str) -> list[str]:
    """The words of a name; of an address those before its @."""
    written = unicodedata.normalize("NFC", name.strip().lstrip("@").partition("@")[0]).casefold()
    folded, _ = _fold(written.translate(_UMLAUTS))
    return [part.removesuffix("'s") for part in _PART.findall(folded)]


def _loosely(part: str) -> str:
    """A pattern for a part of a name, with or without the e of an umlaut and apostrophes."""
    if _CYRILLIC.search(part):
        return part[:-1] + _CASES if part[-1] in "аяи" and len(part) > SHORTEST_NAME else part + _CASES
    optional = re.sub(rf"{_E_OF_UMLAUT}|(?<=[aou])e(?=.)", "e?", re.escape(part))
    return optional.replace("'", "'?")


def _one_of(patterns: set[str]) -> str:
    return "|".join(sorted(patterns, key=len, reverse=True)) or r"(?!)"
