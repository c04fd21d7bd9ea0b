"""Which paths of a source are wanted."""

from collections.abc import Sequence
from fnmatch import fnmatchcase


def is_wanted(path: str, include: Sequence[str], exclude: Sequence[str]) -> bool:
    """Whether `path` fits one of `include` (any, where there are none) and none of `exclude`.

    Patterns are those of shells, for the whole path; "*" stands for any characters, "/" among them: "/help/*" takes all
    that is below /help/, "*.pdf" every PDF.
    """
    is_included = not include or any(fnmatchcase(path, pattern) for pattern in include)
    return is_included and not any(fnmatchcase(path, pattern) for pattern in exclude)
