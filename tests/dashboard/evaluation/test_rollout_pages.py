"""The pages of rollouts and drift: who sees what, what is said, and who may do what."""

from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from dashboard.guard import roles
from dashboard.guard.roles import Role
from dashboard.models import AuditEntry
from evaluation.models import DriftMeasure, DriftReading, EvaluationRun
from llm.models import Deployment, Rollout, RolloutState, ServingRole
from tests.fakes.providers.fake import FakeProviders
from tests.rows.rollouts import make_candidate, make_judged_run, make_rollout, make_rollout_answers
from tests.rows.web_rows import make_answer, make_models, make_question, make_user
from tuning.models import ModelVersion

pytestmark = pytest.mark.django_db


@pytest.fixture
def candidate(fake_providers: FakeProviders) -> ModelVersion:
    make_models()
    return make_candidate()


@pytest.fixture
def viewer(candidate: ModelVersion) -> Client:
    user = make_user("vic")
    roles.give(user, Role.VIEWER)
    return logged_in(user)


@pytest.fixture
def owner(candidate: ModelVersion) -> Client:
    return logged_in(make_user("root", is_superuser=True))


def logged_in(user: object) -> Client:
    client = Client()
    client.force_login(user)  # type: ignore[arg-type]
    return client


def page(client: Client, name: str, **arguments: int) -> str:
    return client.get(reverse(name, kwargs=arguments)).content.decode()


def sent(client: Client, name: str, form: dict[str, str] | None = None, **arguments: int) -> str:
    return client.post(reverse(name, kwargs=arguments), form or {}, follow=True).content.decode()


def test_viewers_see_what_owners_do(viewer: Client, owner: Client, candidate: ModelVersion) -> None:
    assert "No candidate was let answer yet." in page(viewer, "rollouts")
    run = make_judged_run(candidate)
    assert "An owner may let it answer from here." in page(viewer, "run", pk=run.pk)
    assert "Canary: 5 % of the conversations" in page(owner, "run", pk=run.pk)
    rollout = make_rollout(candidate, 5)
    make_rollout_answers(rollout, 3)
    seen = page(viewer, "rollouts")
    assert "3 of 200 answers of this step." in seen
    assert "Roll back now" not in seen
    for name in ("raise_rollout", "halt_rollout"):
        assert viewer.post(reverse(name, args=[rollout.pk])).status_code == 403
    assert viewer.post(reverse("promote_run", args=[run.pk]), {"percent": "5"}).status_code == 403
    assert viewer.post(reverse("roll_back_answers")).status_code == 403
    assert "Nothing to promote here: The rollout of openai:ft:ours goes on at 5 %." in page(viewer, "run", pk=run.pk)
    assert "openai:ft:ours answers 5 % of the conversations" in page(viewer, "home")


def test_an_editor_does_not_decide_against_the_gate(candidate: ModelVersion) -> None:
    user = make_user("eve")
    roles.give(user, Role.EDITOR)
    run = make_judged_run(candidate, gain=False)
    form = {"percent": "5", "override": "I like it"}
    assert logged_in(user).post(reverse("promote_run", args=[run.pk]), form).status_code == 403
    assert not Rollout.objects.exists()


def test_the_gate_is_decided_against_with_a_reason_that_is_audited(owner: Client, candidate: ModelVersion) -> None:
    run = make_judged_run(candidate, gain=False)
    shown = page(owner, "run", pk=run.pk)
    assert ("Canary: 5 %" in shown, "Decide against the gate" in shown) == (False, True)
    assert "The gate says inconclusive" in sent(owner, "promote_run", {"percent": "5"}, pk=run.pk)
    said = sent(owner, "promote_run", {"percent": "5", "override": "it is urgent"}, pk=run.pk)
    assert "openai:ft:ours answers 5 % of the conversations from the next question on." in said
    assert "Against the gate or the steps:" in said
    entry = AuditEntry.objects.filter(action="promote_run").latest("id")
    assert (entry.actor, entry.details["override"], entry.details["percent"]) == ("root", "it is urgent", 5)


def test_pressed_twice_it_is_raised_once(owner: Client, candidate: ModelVersion) -> None:
    """Or by two owners, each from a page on which it is at 5 %."""
    rollout = make_rollout(candidate, 5)
    shown = page(owner, "rollouts")
    assert shown.count('name="percent" value="5"') == 1
    form = {"percent": "5", "override": "in a hurry"}
    assert "answers 25 % of the conversations from" in sent(owner, "raise_rollout", form, pk=rollout.pk)
    assert "It was raised already: it answers 25 %" in sent(owner, "raise_rollout", form, pk=rollout.pk)
    assert "Say from which share" in sent(owner, "raise_rollout", {"override": "in a hurry"}, pk=rollout.pk)
    rollout.refresh_from_db()
    assert (rollout.percent, rollout.is_override) == (25, True)
    told = AuditEntry.objects.filter(action="raise_rollout", details__percent=25)
    assert [entry.details["override"] for entry in told] == ["in a hurry"]


def test_a_step_that_lacks_nothing_is_raised_from_the_page_too(owner: Client, candidate: ModelVersion) -> None:
    rollout = make_rollout(candidate, 5)
    make_rollout_answers(rollout, 200)
    make_rollout_answers(rollout, 25, is_candidate=False)
    Rollout.objects.update(step_started_at="2026-11-01T00:00Z")
    shown = page(owner, "rollouts")
    assert ("Why sooner" in shown, 'name="percent" value="5"' in shown) == (False, True)
    assert "answers 25 % of" in sent(owner, "raise_rollout", {"percent": "5"}, pk=rollout.pk)


