"""The watch over a rollout: what came of both arms, and an end to it where the candidate does harm."""

import logging
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Aggregate, Count, Exists, FloatField, OuterRef, Q, QuerySet

from bot.models import Feedback, Message, Outcome, Speaker
from evaluation.promotion import gate, harm
from evaluation.promotion.harm import ArmTally
from llm.models import Deployment, Rollout, RolloutState, ServingRole, UsageRecord

log = logging.getLogger(__name__)

COUNTED = (Outcome.ANSWERED, Outcome.NOT_IN_DOCS, Outcome.BLOCKED, Outcome.PROVIDER_ERROR)
REFUSALS = (Outcome.NOT_IN_DOCS, Outcome.BLOCKED)
SLOWER, SLACK_MS = 1.25, 500.0  # than 95 % of the live model's answers, before one counts as slow
FAILED = Q(outcome=Outcome.PROVIDER_ERROR) | Q(is_stand_in=True)
GAVE = ~Q(outcome=Outcome.PROVIDER_ERROR) & Q(is_stand_in=False)


class Percentile95(Aggregate):
    function = "percentile_cont"
    template = "%(function)s(0.95) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()


@dataclass(frozen=True)
class Cut:
    """Up to which answer a look goes, whenever it is done, so that doing it again says the same."""

    message: int
    at: datetime


def watch() -> Rollout | None:
    """Look at the rollout that goes. Where it has to end it is ended and returned; None where all may stay as it is.

    Its row is written after all that is counted, so that whoever raises or halts it meanwhile waits for nothing.
    """
    rollout = Rollout.objects.going()
    if rollout is None:
        return None
    state, why = _verdict(rollout)
    rollout.keep_watched()
    if not why or not rollout.end(state, why):
        return None
    log.warning("The rollout of %s is %s: %s", rollout, rollout.get_state_display(), why)
    return rollout


def _verdict(rollout: Rollout) -> tuple[RolloutState, str]:
    """How it is to end, and why; no reason where it goes on."""
    if Deployment.objects.live(ServingRole.ANSWER).served == rollout.candidate.served:
        return RolloutState.FINISHED, "It was let answer all conversations."
    if replaced := with_nobody(rollout):
        return RolloutState.WITHDRAWN, replaced
    return RolloutState.HALTED, harm_of(rollout)


def with_nobody(rollout: Rollout) -> str:
    """Why it is compared with nobody any more; empty where the model that it began beside still is live."""
    live = Deployment.objects.live(ServingRole.ANSWER)
    if live.served == rollout.beside.served:
        return ""
    return f"{live} was let answer in the place of {rollout.beside}, so it is compared with nobody any more."


def harm_of(rollout: Rollout) -> str:
    """What the candidate does worse than the live model, proven or in a burst; empty where nothing is known of any."""
    if said := _burst(rollout):
        return said
    number = harm.look(_answers(rollout).filter(is_candidate=True).count())
    if not number:
        return ""
    candidate, live = tallies(rollout, _cut(rollout, harm.size(number)))
    return harm.found(candidate, live, number)


def tallies(rollout: Rollout, cut: Cut | None = None) -> tuple[ArmTally, ArmTally]:
    """What came of the candidate's questions and of the live model's, up to a cut or so far."""
    answers, disliked = _answers(rollout), Feedback.objects.filter(is_positive=False, message__rollout=rollout)
    if cut is not None:
        answers, disliked = answers.filter(pk__lte=cut.message), disliked.filter(created_at__lte=cut.at)
    limit = _limit(rollout, answers)
    candidate, live = (
        _tally(answers.filter(is_candidate=is_candidate), disliked, limit) for is_candidate in (True, False)
    )
    return candidate, live


def _limit(rollout: Rollout, answers: QuerySet[Message]) -> float:
    """How many milliseconds an answer may take: about as long as the live model's. Who quotes takes none to compare
    with, so beside that it is what the gate allows."""
    if rollout.beside.is_quoting:
        return gate.DEFAULT.most_p95_ms
    usual = answers.filter(GAVE, is_candidate=False).aggregate(p95=Percentile95("total_ms"))["p95"]
    return float("inf") if usual is None else usual * SLOWER + SLACK_MS


def _tally(answers: QuerySet[Message], disliked: QuerySet[Feedback], limit: float) -> ArmTally:
    """Of one arm. `limit` is how many milliseconds an answer may take before it counts as slow."""
    counted = answers.aggregate(
        asked=Count("pk"),
        errors=Count("pk", filter=FAILED),
        gave=Count("pk", filter=GAVE),
        slow=Count("pk", filter=GAVE & Q(total_ms__gt=limit)),
        miscited=Count("pk", filter=GAVE & Q(invalid_markers__gt=0)),
        refused=Count("pk", filter=GAVE & Q(outcome__in=REFUSALS)),
        p95_ms=Percentile95("total_ms", filter=GAVE),
    )
    thumbs = answers.filter(GAVE, pk__in=disliked.values("message")).count()
    return ArmTally(disliked=thumbs, **counted)


def in_step(rollout: Rollout) -> tuple[int, int]:
    """Answers of the candidate, and of the live model, since the present step began."""
    counted = (
        _answers(rollout)
        .filter(created_at__gte=rollout.step_started_at)
        .aggregate(candidate=Count("pk", filter=Q(is_candidate=True)), live=Count("pk", filter=Q(is_candidate=False)))
    )
    return counted["candidate"], counted["live"]


def _answers(rollout: Rollout) -> QuerySet[Message]:
    """Both arms' answers that say something of a model: what a budget stopped does not.

    Those few are read by the index `usage_stopped`, not by going through the whole ledger.
    """
    stopped = UsageRecord.objects.filter(trace_id=OuterRef("trace_id"), finish_reason="budget")
    found = Message.objects.filter(rollout=rollout, speaker=Speaker.BOT, outcome__in=COUNTED)
    return found.filter(Q(is_stand_in=False) | ~Exists(stopped))


def _burst(rollout: Rollout) -> str:
    """What is said of the candidate's newest answers, held against the live model's since the oldest of them."""
    newest, oldest = _newest(_answers(rollout).filter(is_candidate=True), harm.BURST_OF)
    if newest[0] < harm.BURST:  # as almost always
        return ""
    live = _answers(rollout).filter(is_candidate=False)
    beside = live.filter(pk__gte=oldest).aggregate(failed=Count("pk", filter=FAILED), asked=Count("pk"))
    found = beside["failed"], beside["asked"]
    return harm.burst(newest, _newest(live, harm.BURST_BESIDE)[0] if 0 < found[1] < harm.BURST_BESIDE else found)


def _newest(answers: QuerySet[Message], most: int) -> tuple[tuple[int, int], int]:
    """How many of the newest answers failed, of how many; and the oldest of them, 0 where there are none."""
    rows = list(answers.order_by("-id").values_list("pk", "outcome", "is_stand_in")[:most])
    failed = sum(outcome == Outcome.PROVIDER_ERROR or is_stand_in for _, outcome, is_stand_in in rows)
    return (failed, len(rows)), min((pk for pk, *_ in rows), default=0)


def _cut(rollout: Rollout, answers: int) -> Cut:
    """After so many answers of the candidate."""
    candidates = _answers(rollout).filter(is_candidate=True).order_by("id")
    last = candidates.only("created_at")[answers - 1]
    return Cut(last.pk, last.created_at)
