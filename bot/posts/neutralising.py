"""Markdown of a model, made safe to post: no mention that calls anybody, no link but to what was cited. Pure.

Whoever writes a document may write instructions into it, and a model may follow them. So nothing that it writes is
trusted: see docs/platforms.md for what was thought of. The output stays Markdown, in Slack's block and on Discord.
"""

import html
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from urllib.parse import urlsplit

from linkify_it import LinkifyIt
from linkify_it.tlds import TLDS

BREAK = "\u200b"  # seen by no reader; what it stands in is not a mention or a link any more
# Platforms know one line break; whatever else Python or a client takes for one could hide where a fence begins.
LINE_BREAKS = "\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"
LINE_BREAK = re.compile(f"\r\n|[{LINE_BREAKS}]")
# Control, zero-width and bidirectional characters, tags, and the private ones that stand for kept links below. Joiners
# stay where emoji and the scripts of Persian or Hindi need them, and so does what keeps two backticks apart in code.
UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u180b-\u180e\u200e\u200f\u202a-\u202e\u2060-\u2069"
    "\u3164\ufeff\uffa0\ue000\ue001\U000e0000-\U000e0fff]|(?<![\u0600-\u0dff])\u200c|\u200c(?![\u0600-\u0dff])"
    "|(?<![\u0600-\u0dff\u2190-\u2bff\ufe0f\U0001f000-\U0001faff])\u200d"
    "|\u200d(?![\u0600-\u0dff\u2190-\u2bff\U0001f000-\U0001faff])|(?<!`)\u200b|\u200b(?!`)|(?<=[<@!&/])[\ufe00-\ufe0f]+"
)
MENTION = re.compile(
    r"([<\uff1c]|&lt;)(?=\\?(?:[@#\uff20][!&]?\w|!(?:channel|here|everyone|group|subteam|date)\b"
    r"|/[\w -]{1,64}:\d|a?:\w{1,64}:\d|t:-?\d|id:\w))",
    re.IGNORECASE,
)
EVERYBODY = re.compile(r"([@\uff20])(?=\\?(?:everyone|here|(?:channel|group)\b))", re.IGNORECASE)
ENTITY = re.compile(r"&(?:#\w{1,8}|[a-z]\w{1,23});", re.IGNORECASE)
HARMLESS_ENTITIES = set("&<>\"'")
# Code is what Slack and Discord both take for code. They pair backticks each in its own way, so whatever is not paired
# within its line, or as a fence of lines of its own, does not stay a backtick; Discord knows no fences of tildes.
FENCE = re.compile(r"([ \t]*)(`{3,}(?=[^`]*$)|~{3,})")
RULE, BAR = re.compile(r"[ \t>]*[|:-][ \t|:-]*$"), re.compile(r"(?<!\\)\|")
RUN, TILDES = re.compile(r"`{3,}"), re.compile(r"~{3,}")
CODE = re.compile(r"(?<![`\\])(`{1,2})(?!`)([^`\n]+)\1(?!`)")
LINK = re.compile(
    r"(?P<image>!?)\[(?P<label>(?:[^\[\]\n]|\[[^\[\]\n]{0,80}\]){0,500})\]"
    r"\([ \t]*(?P<target><[^<>\n]{0,2000}>|[^()\s]{0,2000}(?:\([^()\s]{0,500}\)[^()\s]{0,500}){0,3})"
    r"(?:[ \t]+[^()\n]{0,300})?[ \t]*\)"
    r"|<(?P<angle>(?:[a-z][a-z0-9+.-]{0,20}:|//|www\.)[^<>\s|]{1,2000})(?:\|(?P<name>[^<>\n]{0,300}))?>",
    re.IGNORECASE,
)
# A link that may still become one with what follows.
OPEN_LINK = re.compile(
    r"!?\[(?:[^\[\]\n]|\[[^\[\]\n]{0,80}(?:\]|\Z)){0,500}(?:\Z|\](?:\Z|\((?:[^()\n]|\([^()\n]*(?:\)|\Z))*\Z))"
)
OPEN_ANGLE = re.compile(r"(?:<|&lt;)(?:[^<>\n]{0,64}|(?:[a-z][a-z0-9+.-]{0,20}:|//|www\.)[^<>\n]*)\Z", re.IGNORECASE)
LONGEST_LINK = 2500
SCHEME = re.compile(
    r"(?:[a-z][a-z0-9+.-]{1,20}://|(?<![\w`])"
    r"(?:javascript|vbscript|data|mailto|tel|sms|sip|callto|magnet|file|slack|discord|facetime|skype|whatsapp|https?):)"
    r"[^\s<>`]{1,2000}",
    re.IGNORECASE,
)
PREFIX = re.compile(r"^(?:[a-z][a-z0-9+.-]*:)?/*", re.IGNORECASE)
# Slack and readers of Markdown take what begins so for an address, whatever it ends with; Discord does not.
WWW = re.compile(r"(?<![^\W_])www\d{0,3}\.[^\s<>`|]{1,2000}", re.IGNORECASE)
# A domain with something behind it, whatever it ends with; a price for each ("3.50/user") has a number there.
PATH = re.compile(r"(?:[\w-]{1,63}\.){1,9}[^\W\d_][\w-]{1,62}(?::\d{1,5})?/[^\s<>`]*", re.IGNORECASE)
DOMAIN = re.compile(r"[^\W_][\w-]{0,62}(?:\.[\w-]{1,63}){1,9}")
LABEL = re.compile(r"[^\W\d_]+(?![^\W_])")
MAIL = re.compile(r"[\w.+-]{0,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,9}")
LOOKS_LIKE_ADDRESS = re.compile(r"://|www\.|\b[\w-]+\.[a-z]{2,}(?:/|\b)", re.IGNORECASE)
SWALLOWING = re.compile(r"[`\\\ue000]\Z|://[^\s<>)]*\Z")
WORD = re.compile(r"\S{1,4000}")
LONGEST_ADDRESS = 300

