"""Build the sample help centre from its Markdown sources: `python -m knowledge.sample.build`.

The same sources always give the same bytes, so a rebuild shows up in version control only when a text has changed.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from knowledge.sample import docx_writer, html_writer, pdf_writer
from knowledge.sample.article import Article, read_all

HELP_CENTRE = Path(__file__).parent / "help_centre"


def build(destination: Path = HELP_CENTRE) -> list[Path]:
    """Write all articles below `destination` and return their paths."""
    articles = read_all()
    return [_write(article, articles, destination) for article in articles]


def _write(article: Article, articles: Sequence[Article], destination: Path) -> Path:
    path = destination / article.audience / article.filename
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_render(article, articles))
    return path


def _render(article: Article, articles: Sequence[Article]) -> bytes:
    match article.format:
        case "html":
            neighbours = [other for other in articles if other.audience == article.audience]
            return html_writer.render(article, neighbours)
        case "pdf":
            return pdf_writer.render(article)
        case "docx":
            return docx_writer.render(article)
        case _:
            return article.markdown.encode()


if __name__ == "__main__":
    for built in build():
        sys.stdout.write(f"{built.relative_to(HELP_CENTRE)}\n")
