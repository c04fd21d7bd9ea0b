"""A web page to Markdown: its main content, without navigation, scripts and text that nobody sees."""

import codecs
import html
import re

from html_to_markdown import ConversionOptions, convert

from knowledge.parsers.base import Parsed, ParseError
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
# What is moved out of sight is as hidden as what is not displayed.
_OUT_OF_SIGHT = [
    '[style*="left:-9999"]',
    '[style*="left: -9999"]',
    '[style*="font-size:1px"]',
    '[style*="font-size: 1px"]',
]
_MAIN = re.compile(r"<main\b[^>]*>.*</main\s*>", re.DOTALL | re.IGNORECASE)
_H1 = re.compile(r"<h1\b[^>]*>(.*?)</h1\s*>", re.DOTALL | re.IGNORECASE)
_TITLE = re.compile(r"<title\b[^>]*>(.*?)</title\s*>", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>")
_CHARSET = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)


def parse(data: bytes) -> Parsed:
    page, warning = _text(data)
    main = _MAIN.search(page)
    body = main[0] if main else page
    markdown = to_markdown(body, hidden="drop", without=_BOILERPLATE + _OUT_OF_SIGHT)
    if not markdown.strip() and len(_TAG.sub("", body).strip()) > 1000 and body.count("<div") > 500:
        raise ParseError("The page is nested too deeply to be read.")
    seen = to_markdown(body, hidden="reachable", without=_BOILERPLATE)
    if hidden := len(seen.split()) - len(markdown.split()):
        warning = f"{warning} Hidden text was left out ({hidden} words).".strip()
    return Parsed(_title(page), markdown, warning)


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


def _title(page: str) -> str:
    for pattern in (_H1, _TITLE):
        if (found := pattern.search(page)) and (text := _plain(found[1])):
            return text
    return ""


def _plain(markup: str) -> str:
    return " ".join(html.unescape(_TAG.sub(" ", markup)).split())
