"""Addresses of pages, written in one way. Pure."""

import re

import httpx2

# What marks where a visitor came from or which visit it is, and never which page.
_TRACKING = re.compile(r"utm_\w+|gclid|fbclid|msclkid|mc_[ce]id|_ga|_hsenc|_hsmi|phpsessid|jsessionid", re.IGNORECASE)
_SESSION = re.compile(r";jsessionid=[^/?#]*", re.IGNORECASE)


def normal(written: str, base: str = "") -> str | None:
    """`written`, seen from the page `base`, without its fragment, a default port and marks of tracking.

    None for what is no http or https address, or holds a password. The order of a query stays: servers may mind it.
    """
    try:
        plain = _SESSION.sub("", written.strip())
        url = httpx2.URL(base).join(plain) if base else httpx2.URL(plain)
    except (httpx2.InvalidURL, ValueError):
        return None
    if url.scheme not in {"http", "https"} or not url.host or url.userinfo:
        return None
    query = _without_tracking(url.query.decode("ascii"))
    url = url.copy_with(fragment=None, query=query.encode("ascii") or None)
    return str(url.copy_with(path="/") if url.path == "/" else url)


def _without_tracking(query: str) -> str:
    parts = query.split("&") if query else []
    return "&".join(part for part in parts if not _TRACKING.fullmatch(part.partition("=")[0]))
