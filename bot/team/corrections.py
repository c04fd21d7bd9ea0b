"""What should have been said: kept, and told to whoever asked."""

from django.contrib.auth.models import User
from django.db import transaction

from bot.models import Message, Question
from bot.team import escalations


@transaction.atomic
def correct(message: Message, text: str, *, by: User) -> bool:
    """Keep what should have been said, and post it where the question was asked; whether there is such a place."""
    Message.objects.filter(pk=message.pk).update(sent_text=text)
    question: Question | None = getattr(message, "question", None)
    if question is None:
        return False
    escalations.relay(question, by=f"{escalations.DASHBOARD}{by.get_username()}", text=text)
    return True
