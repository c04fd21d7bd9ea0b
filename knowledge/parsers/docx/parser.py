"""Word documents by way of HTML, which keeps headings, lists and tables."""

import io

import mammoth

from knowledge.parsers import packed
from knowledge.parsers.base import Parsed, hidden_text, leading_title
from knowledge.parsers.docx import hidden
from knowledge.parsers.html.parser import to_markdown

_STYLES = "\n".join(
    [
        "p[style-name='Title'] => h1:fresh",
        "p[style-name='Subtitle'] => p:fresh",
        "p[style-name='Code'] => pre:separator('\\n')",
        "p[style-name='HTML Preformatted'] => pre:separator('\\n')",
        "p[style-name='Source Code'] => pre:separator('\\n')",
        "comment-reference => ",
    ]
)


def parse(data: bytes) -> Parsed:
    packed.check(data, "Word document")
    data, words = hidden.without_hidden(data)
    page = mammoth.convert_to_html(io.BytesIO(data), style_map=_STYLES, convert_image=lambda _image: []).value
    markdown = to_markdown(page, hidden="drop", without=[])
    return Parsed(leading_title(markdown), markdown, hidden_text(words))
