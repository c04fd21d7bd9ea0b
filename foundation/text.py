"""Text from outside made fit to keep and to show: a database refuses some characters, and a terminal obeys others."""

import re

# NUL and halves of surrogate pairs, which PostgreSQL refuses, and the other control characters but tab and line feed.
_UNFIT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def clean(text: str) -> str:
    """`text` without what cannot be stored and what a terminal would take for an order."""
    return _UNFIT.sub("", text)


def shortened(text: str, most: int) -> str:
    """`text` in at most `most` characters: whole words, and "…" where words were left out."""
    if len(text) <= most:
        return text
    cut = text[: most - 1]
    words = cut[: max(cut.rfind(" "), cut.rfind("\n"))] if not text[most - 1].isspace() else cut
    return (words.rstrip() if len(words) > most // 2 else cut.rstrip()) + "…"
