"""Long Markdown in parts: cut where a reader would pause, with code and tables whole in each part. Pure."""

import re

FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})(.*)$")
SENTENCE = re.compile(r"[.!?][\"')\]]*\s")
ROW = re.compile(r"^\s*\|")
LEAST = 0.4  # of the room that a part should use before a lesser place to cut is taken
HEADER_SHARE = 4  # a table's header is repeated if it takes no more than one part in so many


def split(text: str, limit: int) -> list[str]:
    """Parts of at most `limit` characters (at least 60) that say what `text` says, in order; none of them is empty.

    A fence that is cut is closed and opened again, as is one that `text` leaves open; a table gets its header again.
    """
    rest, opening = text.strip("\n"), ""
    parts = []
    while rest.strip():
        head = opening + rest
        whole = _closed(head)
        if len(whole) <= limit:
            parts.append(whole)
            break
        fence_room = 1 + max((len(match.group(1)) for match in map(FENCE.match, head.split("\n")) if match), default=0)
        cut = _cut(head, limit - fence_room, len(opening))
        part, rest = head[:cut], head[cut:]
        is_code = _open_fence(part) is not None
        part = part.rstrip("\n") if is_code else part.rstrip()
        rest = rest.removeprefix("\n") if is_code else _next_line(rest)
        span = "" if is_code else _open_span(part)
        opening = span or _opening(part, rest, limit)
        parts.append(_closed(part + span))
    return parts


def _cut(text: str, room: int, least: int) -> int:
    """Where to cut: the last place of the best kind within `room`, after `least`."""
    window = text[:room]
    floor = max(least + 1, int(room * LEAST))
    is_code = _open_fence(window) is not None
    if is_code and (start := _whole_fence(text, window, room)) >= floor:
        return start
    kinds = [_last(window, "\n")] if is_code else [_last(window, "\n\n"), _last(window, "\n"), _sentence(window)]
    for place in kinds:
        if place >= floor:
            return place
    place = _last(window, "\n") if is_code else _word(window, floor)
    if place <= least:
        place = room
    span = "" if is_code else _open_span(window[:place])
    start = window.rfind(span, 0, place) if span else -1
    return start if start > least else place


def _whole_fence(text: str, window: str, room: int) -> int:
    """Where the fence begins that `window` leaves open, if all of it fits into a part of its own; else -1."""
    start, at, opened = -1, 0, ""
    for line in text.split("\n"):
        match = FENCE.match(line)
        if match and not opened:
            start, opened = at - 1, match.group(1)
        elif match and match.group(1).startswith(opened) and not match.group(2).strip():
            opened = ""
            if start < len(window) <= at + len(line):
                return start if at + len(line) - start <= room else -1
        at += len(line) + 1
        if at - len(window) > room:
            break
    return -1


def _last(window: str, mark: str) -> int:
    """The place before the last `mark`."""
    return window.rfind(mark)


def _sentence(window: str) -> int:
    ends = [match.end() for match in SENTENCE.finditer(window)]
    return next((end for end in reversed(ends) if not _is_inside(window[:end])), -1)


def _word(window: str, floor: int) -> int:
    """The last blank that is not inside of code, bold or a link; else the last blank."""
    blanks = [match.start() for match in re.finditer(r"\s", window)]
    whole = (blank for blank in reversed(blanks) if blank >= floor and not _is_inside(window[:blank]))
    return next(whole, blanks[-1] if blanks else -1)


def _next_line(text: str) -> str:
    """Without the blanks that a cut leaves behind; the indent of a line is not one of them."""
    blanks = len(text) - len(text.lstrip())
    return text[text.rfind("\n", 0, blanks) + 1 :] if "\n" in text[:blanks] else text[blanks:]


def _open_span(text: str) -> str:
    """The ticks of a code span that the last line leaves open: half a span would set free what it holds."""
    line = text[text.rfind("\n") + 1 :]
    return "`" if line.count("`") % 2 and not FENCE.match(line) else ""


def _is_inside(text: str) -> bool:
    """Whether a code span, bold words or a link that began in the last line is still open."""
    line = text[text.rfind("\n") + 1 :]
    bracket = line.rfind("[")
    is_link = bracket >= 0 and not re.match(r"\[[^\]]*\](?:\([^)]*\)|(?!\())", line[bracket:])
    return line.count("`") % 2 == 1 or line.count("**") % 2 == 1 or is_link


def _open_fence(text: str) -> tuple[str, str] | None:
    """The marker and the whole line of a fence that `text` leaves open."""
    opened: tuple[str, str] | None = None
    for line in text.split("\n"):
        match = FENCE.match(line)
        if match is None:
            continue
        marker, info = match.groups()
        if opened is None:
            if marker[0] != "`" or "`" not in info:
                opened = (marker, line)
        elif marker.startswith(opened[0]) and not info.strip():
            opened = None
    return opened


def _closed(text: str) -> str:
    fence = _open_fence(text)
    return f"{text}\n{fence[0]}" if fence else text


def _opening(part: str, rest: str, limit: int) -> str:
    """What the next part begins with: the fence, or the header of the table, that this one was cut in."""
    fence = _open_fence(part)
    if fence is not None:
        line = fence[1] if len(fence[1]) <= limit // HEADER_SHARE else fence[0]
        return f"{line}\n"
    lines = part.rstrip("\n").split("\n")
    if not ROW.match(rest) or not ROW.match(lines[-1]):
        return ""
    first = len(lines)
    while first and ROW.match(lines[first - 1]):
        first -= 1
    header = "\n".join(lines[first : first + 2])
    is_table = len(lines) - first > 2 and set(lines[first + 1]) <= set("|-: \t")
    return f"{header}\n" if is_table and len(header) <= limit // HEADER_SHARE else ""
