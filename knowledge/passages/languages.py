"""Which language a document is in, as the name of the text search configuration that knows its words."""

import re
from functools import lru_cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

DEFAULT = "english"
# Languages by their ISO 639-1 code. "simple" folds case and knows no forms of words, as no configuration does.
CONFIGURATIONS = {
    "ar": "arabic",
    "ca": "catalan",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "es": "spanish",
    "fi": "finnish",
    "fr": "french",
    "hu": "hungarian",
    "id": "indonesian",
    "it": "italian",
    "lt": "lithuanian",
    "nl": "dutch",
    "no": "norwegian",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sv": "swedish",
    "tr": "turkish",
    "cs": "simple",
    "ja": "simple",
    "ko": "simple",
    "pl": "simple",
    "uk": "simple",
    "zh": "simple",
}
SURE = 0.8  # what the identifier must believe at least
_LIKELY = 0.5  # of few words
_SAMPLE = 5_000  # characters
_LEAST = 15  # letters in fewer say little
_CODE = re.compile(r"^(`{3,}|~{3,}).*?^\1|`[^`\n]+`|https?://\S+", re.DOTALL | re.MULTILINE)


def configuration(text: str) -> str:
    """The configuration for `text` (Markdown; code does not count), DEFAULT where its language cannot be told."""
    return CONFIGURATIONS[found] if (found := code(text)) else DEFAULT


def code(text: str) -> str:
    """The ISO 639-1 code of the language of `text`, empty where it cannot be told."""
    prose = _CODE.sub(" ", text[: _SAMPLE * 4])[:_SAMPLE]
    if sum(map(str.isalpha, prose)) < _LEAST:
        return ""
    found, belief = _identifier().classify(prose)
    return str(found) if belief >= SURE else ""


def likely(text: str) -> str:
    """The code of the language that few words are most likely in, empty where any would be a guess.

    For a choice that costs little when it is wrong: `code` wants more letters, and to be surer.
    """
    found, belief = _identifier().classify(_CODE.sub(" ", text)[:_SAMPLE])
    return str(found) if belief >= _LIKELY else ""


@lru_cache(maxsize=1)
def _identifier() -> LanguageIdentifier:
    """Loaded on first use: it takes 70 MB and half a second, and only what indexes documents needs it."""
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(list(CONFIGURATIONS))
    return identifier
