"""The whole way by command: promoted to a share, halted by a planted fault, promoted again, rolled back."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from bot.inbox import receiving
from bot.models import ChannelKind, Message, Outcome, Platform
from bot.platforms.console import ConsoleMessenger
from bot.questions import queue, replying
from dashboard import tasks
from dashboard.guard import audit
from dashboard.models import AuditEntry
from evaluation.models import EvaluationRun
from llm.calling import retry
from llm.models import Deployment, Rollout, ServingRole
from tests.fakes.providers.fake import FakeProviders, Refusal
from tests.rows.questions import incoming
from tests.rows.rollouts import make_candidate, make_judged_run, make_rollout_answers
from tuning.models import ModelVersion

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("shelf")]


@pytest.fixture(autouse=True)
def _no_time_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "FIRST_PAUSE", 0.01)


@pytest.fixture
def candidate() -> ModelVersion:
    return make_candidate()


@pytest.fixture
def run(candidate: ModelVersion) -> EvaluationRun:
    return make_judged_run(candidate)


def promote(*said: object) -> dict[str, Any]:
    out = StringIO()
    call_command("promote", *map(str, said), "--json", stdout=out)
    found: dict[str, Any] = json.loads(out.getvalue())
    return found


def drawn() -> None:
    """From here on every conversation is the candidate's."""
    Rollout.objects.update(percent=100)


def ask(number: int) -> Message:
    """A question of a thread of its own, through the inbox, and its answer."""
    place = {"platform": Platform.CONSOLE, "channel": f"C{number}", "author": f"U{number}", "kind": ChannelKind.DIRECT}
    receiving.receive(incoming("How are annual plans refunded?", number=number, **place))
    claimed = queue.claim([Platform.CONSOLE])
    assert claimed is not None
    replying.reply(claimed, ConsoleMessenger(StringIO()))
    return Message.objects.get(trace_id=claimed.trace_id, speaker="bot")


def test_promoted_to_a_share_halted_by_a_fault_and_rolled_back(
    run: EvaluationRun, candidate: ModelVersion, fake_providers: FakeProviders
) -> None:
    told = promote(candidate.pk, "--run", run.pk, "--canary", 50)
    assert (told["state"], told["percent"], told["model"]) == ("going", 50, "openai:ft:ours")
    assert str(Deployment.objects.live(ServingRole.ANSWER)) == "openai:a-model", "the live model stays"
    drawn()
    first = ask(1)
    assert (first.model, first.is_candidate, first.rollout_id) == ("ft:ours", True, told["rollout"])
    assert tasks.watch_rollouts() is None
    make_rollout_answers(Rollout.objects.get(), 100, is_candidate=False)
    fake_providers.script(*[step for _ in range(5) for step in (Refusal(400, "It is gone."), "")])
    stood_in = [ask(number) for number in range(2, 7)]
    assert {(each.model, each.outcome, each.is_candidate, each.is_stand_in) for each in stood_in} == {
        ("a-model", Outcome.ANSWERED, True, True)
    }, "askers get the live model's answer, and the candidate gets the blame"
    assert tasks.watch_rollouts() is not None
    assert tasks.watch_rollouts() is None, "it is halted once"
    (entry,) = AuditEntry.objects.filter(action="rollout_halted")
    assert (entry.actor, "5 of its newest 6 answers failed" in entry.details["why"]) == ("Parley itself", True)
    after = ask(7)
    assert (after.model, after.rollout_id) == ("a-model", None)
    assert promote("--status")["state"] == "halted"

    with pytest.raises(CommandError, match=r"offers a canary alone.*It was halted after run"):
        promote(candidate.pk, "--run", run.pk)
    assert promote(candidate.pk, "--run", run.pk, "--override", "it was the network")["state"] == "finished"
    assert ask(8).model == "ft:ours"
    call_command("model", "rollback", stdout=StringIO())
    assert ask(9).model == "a-model"
    assert audit.verify().broken_at is None


def test_rolling_back_while_it_goes_gives_all_conversations_back_at_once(
    run: EvaluationRun, candidate: ModelVersion
) -> None:
    promote(candidate.pk, "--run", run.pk, "--canary", 50)
    drawn()
    assert ask(1).is_candidate
    out = StringIO()
    call_command("model", "rollback", "--json", stdout=out)
    assert json.loads(out.getvalue())["model"] == "openai:a-model"
    assert not ask(1000).is_candidate
    assert (Rollout.objects.get().state, Deployment.objects.filter(role="answer").count()) == ("withdrawn", 1)


def test_what_the_gate_does_not_offer_takes_a_reason_and_is_audited(candidate: ModelVersion) -> None:
    run = make_judged_run(candidate, gain=False)
    with pytest.raises(CommandError, match="The gate says inconclusive"):
        promote(candidate.pk, "--run", run.pk, "--canary", 5)
    with pytest.raises(CommandError, match="The gate says inconclusive"):
        promote(candidate.pk, "--run", run.pk, "--canary", 5, "--override", "  ")
    assert not Rollout.objects.exists()
    told = promote(candidate.pk, "--run", run.pk, "--canary", 5, "--override", "the board wants it")
    assert (told["is_override"], told["reason"]) == (True, "the board wants it")
    entry = AuditEntry.objects.get(action="rollout_promoted")
    assert (entry.actor, entry.details["override"]) == ("the command line", "the board wants it")
    with pytest.raises(CommandError, match="goes on: finish it or halt it first"):
        promote(candidate.pk, "--run", run.pk, "--canary", 5, "--override", "the board wants it")
    with pytest.raises(CommandError, match="Still missing: 200 of the 200 answers"):
        promote("--raise")
    assert promote("--raise", "--override", "nobody asks in August")["percent"] == 25
    told = promote("--status")
    assert told["reason"] == "the board wants it\nRaised to 25 % all the same: nobody asks in August"
    assert promote("--halt", "a slip")["why"] == "a slip"


def killed(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def test_killed_before_its_audit_line_nothing_is_done(
    run: EvaluationRun, candidate: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(audit, "write", killed)
        with pytest.raises(KeyboardInterrupt):
            promote(candidate.pk, "--run", run.pk, "--canary", 5)
    assert not Rollout.objects.exists()
    promote(candidate.pk, "--run", run.pk, "--canary", 5)
    with monkeypatch.context() as patch:
        patch.setattr(audit, "write", killed)
        for said in (["--raise", "--override", "now"], ["--halt", "a slip"]):
            with pytest.raises(KeyboardInterrupt):
                promote(*said)
    kept = Rollout.objects.get()
    assert (kept.state, kept.percent, kept.is_override) == ("going", 5, False)
