"""What should have been said: kept, and told to whoever asked."""

from django.contrib.auth.models import User
from django.db import transaction

from bot.models import Message, Question
from bot.team import relaying


@transaction.atomic
def correct(message: Message, text: str, *, by: User) -> bool:
    """Keep what should have been said, and post it where the question was asked; whether there is such a place."""
    Message.objects.filter(pk=message.pk).update(sent_text=text)
    question: Question | None = getattr(message, "question", None)
    if question is None:
        return False
    relaying.to_asker(question, relaying.safe(text), by=f"{relaying.DASHBOARD}{by.get_username()}")
    return True
