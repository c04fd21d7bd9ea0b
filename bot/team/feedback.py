"""What people think of an answer: a thumb, a reason, a better answer."""

from bot.models import Feedback, Question
from bot.team.press import Press, Said

REASONS = (
    ("wrong", "It is wrong"),
    ("outdated", "It is out of date"),
    ("incomplete", "Something is missing"),
    ("sources", "The sources do not fit"),
    ("tone", "It is badly put"),
)
IMPROVE = "improve"


def judge(question: Question, pressed: Press, *, is_positive: bool) -> None:
    if question.answer is not None:
        Feedback.objects.update_or_create(
            message=question.answer, person=pressed.person, defaults={"is_positive": is_positive}
        )


def improve(question: Question, fields: dict[str, str], person: str) -> Said:
    if question.answer is not None:
        Feedback.objects.update_or_create(
            message=question.answer,
            person=person,
            defaults={
                "is_positive": False,
                "reason": fields.get("reason", ""),
                "better_answer": fields.get("better_answer", ""),
                "right_document": fields.get("right_document", ""),
            },
        )
    return Said("Thank you. The team will see it.")
