"""What a person wrote on Slack, as Markdown: emphasis, lists, code, and links with their addresses. Pure.

People and channels stay as `<@U…>` and `<#C…>`, whose names are looked up before the words go out. Slack's clients send
rich text beside the old notation; what an app sends for somebody has that alone. Reference: docs.slack.dev, rich_text.
"""

import re
from collections.abc import Iterable
from typing import Any

from knowledge.passages.hyperlinks import quoted

Block = dict[str, Any]

CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
REFERENCE = re.compile(r"<([@#!]?)([^<>|]+)(?:\|([^<>]*))?>")
EMPHASIS = (  # of the old notation, and of Markdown
    (re.compile(r"(?<![\w*])\*(?=\S)([^*\n]+?)(?<=\S)\*(?!\w)"), "**"),
    (re.compile(r"(?<![\w~])~(?=\S)([^~\n]+?)(?<=\S)~(?!\w)"), "~~"),
)
ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))
STYLES = (("bold", "**"), ("italic", "_"), ("strike", "~~"))


def markdown(event: dict[str, Any], bot_user: str) -> str:
    """The words of a message, without the mention of the bot."""
    rich = [each for each in event.get("blocks") or () if each.get("type") == "rich_text"]
    found = _rich(rich) if rich else _old(event.get("text") or "")
    shared = [_shared(each) for each in event.get("attachments") or () if each.get("is_share")]
    return "\n\n".join(filter(None, [found.replace(f"<@{bot_user}>", "").strip(), *shared]))


def _shared(attachment: dict[str, Any]) -> str:
    """A message of elsewhere that somebody shares: what it says, and where it stands."""
    words = "\n".join(f"> {line}" for line in _old(attachment.get("text") or "").splitlines())
    address = str(attachment.get("from_url") or "")
    return "\n".join(filter(None, [words, quoted(address)]))


def _old(text: str) -> str:
    pieces, end = [], 0
    for code in CODE.finditer(text):
        pieces += [_prose(text[end : code.start()]), _decoded(_bare(code.group()))]
        end = code.end()
    return "".join([*pieces, _prose(text[end:])])


def _prose(text: str) -> str:
    for pattern, sign in EMPHASIS:
        text = pattern.sub(rf"{sign}\1{sign}", text)
    return _decoded(REFERENCE.sub(_reference, text))


def _bare(code: str) -> str:
    """Slack marks addresses in code as well."""
    return REFERENCE.sub(lambda found: found[0] if found[1] else found[3] or found[2], code)


def _decoded(text: str) -> str:
    for entity, character in ENTITIES:
        text = text.replace(entity, character)
    return text


def _reference(found: re.Match[str]) -> str:
    sign, target, label = found.groups()
    if sign == "@":
        return f"@{label}" if label else f"<@{target}>"
    if sign == "#":
        return f"#{label}" if label else f"<#{target}>"
    if sign == "!":
        return _called(target, label or "")
    return link(_decoded(target), _decoded(label or ""))


def _called(target: str, label: str) -> str:
    """A group, everybody, or a date; what it falls back to stands behind the bar."""
    kind = target.partition("^")[0]
    return label or ("@a group" if kind == "subteam" else f"@{kind}")


def link(address: str, label: str) -> str:
    """An address with its words; alone where the words are no more than the address again. Those of mails and of
    telephones are no links for everybody, so they stand there in words."""
    scheme, _, direct = address.partition(":")
    if scheme in ("mailto", "tel"):
        return direct if not label or _bones(label) in _bones(direct) else f"{label} ({direct})"
    address = quoted(address)
    if not label or label in address or address in (label, f"https://{label}", f"http://{label}/"):
        return address
    return f"[{label.replace('[', '(').replace(']', ')')}]({address})"


def _bones(words: str) -> str:
    return re.sub(r"[\s()+-]", "", words)


def _rich(blocks: Iterable[Block]) -> str:
    parts = [_part(part) for block in blocks for part in block.get("elements") or ()]
    return "\n".join(part.strip("\n") for part in parts)


def _part(part: Block) -> str:
    kind, elements = part.get("type"), part.get("elements") or ()
    if kind == "rich_text_list":
        return _list(part)
    if kind == "rich_text_preformatted":
        return f"```\n{_plain(elements)}\n```"
    words = "".join(_element(each) for each in elements)
    if kind == "rich_text_quote":
        return "\n".join(f"> {line}" for line in words.splitlines())
    return words


def _list(part: Block) -> str:
    indent = "  " * int(part.get("indent") or 0)
    first = int(part.get("offset") or 0) + 1
    signs = (f"{first + at}." if part.get("style") == "ordered" else "-" for at in range(len(part["elements"])))
    return "\n".join(f"{indent}{sign} {_part(item)}" for sign, item in zip(signs, part["elements"], strict=False))


def _plain(elements: Iterable[Block]) -> str:
    return "".join(str(each.get("text") or each.get("url") or "") for each in elements)


def _element(element: Block) -> str:
    style = element.get("style") or {}
    words = _words(element)
    if style.get("code"):
        return f"`{words}`"
    lead, inner, trail = _apart(words)
    for name, sign in STYLES:
        if style.get(name) and inner:
            inner = f"{sign}{inner}{sign}"
    return f"{lead}{inner}{trail}"


def _apart(words: str) -> tuple[str, str, str]:
    """Blanks at the ends stand outside of emphasis, or it would be none."""
    inner = words.strip()
    if not inner:
        return words, "", ""
    start = words.index(inner)
    return words[:start], inner, words[start + len(inner) :]


def _words(element: Block) -> str:
    kind = element.get("type")
    if kind == "link":
        return link(str(element.get("url", "")), str(element.get("text") or ""))
    if kind == "emoji":
        return f":{element.get('name', '')}:"
    named = {
        "user": f"<@{element.get('user_id')}>",
        "channel": f"<#{element.get('channel_id')}>",
        "usergroup": "@a group",
        "broadcast": f"@{element.get('range')}",
        "date": str(element.get("fallback") or ""),
        "color": str(element.get("value") or ""),
    }
    return named.get(str(kind), str(element.get("text") or ""))
