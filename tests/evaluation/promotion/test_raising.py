"""How a rollout goes on: its steps, what is kept of each, and how it ends; and rolling back."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from bot.models import Outcome
from evaluation.promotion import promoting
from evaluation.promotion.promoting import PromotionError
from llm.models import Deployment, Rollout, RolloutState, ServingRole
from tests.fakes.providers.fake import FakeProviders, Refusal
from tests.rows.rollouts import make_candidate, make_rollout, make_rollout_answers, make_third
from tests.rows.web_rows import make_models, make_user
from tuning.models import ModelVersion
from tuning.registry import deploying

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_providers")]


@pytest.fixture
def candidate(fake_providers: FakeProviders) -> ModelVersion:
    make_models()
    return make_candidate()


@pytest.fixture
def owner() -> User:
    return make_user("root", is_superuser=True)


def aged(rollout: Rollout, hours: float = 24.1) -> Rollout:
    Rollout.objects.filter(pk=rollout.pk).update(step_started_at=timezone.now() - timedelta(hours=hours))
    rollout.refresh_from_db()
    return rollout


def test_a_step_takes_answers_and_time(candidate: ModelVersion, owner: User) -> None:
    rollout = aged(make_rollout(candidate, 5), 0)
    make_rollout_answers(rollout, 199)
    make_rollout_answers(rollout, 24, is_candidate=False)
    missing = promoting.next_step(rollout).missing
    assert missing == (
        "Still missing: 1 of the 200 answers that a step takes, 1 of the live model's 25 to compare with"
        " and 24 of the 24 hours."
    )
    make_rollout_answers(rollout, 1)
    make_rollout_answers(rollout, 1, is_candidate=False)
    assert promoting.next_step(rollout).missing == "Still missing: 24 of the 24 hours."
    with pytest.raises(PromotionError, match="Still missing: 24 of the 24"):
        promoting.raise_share(rollout, by=owner)
    with pytest.raises(PromotionError, match="takes an owner"):
        promoting.raise_share(rollout, override="in a hurry", by=make_user("eve"))
    assert promoting.raise_share(aged(rollout), by=owner).percent == 25
    assert promoting.next_step(rollout).answers == 0, "each step counts its own"
    assert [promoting.raise_share(rollout, override="in a hurry", by=owner).percent for _ in "12"] == [50, 100]
    assert (rollout.state, str(Deployment.objects.live(ServingRole.ANSWER))) == ("finished", "openai:ft:ours")
    with pytest.raises(PromotionError, match="is finished"):
        promoting.raise_share(rollout, override="further", by=owner)


def test_beside_nobody_nothing_is_known_so_it_is_not_raised(candidate: ModelVersion, owner: User) -> None:
    rollout = aged(make_rollout(candidate, 50))
    make_rollout_answers(rollout, 200, outcome=Outcome.PROVIDER_ERROR)
    with pytest.raises(PromotionError, match="Still missing: 25 of the live model's 25 to compare with"):
        promoting.raise_share(rollout, by=owner)


def test_a_step_that_nobody_waited_for_is_kept_with_its_reason(candidate: ModelVersion, owner: User) -> None:
    rollout = make_rollout(candidate, 25, reason="so it is.")
    promoting.raise_share(rollout, override="in a hurry", by=owner)
    assert (rollout.is_override, rollout.reason) == (True, "so it is.\nRaised to 50 % all the same: in a hurry")
    promoting.raise_share(rollout, override="x" * 500, by=owner)
    assert rollout.reason.endswith(f"in a hurry\nRaised to 100 % all the same: {'x' * 500}")
    assert "against the gate" in Deployment.objects.live(ServingRole.ANSWER).reason


def test_a_step_that_was_long_enough_is_no_override(candidate: ModelVersion, owner: User) -> None:
    rollout = aged(make_rollout(candidate, 5))
    make_rollout_answers(rollout, 200)
    make_rollout_answers(rollout, 25, is_candidate=False)
    promoting.raise_share(rollout, override="not needed", by=owner)
    assert (rollout.percent, rollout.is_override, rollout.reason) == (25, False, "a test")


@pytest.mark.parametrize("percent", [25, 50])
def test_what_is_kept_elsewhere_is_kept_with_it_or_not_at_all(
    candidate: ModelVersion, owner: User, percent: int
) -> None:
    """As the line in the audit log: killed between the two, neither is there."""
    rollout, live = make_rollout(candidate, percent), Deployment.objects.live(ServingRole.ANSWER)

    def killed(_: Rollout) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        promoting.raise_share(rollout, override="in a hurry", by=owner, keep=killed)
    with pytest.raises(KeyboardInterrupt):
        promoting.halt(rollout, "it is rude", by=owner, keep=killed)
    kept = Rollout.objects.get()
    assert (kept.state, kept.percent, kept.is_override) == (RolloutState.GOING, percent, False)
    assert Deployment.objects.live(ServingRole.ANSWER) == live


def test_from_a_page_of_before_it_is_not_raised_again(candidate: ModelVersion, owner: User) -> None:
    rollout = make_rollout(candidate, 5)
    assert promoting.raise_share(rollout, seen=5, override="in a hurry", by=owner).percent == 25
    with pytest.raises(PromotionError, match="raised already: it answers 25 %"):
        promoting.raise_share(rollout, seen=5, override="in a hurry", by=owner)


def test_beside_another_live_model_it_is_not_raised(candidate: ModelVersion, owner: User) -> None:
    rollout = make_rollout(candidate, 5)
    make_third(candidate)
    with pytest.raises(PromotionError, match="compared with nobody any more"):
        promoting.raise_share(rollout, override="in a hurry", by=owner)


def test_nor_does_it_go_live_where_that_happens_while_it_is_tried(
    candidate: ModelVersion, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    rollout, tried = make_rollout(candidate, 50), deploying.tried

    def replaced_meanwhile(version: ModelVersion, *, reason: str) -> Deployment:
        make_third(candidate)
        return tried(version, reason=reason)

    monkeypatch.setattr(deploying, "tried", replaced_meanwhile)
    with pytest.raises(PromotionError, match="compared with nobody any more"):
        promoting.raise_share(rollout, override="in a hurry", by=owner)
    assert (Rollout.objects.going(), Deployment.objects.live(ServingRole.ANSWER).model) == (rollout, "third")


def test_one_that_is_asked_in_other_words_by_now_does_not_go_live(candidate: ModelVersion, owner: User) -> None:
    rollout = make_rollout(candidate, 50)
    Rollout.objects.update(prompt="full" if candidate.prompt == "short" else "short")
    rollout.refresh_from_db()
    with pytest.raises(PromotionError, match="evaluate it as it is"):
        promoting.raise_share(rollout, override="in a hurry", by=owner)


def test_rolled_back_after_another_was_let_answer_the_one_before_does(candidate: ModelVersion, owner: User) -> None:
    """The other one was let answer by hand while the rollout went: it is what is taken back."""
    rollout = make_rollout(candidate)
    make_third(candidate)
    assert str(deploying.roll_back(by=owner)) == "openai:a-model"
    rollout.refresh_from_db()
    assert (rollout.state, rollout.why) == (
        RolloutState.WITHDRAWN, "Rolled back from openai:third, beside which it was not compared."
    )  # fmt: skip


def test_rolled_back_after_the_same_model_was_let_answer_again_it_stays(candidate: ModelVersion, owner: User) -> None:
    rollout = make_rollout(candidate)
    again = Deployment.objects.append(rollout.beside, reason="again", by=None)
    assert deploying.roll_back(by=owner) == again
    assert Rollout.objects.get().why == "Rolled back to openai:a-model."


def test_one_that_does_harm_is_not_raised_whoever_wants_it(candidate: ModelVersion, owner: User) -> None:
    rollout = aged(make_rollout(candidate, 5))
    make_rollout_answers(rollout, 200, is_stand_in=True)
    make_rollout_answers(rollout, 20, is_candidate=False)
    make_rollout_answers(rollout, 10, is_stand_in=True)
    make_rollout_answers(rollout, 20, is_candidate=False)
    with pytest.raises(PromotionError, match="It does harm: 10 of its newest 10"):
        promoting.raise_share(rollout, override="all the same", by=owner)


def test_the_last_step_is_not_made_with_a_model_that_is_gone(
    candidate: ModelVersion, owner: User, fake_providers: FakeProviders
) -> None:
    rollout = make_rollout(candidate, 50)
    fake_providers.script(Refusal(404, "Retired."))
    with pytest.raises(PromotionError, match="Retired"):
        promoting.raise_share(rollout, override="in a hurry", by=owner)
    assert Rollout.objects.going() == rollout
    assert str(Deployment.objects.live(ServingRole.ANSWER)) == "openai:a-model"


def test_one_that_is_halted_while_it_is_tried_does_not_go_live(
    candidate: ModelVersion, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    rollout = make_rollout(candidate, 50)
    tried = deploying.tried

    def halted_meanwhile(version: ModelVersion, *, reason: str) -> Deployment:
        Rollout.objects.get(pk=rollout.pk).end(RolloutState.HALTED, "it fails")
        return tried(version, reason=reason)

    monkeypatch.setattr(deploying, "tried", halted_meanwhile)
    with pytest.raises(PromotionError, match="ended meanwhile: it fails"):
        promoting.raise_share(rollout, override="in a hurry", by=owner)
    assert str(Deployment.objects.live(ServingRole.ANSWER)) == "openai:a-model"


def test_it_is_halted_once_and_with_a_reason(candidate: ModelVersion, owner: User) -> None:
    rollout = make_rollout(candidate)
    with pytest.raises(PromotionError, match="Say why"):
        promoting.halt(rollout, " ", by=owner)
    assert promoting.halt(rollout, "it is rude", by=owner).ended_by == owner
    with pytest.raises(PromotionError, match="ended already: it is rude"):
        promoting.halt(rollout, "again", by=owner)
