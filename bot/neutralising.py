"""Markdown of a model, made safe to post: no mention that calls anybody, no link but to what was cited. Pure.

Whoever writes a document may write instructions into it, and a model may follow them. So nothing that it writes is
trusted: see docs/platforms.md for what was thought of. The output stays Markdown, in Slack's block and on Discord.
"""

import re
from collections.abc import Callable, Collection, Iterator
from urllib.parse import urlsplit

from linkify_it import LinkifyIt

BREAK = "\u200b"  # seen by no reader; what it stands in is not a mention or a link any more
# Zero-width and bidirectional characters, tags, and the private ones that stand for kept links below.
UNSEEN = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ue000\ue001\U000e0000-\U000e007f]")
MENTION = re.compile(
    r"(<|&lt;)(?=[@#][!&]?\w|!(?:channel|here|everyone|subteam|date)\b|/[\w -]{1,64}:\d|a?:\w{1,64}:\d|t:-?\d|id:\w)",
    re.IGNORECASE,
)
EVERYBODY = re.compile(r"@(?=(?:everyone|here|channel|group)\b)", re.IGNORECASE)
# Code is what Slack and Discord both take for code. They pair backticks each in its own way, so whatever is not paired
# within its line, or as a fence of lines of its own, does not stay a backtick; Discord knows no fences of tildes.
FENCE = re.compile(r"( {0,3})(`{3,}|~{3,})(?=[^`]*$)")
RUN, TILDES = re.compile(r"`{3,}"), re.compile(r"~{3,}")
CODE = re.compile(r"(?<![`\\])(`{1,2})(?!`)([^`\n]+)\1(?!`)")
LINK = re.compile(
    r"(?P<image>!?)\[(?P<label>(?:[^\[\]\n]|\[[^\[\]\n]{0,80}\]){0,500})\]"
    r"\([ \t]*(?P<target><[^<>\n]{0,2000}>|[^()\s]{0,2000}(?:\([^()\s]{0,500}\)[^()\s]{0,500}){0,3})"
    r"(?:[ \t]+[^()\n]{0,300})?[ \t]*\)"
    r"|<(?P<angle>(?:[a-z][a-z0-9+.-]{0,20}:|//|www\.)[^<>\s|]{1,2000})(?:\|(?P<name>[^<>\n]{0,300}))?>",
    re.IGNORECASE,
)
SCHEME = re.compile(
    r"(?:[a-z][a-z0-9+.-]{1,20}://|(?<![\w`])(?:javascript|vbscript|data|mailto|tel|sms|file|slack|discord|facetime|skype):)"
    r"[^\s<>`]{1,2000}",
    re.IGNORECASE,
)
PREFIX = re.compile(r"^(?:[a-z][a-z0-9+.-]*:)?/*", re.IGNORECASE)
PATH = re.compile(r"(?:[\w-]{1,63}\.){1,9}[a-z]{2,24}/[^\s<>`]*", re.IGNORECASE)  # a domain with something behind it
MAIL = re.compile(r"[\w.+-]{0,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,9}")
LOOKS_LIKE_ADDRESS = re.compile(r"://|www\.|\b[\w-]+\.[a-z]{2,}(?:/|\b)", re.IGNORECASE)
LONGEST_LINE = 4000  # characters that are looked through for addresses at a time
LONGEST_ADDRESS = 300

Keep = Callable[[str], str]  # takes a link that stays, gives what stands for it meanwhile

_finder = LinkifyIt()


def neutral(text: str, *, links: Collection[str]) -> str:
    """`text` with its mentions broken, and the addresses in `links` alone left as links; others are shown as code."""
    allowed = {_normal(link) for link in links}
    text = UNSEEN.sub("", text)
    shown = "".join(part if is_code else _prose(part, allowed) for part, is_code in _parts(text))
    return EVERYBODY.sub(f"@{BREAK}", MENTION.sub(rf"\1{BREAK}", shown))


def _parts(text: str) -> Iterator[tuple[str, bool]]:
    """The text in pieces, each with whether it is code: fenced blocks, also one that is still open, and spans."""
    fence = ""
    for line in text.splitlines(keepends=True):
        marker = FENCE.match(line)
        if fence:
            is_end = marker is not None and marker.group(2).startswith(fence) and not line.strip(" `~\r\n")
            yield FENCE.sub(r"\1```", line) if is_end else RUN.sub(lambda run: BREAK.join(run.group()), line), True
            fence = "" if is_end else fence
        elif marker:
            fence = marker.group(2)
            yield FENCE.sub(r"\1```", line, count=1), True
        else:
            yield from _spans(line)


def _spans(line: str) -> Iterator[tuple[str, bool]]:
    end = 0
    for span in CODE.finditer(line):
        yield line[end : span.start()], False
        yield f"`{span.group(2)}`", True
        end = span.end()
    yield line[end:], False


def _prose(text: str, allowed: set[str]) -> str:
    """Links and addresses judged one by one; those that stay wait under a private character meanwhile."""
    text = TILDES.sub(lambda run: BREAK.join(run.group()), text.replace("`", "'"))
    kept: list[str] = []

    def keep(link: str) -> str:
        kept.append(link)
        return "\ue000"

    shown, end = "", 0
    for found in LINK.finditer(text):
        shown += _bare(text[end : found.start()], allowed, keep)
        link = _link(found, allowed, keep)
        is_joined = bool(shown) and not shown[-1].isspace() and shown[-1] not in "(*_" and link != "\ue000"
        shown += f" {link}" if is_joined else link  # or it would lengthen an address in front of it
        end = found.end()
    shown += _bare(text[end:], allowed, keep)
    shown = re.sub(r"\](?=[(:])", f"]{BREAK}", shown)
    waiting = iter(kept)
    return re.sub("\ue000", lambda _: next(waiting), shown)


