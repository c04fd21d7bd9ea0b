"""Answers that people have improved already: the review queue is filled with them by itself, or by a button."""

from django.contrib.auth.models import User
from django.db.models import F, Q, QuerySet

from bot.erasing import ERASED
from bot.models import EscalationState, Feedback, Message, Speaker
from llm.completion import ProviderError
from tuning.examples.proposing import ExampleError, propose_once, team_words

CANDIDATES = 50  # of each kind at a time
OWN_PAGES = Q(question=None)
ALLOWED = OWN_PAGES | Q(question__channel__workspace__is_training_allowed=True)
BY_ITSELF = ALLOWED & (OWN_PAGES | Q(question__channel__workspace__is_proposing=True))


def propose_candidates(by: User) -> int:
    """Queue the newest answers that people have improved: a better answer with a thumb, a draft that was changed, a
    correction, or what a person answered. How many. Raises ProviderError, after all those whose passages are there."""
    return _propose(ALLOWED, by)


def propose_improved() -> int:
    """As `propose_candidates`, of our own pages and of the workspaces where it is to be done by itself."""
    return _propose(BY_ITSELF, None)


def _propose(where: Q, by: User | None) -> int:
    count, problem = 0, None
    for pk in sorted(_improved(where)):
        message = Message.objects.select_related("conversation", "question__channel__workspace").get(pk=pk)
        try:
            _, is_new = propose_once(message, by=by, answer=team_words(message) or _better(message))
        except ExampleError:
            continue  # forbidden or erased a moment ago
        except ProviderError as error:
            problem = error
            continue
        count += is_new
    if problem is not None:
        raise problem
    return count


def _improved(where: Q) -> set[int]:
    """The ids of the newest of each kind. A draft that was sent as it was is no improvement."""
    fresh = Message.objects.filter(where, speaker=Speaker.BOT, training_example=None).exclude(text=ERASED)
    sent = fresh.exclude(sent_text="").exclude(sent_text=F("text"))
    settled = fresh.filter(question__escalation__state=EscalationState.ANSWERED, question__escalation__is_draft=False)
    answered = settled.exclude(question__escalation__answer="")
    better = fresh.filter(pk__in=Feedback.objects.exclude(better_answer="").values("message"))
    return {pk for found in (sent, answered, better) for pk in _newest(found)}


def _newest(found: QuerySet[Message]) -> list[int]:
    return list(found.order_by("-id").values_list("pk", flat=True)[:CANDIDATES])


def _better(message: Message) -> str:
    """What somebody wrote with a thumb, last."""
    better = message.feedback.exclude(better_answer="").order_by("-updated_at").first()
    return better.better_answer if better else ""
