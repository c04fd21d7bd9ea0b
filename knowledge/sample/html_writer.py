"""Articles as web pages, with the navigation, notices and footer that surround a real one."""

from collections.abc import Sequence
from html import escape
from pathlib import Path
from string import Template

from knowledge.sample.article import Article, parser

PAGE = Path(__file__).parent / "page.html"


def render(article: Article, neighbours: Sequence[Article]) -> bytes:
    page = Template(PAGE.read_text(encoding="utf-8"))
    return page.substitute(
        title=escape(article.title),
        slug=article.slug,
        contents="\n".join(_entry(neighbour) for neighbour in neighbours),
        article=parser.render(article.markdown).strip(),
    ).encode()


def _entry(article: Article) -> str:
    return f'        <li><a href="{article.filename}">{escape(article.title)}</a></li>'
