"""Personal data: gone when its time is up, or when its person wants it gone."""

import json
import re
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import Exists, F, OuterRef, QuerySet

from bot.models import Conversation, Delivery, Escalation, Feedback, Message, Nomination, Platform, Question, Remark

ERASED = "[erased]"

# Where texts of people are kept: what they wrote to each other may name somebody.
TEXTS = (
    ("bot_message", ("text", "sent_text")),
    ("bot_question", ("text", "error")),
    ("bot_escalation", ("reason", "answer", "claimed_by_name", "answered_by_name")),
    ("bot_remark", ("text", "name")),
    ("bot_feedback", ("better_answer", "right_document")),
    ("bot_citation", ("quote",)),
    ("bot_nomination", ("words", "person_name", "reason")),
)
DOCUMENTS = (
    ("bot_message", "trace"),
    ("bot_delivery", "body"),
    ("bot_question", "unread"),
    ("bot_question", "quoted"),
    ("bot_remark", "files"),
)


@dataclass(frozen=True)
class Erasure:
    """What was found of a person. `messages` are the ids of the answers to them, for what was made of these."""

    questions: int
    conversations: int
    opinions: int
    messages: list[int]


@transaction.atomic
def erase(person: str, platform: Platform, *, names: frozenset[str] = frozenset()) -> Erasure:
    """Take out whatever a person of a platform wrote, was answered, thought and is called.

    What was counted stays: that there was a question, how it ended and what it cost.
    """
    asked = Question.objects.filter(platform=platform, asker=person)
    known = names | {name for name in asked.values_list("asker_name", flat=True) if name} | _called(person, platform)
    traces = list(asked.values_list("trace_id", flat=True))
    answers = list(Message.objects.filter(trace_id__in=traces, speaker="bot").values_list("pk", flat=True))
    conversations = asked.values("conversation").distinct().count()
    Message.objects.filter(trace_id__in=traces).update(text=ERASED, sent_text="", trace={})
    Delivery.objects.filter(question__in=asked).update(body={"text": ERASED})
    Nomination.objects.filter(message__trace_id__in=traces).update(words="")
    Nomination.objects.filter(person=person, message__conversation__platform=platform).delete()
    Delivery.objects.filter(person=person, question__platform=platform).delete()  # words to nobody but them
    Escalation.objects.filter(question__in=asked).update(reason=ERASED, answer="", requested_by="")
    Remark.objects.filter(escalation__question__in=asked).update(text=ERASED, files=[])
    mine = Remark.objects.filter(person=person, escalation__question__platform=platform)
    Delivery.objects.filter(Exists(_carried(mine))).update(body={"text": ERASED})
    Escalation.objects.filter(answered_by=person, question__platform=platform).update(answer="")
    mine.update(text=ERASED, files=[], person="", name="")
    opinions, _ = Feedback.objects.filter(person=person, message__conversation__platform=platform).delete()
    answers += _take_out_around(person, platform)
    count = asked.update(
        text=ERASED, asker=ERASED, asker_name="", reply_token="", reply_until=None, unread=[], error="", quoted=[],
    )  # fmt: skip
    Conversation.objects.filter(silenced_by=person, platform=platform).update(silenced_by="")
    for field, name in (("claimed_by", "claimed_by_name"), ("answered_by", "answered_by_name")):
        Escalation.objects.filter(**{field: person}).update(**{field: "", name: ""})
    for field in ("requested_by", "closed_by"):
        Escalation.objects.filter(**{field: person}).update(**{field: ""})
    _take_out({person, *known})
    return Erasure(count, conversations, opinions, answers)


def _carried(remarks: QuerySet[Remark]) -> QuerySet[Remark]:
    """Those of which a post (the outer row) carries the words, or a part of them."""
    post = {"delivery__question": OuterRef("question"), "delivery__kind": OuterRef("kind")}
    parts = {"delivery__part__gte": OuterRef("part"), "delivery__part__lt": OuterRef("part") + F("posts")}
    return remarks.filter(**post, **parts)


def _around(person: str, platform: Platform) -> QuerySet[Message]:
    """The questions of others around which the person wrote something."""
    said = [{"author": person}]
    return Message.objects.filter(conversation__platform=platform, trace__surroundings__contains=said)


