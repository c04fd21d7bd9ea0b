"""What older, imported and internal examples have is kept: their passages, their names, that they are known."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bot.answers import prompts
from knowledge.models import Chunk, Visibility
from tests.rows.examples import make_example, make_examples
from tests.rows.make import make_collection
from tests.rows.web_rows import make_answer, make_document, make_models, make_question, make_user
from tuning.examples import importing, proposing, reviewing
from tuning.examples.proposing import ExampleError
from tuning.models import ExampleReview, ExampleState, TrainingExample
from tuning.reviews import impact, routing, second_looks

pytestmark = pytest.mark.django_db

TRACES = iter(f"{number:032x}" for number in range(8000, 9000))
WAITS: dict[str, Any] = {"state": ExampleState.IN_REVIEW, "reviewed_at": None, "reviewer": None}


@pytest.fixture
def ada() -> User:
    return make_user("ada", is_superuser=True)


@pytest.fixture
def chunk() -> Chunk:
    make_models()
    return Chunk.objects.get(document=make_document(make_collection()))


def proposed(user: User, asked: str = "How are annual plans refunded?") -> TrainingExample:
    item = proposing.propose(make_answer(make_question(user, asked, trace_id=next(TRACES))), by=user)
    reviewing.claim(user, pk=item.pk)
    return item


def test_an_example_older_than_its_rows_keeps_the_passages_of_its_prompt(ada: User, chunk: Chunk) -> None:
    item = make_example("annual plans", others=["Something else."], **WAITS)
    reviewing.claim(ada, pk=item.pk)
    found = reviewing.attach(item.pk, ada, chunk)
    passages, question = prompts.read(found.messages[-2]["content"])
    texts = ["The guide tells about annual plans.", "Something else.", chunk.text]
    assert [each.text for each in passages] == texts
    assert question == item.question
    assert [each.text for each in item.passages.all()] == texts


def test_one_without_any_passage_is_given_its_first(ada: User, chunk: Chunk) -> None:
    item = make_example(**WAITS)
    built = prompts.build(item.question, [], may_search=True)
    TrainingExample.objects.update(**proposing.final(built.messages(), item.answer))
    reviewing.claim(ada, pk=item.pk)
    found = reviewing.attach(item.pk, ada, chunk)
    assert [each.text for each in prompts.read(found.messages[-2]["content"])[0]] == [chunk.text]


def test_a_prompt_that_cannot_be_read_is_left_as_it_is(ada: User, chunk: Chunk, client: Client) -> None:
    messages = [{"role": "user", "content": "Context: plans.\n\nWhat?"}, {"role": "assistant", "content": "So [1]."}]
    item = make_example(answer="So [1].", **WAITS, **proposing.final(messages, "So [1]."))
    reviewing.claim(ada, pk=item.pk)
    with pytest.raises(ExampleError, match="cannot be told apart in its prompt"):
        reviewing.attach(item.pk, ada, chunk)
    client.force_login(ada)
    page = client.post(reverse("review_attach", args=[item.pk]), {"chunk": chunk.pk}, follow=True)
    assert "cannot be told apart in its prompt" in page.content.decode()
    item.refresh_from_db()
    assert (item.messages, item.passages.count()) == (messages, 0)


def test_an_import_is_known_again_however_it_was_edited_since(ada: User, chunk: Chunk) -> None:
    table = importing.read("a.csv", b"question,answer\nHow?,Like this.\nWhen?,Now.\n")
    rows, known = importing.add(table, by=ada)
    assert (len(rows), known) == (2, 0)
    reviewing.claim(ada, pk=rows[0].pk)
    reviewing.approve(rows[0].pk, ada, answer="Just like this.", no_fact="It is so.")
    rows, known = importing.add([*table, *importing.read("b.csv", b"question,answer\nWhy?,So.\n")], by=ada)
    assert ([row.question for row in rows], known) == (["Why?"], 2)
    assert "Like this" not in json.dumps(list(TrainingExample.objects.values_list("source", flat=True)))


def test_of_two_answers_in_a_row_what_has_no_weight_is_not_learnt() -> None:
    said = [{"role": "assistant", "content": text, "weight": weight} for text, weight in (("Hm.", 0), ("So.", 1))]
    asked = {"role": "user", "content": "How?"}
    for answers in (said, said[::-1]):
        line = json.dumps({"messages": [asked, *answers]})
        assert importing.read("a.jsonl", line.encode()) == [importing.ImportedExchange("How?", "So.")]
    line = json.dumps({"messages": [asked, *said, {"role": "assistant", "content": "Or so."}]})
    assert importing.read("a.jsonl", line.encode())[0].answer == "So.\n\nOr so."


def test_a_name_that_an_asker_gave_is_taken_out_of_what_a_reviewer_writes(ada: User) -> None:
    item = proposed(ada, "My name is Grace Hopper. How are annual plans refunded?")
    found = reviewing.save_draft(item.pk, ada, "Dear Grace, within 30 days [1].")
    assert found.answer == "Dear [NAME_1], within 30 days [1]."
    assert "[NAME_1]" in found.question


def test_the_article_of_what_cites_an_internal_passage_is_internal(ada: User, chunk: Chunk, client: Client) -> None:
    internal = make_collection("Internal", Visibility.INTERNAL)
    secret = make_document(internal, "Margins", "Margins are 7 per cent.")
    item = proposed(ada)
    public = chunk.document.collection
    assert routing.home(item) == public
    item.passages.create(number=2, document=secret, title="Margins", text="Margins are 7 per cent.")
    assert routing.home(item) == public  # nobody cites it
    reviewing.save_draft(item.pk, ada, "Within 30 days [1], as margins are 7 per cent [2].")
    client.force_login(ada)
    page = client.get(reverse("review_article", args=[item.pk])).content.decode()
    assert f'<option value="{internal.pk}" selected>' in page


def test_how_often_two_agree_is_one_query_however_many_there_are(ada: User) -> None:
    bob = make_user("bob")
    for number, item in enumerate(make_examples(6)):
        verdicts = ("approved", "approved") if number else ("approved", "rejected")
        for reviewer, verdict in zip((ada, bob), verdicts, strict=True):
            ExampleReview.objects.create(
                example=item, reviewer=reviewer, verdict=verdict, is_blind=reviewer == bob
            )  # fmt: skip
    ExampleReview.objects.create(example=make_example("seats"), reviewer=bob, verdict="approved", is_blind=True)
    with CaptureQueriesContext(connection) as asked:
        found = second_looks.agreement()
    assert len(asked) == 1
    assert (found.count, found.share) == (6, 5 / 6)


def test_an_order_that_has_not_changed_is_not_written_again(ada: User) -> None:
    for number in range(5):
        proposed(ada, f"What of number {number}?")
    assert impact.reckon() == 5
    with CaptureQueriesContext(connection) as asked:
        impact.reckon()
    assert not [each for each in asked if each["sql"].startswith("UPDATE")]
    TrainingExample.objects.update(priority=0)
    with CaptureQueriesContext(connection) as asked:
        impact.reckon()
    assert len([each for each in asked if each["sql"].startswith("UPDATE")]) == 1
    assert not TrainingExample.objects.filter(priority=0).exists()
