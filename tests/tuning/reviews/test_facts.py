"""A fact does not get into training: it is ruled upon, its passage is attached, or it becomes an article."""

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from knowledge.models import Chunk, Collection, Document, DocumentState
from knowledge.sources import uploads
from tests.rows.web_rows import make_answer, make_document, make_models, make_question, make_user
from tuning.examples import proposing, reviewing
from tuning.models import Dataset, DatasetLine, EditKind, ExampleState, TrainingExample
from tuning.reviews import routing

pytestmark = pytest.mark.django_db

FACT = "Within 30 days [1]. Invoices are kept for 77 years."


@pytest.fixture
def ada() -> User:
    return make_user("ada", is_superuser=True)


@pytest.fixture
def item(ada: User) -> TrainingExample:
    found = proposing.propose(make_answer(make_question(ada)), by=ada)
    reviewing.claim(ada, pk=found.pk)
    return found


def test_a_fact_is_not_approved_until_somebody_says_that_it_is_none(item: TrainingExample, ada: User) -> None:
    with pytest.raises(reviewing.FactError, match="77 years"):
        reviewing.approve(item.pk, ada, answer=FACT)
    kept = TrainingExample.objects.get()
    assert (kept.state, kept.answer, kept.edit_kind) == (ExampleState.IN_REVIEW, FACT, EditKind.FACT)
    assert [FACT[each["start"] : each["end"]] for each in kept.unsupported] == [
        each["text"] for each in kept.unsupported
    ]
    done = reviewing.approve(item.pk, ada, no_fact="A joke of ours.")
    assert (done.state, done.no_fact_reason) == (ExampleState.APPROVED, "A joke of ours.")


def test_what_was_ruled_is_asked_again_where_other_words_stand(item: TrainingExample, ada: User) -> None:
    reviewing.rule(reviewing.save_draft(item.pk, ada, FACT), "A joke of ours.")
    with pytest.raises(reviewing.FactError, match="88 years"):
        reviewing.approve(item.pk, ada, answer=FACT.replace("77", "88"))
    assert TrainingExample.objects.get().no_fact_reason == ""


def test_an_attached_passage_makes_it_no_fact_and_stands_in_the_prompt(item: TrainingExample, ada: User) -> None:
    make_models()
    document = make_document(Collection.objects.create(name="Public"), "Invoices", "Invoices are kept for 77 years.")
    chunk = Chunk.objects.get(document=document)
    found = reviewing.attach(item.pk, ada, routing.passage(item, chunk.pk))
    assert "[2] " in found.messages[-2]["content"]
    assert "Invoices are kept for 77 years." in found.messages[-2]["content"]
    done = reviewing.approve(item.pk, ada, answer="Within 30 days [1]. Invoices are kept for 77 years [2].")
    assert (done.state, done.edit_kind, done.checksum) == (
        ExampleState.APPROVED, EditKind.STYLE, proposing.checksum(done.messages),
    )  # fmt: skip


def test_a_passage_its_asker_might_not_read_is_not_attached(item: TrainingExample) -> None:
    make_models()
    hidden = Collection.objects.create(name="Internal", visibility="internal")
    chunk = Chunk.objects.get(document=make_document(hidden))
    with pytest.raises(proposing.ExampleError, match="might not read it"):
        routing.passage(item, chunk.pk)


def test_the_item_leaves_the_queue_when_its_article_can_be_found_and_not_before(
    item: TrainingExample, ada: User, client: Client, settings: Settings, tmp_path: object
) -> None:
    settings.PARLEY_HOME = tmp_path
    make_models()
    shelf = Collection.objects.create(name="Public")
    client.force_login(ada)
    reviewing.save_draft(item.pk, ada, FACT)
    to = client.post(reverse("review_item", args=[item.pk]), {"verb": "fact"})
    assert to.headers["Location"] == reverse("review_article", args=[item.pk])
    assert state(item) == ExampleState.IN_REVIEW  # whoever closes the page here leaves it there
    sent = {"title": "Invoices", "text": "Invoices are kept for 77 years.", "collection": shelf.pk}
    client.post(to.headers["Location"], sent)
    document = Document.objects.get()
    assert (document.state, state(item), routing.settle_all()) == (DocumentState.PENDING, ExampleState.IN_REVIEW, [])
    assert "is being read" in client.get(to.headers["Location"]).content.decode()
    assert reviewing.claim(make_user("bob")) is None
    uploads.index(document.pk)
    assert routing.settle_all() == [item.pk]
    routed = TrainingExample.objects.get()
    assert (routed.state, routed.article, routed.reviewer) == (ExampleState.ROUTED, document, ada)
    again = client.post(reverse("review_article_answer", args=[item.pk]))
    assert again.status_code == 200


def test_an_article_that_cannot_be_read_gives_the_item_back(item: TrainingExample, ada: User) -> None:
    document = make_unread(Collection.objects.create(name="Public"))
    TrainingExample.objects.update(article=document)
    assert reviewing.claim(ada) is None
    Document.objects.update(state=DocumentState.FAILED, reason="It is empty.")
    assert routing.settle_all() == []
    assert reviewing.claim(ada) == item


def test_a_correction_is_an_article_and_one_of_example_and_evaluation_case(item: TrainingExample, ada: User) -> None:
    make_models()
    document = make_document(Collection.objects.create(name="Public"), "Invoices", "Invoices are kept for 77 years.")
    TrainingExample.objects.update(article=document)
    assert routing.settle_all() == [item.pk]
    taken_up = routing.learn_too(item.pk, ada)
    assert (taken_up.state, routing.settle_all()) == (ExampleState.IN_REVIEW, [])
    assert reviewing.claim(ada, pk=item.pk) == item
    assert taken_up.passages.filter(document=document, is_attached=True).exists()
    barred = reviewing.keep_for_evaluation(item.pk, ada)
    assert (barred.state, barred.article) == (ExampleState.BARRED, document)
    with pytest.raises(IntegrityError, match="may not be frozen"), transaction.atomic():
        line(barred)


def test_what_a_trainer_was_given_is_never_kept_for_an_evaluation(item: TrainingExample, ada: User) -> None:
    done = reviewing.approve(item.pk, ada)
    line(done)
    with pytest.raises(IntegrityError, match="can not be kept for an evaluation"), transaction.atomic():
        TrainingExample.objects.update(state=ExampleState.BARRED)
    assert reviewing.undo(ada) is None


def test_a_reviewer_who_may_write_no_article_leaves_it_to_an_editor(item: TrainingExample, ada: User) -> None:
    reviewing.wish_article(item.pk, ada)
    assert reviewing.claim(make_user("bea"), is_editor=False) is None
    assert reviewing.claim(make_user("eva"), is_editor=True) == item


def state(item: TrainingExample) -> str:
    return TrainingExample.objects.get(pk=item.pk).state


def make_unread(collection: Collection) -> Document:
    return Document.objects.create(collection=collection, origin="/a.md", path="a.md", title="A")


def line(example: TrainingExample) -> DatasetLine:
    counts = {"clusters": 1, "barred": 0, "tokens": 1, "longest": 1}
    dataset = Dataset.objects.create(name=f"d{example.pk}", template_hash="t", checksum="c", salt="s", **counts)
    return DatasetLine.objects.create(
        dataset=dataset, example=example, ordinal=1, split="train", cluster=1, messages=example.messages,
        checksum=example.checksum,
    )  # fmt: skip
