"""Who may let what go live, after which run, and how far."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from evaluation.models import EvaluationResult, EvaluationRun, RunState
from evaluation.promotion import gate, promoting, proofs
from evaluation.promotion.gate import Gate, GateVerdict
from evaluation.promotion.promoting import PromotionError
from llm.models import Deployment, Rollout, RolloutState, ServingRole
from tests.fakes.providers.fake import FakeProviders, Refusal
from tests.rows.rollouts import make_candidate, make_judged_run, make_rollout, make_third
from tests.rows.web_rows import make_models, make_user
from tuning.models import ModelVersion
from tuning.registry import deploying

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_providers")]


@pytest.fixture
def candidate(fake_providers: FakeProviders) -> ModelVersion:
    make_models()
    return make_candidate()


@pytest.fixture
def run(candidate: ModelVersion) -> EvaluationRun:
    return make_judged_run(candidate)


@pytest.fixture
def owner() -> User:
    return make_user("root", is_superuser=True)


def judged(verdict: GateVerdict, *, is_canary_only: bool = False) -> Gate:
    return Gate(verdict, "so it is.", 0, (), is_canary_only=is_canary_only)


TABLE = [
    (judged(GateVerdict.OFFERED), 100, ""),
    (judged(GateVerdict.OFFERED), 5, ""),
    (judged(GateVerdict.OFFERED, is_canary_only=True), 99, ""),
    (judged(GateVerdict.OFFERED, is_canary_only=True), 100, "offers a canary alone"),
    (judged(GateVerdict.INCONCLUSIVE), 5, "says inconclusive"),
    (judged(GateVerdict.INCONCLUSIVE), 100, "says inconclusive"),
    (judged(GateVerdict.REJECTED), 1, "says rejected"),
    (judged(GateVerdict.REJECTED), 100, "says rejected"),
]


@pytest.mark.parametrize(("found", "percent", "refusal"), TABLE)
def test_how_far_the_gate_lets_it_go(found: Gate, percent: int, refusal: str) -> None:
    said = promoting.refused(found, percent)
    assert (refusal in said, bool(said)) == (True, bool(refusal))


def test_only_an_owner_decides_against_the_gate_and_says_why(owner: User) -> None:
    for nothing in ("", "  "):
        with pytest.raises(PromotionError, match="Not so"):
            promoting.check_override("Not so", nothing, owner)
    with pytest.raises(PromotionError, match="takes an owner"):
        promoting.check_override("Not so", "I like it", make_user("eve"))
    promoting.check_override("Not so", "I like it", owner)
    promoting.check_override("Not so", "I like it", None)  # whoever has the command line


def test_a_candidate_that_is_offered_answers_at_once(
    run: EvaluationRun, candidate: ModelVersion, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proofs, "judge", lambda _: judged(GateVerdict.OFFERED))
    rollout = promoting.promote(candidate, run, by=owner)
    live = Deployment.objects.live(ServingRole.ANSWER)
    assert (str(live), live.created_by, live.reason) == (
        "openai:ft:ours", owner, f"promoted after run {run.pk}: so it is."
    )  # fmt: skip
    assert (rollout.state, rollout.percent, str(rollout.beside)) == (RolloutState.FINISHED, 100, "openai:a-model")
    with pytest.raises(PromotionError, match="answers already"):
        promoting.promote(candidate, run, by=owner)


PROVES_NOTHING: dict[str, tuple[Callable[[EvaluationRun], object], str]] = {
    "of another": (
        lambda run: EvaluationRun.objects.filter(pk=run.pk).update(candidate=make_candidate("ft:other")), "not openai"
    ),
    "not done": (lambda run: EvaluationRun.objects.filter(pk=run.pk).update(state=RunState.STOPPED), "not done"),
    "not whole": (lambda run: EvaluationResult.objects.filter(pk=run.results.latest("id").pk).delete(), "199 of 200"),
    "other words": (
        lambda run: EvaluationRun.objects.filter(pk=run.pk).update(template_hashes={"tuned_rag": "old"}), "other words"
    ),
    "one arm": (lambda run: EvaluationRun.objects.filter(pk=run.pk).update(arms=["tuned_rag"]), "did not ask"),
}  # fmt: skip


@pytest.mark.parametrize(("spoil", "refusal"), PROVES_NOTHING.values(), ids=PROVES_NOTHING)
def test_a_run_that_proves_nothing_of_it_lets_nobody_go_live(
    run: EvaluationRun, candidate: ModelVersion, owner: User, spoil: Callable[[EvaluationRun], object], refusal: str
) -> None:
    """Not even an owner with a reason."""
    spoil(run)
    run.refresh_from_db()
    with pytest.raises(PromotionError, match=refusal):
        promoting.promote(candidate, run, percent=5, override="all the same", by=owner)
    assert not Rollout.objects.exists()


def test_a_run_beside_a_model_that_is_gone_is_to_be_repeated(run: EvaluationRun, candidate: ModelVersion) -> None:
    other = Deployment(role="answer", endpoint=candidate.endpoint, model="third")
    Deployment.objects.append(other, reason="by hand", by=None)
    with pytest.raises(PromotionError, match="compared it with openai:a-model, and openai:third answers now"):
        promoting.promote(candidate, run, percent=5, by=None)
    assert promoting.promote(candidate, run, percent=5, override="they are alike", by=None).is_override


@pytest.mark.parametrize("percent", [0, -5, 51, 99, 101])
def test_a_share_leaves_enough_to_compare_with(run: EvaluationRun, candidate: ModelVersion, percent: int) -> None:
    with pytest.raises(PromotionError, match="Begin with 1 to 50 %, or with all"):
        promoting.promote(candidate, run, percent=percent, by=None)


def test_a_candidate_that_does_not_answer_begins_nothing(
    run: EvaluationRun, candidate: ModelVersion, fake_providers: FakeProviders
) -> None:
    fake_providers.script(Refusal(404, "There is no ft:ours."))
    with pytest.raises(PromotionError, match=r"does not answer.*There is no ft:ours"):
        promoting.promote(candidate, run, percent=5, by=None)
    assert not Rollout.objects.exists()


def test_one_that_was_halted_takes_a_newer_evaluation(run: EvaluationRun, candidate: ModelVersion, owner: User) -> None:
    promoting.halt(make_rollout(candidate, run=run.pk), "it is rude.", by=owner)
    refusal = f"It was halted after run {run.pk}: it is rude. Evaluate it again first."
    with pytest.raises(PromotionError, match=refusal):
        promoting.promote(candidate, run, percent=5, by=owner)
    offer = promoting.offer(run, promoting.judgement(run))
    assert (offer.canary, offer.against, refusal in offer.everybody) == (refusal, refusal, True)
    newer = make_judged_run(candidate)
    assert promoting.offer(newer, promoting.judgement(newer)).canary == ""
    assert not promoting.promote(candidate, newer, percent=5, by=owner).is_override
    Rollout.objects.going().end(RolloutState.WITHDRAWN, "so")  # type: ignore[union-attr]
    assert promoting.promote(candidate, run, percent=5, override="it was a typo", by=owner).is_override


def test_one_that_was_halted_in_other_words_is_another(run: EvaluationRun, candidate: ModelVersion) -> None:
    make_rollout(candidate, run=run.pk, state=RolloutState.HALTED, why="it fails", ended_at=timezone.now())
    Rollout.objects.update(prompt="full" if candidate.prompt == "short" else "short")
    assert promoting.promote(candidate, run, percent=5, by=None).percent == 5


def test_one_that_the_live_model_was_replaced_under_does_not_begin(
    run: EvaluationRun, candidate: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = deploying.tried

    def replaced_meanwhile(version: ModelVersion, *, reason: str) -> Deployment:
        make_third(candidate)
        return tried(version, reason=reason)

    monkeypatch.setattr(deploying, "tried", replaced_meanwhile)
    for percent in (5, 100):
        with pytest.raises(PromotionError, match="openai:third was let answer in the place of"):
            promoting.promote(candidate, run, percent=percent, override="all the same", by=None)
        Deployment.objects.filter(model="third").delete()
    assert not Rollout.objects.exists()


@pytest.mark.parametrize("percent", [5, 100])
def test_so_is_what_is_kept_of_a_promotion(run: EvaluationRun, candidate: ModelVersion, percent: int) -> None:
    def killed(_: Rollout) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        promoting.promote(candidate, run, percent=percent, override="in a hurry", by=None, keep=killed)
    assert not Rollout.objects.exists()
    assert str(Deployment.objects.live(ServingRole.ANSWER)) == "openai:a-model"


def test_the_steps_are_those_that_are_told() -> None:
    assert (promoting.STEPS, gate.DEFAULT.least_graded) == ((5, 25, 50, 100), 100)
