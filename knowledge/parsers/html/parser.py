"""A web page to Markdown: its main content, without navigation, scripts and text that nobody sees."""

import codecs
import html
import re

from html_to_markdown import ConversionOptions, convert

from knowledge.parsers.base import Parsed, ParseError, hidden_text
from knowledge.parsers.html import hidden as html_hidden
from knowledge.parsers.text import decode

_BOILERPLATE = [
    "nav",
    "aside",
    "footer",
    "body > header",
    "[role=navigation]",
    "[role=banner]",
    "[role=contentinfo]",
    "[role=dialog]",
    "[role=search]",
    "[class*=cookie]",
    "[id*=cookie]",
    "button",
    "select",
    "iframe",
    "svg",
]
_ARTICLE = re.compile(r"<article\b", re.IGNORECASE)
_ANCHOR = re.compile(r"<a\s[^<>]*>", re.IGNORECASE)
_INNER = re.compile(r"\bhref\s*=\s*(?:\"(?!https?://)[^\"]*\"|'(?!https?://)[^']*')", re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>")
_CHARSET = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)


def parse(data: bytes) -> Parsed:
    return _parsed(*_text(data))


def parse_part(data: bytes) -> Parsed:
    """A page that lies in a book: what it links to in there is no document of its own."""
    page, warning = _text(data)
    return _parsed(_ANCHOR.sub(lambda tag: _INNER.sub('href="#"', tag[0]), page), warning)


def _parsed(page: str, warning: str) -> Parsed:
    body = _main(page)
    markdown = to_markdown(html_hidden.marked(body), hidden="drop", without=_BOILERPLATE)
    if not markdown.strip() and len(_plain(body)) > 1000 and body.count("<div") > 500:
        raise ParseError("The page is nested too deeply to be read.")
    seen = to_markdown(body, hidden="reachable", without=_BOILERPLATE)
    hidden = hidden_text(len(seen.split()) - len(markdown.split()))
    return Parsed(_title(page), markdown, f"{warning} {hidden}".strip())


def to_markdown(page: str, *, hidden: str, without: list[str]) -> str:
    """`page` as Markdown without images and without what the CSS selectors name; `hidden` is "drop" or "reachable"."""
    options = ConversionOptions(
        extract_metadata=False,
        skip_images=True,
        compact_tables=True,
        hidden_content=hidden,
        exclude_selectors=without,
    )
    return convert(page, options).content or ""


def _text(data: bytes) -> tuple[str, str]:
    """The page decoded as it says itself, else as any text."""
    declared = _CHARSET.search(data[:2048])
    is_marked = data.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    if declared and not is_marked:
        try:
            return data.decode(codecs.lookup(declared[1].decode("ascii")).name), ""
        except (LookupError, UnicodeDecodeError):
            pass  # pages that lie about their encoding are common
    return decode(data)


def _main(page: str) -> str:
    """The page from its first <main> to the last </main>; else its <article>, where it is the only one; else all of it.

    Several articles are a list of teasers, or what is related to a page that does not say where its content is.
    """
    return (
        _from_first_to_last(page, "main")
        or (_from_first_to_last(page, "article") if len(_ARTICLE.findall(page)) == 1 else "")
        or page
    )


def _from_first_to_last(page: str, tag: str) -> str:
    start, content = _opening(page, tag)
    ends = list(re.finditer(rf"</{tag}\s*>", page[content:], re.IGNORECASE))
    return page[start : content + ends[-1].end()] if ends else ""


def _title(page: str) -> str:
    for tag in ("h1", "title"):
        _, content = _opening(page, tag)
        end = re.compile(rf"</{tag}\s*>", re.IGNORECASE).search(page, content)
        if end and (text := _plain(page[content : end.start()])):
            return text
    return ""


def _opening(page: str, tag: str) -> tuple[int, int]:
    """Where the first such tag starts and where its content does; twice the end of the page when there is none.

    One step after another, as a single pattern would try each start with each end, and a page can have 200,000.
    """
    start = re.search(rf"<{tag}\b", page, re.IGNORECASE)
    end = page.find(">", start.end()) if start else -1
    return (start.start(), end + 1) if start and end >= 0 else (len(page), len(page))


def _plain(markup: str) -> str:
    """The text between the tags. What follows the last ">" holds none, and looking for one there takes long."""
    last = markup.rfind(">") + 1
    return " ".join(html.unescape(_TAG.sub(" ", markup[:last]) + markup[last:]).split())
