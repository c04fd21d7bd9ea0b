"""An asker who has read enough, or does not want to wait: what is being written in a thread is stopped."""

from django.db import transaction

from bot import outbox
from bot.inbox import receiving
from bot.models import Channel, DeliveryKind, Platform, Question, QuestionState
from bot.posts.post import Post
from bot.wording import phrases, speech


def stop_thread(platform: Platform, workspace: str, channel: str, thread_id: str) -> None:
    """Stop whatever is answered in a thread, or waits to be; who waits is told at once, who reads a part keeps it."""
    open_ones = Question.objects.filter(
        channel__in=Channel.objects.of(platform, workspace, channel), conversation__thread_id=thread_id,
        state__in=[QuestionState.WAITING, QuestionState.ANSWERING],
    )  # fmt: skip
    for question in open_ones.select_related("channel__workspace", "conversation"):
        with transaction.atomic():
            receiving.stop(question)
            if question.state == QuestionState.WAITING:
                confirm(question)


def confirm(question: Question) -> None:
    """Tell an asker who has seen nothing of an answer that none will come."""
    outbox.add(question, DeliveryKind.NOTICE, Post(text=speech.of(question).say(phrases.HALTED)))


def is_stopped(question: Question) -> bool:
    return Question.objects.filter(pk=question.pk, state=QuestionState.CANCELLED).exists()
