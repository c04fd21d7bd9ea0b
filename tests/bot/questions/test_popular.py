"""Which questions others are shown: asked by several or liked openly, answered from public documents, naming nobody."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import caches
from django.utils import timezone

from bot.models import Channel, ChannelKind, Message, Outcome, Platform, Question, QuestionState, Workspace
from bot.questions.popular import popular
from bot.team import feedback
from bot.team.feedback import Opinion
from knowledge.models import Collection, Document, DocumentState, Visibility
from tests.rows.make import make_collection
from tests.rows.questions import make_question_row
from tests.rows.web_rows import make_answer, make_citation, make_question, make_user

pytestmark = pytest.mark.django_db
TEXT = "How are annual plans refunded?"


class Asked:
    """Questions asked in one place and answered from one document."""

    def __init__(self) -> None:
        caches["process"].clear()
        self.shelf, self.user, self.number = make_collection(), make_user(), 0
        workspace = Workspace.objects.create(platform=Platform.SLACK, external_id="T1")
        self.channel = Channel.objects.create(workspace=workspace, external_id="C1")
        self.document = self.held_by(self.shelf)

    def held_by(self, collection: Collection) -> Document:
        origin = f"/{collection.name}.md"
        return Document.objects.create(collection=collection, origin=origin, path=origin, state=DocumentState.INDEXED)

    def ask(self, asker: str, text: str = TEXT, *, outcome: Outcome = Outcome.ANSWERED, **fields: Any) -> Question:
        self.number += 1
        document = fields.pop("document", self.document)
        answer = make_answer(make_question(self.user, text, f"{self.number:032}"), outcome=outcome)
        make_citation(answer, document=document)
        given = {"asker": asker, "text": text, "state": QuestionState.DONE, **fields}
        return make_question_row(answer, self.channel, **given)

    def found(self, like: str = "", limit: int = 4) -> list[str]:
        caches["process"].clear()
        return popular(Platform.SLACK, "T1", [self.shelf.pk], like, limit)


@pytest.fixture
def asked() -> Asked:
    return Asked()


def liked(question: Question, person: str, *, is_positive: bool = True) -> None:
    assert question.answer
    feedback.keep(question.answer, Opinion(is_positive), person=person)


def test_what_two_people_ask_is_shown_as_it_was_put_last(asked: Asked) -> None:
    asked.ask("U1", "how are annual plans  refunded")
    assert asked.found() == []
    asked.ask("U1")
    assert asked.found() == []
    asked.ask("U2")
    assert asked.found() == [TEXT]


def test_what_one_asks_openly_and_another_likes_is_shown(asked: Asked) -> None:
    question = asked.ask("U1")
    liked(question, "U1")
    assert asked.found() == []  # one's own thumb says nothing of others
    liked(question, "U2")
    assert asked.found() == [TEXT]


@pytest.mark.parametrize("where", ["a command", "a direct message", "a private channel"])
def test_what_is_said_in_private_is_one_persons_own(asked: Asked, where: str) -> None:
    kinds = {"a direct message": ChannelKind.DIRECT, "a private channel": ChannelKind.GROUP}
    Channel.objects.update(kind=kinds.get(where, ChannelKind.CHANNEL))
    liked(asked.ask("U1", is_private=where == "a command"), "U2")
    assert asked.found() == []


def test_what_a_closed_channel_asks_is_its_own_however_many_they_are(asked: Asked) -> None:
    for asker in ("U1", "U2"):
        asked.ask(asker)
    Channel.objects.update(kind=ChannelKind.GROUP)
    assert asked.found() == []


@pytest.mark.parametrize("is_open", [True, False])
def test_on_discord_it_was_asked_where_everybody_reads(asked: Asked, is_open: bool) -> None:
    Workspace.objects.update(platform=Platform.DISCORD)
    Channel.objects.update(has_outsiders=is_open)
    for asker in ("U1", "U2"):
        asked.ask(asker)
    assert popular(Platform.DISCORD, "T1", [asked.shelf.pk]) == [TEXT] * is_open


def test_another_workspace_reads_nothing_of_it(asked: Asked) -> None:
    for asker in ("U1", "U2"):
        asked.ask(asker)
    assert popular(Platform.SLACK, "T2", [asked.shelf.pk]) == popular(Platform.DISCORD, "T1", [asked.shelf.pk]) == []


def test_what_nobody_would_type_is_not_looked_for(asked: Asked) -> None:
    for asker in ("U1", "U2"):
        asked.ask(asker)
    assert asked.found("how " * 20) == [TEXT]
    assert asked.found("how " * 1000) == []


def test_only_what_public_documents_of_these_collections_hold_is_shown(asked: Asked) -> None:
    internal = make_collection("Internal", Visibility.INTERNAL)
    for document in (asked.held_by(internal), asked.held_by(make_collection("Other")), None):
        for asker in ("U1", "U2"):
            asked.ask(asker, document=document)
        assert asked.found() == []
        Question.objects.all().delete()
    caches["process"].clear()
    for asker in ("U1", "U2"):
        asked.ask(asker, document=asked.held_by(internal) if asker == "U0" else asked.document)
    assert popular(Platform.SLACK, "T1", [internal.pk, asked.shelf.pk]) == [TEXT]
    caches["process"].clear()
    assert popular(Platform.SLACK, "T1", [internal.pk]) == []


@pytest.mark.parametrize(
    "text",
    [
        "Why was ann@example.com charged twice?",
        "Where is order 48151623?",
        "Does @bob know about plans?",
        "What is on https://example.com/secret?",
        "Plans?",
        "How " + "very " * 30 + "long?",
    ],
)
def test_what_names_somebody_or_does_not_fit_is_not_shown(asked: Asked, text: str) -> None:
    for asker in ("U1", "U2"):
        asked.ask(asker, text)
    assert asked.found() == []


def test_what_was_not_answered_well_is_not_shown(asked: Asked) -> None:
    for asker in ("U1", "U2"):
        asked.ask(asker, "Is there a discount for schools?", outcome=Outcome.NOT_IN_DOCS)
        liked(asked.ask(asker, "Is there a student discount?"), "U3", is_positive=False)
        old = asked.ask(asker, "What is new this year?")
        Message.objects.filter(question=old).update(created_at=timezone.now() - timedelta(days=31))
        asked.ask(asker, "And quarterly ones?", conversation=asked.ask(asker, f"Only {asker} asks this.").conversation)
    assert asked.found() == []


def test_most_asked_first_and_those_that_hold_the_words(asked: Asked) -> None:
    for asker in ("U1", "U2", "U3"):
        asked.ask(asker)
        if asker != "U3":
            asked.ask(asker, "Can plans be cancelled?")
            asked.ask(asker, "プランはいつ返金されますか")
    assert asked.found()[0] == TEXT
    assert len(asked.found(limit=2)) == 2
    assert asked.found("PLAN can") == ["Can plans be cancelled?"]
    assert asked.found("返金") == ["プランはいつ返金されますか"]
    assert asked.found("weather") == []
