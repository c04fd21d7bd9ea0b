"""A rollout: its share of the conversations, which stay where they are, and who stands in for its candidate."""

import itertools
import time

import pytest
from django.db import IntegrityError, transaction
from pytest_django.fixtures import Settings

from llm import client
from llm.calling import breaker, retry
from llm.completion import ProviderError
from llm.models import Deployment, Endpoint, Rollout, RolloutState, ServingRole
from llm.prompt import Prompt
from tests.fakes.providers.fake import FakeProviders, Refusal
from tests.rows.make import make_deployment

KEYS = [str(number) for number in range(1, 10_001)]
PROMPT = Prompt("Answer.", "Why?", "", ())


def of(percent: int, salt: str = "salt") -> Rollout:
    return Rollout(percent=percent, salt=salt, endpoint=Endpoint(provider="openai"), model="m")


@pytest.mark.parametrize("percent", [1, 5, 25, 50, 99])
def test_each_step_takes_its_share(percent: int) -> None:
    """Of 10,000 conversations, within four standard errors."""
    taken = sum(map(of(percent).takes, KEYS))
    share = percent / 100
    assert abs(taken - 10_000 * share) <= 4 * (10_000 * share * (1 - share)) ** 0.5


def test_all_are_taken_in_the_end() -> None:
    assert all(map(of(100).takes, KEYS))


def test_those_that_are_in_stay_in_when_the_share_is_raised() -> None:
    steps = [{key for key in KEYS if of(percent).takes(key)} for percent in (5, 25, 50, 100)]
    assert all(one < other for one, other in itertools.pairwise(steps))


def test_another_rollout_draws_others() -> None:
    first, second = ({key for key in KEYS if of(25, salt).takes(key)} for salt in ("one", "other"))
    assert abs(len(first & second) - 625) < 100


def test_a_draw_is_the_same_in_every_process_and_version() -> None:
    """It rests on SHA-256 of salt and key alone."""
    assert [key for key in KEYS[:100] if of(5).takes(key)] == ["46"]


@pytest.fixture
def live(fake_providers: FakeProviders, db: None, monkeypatch: pytest.MonkeyPatch) -> Deployment:
    monkeypatch.setattr(retry, "FIRST_PAUSE", 0.01)
    return make_deployment(ServingRole.ANSWER, provider="openai", model="live-model", dimensions=None)


def begun(live: Deployment, **fields: object) -> Rollout:
    return Rollout.objects.create(
        **{"endpoint": live.endpoint, "model": "candidate", "beside": live, "percent": 5, "salt": "s", "reason": "r"}
        | fields
    )


def test_one_goes_at_a_time_and_ends_once_with_a_reason(live: Deployment) -> None:
    rollout = begun(live)
    with pytest.raises(IntegrityError, match="one_rollout_at_a_time"), transaction.atomic():
        begun(live)
    assert rollout.raise_to(25)
    assert not begun_again(rollout, percent=5).raise_to(50), "from a page that is older than the last step"
    assert rollout.end(RolloutState.HALTED, "it fails")
    assert not rollout.end(RolloutState.FINISHED, "too late")
    assert not rollout.raise_to(50)
    assert (rollout.state, rollout.why, rollout.percent, Rollout.objects.going()) == ("halted", "it fails", 25, None)
    begun(live)
    with pytest.raises(IntegrityError, match="ends_with_a_reason"), transaction.atomic():
        Rollout.objects.filter(state="going").update(state="halted")


def begun_again(rollout: Rollout, **fields: object) -> Rollout:
    stale = Rollout.objects.get(pk=rollout.pk)
    for name, value in fields.items():
        setattr(stale, name, value)
    return stale


def asked(deployment: Deployment, *, seconds: float = 5.0) -> client.Response:
    response = client.stream(PROMPT, deployment=deployment, trace_id="t1", deadline=time.monotonic() + seconds)
    "".join(response)
    return response