def _link(found: re.Match[str], allowed: set[str], keep: Keep) -> str:
    if found["image"]:
        return _bare(found["label"], allowed, keep)
    label = found["name"] if found["angle"] else found["label"]
    target = (found["angle"] or found["target"]).strip("<>")
    is_honest = not label or not LOOKS_LIKE_ADDRESS.search(label) or _normal(label) == _normal(target)
    if _normal(target) in allowed and is_honest and not set(target) & set("()<>|"):
        return keep(f"[{_flat(label)}]({target})" if label else target)
    words = _bare(label, allowed, keep) if label else ""
    address = _code(target)
    return f"{words} ({address})" if words and address else words or address


def _bare(text: str, allowed: set[str], keep: Keep) -> str:
    """Addresses that a platform would turn into links by itself."""
    return "".join(_bare_part(text[at : at + LONGEST_LINE], allowed, keep) for at in range(0, len(text), LONGEST_LINE))


def _bare_part(text: str, allowed: set[str], keep: Keep) -> str:
    shown, end = "", 0
    for start, stop in _addresses(text):
        address = text[start:stop]
        shown += text[end:start] + (keep(address) if _normal(address) in allowed else _code(address))
        end = stop
    return shown + text[end:]


def _addresses(text: str) -> list[tuple[int, int]]:
    """Where addresses stand, in order and not overlapping."""
    found = [match.span() for pattern in (SCHEME, PATH, MAIL) for match in pattern.finditer(text)]
    if "." in text or "//" in text or "@" in text:
        found += [(match.index, match.last_index) for match in _finder.match(text) or ()]
    spans: list[tuple[int, int]] = []
    for start, stop in sorted(found):
        if spans and start < spans[-1][1]:
            spans[-1] = (spans[-1][0], max(stop, spans[-1][1]))
        else:
            spans.append((start, stop))
    return [_trimmed(text, start, stop) for start, stop in spans]


def _trimmed(text: str, start: int, stop: int) -> tuple[int, int]:
    """Without the punctuation of the sentence around it."""
    while stop > start + 1 and text[stop - 1] in ".,;:!?'\"*_)]":
        stop -= 1
    return start, stop


def _code(address: str) -> str:
    """An address that can be read and copied, and is no link."""
    bare = PREFIX.sub("", address).replace("`", "")[:LONGEST_ADDRESS]
    return f"`{bare}`" if bare.strip() else ""


def _flat(label: str) -> str:
    """A label that cannot end its own link."""
    return label.replace("[", "(").replace("]", ")")


def _normal(link: str) -> str:
    """What makes two ways to write an address the same."""
    link = link.strip().strip("<>")
    try:
        parts = urlsplit(link)
    except ValueError:
        return link
    if not parts.scheme or not parts.netloc:
        return link
    return parts._replace(
        scheme=parts.scheme.lower(), netloc=parts.netloc.lower(), path=parts.path.rstrip("/")
    ).geturl()


def settled(text: str) -> int:
    """How many characters of a text that still grows can be judged for good.

    What is left out is the word in progress, and whatever was opened in the line in progress and is not closed. In rare
    cases what follows changes it all the same; whoever shows text by adding to it has to be ready to show it anew.
    """
    line_start = text.rfind("\n") + 1
    line = text[line_start:]
    if not line.strip() or line.lstrip()[0] in "`~":
        return line_start
    end = max(line.rfind(" "), line.rfind("\t")) + 1
    for opened in (_open_span(line), _open_bracket(line), _open_angle(line)):
        if opened >= 0:
            end = min(end, opened)
    return line_start + end


def _open_span(line: str) -> int:
    """Where a code span begins that is not closed yet; -1 without one."""
    last = max((span.end() for span in CODE.finditer(line)), default=0)
    tick = line.find("`", last)
    if tick < 0:
        # The run of ticks that closes a span may go on.
        return next((span.start() for span in CODE.finditer(line) if span.end() == len(line)), -1)
    return tick


def _open_bracket(line: str) -> int:
    """Where a link begins that is not complete yet."""
    start = line.rfind("[")
    if start < 0:
        return -1
    begin = start - 1 if start and line[start - 1] == "!" else start
    close = line.find("]", start)
    if close < 0 or close == len(line) - 1:
        return begin
    if line[close + 1] == "(" and ")" not in line[close + 1 :]:
        return begin
    return -1


def _open_angle(line: str) -> int:
    start = max(line.rfind("<"), line.rfind("&lt;"))
    if start < 0 or len(line) - start > 64 or ">" in line[start:] or "&gt;" in line[start:]:
        return -1
    return start


def plain(text: str) -> str:
    """The words without Markdown, for notifications: links are their labels, code has no ticks."""
    text = re.sub(r"(?m)^ {0,3}(?:`{3,}|~{3,}).*$\n?", "", text)
    text = re.sub(r"!?\[([^\[\]\n]*)\]\([^()\n]*\)", r"\1", text)
    text = re.sub(r"(?m)^ {0,3}(?:#{1,6}|>)\s+", "", text)
    text = re.sub(r"(\*\*|__|~~)(?=\S)(.+?)(?<=\S)\1", r"\2", text)
    return re.sub(r"`+([^`\n]+)`+", r"\1", text).strip()


def slack_escaped(text: str) -> str:
    """For Slack's mrkdwn and plain text."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
