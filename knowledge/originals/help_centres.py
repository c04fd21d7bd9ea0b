"""Articles in the JSON that help centres export: Zendesk's and Intercom's, and what is shaped like them."""

import html
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from knowledge.originals.base import NO_VALIDATORS, Content, Original, OriginalError, Validators, readable

ENDINGS = {".json"}
MAX_BYTES = 25_000_000  # as Python's objects, JSON takes up to forty times its size
_LISTS = ("articles", "data", "items", "results", "posts")
_BODIES = ("body", "body_html", "content", "html", "description")
_TITLES = ("title", "name", "subject")
_ADDRESSES = ("html_url", "url", "web_url", "link")


class HelpCentreError(OriginalError):
    """The JSON is not an export of a help centre that is known; the message says what is missing."""


@dataclass(frozen=True)
class HelpCentreArticle:
    """An article of an export; its text is HTML, as in the help centre itself."""

    origin: str
    path: str
    url: str
    title: str
    body: str
    modified_at: datetime | None

    def read(self, known: Validators = NO_VALIDATORS) -> Content:  # noqa: ARG002  the bytes tell
        page = f"<html><body><main><h1>{html.escape(self.title)}</h1>\n{self.body}</main></body></html>"
        return Content("article.html", page.encode(errors="replace"), modified_at=self.modified_at, url=self.url)


def articles(file: Original, skipped: Counter[str]) -> Iterator[Original]:
    """The published articles of an export; drafts are counted as passed over. Raises OriginalError."""
    data = file.read().data
    if len(data) > MAX_BYTES:
        raise HelpCentreError(f"The JSON is bigger than {MAX_BYTES // 1_000_000} MB; please split it.")
    try:
        found = _entries(json.loads(data))
    except (ValueError, RecursionError) as error:
        raise HelpCentreError("The JSON is damaged.") from error
    if not found:
        raise HelpCentreError("This JSON is no export of a help centre: it has no articles with a title and a text.")
    for number, entry in enumerate(found):
        if _is_draft(entry):
            skipped["drafts"] += 1
            continue
        key = readable(str(entry.get("id") or number))[:100]
        title = readable(" ".join(str(_first(entry, _TITLES)).split()))
        yield HelpCentreArticle(
            f"{file.origin}!/{key}",
            f"{file.path}/{title[:200] or key}",
            _address(entry),
            title,
            str(_first(entry, _BODIES)),
            _time(entry.get("updated_at") or entry.get("edited_at")),
        )


def _entries(document: Any) -> list[Mapping[str, Any]]:
    """What looks like an article, in a list at the top or under one of the usual names, or alone."""
    if isinstance(document, dict):
        lists = [document[name] for name in _LISTS if isinstance(document.get(name), list)]
        document = lists[0] if lists else [document.get("article", document)]
    entries = document if isinstance(document, list) else []
    return [entry for entry in entries if isinstance(entry, dict) and _first(entry, _TITLES) and _first(entry, _BODIES)]


def _first(entry: Mapping[str, Any], names: tuple[str, ...]) -> str:
    return next((entry[name] for name in names if isinstance(entry.get(name), str) and entry[name].strip()), "")


def _is_draft(entry: Mapping[str, Any]) -> bool:
    return bool(entry.get("draft")) or str(entry.get("state") or entry.get("status") or "published") not in {
        "published",
        "public",
        "active",
        "open",
    }


def _address(entry: Mapping[str, Any]) -> str:
    found = str(_first(entry, _ADDRESSES))
    return found[:2000] if found.startswith(("https://", "http://")) else ""


def _time(written: Any) -> datetime | None:
    try:
        if isinstance(written, int | float):
            return datetime.fromtimestamp(written, UTC)
        found = datetime.fromisoformat(str(written))
    except (ValueError, OverflowError, OSError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
