"""From an answer to training data: redacted, reviewed by one person at a time, and exported only where it may be."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from bot.answers import prompts
from bot.models import Channel, Feedback, Message, Platform, Workspace
from tests.rows.questions import make_question_row
from tests.rows.web_rows import make_answer, make_question, make_user
from tuning.datasets import exporting
from tuning.datasets.validating import LEAST_LINES
from tuning.examples import improvements, proposing, reviewing
from tuning.models import ExampleState, Export, ExportLine, TrainingExample
from tuning.reviews import pace

pytestmark = pytest.mark.django_db

TRACES = iter(f"{number:032x}" for number in range(1000, 2000))


def answered(
    user: User, question: str = "How are annual plans refunded?", text: str = "Within 30 days [1]."
) -> Message:
    return make_answer(make_question(user, question, trace_id=next(TRACES)), text)


def answered_in(workspace: Workspace, user: User) -> Message:
    channel, _ = Channel.objects.get_or_create(workspace=workspace, external_id="C1")
    message = answered(user)
    make_question_row(message, channel)
    return message


def enough(user: User) -> list[TrainingExample]:
    """As many approved examples as a trainer takes."""
    return [
        approved(answered(user), user, answer=f"Refunded {'very ' * number}soon [1].") for number in range(LEAST_LINES)
    ]


def approved(message: Message, user: User, **changes: Any) -> TrainingExample:
    item = proposing.propose(message, by=user)
    reviewing.claim(user, pk=item.pk)
    return reviewing.approve(item.pk, user, **changes)


def test_an_example_is_the_very_prompt_without_what_is_personal() -> None:
    user = make_user("ada.lovelace")
    message = answered(user, "I am Ada.Lovelace, ada@example.com: refunds?")
    item = proposing.propose(message, by=user)
    roles = [each["role"] for each in item.messages]
    assert roles == ["system", "user", "assistant"]
    assert item.messages[-1]["content"] == item.answer == "Within 30 days [1]."
    assert message.trace["passages"][0]["text"] in item.messages[1]["content"]
    assert item.template_hash == prompts.template_hash()
    assert "ada" not in json.dumps(item.messages).lower()
    assert item.redactions == {"e-mail": 1, "name": 1} or item.redactions["e-mail"] >= 1
    assert proposing.propose(message, by=user).pk == item.pk


def test_two_reviewers_never_have_the_same_item() -> None:
    ada, bob = make_user("ada"), make_user("bob")
    first, second = (proposing.propose(answered(ada), by=ada) for _ in range(2))
    assert {item.pk for user in (ada, bob) if (item := reviewing.claim(user))} == {first.pk, second.pk}
    with pytest.raises(reviewing.TakenError):
        reviewing.claim(bob, pk=reviewing.claim(ada).pk)  # type: ignore[union-attr]
    with pytest.raises(reviewing.TakenError):
        reviewing.approve(first.pk, bob if TrainingExample.objects.get(pk=first.pk).claimed_by == ada else ada)


def test_every_decision_and_its_undoing() -> None:
    ada = make_user("ada")
    items = [proposing.propose(answered(ada), by=ada) for _ in range(5)]
    for item in items:
        reviewing.claim(ada, pk=item.pk)
    assert reviewing.approve(items[0].pk, ada, answer="In 30 days [1].").is_edited
    refused = reviewing.refuse(items[1].pk, ada)
    assert (refused.answer, refused.messages[-1]["content"]) == (prompts.NOT_FOUND, prompts.NOT_FOUND)
    with pytest.raises(proposing.ExampleError, match="Say why"):
        reviewing.reject(items[2].pk, ada, reason=" ")
    assert reviewing.reject(items[2].pk, ada, reason="wrong").reason == "wrong"
    assert reviewing.keep_for_evaluation(items[3].pk, ada).state == ExampleState.BARRED
    reviewing.skip(items[4].pk, ada)
    undone = reviewing.undo(ada)
    assert undone is not None
    assert (undone.pk, undone.state, undone.reviewer) == (items[3].pk, ExampleState.IN_REVIEW, None)
    assert [item.pk for item in reviewing.queue()] == [items[3].pk, items[4].pk]
    assert pace.progress(200).approved == 2


def test_undoing_a_refusal_gives_the_reviewers_own_words_back() -> None:
    ada = make_user("ada")
    item = proposing.propose(answered(ada), by=ada)
    reviewing.claim(ada, pk=item.pk)
    reviewing.save_draft(item.pk, ada, "What I had written [1].")
    reviewing.refuse(item.pk, ada)
    undone = reviewing.undo(ada)
    assert undone is not None
    assert (undone.answer, undone.is_refusal, undone.set_aside) == ("What I had written [1].", False, "")
    assert undone.messages[-1]["content"] == "What I had written [1]."
    assert undone.checksum == proposing.checksum(undone.messages)


def test_an_edit_is_redacted_with_the_names_of_those_who_spoke() -> None:
    grace = make_user("grace.hopper")
    item = proposing.propose(answered(grace), by=grace)
    reviewing.claim(grace, pk=item.pk)
    reviewing.save_draft(item.pk, grace, "Dear Grace.Hopper, within 30 days [1].")
    assert TrainingExample.objects.get().answer == "Dear [NAME_1], within 30 days [1]."
    done = reviewing.approve(item.pk, grace, answer="Dear grace.hopper, within 30 days [1].")
    assert done.answer == done.messages[-1]["content"] == "Dear [NAME_1], within 30 days [1]."


def test_where_the_conversation_is_gone_the_askers_of_the_workspace_are_taken_out() -> None:
    ada = make_user("ada")
    workspace = Workspace.objects.create(
        platform=Platform.SLACK, external_id="T1", name="Acme", is_training_allowed=True
    )
    item = proposing.propose(answered_in(workspace, ada), by=ada)
    TrainingExample.objects.filter(pk=item.pk).update(message=None)
    reviewing.claim(ada, pk=item.pk)
    reviewing.save_draft(item.pk, ada, "Dear Ann Example, within 30 days [1].")
    assert TrainingExample.objects.get().answer == "Dear [NAME_1], within 30 days [1]."


def test_candidates_are_what_people_have_improved() -> None:
    ada = make_user("ada")
    better, plain = answered(ada), answered(ada)
    Feedback.objects.create(message=better, person="U1", is_positive=False, better_answer="After 14 days.")
    Feedback.objects.create(message=plain, person="U1", is_positive=True)
    changed = answered(ada)
    Message.objects.filter(pk=changed.pk).update(sent_text="As a person sent it.")
    assert improvements.propose_candidates(ada) == 2
    assert set(TrainingExample.objects.values_list("answer", flat=True)) == {"After 14 days.", "As a person sent it."}


def test_nothing_leaves_from_where_training_is_not_allowed() -> None:
    ada = make_user("ada")
    workspace = Workspace.objects.create(platform=Platform.SLACK, external_id="T1", name="Acme")
    message = answered_in(workspace, ada)
    with pytest.raises(proposing.ExampleError, match="not allowed for the workspace Acme"):
        proposing.propose(message, by=ada)
    Workspace.objects.update(is_training_allowed=True)
    item = approved(Message.objects.get(pk=message.pk), ada)
    assert "Ann Example" not in json.dumps(item.messages)
    own, *_ = others = enough(ada)
    Workspace.objects.update(is_training_allowed=False)
    row, text = exporting.export(ada)
    assert {line.example_id for line in row.exportline_set.all()} == {other.pk for other in others}
    assert json.loads(text.splitlines()[0])["messages"][-1]["content"] == "Refunded soon [1]."
    assert exporting.barred() == 1
    for example, checksum in ((item, item.checksum), (own, "changed since")):
        with pytest.raises(IntegrityError, match="may not be exported"), transaction.atomic():
            ExportLine.objects.create(export=Export.objects.create(lines=1), example=example, checksum=checksum)


def test_an_export_is_checked_and_holds_nothing_twice() -> None:
    ada = make_user("ada")
    with pytest.raises(exporting.ExportError, match=r"No approved examples may leave yet; .* no fewer than 10"):
        exporting.export(ada)
    enough(ada)
    twice = [approved(answered(ada, "The same?"), ada) for _ in range(2)]
    assert [issue.sentence for issue in exporting.validate(twice)] == ["says the same as a line before"]
    assert exporting.export(ada)[0].lines == LEAST_LINES + 1
    TrainingExample.objects.filter(pk=twice[0].pk).update(messages=[{"role": "user", "content": "changed"}])
    with pytest.raises(exporting.ExportError, match="changed after its review"):
        exporting.export(ada)


def test_the_pages_of_a_review(client: Client) -> None:
    ada = make_user("ada", is_superuser=True)
    client.force_login(ada)
    message = answered(ada)
    reply = client.post(reverse("promote", args=[message.pk]))
    item = TrainingExample.objects.get()
    assert reply.headers["Location"] == reverse("review_item", args=[item.pk])
    assert "Within 30 days" in client.get(reverse("review_item", args=[item.pk])).content.decode()
    saved = client.post(reverse("review_draft", args=[item.pk]), {"answer": "Within 30 long days [1]."})
    assert "<ins>long" in saved.content.decode()
    client.post(reverse("review_item", args=[item.pk]), {"verb": "approve", "answer": "Within 30 long days [1]."})
    item.refresh_from_db()
    assert (item.state, item.answer, item.reviewer) == (ExampleState.APPROVED, "Within 30 long days [1].", ada)
    assert "no fewer than 10" in client.get(reverse("examples")).content.decode()
    enough(ada)
    exported = client.post(reverse("export_examples"))
    assert json.loads(exported.content.splitlines()[0])["messages"][-1]["role"] == "assistant"
    assert client.post(reverse("review_item", args=[item.pk]), {"verb": "fly"}).status_code == 422