def test_the_live_model_stands_in_for_a_candidate_that_fails(live: Deployment, fake_providers: FakeProviders) -> None:
    candidate = begun(live).candidate
    assert asked(candidate).deployment == candidate
    fake_providers.script(Refusal(404, "There is no such model."))
    assert asked(candidate).deployment == live
    assert [each.body["model"] for each in fake_providers.requests] == ["candidate", "candidate", "live-model"]


def test_where_somebody_was_said_to_stand_in_that_one_does(live: Deployment, fake_providers: FakeProviders) -> None:
    stand_in = make_deployment(ServingRole.FALLBACK, provider="anthropic", model="claude-haiku-4-5", dimensions=None)
    fake_providers.script(Refusal(404))
    assert asked(begun(live).candidate).deployment == stand_in


def test_where_nobody_is_to_stand_in_nobody_does(live: Deployment, fake_providers: FakeProviders) -> None:
    """Not the live model either: it may be one that such a question must not go to."""
    make_deployment(ServingRole.FALLBACK, provider="anthropic", model="claude-haiku-4-5", dimensions=None)
    make_deployment(ServingRole.FALLBACK, provider="anthropic", model="", dimensions=None)
    fake_providers.script(Refusal(404))
    with pytest.raises(ProviderError):
        asked(begun(live).candidate)
    assert len(fake_providers.requests) == 1


def of_a_channel(live: Deployment) -> Deployment:
    """A model that a channel has of its own, which served before."""
    return Deployment.objects.create(role=ServingRole.ANSWER, endpoint=live.endpoint, model="its-own", reason="before")


def test_for_the_model_of_a_channel_only_who_was_chosen_stands_in(
    live: Deployment, fake_providers: FakeProviders
) -> None:
    own = of_a_channel(live)
    Deployment.objects.append(live, reason="again", by=None)
    fake_providers.script(Refusal(404), Refusal(404))
    with pytest.raises(ProviderError):
        asked(own)
    stand_in = make_deployment(ServingRole.FALLBACK, provider="anthropic", model="claude-haiku-4-5", dimensions=None)
    assert asked(own).deployment == stand_in


def test_a_candidate_has_as_long_to_begin_as_the_live_model(live: Deployment, fake_providers: FakeProviders) -> None:
    """Nobody stands in for the live model, so it may take all the time; what stands in for both hurries both."""
    candidate = begun(live).candidate
    assert [breaker.standing(each).is_hurried for each in (live, candidate)] == [False, False]
    Deployment.objects.append(as_fallback(live), reason="the base stands in", by=None)
    assert [breaker.standing(each).is_hurried for each in (live, candidate)] == [False, False]
    Deployment.objects.append(as_fallback(candidate), reason="so does the candidate", by=None)
    assert [breaker.standing(each).is_hurried for each in (live, candidate)] == [True, True]
    make_deployment(ServingRole.FALLBACK, provider="anthropic", model="claude-haiku-4-5", dimensions=None)
    assert [breaker.standing(each).is_hurried for each in (live, candidate)] == [True, True]


def as_fallback(served: Deployment) -> Deployment:
    return Deployment(role=ServingRole.FALLBACK, endpoint=served.endpoint, model=served.model)


def test_a_slow_candidate_answers_where_the_live_model_would(
    live: Deployment, fake_providers: FakeProviders, settings: Settings
) -> None:
    settings.FIRST_WORD_SECONDS = 0.3
    fake_providers.seconds = 1.4
    for slow in (live, begun(live).candidate, of_a_channel(live)):
        assert asked(slow, seconds=30).deployment == slow


def test_there_is_time_left_for_who_stands_in(
    live: Deployment, fake_providers: FakeProviders, settings: Settings
) -> None:
    settings.FIRST_WORD_SECONDS = 2
    fake_providers.script("hang")
    assert asked(begun(live).candidate, seconds=3.0).deployment == live


def test_nobody_stands_in_for_the_live_model_itself(
    live: Deployment, fake_providers: FakeProviders, settings: Settings
) -> None:
    fake_providers.script(Refusal(404))
    with pytest.raises(ProviderError):
        asked(live)
    assert len(fake_providers.requests) == 1
