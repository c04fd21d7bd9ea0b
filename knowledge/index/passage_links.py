"""Where a passage links to: the addresses and paths of other documents, written as their rows have them. Pure."""

import posixpath
import re
from urllib.parse import unquote, urlsplit

from knowledge.web.addresses import normal

MAX_LINKS = 50  # of one passage: more are a list of everything and say nothing
_LINK = re.compile(r"\]\(<?([^()\s<>]{1,2000})")


def targets(text: str, *, url: str, path: str) -> list[str]:
    """What the Markdown `text` of the document at `url`, or else at `path`, links to: each once, none into itself."""
    found = dict.fromkeys(filter(None, (_target(written, url, path) for written in _LINK.findall(text))))
    own = {url, path}
    others = [each for each in found if each not in own]
    return others if len(others) <= MAX_LINKS else []


def _target(written: str, url: str, path: str) -> str | None:
    try:
        parts = urlsplit(written)
    except ValueError:
        return None
    if url or parts.scheme:
        return normal(written, url)
    if not parts.path or parts.netloc or "\0" in unquote(parts.path):
        return None
    beside = "" if parts.path.startswith("/") else posixpath.dirname(path)
    return posixpath.normpath(posixpath.join(beside, unquote(parts.path).lstrip("/")))
