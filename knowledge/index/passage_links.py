"""Where a passage links to: the addresses and paths of other documents, written as their rows have them. Pure."""

import posixpath
import re
from dataclasses import replace
from urllib.parse import unquote, urlsplit

from knowledge.passages import chunking, hyperlinks
from knowledge.passages.chunking import ChunkText
from knowledge.web.addresses import normal

MAX_LINKS = 50  # of one passage: more are a list of everything and say nothing
MAX_SHOWN = 500  # characters of an address that readers are given


def resolved(passage: ChunkText, *, url: str, path: str) -> ChunkText:
    """A passage of the document at `url`, or else at `path`, with its links, and addresses that a reader can open.

    Of a link between files the words stay, as nobody can open it from an answer.
    """
    links = tuple(targets(passage.text, url=url, path=path))
    text = hyperlinks.RAW.sub(lambda link: _shown(link, url), passage.text)
    if text == passage.text:
        return replace(passage, links=links)
    return replace(passage, text=text, links=links, sentence_spans=chunking.spans(text))


def targets(text: str, *, url: str, path: str) -> list[str]:
    """What the links and addresses in `text` lead to: each document once, none into itself."""
    written = [link["address"] for link in hyperlinks.RAW.finditer(text)] + hyperlinks.addresses(text)
    found = dict.fromkeys(filter(None, (_target(address, url, path) for address in written)))
    own = {url, path}
    others = [each for each in found if each not in own]
    return others if len(others) <= MAX_LINKS else []


def _shown(link: re.Match[str], url: str) -> str:
    """A link with an address of the web, else its words."""
    address = normal(link["address"], url)
    if address is None:
        return link["words"]
    fragment = urlsplit(link["address"]).fragment
    address = hyperlinks.quoted(f"{address}#{fragment}" if fragment else address)
    return f"[{link['words']}]({address})" if len(address) <= MAX_SHOWN else link["words"]


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