def test_killed_before_its_audit_line_a_press_does_nothing(
    owner: Client, candidate: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    rollout = make_rollout(candidate, 5)

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("dashboard.guard.audit.write", killed)
        with pytest.raises(KeyboardInterrupt):
            sent(owner, "raise_rollout", {"percent": "5", "override": "in a hurry"}, pk=rollout.pk)
    rollout.refresh_from_db()
    assert (rollout.percent, rollout.is_override) == (5, False)


def test_no_share_no_rollout(owner: Client, candidate: ModelVersion) -> None:
    run = make_judged_run(candidate)
    for percent in ("", "7", "all"):
        assert "Choose a share" in sent(owner, "promote_run", {"percent": percent}, pk=run.pk)
    assert not Rollout.objects.exists()


def test_halted_by_hand_and_back_with_one_press(owner: Client, candidate: ModelVersion) -> None:
    rollout = make_rollout(candidate)
    assert "Say why" in sent(owner, "halt_rollout", pk=rollout.pk)
    halted = sent(owner, "halt_rollout", {"reason": "it is rude"}, pk=rollout.pk)
    assert "by root." in halted
    assert "it is rude" in halted
    assert "was halted" in page(owner, "home")
    make_rollout(candidate)
    back = sent(owner, "roll_back_answers")
    assert "openai:a-model answers all conversations from the next question on." in back
    assert Rollout.objects.values_list("state", flat=True)[0] == RolloutState.WITHDRAWN
    assert "No other model has served before." in sent(owner, "roll_back_answers")
    assert str(Deployment.objects.live(ServingRole.ANSWER)) == "openai:a-model"


def test_rolled_back_twice_by_a_double_press_one_is_taken_back(owner: Client, candidate: ModelVersion) -> None:
    first = Deployment.objects.live(ServingRole.ANSWER)
    Deployment.objects.append(Deployment(role="answer", endpoint=first.endpoint, model="now"), reason="so", by=None)
    rollout = make_rollout(candidate)
    shown = page(owner, "rollouts")
    assert f'name="seen" value="rollout {rollout.pk}"' in shown
    form = {"seen": f"rollout {rollout.pk}"}
    assert "openai:now answers all conversations" in sent(owner, "roll_back_answers", form)
    assert "Somebody was quicker: openai:now answers now." in sent(owner, "roll_back_answers", form)
    assert Deployment.objects.live(ServingRole.ANSWER).model == "now"


def test_the_figures_come_again_by_themselves(owner: Client, candidate: ModelVersion) -> None:
    make_rollout(candidate)
    fragment = owner.get(reverse("rollouts"), headers={"HX-Request": "true"}).content.decode()
    assert fragment.startswith('<div id="rollout"')
    assert 'hx-trigger="every 30s"' in fragment
    Rollout.objects.get().end(RolloutState.HALTED, "so")
    assert "hx-trigger" not in page(owner, "rollouts")


def test_the_page_takes_few_queries(
    owner: Client, candidate: ModelVersion, django_assert_max_num_queries: object
) -> None:
    make_rollout_answers(make_rollout(candidate), 30)
    for number in range(10):
        make_rollout(candidate, state=RolloutState.HALTED, why=f"{number}", ended_at="2026-11-01T00:00Z")
    with django_assert_max_num_queries(14):  # type: ignore[operator]
        page(owner, "rollouts")


def test_drift_is_shown_with_its_baseline_and_what_is_not_known(viewer: Client) -> None:
    assert "Nothing to compare yet." in page(viewer, "drift")
    live = Deployment.objects.live(ServingRole.ANSWER)
    week = {"deployment": live, "week": date(2026, 11, 23)}
    moved = {"value": 0.333, "sample": 300, "baseline": 0.1, "baseline_sample": 250}
    DriftReading.objects.create(measure=DriftMeasure.REFUSED, state="drifted", **moved, **week)
    DriftReading.objects.create(measure=DriftMeasure.ENDS, state="unknown", note="Its provider names no day.", **week)
    DriftReading.objects.create(measure=DriftMeasure.COST, value=0.00123, state="steady", baseline=0.001, **week)
    before = {**week, "week": date(2026, 11, 16)}
    DriftReading.objects.create(measure=DriftMeasure.TOPICS, value=0.07, state="steady", baseline=0, **before)
    shown = page(viewer, "drift")
    for said in ("33.3 %", "10.0 %", "300, 250", "Its provider names no day.", "$0.0012", "23 November 2026"):
        assert said in shown, said
    assert "0.07" not in shown
    assert "The answers have drifted" in page(viewer, "home")


def test_a_transcript_says_for_whom_an_answer_was_drawn(viewer: Client, candidate: ModelVersion) -> None:
    rollout = make_rollout(candidate)
    user = make_user("asker")
    kinds: list[dict[str, Any]] = [{"is_candidate": True}, {}, {"is_candidate": True, "is_stand_in": True}]
    for number, fields in enumerate(kinds, start=1):
        answer = make_answer(make_question(user, trace_id=f"{number:032x}"), rollout=rollout, **fields)
        said = " ".join(page(viewer, "transcript", pk=answer.conversation_id).split())
        assert ("Asked of the candidate in" in said, "Asked of the live model in" in said) == (
            bool(fields), not fields
        )  # fmt: skip
        assert ("a-model stood in" in said) == ("is_stand_in" in fields)


def test_a_run_that_is_not_whole_offers_nothing(owner: Client, candidate: ModelVersion) -> None:
    run = make_judged_run(candidate)
    EvaluationRun.objects.filter(pk=run.pk).update(template_hashes={})
    assert "in other words than it would be asked in now" in page(owner, "run", pk=run.pk)
