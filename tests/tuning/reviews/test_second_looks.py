"""Some decisions are made twice; what changed under an example brings it back; what is worth most comes first."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from bot.models import Feedback
from knowledge.models import Chunk, Collection, Document, DocumentVersion
from tests.rows.examples import make_example
from tests.rows.web_rows import make_answer, make_document, make_models, make_question, make_user
from tuning.datasets import exporting
from tuning.examples import proposing, reviewing
from tuning.examples.reviewing import TakenError
from tuning.models import ExamplePassage, ExampleReview, ExampleState, ReviewVerdict, SecondOpinion, TrainingExample
from tuning.reviews import impact, pace, second_looks, staleness

pytestmark = pytest.mark.django_db

TRACES = iter(f"{number:032x}" for number in range(3000, 4000))


def proposed(user: User, question: str = "How are annual plans refunded?") -> TrainingExample:
    return proposing.propose(make_answer(make_question(user, question, trace_id=next(TRACES))), by=user)


def approved(user: User, answer: str = "") -> TrainingExample:
    item = proposed(user)
    reviewing.claim(user, pk=item.pk)
    return reviewing.approve(item.pk, user, answer=answer)


def test_a_second_reviewer_sees_neither_the_decision_nor_the_edit(client: Client) -> None:
    second_looks.set_share(1, by=None)
    ada, bob = make_user("ada", is_superuser=True), make_user("bob", is_superuser=True)
    item = approved(ada, "You have 30 days [1].")
    assert item.second_opinion == SecondOpinion.WANTED
    assert list(second_looks.wanted(ada)) == []
    client.force_login(bob)
    assert client.post(reverse("review_start")).headers["Location"] == reverse("second_look", args=[item.pk])
    page = client.get(reverse("second_look", args=[item.pk])).content.decode()
    assert "Within 30 days [1]." in page
    assert "You have 30 days" not in page
    assert "approved" not in page.lower().replace("approve <kbd>", "")
    client.post(reverse("second_look", args=[item.pk]), {"verb": "approve", "answer": "Within 30 days [1]."})
    item.refresh_from_db()
    assert (item.state, item.second_opinion) == (ExampleState.APPROVED, SecondOpinion.AGREED)
    assert item.answer == "You have 30 days [1]."
    first, blind = ExampleReview.objects.all()
    assert (first.reviewer, first.is_blind, blind.reviewer, blind.is_blind) == (ada, False, bob, True)
    assert first.edit_distance > 0
    assert blind.edit_distance == 0


def test_who_disagrees_sends_it_back_to_a_third(client: Client) -> None:
    second_looks.set_share(1, by=None)
    ada, bob, eva = (make_user(name) for name in ("ada", "bob", "eva"))
    item = approved(ada)
    second_looks.claim(bob, pk=item.pk)
    second_looks.decide(item.pk, bob, ReviewVerdict.REJECTED, reason="It sounds cold.")
    item.refresh_from_db()
    assert (item.state, item.second_opinion) == (ExampleState.IN_REVIEW, SecondOpinion.SPLIT)
    assert [(each.verdict, each.reason) for each in second_looks.views(item)] == [
        ("approved", ""), ("rejected", "It sounds cold."),
    ]  # fmt: skip
    assert reviewing.claim(ada, is_owner=False) is None
    with pytest.raises(TakenError):
        reviewing.claim(bob, pk=item.pk, is_owner=False)
    assert reviewing.claim(eva, is_owner=False) == item
    settled = reviewing.approve(item.pk, eva)
    assert (settled.state, settled.second_opinion) == (ExampleState.APPROVED, SecondOpinion.SETTLED)
    assert second_looks.agreement() == second_looks.Agreement(1, 0.0, 0.0)


@pytest.mark.parametrize(
    ("pairs", "share", "kappa"),
    [
        ([], None, None),
        ([("approved", "approved")] * 4, 1.0, None),
        ([("approved", "approved")] * 20 + [("rejected", "rejected")] * 15 + [("approved", "rejected")] * 5
         + [("rejected", "approved")] * 10, 0.7, 0.4),  # the example of Cohen's kappa that is printed everywhere
    ],
)  # fmt: skip
def test_agreement_beyond_chance(pairs: list[tuple[str, str]], share: float | None, kappa: float | None) -> None:
    found = second_looks.measure(pairs)
    assert (found.count, found.share) == (len(pairs), share)
    assert found.kappa == (None if kappa is None else pytest.approx(kappa))


def test_about_the_share_that_was_said_is_looked_at_twice() -> None:
    second_looks.set_share(0.15, by=None)
    drawn = [reviewing._second_opinion(TrainingExample(pk=pk, state=ExampleState.APPROVED)) for pk in range(2000)]
    assert 0.13 < drawn.count(SecondOpinion.WANTED) / 2000 < 0.17
    with pytest.raises(proposing.ExampleError, match="from 0 to 1"):
        second_looks.set_share(1.5, by=None)


def cites(document: Document) -> TrainingExample:
    """An approved example that cites what the document says now."""
    example = make_example(answer="Refunded within 30 days [1].", is_refusal=False)
    chunk = Chunk.objects.get(document=document)
    ExamplePassage.objects.create(
        example=example, number=1, document=document, version=document.live_version_id, title=document.title,
        text=chunk.text,
    )  # fmt: skip
    return example


def says_now(document: Document, text: str) -> None:
    version = DocumentVersion.objects.create(document=document, number=2, fingerprint="g", byte_count=1, chunk_count=1)
    Chunk.objects.filter(document=document).update(version=version, text=text)
    Document.objects.filter(pk=document.pk).update(live_version=version)


@pytest.fixture
def document() -> Document:
    make_models()
    return Document.objects.get(pk=make_document(Collection.objects.create(name="Public")).pk)


def test_an_example_comes_back_when_what_it_cites_is_said_no_more(document: Document, client: Client) -> None:
    example = cites(document)
    says_now(document, "Plans can be cancelled. Annual plans are refunded within 14 days.")
    with pytest.raises(exporting.ExportError):
        exporting.export(None)
    example.refresh_from_db()
    assert (example.state, example.stale_reason) == (
        ExampleState.IN_REVIEW, '"Refunds" does not say any more what [1] says.',
    )  # fmt: skip
    ada = make_user("ada", is_superuser=True)
    client.force_login(ada)
    page = client.get(reverse("review_item", args=[example.pk])).content.decode()
    assert "Annual plans are refunded within 30 days." in page
    assert "refunded within 14 days" in page
    chunk = Chunk.objects.get()
    client.post(reverse("review_attach", args=[example.pk]), {"chunk": chunk.pk, "number": 1})
    with pytest.raises(reviewing.FactError):
        reviewing.approve(example.pk, ada)
    reviewing.approve(example.pk, ada, answer="Refunded within 14 days [1].")
    assert staleness.recall() == []


def test_an_example_stays_where_only_something_else_of_its_document_has_changed(document: Document) -> None:
    example = cites(document)
    says_now(document, "Everything is new. Annual plans are refunded within 30 days. Nothing is as it was.")
    assert staleness.recall() == []
    assert ExamplePassage.objects.get().version == Document.objects.get().live_version_id
    assert TrainingExample.objects.get(pk=example.pk).state == ExampleState.APPROVED


def test_an_example_comes_back_when_its_document_is_removed(document: Document) -> None:
    example = cites(document)
    document.delete()
    assert staleness.recall() == [example.pk]
    example.refresh_from_db()
    assert example.stale_reason == '"Refunds", which [1] is of, was removed.'
    reviewing.claim(ada := make_user("ada"), pk=example.pk)
    reviewing.approve(example.pk, ada, no_fact="It holds without the document.")
    assert staleness.recall() == []


def test_what_is_asked_most_and_answered_worst_comes_first_and_once_of_a_cluster() -> None:
    ada = make_user("ada")
    plain = proposed(ada, "Where is the export?")
    often = [proposed(ada, "How are annual plans refunded?") for _ in range(3)]
    bad = proposed(ada, "What does a guest account cost?")
    assert bad.message is not None
    Feedback.objects.create(message=bad.message, person="U1", is_positive=False)
    assert impact.is_due()
    assert impact.reckon() == 5
    order = [item.pk for item in reviewing.queue()]
    assert order[0] == bad.pk
    assert set(order[:3]) == {bad.pk, plain.pk, often[0].pk}
    bad.refresh_from_db()
    assert bad.impact == ["1 thumb down"]
    assert TrainingExample.objects.get(pk=often[0].pk).impact == ["asked 3 times in 30 days"]
    assert not impact.is_due()


def test_the_hours_to_the_goal_are_of_different_questions() -> None:
    for number, cluster in enumerate((1, 1, 2)):
        make_example(f"subject {number}", cluster=cluster, review_seconds=30.0)
    told = pace.progress(5)
    assert told.clusters == 2
    assert told.hours_left == pytest.approx(3 * 90 / 2 / 3600)
