"""Every way in which a provider is known to fail, through both SDKs: what comes of it, within which time.

Each fault befalls every attempt of a call. Either there is a whole reply or a ProviderError, and then what was already
said is never passed off as one.
"""

import time

import pytest

from llm import client, vendors
from llm.calling import retry
from llm.completion import ProviderError
from llm.models import ServingRole, UsageRecord
from llm.prompt import Passage, Prompt
from tests.fakes.providers.fake import FakeProviders, Refusal
from tests.rows.make import make_deployment

# The long form; tests/test_llm_*.py and test_fallback.py hold a part of it.
pytestmark = [pytest.mark.chaos, pytest.mark.django_db, pytest.mark.parametrize("provider", ["openai", "anthropic"])]

REFUND = "Annual plans can be refunded within 30 days."
PROMPT = Prompt(
    "Answer from the passages.", "Can I get a refund?", f"[1] {REFUND}", (Passage(1, "Refunds", "", REFUND),)
)
WHOLE = "Ask again for more."
SECONDS = 2.0
HANGING_SECONDS = 0.4
TOO_OFTEN = retry.ATTEMPTS


def busy(retry_after: str) -> Refusal:
    return Refusal(429, "Slow down.", "rate_limit_error", retry_after)


# fault, kind of the error, attempts
REFUSED = [
    (Refusal(400), "bad_request", 1),
    (Refusal(401), "key", 1),
    (Refusal(403), "key", 1),
    (Refusal(404), "bad_request", 1),
    (Refusal(408), "unavailable", TOO_OFTEN),
    (Refusal(409), "unavailable", TOO_OFTEN),
    (Refusal(413), "bad_request", 1),
    (Refusal(422), "bad_request", 1),
    (busy("0"), "rate_limit", TOO_OFTEN),
    (busy("1"), "rate_limit", 2),  # as a third attempt would be too late
    (busy("300"), "rate_limit", 1),
    (busy("Wed, 01 Jan 2070 00:00:00 GMT"), "rate_limit", 1),
    (busy("Thu, 01 Jan 2015 00:00:00 GMT"), "rate_limit", TOO_OFTEN),
    (busy("-1"), "rate_limit", TOO_OFTEN),
    (busy("inf"), "rate_limit", TOO_OFTEN),
    (Refusal(429, code="insufficient_quota"), "quota", 1),
    (Refusal(500), "unavailable", TOO_OFTEN),
    (Refusal(502), "unavailable", TOO_OFTEN),
    (Refusal(503), "unavailable", TOO_OFTEN),
    (Refusal(529, "Overloaded", "overloaded_error"), "unavailable", TOO_OFTEN),
]
# fault, kind of the error, attempts, whether words were seen before
BROKEN = [
    ("hang", "timeout", 1, False),
    ("ping", "timeout", 1, False),
    ("stall", "timeout", 1, True),
    ("drip", "timeout", 1, True),
    ("cut", "cut", 1, True),
    ("no_end", "cut", 1, True),
    ("empty", "cut", TOO_OFTEN, False),
    ("bad_json", "bad_reply", TOO_OFTEN, False),
    ("error_event", "unavailable", TOO_OFTEN, False),
]


@pytest.fixture(autouse=True)
def _no_time_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses are short, and the SDKs imported, which takes a second."""
    monkeypatch.setattr(retry, "FIRST_PAUSE", 0.005)
    for name in vendors.those_that("answers"):
        vendors.load(name, "answers")


def asked(provider: str, *, seconds: float) -> client.Response:
    deployment = make_deployment(ServingRole.ANSWER, provider=provider, model="a-model", dimensions=None)
    return client.stream(PROMPT, deployment=deployment, trace_id="t1", deadline=time.monotonic() + seconds)


def fails(provider: str, *, seconds: float) -> tuple[str, str, int]:
    """Ask in vain: the text that came before, the kind of the error, and how often the server was asked."""
    response = asked(provider, seconds=seconds)
    heard, started = list[str](), time.monotonic()
    with pytest.raises(ProviderError) as raised:
        heard.extend(response)
    assert time.monotonic() - started < seconds + 5
    assert response.finish_reason == raised.value.kind
    seen = "".join(heard)
    assert seen == response.text
    record = UsageRecord.objects.get()
    assert (record.finish_reason, record.error) == (raised.value.kind, str(raised.value))
    assert record.is_estimated == bool(seen or raised.value.kind in ("timeout", "cut"))
    return seen, raised.value.kind, record.attempts


@pytest.mark.parametrize(
    ("fault", "kind", "attempts"),
    REFUSED,
    ids=[f"{fault.status}-{fault.retry_after or fault.code}" for fault, *_ in REFUSED],
)
def test_a_refusal_is_named_by_its_kind_and_asked_again_where_that_may_help(
    fake_providers: FakeProviders, provider: str, fault: Refusal, kind: str, attempts: int
) -> None:
    fake_providers.script(*[fault] * 9)
    assert fails(provider, seconds=SECONDS) == ("", kind, attempts)
    assert len(fake_providers.requests) == attempts


@pytest.mark.parametrize(("fault", "kind", "attempts", "has_words"), BROKEN, ids=[fault for fault, *_ in BROKEN])
def test_a_broken_reply_is_never_a_whole_one(
    fake_providers: FakeProviders, provider: str, fault: str, kind: str, attempts: int, has_words: bool
) -> None:
    fake_providers.script(*[fault] * 9)
    seen, *told = fails(provider, seconds=HANGING_SECONDS)
    assert told == [kind, attempts]
    assert bool(seen) == has_words
    assert WHOLE not in seen
    assert len(fake_providers.requests) == attempts


@pytest.mark.parametrize("end", ["length", "refusal"])
def test_an_end_that_is_not_the_models_own_is_told(fake_providers: FakeProviders, provider: str, end: str) -> None:
    fake_providers.script(end)
    response = asked(provider, seconds=SECONDS)
    assert "".join(response) == response.text
    assert response.finish_reason == UsageRecord.objects.get().finish_reason == end


@pytest.mark.parametrize(
    "fault",
    [
        busy("0"),
        busy("Thu, 01 Jan 2015 00:00:00 GMT"),
        busy("-1"),
        busy("inf"),
        Refusal(529),
        Refusal(503),
        "empty",
    ],
)
def test_what_passes_is_followed_by_the_whole_reply(
    fake_providers: FakeProviders, provider: str, fault: Refusal | str
) -> None:
    fake_providers.script(fault)
    response = asked(provider, seconds=SECONDS)
    assert "".join(response).endswith(WHOLE)
    record = UsageRecord.objects.get()
    assert (record.finish_reason, record.attempts) == ("stop", 2)
