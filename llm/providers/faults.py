"""What the openai and anthropic SDKs raise, as ProviderError. Both name their errors alike and speak HTTP by httpx2."""

import math
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import ModuleType

import httpx2

from foundation.egress import EgressError
from llm.completion import Kind, ProviderError, redacted, timed_out

# An error sent inside a stream has no HTTP status of its own; its type stands for one. Others count as 500.
_STATUS_OF_TYPE = {
    "authentication_error": 401,
    "billing_error": 402,
    "invalid_request_error": 400,
    "not_found_error": 404,
    "permission_error": 403,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "request_too_large": 413,
}
_FILTERED = re.compile(
    r"content_?filter|content[ _]policy|responsibleaipolicy|content management policy|data_inspection_failed"
    r"|safety[ _](?:system|filter)|sensitive[ _]?(?:words|content)|moderation",
    re.IGNORECASE,
)
_QUOTA = re.compile(r"insufficient_quota|billing_error|_spend_limit_exceeded$")
_SENTENCES: dict[Kind, str] = {
    "key": "The provider refused the key",
    "quota": "The account at the provider is out of credit or over its spending limit",
    "rate_limit": "The provider asks to be called less often",
    "bad_request": "The provider did not accept the request",
    "refused": "The provider's filter refused the question",
    "unavailable": "The provider failed",
}


@contextmanager
def translated(sdk: ModuleType, *, api_key: str, lost: Kind = "unavailable") -> Iterator[None]:
    """Raise ProviderError in place of whatever `sdk` raises inside; `lost` is what a broken connection means there."""
    try:
        yield
    except (sdk.APITimeoutError, httpx2.TimeoutException) as error:
        raise timed_out() from error
    except sdk.APIStatusError as error:
        raise status_error(error.status_code, error.body, error.response.headers, api_key) from error
    except (sdk.APIConnectionError, httpx2.HTTPError, EgressError) as error:
        raise _connection_lost(error, lost) from error
    except sdk.APIError as error:
        raise status_error(0, error.body, {}, api_key) from error
    except ValueError as error:
        raise ProviderError("The provider sent a reply that is not valid JSON.", kind="bad_reply") from error
    except (TypeError, AttributeError, LookupError) as error:  # the SDKs check nothing of what comes
        raise ProviderError("The provider sent a reply of a shape that is not known.", kind="bad_reply") from error


def status_error(status: int, body: object, headers: Mapping[str, str], api_key: str) -> ProviderError:
    """The error for a refusal. `body` is the decoded reply, `status` 0 or below 400 when it came inside a stream."""
    code, detail = _refusal(body)
    if status < 400:
        status = _STATUS_OF_TYPE.get(code, 500)
    kind = _kind(status, code, detail)
    sentence = f"{_SENTENCES[kind]} (HTTP {status})"
    if kind == "key" and not api_key:
        return ProviderError(f"{sentence}: no key is set.", kind=kind)
    if kind != "key" and detail:  # what is said about a key quotes parts of it
        sentence += f": {redacted(detail, api_key)[:300]}"
    return ProviderError(f"{sentence.rstrip('.')}.", kind=kind, retry_after=_retry_after(headers))


def _refusal(body: object) -> tuple[str, str]:
    """The error's code and message. OpenAI's SDK hands over the inner object, Anthropic's the outer one.

    Others say it in words of their own: `detail` as FastAPI does, a list of faults, a bare text.
    """
    if isinstance(body, dict) and isinstance(body.get("error"), dict | str):
        body = body["error"]
    if not isinstance(body, dict):
        return "", _in_words(body)
    inner = body.get("innererror")
    codes = [body.get("code"), body.get("type"), inner.get("code") if isinstance(inner, dict) else None]
    said = (body.get(name) for name in ("message", "detail", "errors", "error_description"))
    return next((str(code) for code in codes if code), ""), _in_words(next(filter(None, said), ""))


def _in_words(said: object) -> str:
    """What a server says, on one line; of a list or an object the texts in it."""
    if isinstance(said, dict):
        said = [said.get(name) for name in ("loc", "msg", "message") if said.get(name)]
    if isinstance(said, list | tuple):
        return "; ".join(filter(None, map(_in_words, said)))
    return " ".join(str(said or "").split())


def _kind(status: int, code: str, detail: str) -> Kind:
    if status == 402 or _QUOTA.search(code) or "credit balance is too low" in detail:
        return "quota"
    if status in (401, 403) and not _FILTERED.search(code):
        return "key"
    if status == 429:
        return "rate_limit"
    if status in (408, 409) or status >= 500:
        return "unavailable"
    return "refused" if _FILTERED.search(code) or _FILTERED.search(detail) else "bad_request"


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait as the server says it: milliseconds, seconds or a date."""
    try:
        if milliseconds := headers.get("retry-after-ms"):
            seconds = float(milliseconds) / 1000
        else:
            seconds = float(headers.get("retry-after", "nan"))
    except ValueError:
        seconds = _seconds_until(headers["retry-after"]) if "retry-after" in headers else math.nan
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _seconds_until(date: str) -> float:
    try:
        at = parsedate_to_datetime(date)
    except ValueError:
        return math.nan
    return ((at if at.tzinfo else at.replace(tzinfo=UTC)) - datetime.now(UTC)).total_seconds()


def _connection_lost(error: Exception, kind: Kind) -> ProviderError:
    if kind == "cut":
        return ProviderError("The connection to the provider broke in the middle of the reply.", kind="cut")
    cause = error.__cause__ or error
    if isinstance(cause, EgressError):
        return ProviderError(f"The provider's address cannot be used: {cause}", kind="bad_request")
    return ProviderError(f"The provider cannot be reached ({cause}).", kind=kind)