Keep = Callable[[str], str]  # takes a link that stays, gives what stands for it meanwhile

_finder = LinkifyIt()
_top_levels = {name.lower() for name in TLDS}


def neutral(text: str, *, links: Collection[str]) -> str:
    """`text` with its mentions broken, and the addresses in `links` alone left as links; others are shown as code."""
    allowed = {_normal(link) for link in links}
    text = UNSEEN.sub("", LINE_BREAK.sub("\n", text))
    shown = _joined(part if is_code else _prose(part, allowed) for part, is_code in _parts(text))
    return EVERYBODY.sub(rf"\1{BREAK}", MENTION.sub(rf"\1{BREAK}", shown))


def _joined(pieces: Iterable[str]) -> str:
    """Pieces in a row, a blank in front of code where a backtick, a backslash or a link that stays would swallow it."""
    shown: list[str] = []
    for piece in pieces:
        if shown and piece.startswith("`") and SWALLOWING.search(shown[-1][-LONGEST_LINK:]):
            shown.append(" ")
        if piece:
            shown.append(piece)
    return "".join(shown)


def _parts(text: str) -> Iterator[tuple[str, bool]]:
    """The text in pieces, each with whether it is code: fenced blocks, also one that is still open, and spans.

    Fences begin their line: in a list item, one would end with the item for some readers and not for others.
    """
    fence, indent = "", re.compile("")
    lines, is_row = re.findall(r"[^\n]*\n|[^\n]+", text), False
    for line, following in zip(lines, [*lines[1:], ""], strict=False):
        is_row = bool(RULE.match(following)) or (is_row and not line.isspace())
        marker = FENCE.match(line)
        if fence:
            is_end = marker is not None and marker.group(2).startswith(fence) and not line.strip(" \t`~\n")
            inner = RUN.sub(lambda run: BREAK.join(run.group()), indent.sub("", line, count=1))
            yield "```" + "\n" * line.endswith("\n") if is_end else inner, True
            fence = "" if is_end else fence
        elif marker:
            fence, indent = marker.group(2), re.compile(rf"^[ \t]{{0,{len(marker.group(1))}}}")
            yield "```" + line[marker.end() :].replace("`", "'"), True
        else:
            yield from _spans(line, is_row)


def _spans(line: str, is_row: bool) -> Iterator[tuple[str, bool]]:
    """The pieces of a line; a row of a table is cut at its bars before anything in it is code."""
    end = 0
    for span in CODE.finditer(line):
        if is_row and BAR.search(span.group()):
            continue
        yield line[end : span.start()], False
        yield f"`{span.group(2)}`", True
        end = span.end()
    yield line[end:], False


