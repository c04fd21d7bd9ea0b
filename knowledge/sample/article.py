"""One article of the sample help centre: its Markdown source and what the writers need to know of it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

SOURCE = Path(__file__).parent / "source"
FRONT_LINE = re.compile(r"<!-- format: (md|html|pdf|docx) -->\n")
TITLE = re.compile(r"^# (.+)$", re.MULTILINE)
LINK_TO_ARTICLE = re.compile(r"(\]\((?:\.\./\w+/)?)([\w-]+)\.md\)")

parser = MarkdownIt("commonmark").enable("table")


@dataclass(frozen=True)
class Article:
    """`markdown` is the source without its front line, its links pointing at the built files."""

    slug: str
    audience: str
    format: str
    markdown: str

    @property
    def filename(self) -> str:
        return f"{self.slug}.{self.format}"

    @property
    def title(self) -> str:
        found = TITLE.search(self.markdown)
        if found is None:
            raise ValueError(f"{self.slug} has no title line")
        return found[1]

    def blocks(self) -> list[SyntaxTreeNode]:
        return SyntaxTreeNode(parser.parse(self.markdown)).children


class Span(NamedTuple):
    """A stretch of text in one style."""

    text: str
    is_bold: bool = False
    is_code: bool = False
    href: str = ""


PLAIN = Span("")


def spans(node: SyntaxTreeNode, style: Span = PLAIN) -> Iterator[Span]:
    """Flatten inline Markdown. Raises ValueError for markup that the writers could not show."""
    match node.type:
        case "text":
            yield style._replace(text=node.content)
            return
        case "code_inline":
            yield style._replace(text=node.content, is_code=True)
            return
        case "strong":
            style = style._replace(is_bold=True)
        case "link":
            style = style._replace(href=str(node.attrs["href"]))
        case "inline" | "paragraph" | "heading" | "th" | "td":
            pass
        case other:
            raise ValueError(f"unexpected inline markup: {other}")
    for child in node.children:
        yield from spans(child, style)


def plain(node: SyntaxTreeNode) -> str:
    return "".join(span.text for span in spans(node))


def rows(table: SyntaxTreeNode) -> list[list[SyntaxTreeNode]]:
    """The cells of a table, header row first."""
    return [list(row.children) for part in table.children for row in part.children]


def read_all(source: Path = SOURCE) -> list[Article]:
    """Read every article, in the order of its path. Raises KeyError for a link to an article that is not there."""
    paths = sorted(source.glob("*/*.md"))
    articles = [_read(path) for path in paths]
    filenames = {article.slug: article.filename for article in articles}
    return [
        Article(article.slug, article.audience, article.format, _relink(article.markdown, filenames))
        for article in articles
    ]


def _read(path: Path) -> Article:
    text = path.read_text(encoding="utf-8")
    front = FRONT_LINE.match(text)
    if front is None:
        raise ValueError(f"{path} does not begin with its format")
    return Article(path.stem, path.parent.name, front[1], text[front.end() :])


def _relink(markdown: str, filenames: dict[str, str]) -> str:
    return LINK_TO_ARTICLE.sub(lambda link: f"{link[1]}{filenames[link[2]]})", markdown)
