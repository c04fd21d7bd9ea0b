"""Markdown to HTML that is safe to show, whoever wrote it: a model, a document, a person. Pure.

No HTML of the writer's gets through, no image is loaded, and no link is followed but to the sources of the answer.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import nh3
from django.utils.safestring import SafeString
from markdown_it import MarkdownIt
from markdown_it.token import Token

MARKER = re.compile(r"\[(\d{1,3})\]")
# Private-use characters that stand for <mark> and </mark> until the HTML has been cleaned.
START, END = "\ue000", "\ue001"
# What makes a line a list item, a table row, a heading or a quotation; a mark begins after it, or it would be undone.
LINE_OPENING = re.compile(r"(?:(?:`{3,}|~{3,})[^\n]*\n|\s|[-*+>|#]|\d+[.)]\s)*")
LINE_CLOSING = re.compile(r"(?:\s|\||`{3,}|~{3,})*\Z")

TAGS = {
    *("p", "br", "hr", "h3", "h4", "h5", "h6", "blockquote", "pre", "code"),
    *("a", "em", "strong", "s", "del", "ul", "ol", "li"),
    *("table", "thead", "tbody", "tr", "th", "td"),
}
ATTRIBUTES = {"a": {"href", "class", "aria-label"}, "td": {"class"}, "th": {"class"}, "ol": {"start"}}

_parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).disable(["image", "reference"])


@dataclass(frozen=True)
class CitedSource:
    """What a marker [number] of an answer leads to. `href` opens the passage.

    `links` are the addresses that an answer may lead to by it: the document's own, and those in its passage.
    """

    number: int
    href: str
    title: str
    links: tuple[str, ...] = ()


def answer(text: str, sources: Iterable[CitedSource]) -> SafeString:
    """An answer as HTML: its markers lead to `sources`, and its links only to what these give."""
    numbered = {source.number: source for source in sources}
    tokens = _parse(text.replace(START, "").replace(END, ""))
    for token in tokens:
        if token.children:
            token.children = list(_cite(_only_links_to(token.children, numbered), numbered))
    return _html(tokens)


def passage(text: str, quote: str = "") -> SafeString:
    """A passage as HTML without links, the first occurrence of `quote` in it marked."""
    tokens = _parse(_with_marks(text, quote))
    for token in tokens:
        if token.children:
            token.children = list(_only_links_to(token.children, {}))
    _balance_marks(tokens)
    return _html(tokens)


def plain(text: str) -> str:
    """The words of `text` without its Markdown, on one line."""
    blocks = (token.children or [token] for token in _parser.parse(text))
    words = ("".join(" " if leaf.type.endswith("break") else leaf.content for leaf in block) for block in blocks)
    return " ".join(" ".join(words).split())


def _parse(text: str) -> list[Token]:
    tokens = _parser.parse(text)
    for token in tokens:
        if token.tag in {"h1", "h2", "h3", "h4", "h5", "h6"}:  # the page has its own h1 and h2
            token.tag = f"h{min(int(token.tag[1]) + 2, 6)}"
        if alignment := token.attrs.pop("style", None):  # a style attribute would break the content security policy
            token.attrs["class"] = {"text-align:right": "text-end", "text-align:center": "text-center"}.get(
                str(alignment), ""
            )
    return tokens


def _html(tokens: list[Token]) -> SafeString:
    html = nh3.clean(
        _parser.renderer.render(tokens, _parser.options, {}),
        tags=TAGS,
        attributes=ATTRIBUTES,
        url_schemes={"http", "https"},
        link_rel="noopener noreferrer nofollow",
    )
    # The one place where HTML is declared safe: it was escaped by the parser and cleaned just now.
    return SafeString(html.replace(START, "<mark>").replace(END, "</mark>"))


def _only_links_to(children: Iterable[Token], sources: Mapping[int, CitedSource]) -> Iterator[Token]:
    """Turn links into plain text unless they lead to an address of a source."""
    allowed = {link for source in sources.values() for link in source.links if link}
    dropped = ""
    label = ""
    for token in children:
        if token.type == "link_open" and token.attrGet("href") not in allowed:
            dropped, label = str(token.attrGet("href")), ""
        elif token.type == "link_close" and dropped:
            if dropped != label and not dropped.startswith("#"):
                yield _text(f" ({dropped})")
            dropped = ""
        else:
            label += token.content
            yield token


def _cite(children: Iterable[Token], sources: Mapping[int, CitedSource]) -> Iterator[Token]:
    """Turn each marker [n] of a source into a link to its passage."""
    is_linked = False
    for token in children:
        is_linked = token.type == "link_open" or (is_linked and token.type != "link_close")
        if token.type != "text" or is_linked:
            yield token
            continue
        for index, part in enumerate(MARKER.split(token.content)):
            if index % 2 == 0:
                yield _text(part)
            elif source := sources.get(int(part)):
                yield from _citation(source)
            else:
                yield _text(f"[{part}]")


def _citation(source: CitedSource) -> Iterator[Token]:
    label = f"Source {source.number}: {source.title}"
    yield Token("link_open", "a", 1, attrs={"href": source.href, "class": "cite", "aria-label": label})
    yield _text(str(source.number))
    yield Token("link_close", "a", -1)


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content)


def _with_marks(text: str, quote: str) -> str:
    """`text` with START and END around `quote`, placed so that the lines keep their meaning in Markdown."""
    text = text.replace(START, "").replace(END, "")
    words = [re.escape(word) for word in quote.replace(START, "").replace(END, "").split()]
    found = re.search(r"\s+".join(words), text) if words else None
    if found is None:
        return text
    start, end = found.span()
    line_start = text.rfind("\n", 0, start) + 1
    opening = LINE_OPENING.match(text, line_start)
    if opening and opening.end() > start:
        start = min(opening.end(), end)
    closing = LINE_CLOSING.search(text, start, end)
    if closing:
        end = closing.start()
    return f"{text[:start]}{START}{text[start:end]}{END}{text[end:]}" if start < end else text


def _balance_marks(tokens: Iterable[Token]) -> None:
    """Give every piece of text its own marks, since a mark may not reach across a table cell or a list item."""
    is_marked = False
    for leaf in _leaves(tokens):
        opened = START + leaf.content if is_marked else leaf.content
        is_marked = opened.rfind(START) > opened.rfind(END)
        leaf.content = (opened + END if is_marked else opened).replace(START + END, "")


def _leaves(tokens: Iterable[Token]) -> Iterator[Token]:
    for token in tokens:
        if token.children is not None:
            yield from _leaves(token.children)
        elif token.content:
            yield token