def _prose(text: str, allowed: set[str]) -> str:
    """Links and addresses judged one by one; those that stay wait under a private character meanwhile."""
    text = TILDES.sub(lambda run: BREAK.join(run.group()), text.replace("`", "'").replace(BREAK, ""))
    kept: list[str] = []

    def keep(link: str) -> str:
        kept.append(link)
        return "\ue000"

    pieces, end = [""], 0
    for found in LINK.finditer(text):
        before = _bare(text[end : found.start()], allowed, keep)
        link = _link(found, allowed, keep)
        last = (before or pieces[-1])[-1:]
        is_joined = bool(last) and not last.isspace() and last not in "(*_" and link != "\ue000"
        pieces += [before, f" {link}" if is_joined else link]  # or it would lengthen an address in front of it
        end = found.end()
    shown = _joined([*pieces, _bare(text[end:], allowed, keep)])
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
    pieces, end = [], 0
    for start, stop in _addresses(text):
        address = text[start:stop]
        pieces += [_literal(text[end:start]), keep(address) if _normal(address) in allowed else _code(address)]
        end = stop
    return _joined([*pieces, _literal(text[end:])])


def _literal(text: str) -> str:
    """Text that ends no link's label, and whose entities are not read as part of an address or a mention."""
    return ENTITY.sub(lambda found: _broken(found.group()), re.sub(r"\](?=[(:])", f"]{BREAK}", text))


def _broken(entity: str) -> str:
    meant = html.unescape(entity)
    is_harmless = not meant.isascii() or (meant in HARMLESS_ENTITIES and entity[1] != "#") or meant in "\"'"
    return entity if is_harmless else f"&{BREAK}{entity[1:]}"


def _addresses(text: str) -> list[tuple[int, int]]:
    """Where addresses stand, in order and not overlapping."""
    found = [match.span() for pattern in (SCHEME, WWW, PATH, MAIL) for match in pattern.finditer(text)]
    found += [match.span() for match in DOMAIN.finditer(text) if _is_domain(match.group())]
    if "." in text or "//" in text or "@" in text:
        found += [span for word in WORD.finditer(text) for span in _linkified(word)]
    spans: list[tuple[int, int]] = []
    for start, stop in sorted(found):
        if spans and start < spans[-1][1]:
            spans[-1] = (spans[-1][0], max(stop, spans[-1][1]))
        else:
            spans.append((start, stop))
    return [_trimmed(text, start, stop) for start, stop in spans]


def _is_domain(name: str) -> bool:
    """Whether one of its labels is a top-level domain: platforms do not agree on what may follow it."""
    labels = [LABEL.match(label) for label in name.lower().split(".")[1:]]
    return any(label is not None and label.group() in _top_levels for label in labels)


def _linkified(word: re.Match[str]) -> Iterator[tuple[int, int]]:
    written = word.group().replace("|", " ")  # a cell of a table ends there
    if "." in written or "//" in written or "@" in written:
        for match in _finder.match(written) or ():
            yield word.start() + match.index, word.start() + match.last_index


def _trimmed(text: str, start: int, stop: int) -> tuple[int, int]:
    """Without the punctuation of the sentence around it."""
    while stop > start + 1 and text[stop - 1] in ".,;:!?'\"*_)]":
        stop -= 1
    return start, stop


def _code(address: str) -> str:
    """An address that can be read and copied, and is no link. A bar would end a cell of a table, and the code in it."""
    bare = PREFIX.sub("", address).replace("`", "").replace(BREAK, "").replace("|", "%7C")[:LONGEST_ADDRESS]
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
    line_start = max(map(text.rfind, LINE_BREAKS)) + 1
    line = text[line_start:]
    if not line.strip() or line.lstrip()[0] in "`~":
        return line_start
    end = _word_start(line, min(_open_span(line), _open_bracket(line), _start(OPEN_ANGLE, line, 0)))
    whole = [found.span() for pattern in (CODE, LINK) for found in pattern.finditer(line)]
    for start, stop in sorted(whole, reverse=True):
        if start < end < stop:
            end = _word_start(line, start)
    return line_start + end


def _word_start(line: str, before: int) -> int:
    return max(line.rfind(" ", 0, before), line.rfind("\t", 0, before)) + 1


def _open_span(line: str) -> int:
    """Where a code span begins that is not closed yet, or whose closing run of ticks may go on; else the line's end."""
    last = 0
    for span in CODE.finditer(line):
        if span.end() == len(line) or line.find("`", last, span.start()) >= 0:
            break
        last = span.end()
    tick = line.find("`", last)
    return tick if tick >= 0 else len(line)


def _open_bracket(line: str) -> int:
    """Where a link begins that is not complete yet, else the line's end."""
    last = max((link.end() for link in LINK.finditer(line)), default=0)
    return _start(OPEN_LINK, line, last)


def _start(pattern: re.Pattern[str], line: str, least: int) -> int:
    found = pattern.search(line, max(least, len(line) - LONGEST_LINK))
    return found.start() if found else len(line)


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
