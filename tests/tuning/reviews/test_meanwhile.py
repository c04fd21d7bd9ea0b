"""Two do something with one example at one time, or one dies in the middle: nothing is undone, doubled or halved."""

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from tests.harness.waiting import meanwhile
from tests.rows.make import make_collection
from tests.rows.web_rows import make_answer, make_document, make_models, make_question, make_user
from tuning.examples import erasing, passage_rows, proposing, reviewing
from tuning.examples.proposing import ExampleError
from tuning.models import ExampleState, Export, ExportLine, ReviewVerdict, TrainingExample
from tuning.reviews import second_looks, staleness

TRACES = iter(f"{number:032x}" for number in range(5000, 6000))


@pytest.fixture
def ada() -> User:
    return make_user("ada", is_superuser=True)


def claimed(user: User) -> TrainingExample:
    item = proposing.propose(make_answer(make_question(user, trace_id=next(TRACES))), by=user)
    reviewing.claim(user, pk=item.pk)
    return item


def approved(user: User) -> TrainingExample:
    return reviewing.approve(claimed(user).pk, user)


def exported(item: TrainingExample) -> None:
    ExportLine.objects.create(export=Export.objects.create(lines=1), example=item, checksum=item.checksum)


@pytest.mark.django_db(transaction=True)
def test_a_draft_on_its_way_does_not_take_an_approval_back(ada: User) -> None:
    item = claimed(ada)
    with meanwhile(lambda: reviewing.save_draft(item.pk, ada, "A late draft [1].")) as raised:
        reviewing.approve(item.pk, ada)
    item.refresh_from_db()
    assert (item.state, item.answer) == (ExampleState.APPROVED, "Within 30 days [1].")
    assert [type(each) for each in raised] == [reviewing.TakenError]


@pytest.mark.django_db(transaction=True)
def test_what_was_erased_while_a_draft_was_on_its_way_stays_erased(ada: User) -> None:
    item = claimed(ada)
    with meanwhile(lambda: reviewing.save_draft(item.pk, ada, "A late draft [1].")) as raised:
        erasing.erase([item.message_id or 0])
    assert not TrainingExample.objects.exists()
    assert [type(each) for each in raised] == [reviewing.TakenError]


@pytest.mark.django_db(transaction=True)
def test_the_command_decides_without_a_transaction_of_its_own(ada: User) -> None:
    first, second, third = claimed(ada), claimed(ada), claimed(ada)
    call_command("example", "approve", str(first.pk))
    call_command("example", "reject", str(second.pk), reason="wrong")
    call_command("example", "undo")
    call_command("example", "refuse", str(third.pk))
    states = {each.pk: each.state for each in TrainingExample.objects.all()}
    assert states == {first.pk: "approved", second.pk: "in_review", third.pk: "approved"}


@pytest.mark.django_db(transaction=True)
def test_what_was_typed_is_kept_where_an_approval_is_refused(ada: User) -> None:
    item = claimed(ada)
    with pytest.raises(reviewing.FactError):
        reviewing.approve(item.pk, ada, answer="Within 30 days [1]. Invoices are kept for 77 years.")
    item.refresh_from_db()
    assert item.answer.endswith("77 years.")


@pytest.mark.django_db(transaction=True)
def test_a_process_that_dies_leaves_no_example_without_its_passages(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    message = make_answer(make_question(ada, trace_id=next(TRACES)))

    def die(*_: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(passage_rows, "keep", die)
        with pytest.raises(SystemExit):
            proposing.propose(message, by=ada)
    assert not TrainingExample.objects.exists()
    assert proposing.propose(message, by=ada).passages.count() == 1


@pytest.mark.django_db
def test_what_a_trainer_was_given_can_be_erased_while_it_is_in_review_again(ada: User) -> None:
    item = approved(ada)
    exported(item)
    undecided = TrainingExample.objects.filter(pk=item.pk)
    undecided.update(state=ExampleState.IN_REVIEW, reviewer=None, reviewed_at=None)  # as after routing.learn_too
    assert erasing.erase([item.message_id or 0]).emptied == 1
    item.refresh_from_db()
    assert item.state == ExampleState.REJECTED
    assert item.reviewed_at is not None


@pytest.mark.django_db
@pytest.mark.parametrize("how", ["its document changed", "it was taken up again"])
def test_a_second_look_at_what_is_in_review_again_is_over(ada: User, how: str) -> None:
    second_looks.set_share(1, by=None)
    bob = make_user("bob")
    item = approved(ada)
    assert second_looks.claim(bob, pk=item.pk) is not None
    if how == "its document changed":
        staleness._return(item.pk, "changed")
    else:
        reviewing.reopen(TrainingExample.objects.get(pk=item.pk), ada)
    assert not item.reviews.filter(verdict=ReviewVerdict.OPEN).exists()
    with pytest.raises(reviewing.TakenError):
        second_looks.decide(item.pk, bob, ReviewVerdict.APPROVED)
    with pytest.raises(reviewing.TakenError):
        second_looks.save_draft(item.pk, bob, "Too late.")


@pytest.mark.django_db
def test_a_second_look_that_an_older_version_left_open_is_refused_in_words(ada: User) -> None:
    second_looks.set_share(1, by=None)
    bob = make_user("bob")
    item = approved(ada)
    second_looks.claim(bob, pk=item.pk)
    TrainingExample.objects.filter(pk=item.pk).update(state=ExampleState.IN_REVIEW)
    with pytest.raises(ExampleError, match="has run out"):
        second_looks.decide(item.pk, bob, ReviewVerdict.APPROVED)


@pytest.mark.django_db
def test_an_evaluation_that_is_refused_leaves_a_routed_example_as_it_is(ada: User, client: Client) -> None:
    make_models()
    item = approved(ada)
    exported(item)
    document = make_document(make_collection())
    TrainingExample.objects.filter(pk=item.pk).update(state=ExampleState.ROUTED, article=document)
    client.force_login(ada)
    reply = client.post(reverse("review_learn_too", args=[item.pk]), {"as": "evaluation"}, follow=True)
    assert "A trainer was given this one already" in reply.content.decode()
    item.refresh_from_db()
    assert (item.state, item.passages.filter(is_attached=True).count()) == (ExampleState.ROUTED, 0)
    client.post(reverse("review_learn_too", args=[item.pk]), {"as": "training"})
    item.refresh_from_db()
    assert item.state == ExampleState.IN_REVIEW
    assert item.checksum == proposing.checksum(item.messages)