def _called(person: str, platform: Platform) -> set[str]:
    """What the person is called where they wrote something around a question."""
    kept = _around(person, platform).values_list("trace__surroundings", flat=True)
    return {each["name"] for said in kept for each in said if each["author"] == person and each["name"]}


def _take_out_around(person: str, platform: Platform) -> list[int]:
    """What the person wrote that became a part of the questions of others; the ids of the answers to these."""
    theirs = Question.objects.filter(platform=platform)
    pointed = theirs.filter(pointed_author=person)
    whole = list(pointed.values_list("trace_id", flat=True))
    traces = [*whole, *_around(person, platform).values_list("trace_id", flat=True)]
    Message.objects.filter(trace_id__in=whole, speaker="asker").update(text=ERASED)
    pointed.update(text=ERASED, pointed_author="")
    for question in theirs.filter(quoted__contains=[{"author": person}]):
        question.quoted = [each for each in question.quoted if each["author"] != person]
        question.save(update_fields=["quoted"])
    Message.objects.filter(trace_id__in=traces).update(trace={})
    return list(Message.objects.filter(trace_id__in=traces, speaker="bot").values_list("pk", flat=True))


@transaction.atomic
def erase_account(user: User) -> Erasure:
    """As `erase`, for somebody with an account: what they asked here is deleted, and the account is nobody's."""
    mine = Conversation.objects.filter(user=user)
    answers = list(Message.objects.filter(conversation__in=mine, speaker="bot").values_list("pk", flat=True))
    questions = Message.objects.filter(conversation__in=mine, speaker="asker").count()
    Message.objects.filter(conversation__in=mine).update(text=ERASED, sent_text="", trace={})
    opinions, _ = Feedback.objects.filter(user=user).delete()
    conversations = mine.update(user=None)
    _take_out({user.get_username(), user.get_full_name(), user.email})
    user.username, user.email, user.first_name, user.last_name = f"erased-{user.pk}", "", "", ""
    user.is_active = user.is_staff = user.is_superuser = False
    user.set_unusable_password()
    user.save()
    user.groups.clear()
    return Erasure(questions, conversations, opinions, answers)


def _take_out(words: set[str]) -> None:
    """Replace what somebody is called, wherever people's words are kept; whole words alone."""
    with connection.cursor() as cursor:
        for word in sorted((word for word in words if len(word) >= 4), key=len, reverse=True):
            pattern = rf"(^|\W)({_escaped(word)})(?=\W|$)"
            for table, columns in TEXTS:
                for column in columns:
                    cursor.execute(
                        f"UPDATE {table} SET {column} = regexp_replace({column}, %s, %s, 'gi') "  # noqa: S608  constants
                        f"WHERE strpos(lower({column}), lower(%s)) > 0",
                        [pattern, rf"\1{ERASED}", word],
                    )
            for table, column in DOCUMENTS:
                _take_out_of_documents(cursor, table, column, word)


def _take_out_of_documents(cursor: CursorWrapper, table: str, column: str, word: str) -> None:
    """In what documents say: their keys, numbers and truths are not anybody's name, though somebody be called so."""
    written = json.dumps(word, ensure_ascii=False)[1:-1]
    cursor.execute(
        f"SELECT id FROM {table} WHERE strpos(lower({column}::text), lower(%s)) > 0",  # noqa: S608  constants
        [written],
    )
    pattern = re.compile(rf"(?<!\w){re.escape(word)}(?!\w)", re.IGNORECASE)
    for (pk,) in cursor.fetchall():
        cursor.execute(f"SELECT {column}::text FROM {table} WHERE id = %s FOR UPDATE", [pk])  # noqa: S608
        kept = _without(pattern, json.loads(cursor.fetchone()[0]))
        cursor.execute(f"UPDATE {table} SET {column} = %s::jsonb WHERE id = %s", [json.dumps(kept), pk])  # noqa: S608


def _without(pattern: re.Pattern[str], value: Any) -> Any:
    if isinstance(value, str):
        return pattern.sub(ERASED, value)
    if isinstance(value, list):
        return [_without(pattern, each) for each in value]
    if isinstance(value, dict):
        return {key: _without(pattern, each) for key, each in value.items()}
    return value


def _escaped(word: str) -> str:
    return "".join(sign if sign.isalnum() else f"\\{sign}" for sign in word)
