"""A Markdown document as a row of blocks, each with its path of headings and the places where it may be cut. Pure."""

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode

from knowledge.passages import hyperlinks, sentences

Path = tuple[str, ...]

MAX_HEADING = 300  # characters; what is longer is a paragraph that somebody marked as a heading

_MARKDOWN = MarkdownIt("commonmark", {"maxNesting": 100}).enable("table")
_TAG = re.compile(r"<!--.*?-->|</?[a-zA-Z][^>]*>", re.DOTALL)
_BREAK = re.compile(r"<br\b", re.IGNORECASE)
_ANCHOR, _ANCHOR_END = re.compile(r"<a\s", re.IGNORECASE), re.compile(r"</a\b", re.IGNORECASE)
_HREF = re.compile(r"\bhref\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
# Text that would read as markup where a line begins with it.
_MARKUP = re.compile(r"^( {0,3})(`{3}|~{3}|#{1,6}\s|\|)", re.MULTILINE)
_GROUP = re.compile(r".+?(?:\n(?:[ \t]*\n)+|\Z)", re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A block of Markdown: `lead`, then all `units`, then `tail`.

    A piece of it is the lead, some units and the tail again, so no row loses its header and no line of code its fence.
    The units bring the space between them along.
    """

    path: Path
    units: tuple[str, ...]
    lead: str = ""
    tail: str = ""
    is_table: bool = False

    def text(self, units: Sequence[str]) -> str:
        return self.lead + "".join(units).rstrip() + self.tail

    def halved(self, unit: str) -> tuple[str, str]:
        """A unit that is too long by itself as two; one half is empty where that cannot be."""
        return _halved_row(unit) if self.is_table else _halved(unit)


def blocks(markdown: str, title: str) -> list[Block]:
    """The blocks of a document. Paths begin with `title`; a first heading that repeats it is left out.

    A heading with nothing under it, not even another heading, becomes a block, because it would be lost.
    """
    found: list[Block] = []
    root: Path = (title,) if title else ()
    path, is_bare = root, False
    levels: list[int] = []
    for node in SyntaxTreeNode(_MARKDOWN.parse(markdown)).children:
        text = hyperlinks.plain(_inline(node)).replace("\n", " ") if node.type == "heading" else ""
        if node.type != "heading" or len(text) > MAX_HEADING:
            new = list(_blocks(node, path))
            found += new
            is_bare = is_bare and not new
            continue
        level = int(node.tag[1])
        if is_bare and level <= levels[-1]:
            found.append(_bare(path))
        while levels and levels[-1] >= level:
            levels.pop()
        path = path[: len(root) + len(levels)]
        if text.casefold() == title.casefold() or not text:
            is_bare = False
            continue
        levels.append(level)
        path, is_bare = (*path, text), True
    if is_bare:
        found.append(_bare(path))
    return found


def _bare(path: Path) -> Block:
    return Block(path[:-1], (f"{'#' * min(len(path), 6)} {path[-1]}",))


def _blocks(node: SyntaxTreeNode, path: Path) -> Iterator[Block]:
    match node.type:
        case "bullet_list" | "ordered_list":
            yield from _list(node, path)
        case "fence" | "code_block":
            yield from _code(node, path)
        case "table":
            yield _table(node, path)
        case "blockquote" | "list_item":
            for child in node.children:
                yield from _blocks(child, path)
        case "paragraph" | "heading":
            yield from _prose(_inline(node), path)
        case "html_block":
            yield from _prose(_without_tags(node.content), path)


def _prose(text: str, path: Path) -> Iterator[Block]:
    text = _MARKUP.sub(r"\1\\\2", "\n".join(" ".join(line.split()) for line in text.strip().splitlines()))
    if text:
        starts = [start for start, _ in sentences.split(text)][1:]
        yield Block(path, tuple(text[a:b] for a, b in zip([0, *starts], [*starts, len(text)], strict=True)))


def _code(node: SyntaxTreeNode, path: Path) -> Iterator[Block]:
    code = node.content.strip("\n")
    if code.strip():
        fence = next("`" * length for length in count(3) if "`" * length not in code)
        language = (node.info.split() or [""])[0] if node.type == "fence" else ""
        yield Block(path, tuple(_GROUP.findall(code)), f"{fence}{language}\n", f"\n{fence}")


def _table(node: SyntaxTreeNode, path: Path) -> Block:
    rows = [[_cell(cell) for cell in row.children] for part in node.children for row in part.children]
    header, *body = rows
    lead = f"{_row(header)}|{' --- |' * len(header)}"
    return Block(path, tuple(map(_row, body)), lead + "\n" if body else lead, is_table=True)


def _cell(node: SyntaxTreeNode) -> str:
    return " ".join(_inline(node).split()).replace("|", "\\|")


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |\n"


def cells(row: str) -> list[str]:
    """The cells of a row of a table, as they stand there."""
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", row.strip())[1:-1]]


def _halved(text: str) -> tuple[str, str]:
    """`text` in two, at the line end or else the space nearest to its middle, not in a link; or else in the middle."""
    middle = len(text) // 2
    whole = hyperlinks.masked(text)
    for mark in ("\n", " "):
        before, after = whole.rfind(mark, 0, middle) + 1, whole.find(mark, middle) + 1
        places = [place for place in (before, after) if 0 < place < len(text)]
        if places:
            cut = min(places, key=lambda place: abs(place - middle))
            return text[:cut], text[cut:]
    return text[:middle], text[middle:]


def _halved_row(row: str) -> tuple[str, str]:
    """A row as two, the second going on in each cell where the first stops."""
    halves = [_halved(cell) if " " in cell else (cell, "") for cell in cells(row)]
    if not any(after for _, after in halves):
        longest = max(range(len(halves)), key=lambda place: len(halves[place][0]))
        halves[longest] = _halved(halves[longest][0])
    return _row([before.strip() for before, _ in halves]), _row([after.strip() for _, after in halves])


def _list(node: SyntaxTreeNode, path: Path) -> Iterator[Block]:
    """A list is one block cut between its items; one that holds code or tables becomes its parts."""
    if not any(child.type in {"fence", "code_block", "table"} for child in node.walk()):
        units = tuple(f"{line}\n" for line in map(_item, _markers(node), node.children) if line.strip())
        if units:
            yield Block(path, units)
        return
    for marker, item in zip(_markers(node), node.children, strict=True):
        parts = [block for child in item.children for block in _blocks(child, path)]
        if parts and not parts[0].lead:
            parts[0] = replace(parts[0], units=(marker + parts[0].units[0], *parts[0].units[1:]))
        yield from parts


def _markers(node: SyntaxTreeNode) -> list[str]:
    if node.type == "bullet_list":
        return ["- "] * len(node.children)
    start = int(node.attrs.get("start", 1))
    return [f"{start + place}. " for place in range(len(node.children))]


def _item(marker: str, node: SyntaxTreeNode) -> str:
    """An item of a list with all that is nested in it, indented under its marker."""
    text = "\n".join(part for part in map(_nested, node.children) if part)
    return marker + text.replace("\n", "\n" + " " * len(marker))


def _nested(node: SyntaxTreeNode) -> str:
    match node.type:
        case "bullet_list" | "ordered_list":
            return "\n".join(map(_item, _markers(node), node.children))
        case "blockquote":
            return "\n".join(map(_nested, node.children))
        case "html_block":
            return _without_tags(node.content)
        case "paragraph" | "heading":
            return _inline(node)
        case _:
            return ""


class _Inline:
    """Text that is put together piece by piece, with its links."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.address = ""
        self.opened = 0

    def open(self, address: str) -> None:
        self.address, self.opened = address, len(self.pieces)

    def close(self) -> None:
        if self.address:
            words = "".join(self.pieces[self.opened :])
            self.pieces[self.opened :] = [hyperlinks.written(words, self.address)]
        self.address = ""

    def add_tag(self, tag: str) -> None:
        """A tag of HTML: links are kept, breaks break, others are nothing."""
        if _BREAK.match(tag):
            self.pieces.append("\n")
        elif _ANCHOR.match(tag):
            found = _HREF.search(tag)
            self.open(html.unescape(found[1] or found[2] or "") if found else "")
        elif _ANCHOR_END.match(tag):
            self.close()

    def add(self, token: Token) -> None:
        match token.type:
            case "text":
                self.pieces.append(token.content)
            case "code_inline":
                self.pieces.append(f"`{token.content}`")
            case "softbreak":
                self.pieces.append(" ")
            case "hardbreak":
                self.pieces.append("\n")
            case "link_open":
                self.open(str(token.attrGet("href") or ""))
            case "link_close":
                self.close()
            case "html_inline":
                self.add_tag(token.content)

    def text(self) -> str:
        return "".join(self.pieces).strip()


def _inline(node: SyntaxTreeNode) -> str:
    """Text for reading: links keep their address, images are gone, emphasis is dropped, code keeps its marks."""
    found = _Inline()
    for inline in node.children:
        for token in (inline.token.children or []) if inline.token else []:
            found.add(token)
    return found.text()


def _without_tags(markup: str) -> str:
    """A block of HTML as text with its links."""
    found = _Inline()
    end = 0
    for tag in _TAG.finditer(markup):
        found.pieces.append(markup[end : tag.start()])
        if not _BREAK.match(tag[0]):
            found.add_tag(tag[0])
        end = tag.end()
    found.pieces.append(markup[end:])
    return found.text()
