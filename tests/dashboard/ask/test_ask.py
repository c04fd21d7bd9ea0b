"""The playground without a browser: what is asked, what is refused, who sees what, and what is kept."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from bot.answers import conversations, prompts
from bot.models import Conversation, Feedback, Message, Outcome, Platform, Speaker
from knowledge.models import Collection, Visibility
from tests.fakes.providers.fake import FakeProviders, Refusal
from tests.rows.make import make_nobody_stand_in
from tests.rows.web_rows import (
    make_answer,
    make_citation,
    make_document,
    make_models,
    make_question,
    make_usage,
    make_user,
)

pytestmark = pytest.mark.django_db

QUESTION = "How are annual plans refunded?"
STREAM = {"Accept": "text/event-stream"}


@pytest.fixture
def ada() -> User:
    return make_user("ada")


@pytest.fixture
def web(client: Client, ada: User) -> Client:
    client.force_login(ada)
    return client


@pytest.fixture
def shelf(fake_providers: FakeProviders) -> Collection:
    """A public collection that holds the answer to QUESTION."""
    make_models()
    collection = Collection.objects.create(name="help-centre")
    make_document(collection)
    fake_providers.blocks = [("Within **30 days**", (0,)), (".", ())]
    return collection


def ask(web: Client, *collections: Collection, question: str = QUESTION, **more: Any) -> Any:
    form = {"question": question, "collections": [collection.pk for collection in collections]}
    return web.post("/ask/", form | more.pop("form", {}), **more)


def frames(reply: Any) -> list[tuple[str, dict[str, Any]]]:
    lines = b"".join(reply.streaming_content).decode().split("\n\n")
    pairs = [frame.split("\n") for frame in lines if frame]
    return [(name.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for name, data in pairs]


def test_a_form_gets_the_page_with_the_cited_answer(web: Client, shelf: Collection) -> None:
    reply = ask(web, shelf, follow=True)
    answer = Message.objects.get(speaker=Speaker.BOT)
    assert reply.redirect_chain == [(f"/ask/{answer.conversation_id}/#answer-{answer.pk}", 302)]
    page = reply.content.decode()
    assert "Within <strong>30 days</strong>" in page
    assert f'href="{reverse("passage", args=[answer.citations.get().pk])}" class="cite"' in page
    assert answer.conversation.platform == Platform.WEB
    assert answer.conversation.user == User.objects.get(username="ada")


def test_a_script_gets_the_passages_then_the_text_then_the_page(web: Client, shelf: Collection) -> None:
    reply = ask(web, shelf, headers=STREAM)
    assert reply.headers["Content-Type"] == "text/event-stream"
    assert reply.headers["X-Accel-Buffering"] == "no"
    assert "no-store" in reply.headers["Cache-Control"]
    names, data = zip(*frames(reply), strict=True)
    assert (names[0], names[-1], set(names[1:-1])) == ("retrieved", "done", {"delta"})
    assert data[0] == {"passages": 1}
    assert "".join(each["text"] for each in data[1:-1]) == "Within **30 days** [1]."
    conversation = Conversation.objects.get()
    assert data[-1]["conversation"] == conversation.pk
    assert data[-1]["url"] == f"/ask/{conversation.pk}/"
    assert "Within <strong>30 days</strong>" in data[-1]["html"]


@pytest.mark.django_db(transaction=True)  # closing a reply closes the connection
def test_a_reader_who_leaves_does_not_take_the_answer_along(web: Client, shelf: Collection) -> None:
    reply = ask(web, shelf, headers=STREAM)
    assert b"retrieved" in next(iter(reply.streaming_content))
    reply.close()
    answer = Message.objects.get(speaker=Speaker.BOT)
    assert (answer.outcome, answer.text) == (Outcome.ANSWERED, "Within **30 days** [1].")
    assert answer.citations.count() == 1


def test_a_follow_up_joins_its_conversation(web: Client, shelf: Collection) -> None:
    ask(web, shelf)
    conversation = Conversation.objects.get()
    ask(web, shelf, question="And how are monthly plans refunded, if at all?", form={"conversation": conversation.pk})
    assert conversation.messages.count() == 4
    page = web.get(f"/ask/{conversation.pk}/").content.decode()
    assert page.index(QUESTION) < page.index("And how are monthly plans")


@pytest.mark.parametrize(
    ("question", "complaint"),
    [
        ("", "The question is empty."),
        (" \n ", "The question is empty."),
        ("why? " * 20_000, "more than the 4,000 characters"),
        ("nul\0byte", "Null characters are not allowed."),
    ],
    ids=["empty", "blank", "100,000 characters", "nul"],
)
def test_a_question_nobody_could_answer_is_refused_in_words(
    web: Client, shelf: Collection, question: str, complaint: str
) -> None:
    page = ask(web, shelf, question=question)
    script = ask(web, shelf, question=question, headers=STREAM)
    assert (page.status_code, script.status_code) == (422, 422)
    assert complaint in page.content.decode()
    assert complaint in script.json()["errors"][0]
    assert not Message.objects.exists()


def test_only_emoji_get_a_kind_word(web: Client, shelf: Collection) -> None:
    page = ask(web, shelf, question="🤔🤔", follow=True).content.decode()
    assert "Needs a question" in page
    assert Message.objects.get(speaker=Speaker.BOT).outcome == Outcome.CLARIFY


def test_who_wants_a_person_is_told_that_there_is_none_here(web: Client, shelf: Collection) -> None:
    reply = ask(web, shelf, question="Can I talk to a human about refunds of annual plans?")
    page = web.get(reply["Location"]).content.decode()
    assert "There is nobody here whom I could hand this to" in page
    assert Message.objects.get(speaker=Speaker.BOT).outcome == "answered"
    assert "nobody here" not in web.get(ask(web, shelf)["Location"]).content.decode()


def test_a_collection_must_be_ticked(web: Client, shelf: Collection) -> None:
    assert "Tick at least one collection to search." in ask(web).content.decode()


def test_before_set_up_the_page_says_so(web: Client) -> None:
    collection = Collection.objects.create(name="help-centre")
    reply = ask(web, collection)
    assert reply.status_code == 422
    assert "No model is live" in reply.content.decode()


def test_public_collections_are_ticked_and_internal_ones_locked(web: Client) -> None:
    public = Collection.objects.create(name="help-centre")
    internal = Collection.objects.create(name="runbooks", visibility=Visibility.INTERNAL)
    page = web.get("/ask/").content.decode()
    boxes = {pk: page[page.index(f'value="{pk}"') :].split("</label>")[0] for pk in (public.pk, internal.pk)}
    assert " checked" in boxes[public.pk]
    assert "#lock" not in boxes[public.pk]
    assert " checked" not in boxes[internal.pk]
    assert "#lock" in boxes[internal.pk]


def test_internal_collections_are_for_staff_however_the_form_is_forged(client: Client) -> None:
    internal = Collection.objects.create(name="runbooks", visibility=Visibility.INTERNAL)
    client.force_login(make_user("guest", is_staff=False))
    assert "runbooks" not in client.get("/ask/").content.decode()
    reply = client.post("/ask/", {"question": "What is the secret lever?", "collections": [internal.pk]})
    assert reply.status_code == 422


def test_only_the_ticked_collections_are_searched(web: Client, shelf: Collection) -> None:
    internal = Collection.objects.create(name="runbooks", visibility=Visibility.INTERNAL)
    make_document(internal, "Refund runbook", "Annual plans are refunded by the secret lever. Pull it.")
    ask(web, shelf)
    assert "secret lever" not in json.dumps(Message.objects.get(speaker=Speaker.BOT).trace)


def test_what_the_documents_do_not_hold_is_said_plainly(
    web: Client, shelf: Collection, fake_providers: FakeProviders
) -> None:
    fake_providers.blocks = [(prompts.NOT_FOUND, ())]
    assert "Not in the documents" in ask(web, shelf, follow=True).content.decode()


def test_a_failed_provider_shows_an_incident_id(web: Client, shelf: Collection, fake_providers: FakeProviders) -> None:
    make_nobody_stand_in()
    fake_providers.script(Refusal(401, "No such key."))
    page = ask(web, shelf, follow=True).content.decode()
    answer = Message.objects.get(speaker=Speaker.BOT)
    assert "Could not be written" in page
    assert f"this number: {answer.trace_id[:8]}" in page
    assert "No such key" not in page


@pytest.mark.parametrize(
    ("costs", "label"),
    [(["0.00042113"], "$0.00042"), (["0", "0"], "Free"), (["0.5", None], "unpriced"), (["1.2", "0.004"], "$1.20")],
)
def test_the_cost_of_an_answer_is_all_its_calls(web: Client, ada: User, costs: list[str | None], label: str) -> None:
    answer = make_answer(make_question(ada))
    for cost in costs:
        make_usage(answer.trace_id, cost)
    Message.objects.filter(pk=answer.pk).update(cost=conversations.cost(answer.trace_id))
    page = web.get(f"/ask/{answer.conversation_id}/").content.decode()
    assert f">{label}</li>" in page
    assert "1.90 s" in page


def test_stages_and_passages_of_an_answer_can_be_seen(web: Client, ada: User) -> None:
    answer = make_answer(make_question(ada))
    page = web.get(f"/ask/{answer.conversation_id}/").content.decode()
    for shown in ("1.5 ms", "8.5 ms", "390.0 ms", "1500.0 ms", "1900.0 ms", "0.912", "bm25", "0.93 of 1"):
        assert shown in page


def test_a_question_without_an_answer_says_so(web: Client, ada: User) -> None:
    question = make_question(ada)
    assert "interrupted before it had an answer" in web.get(f"/ask/{question.conversation_id}/").content.decode()


def test_a_passage_shows_its_quote_and_its_source(web: Client, ada: User) -> None:
    citation = make_citation(make_answer(make_question(ada)))
    address = f"/passages/{citation.pk}/"
    page, panel = web.get(address), web.get(address, headers={"HX-Request": "true"})
    for reply in (page, panel):
        assert "<mark>Annual plans are refunded within 30 days.</mark>" in reply.content.decode()
        assert 'href="https://help.example.com/refunds"' in reply.content.decode()
    assert "<html" in page.content.decode()
    assert "<html" not in panel.content.decode()


def test_a_passage_does_not_link_to_anything_but_a_web_page(web: Client, ada: User) -> None:
    citation = make_citation(make_answer(make_question(ada)), url="javascript:alert(1)")
    assert "javascript:" not in web.get(f"/passages/{citation.pk}/").content.decode()


def test_names_and_texts_from_outside_stay_text(web: Client, ada: User) -> None:
    evil = "<script>alert(1)</script>"
    answer = make_answer(make_question(ada, evil), f"{evil} [1]", model=evil)
    citation = make_citation(answer, title=evil, heading=evil, path=evil, quote=evil, passage=evil)
    Collection.objects.create(name=evil)
    for address in (f"/ask/{answer.conversation_id}/", f"/passages/{citation.pk}/", "/ask/", "/"):
        assert evil not in web.get(address).content.decode()


def test_thumbs_are_kept_and_can_be_changed(web: Client, ada: User) -> None:
    answer = make_answer(make_question(ada))
    address = f"/answers/{answer.pk}/feedback/"
    reply = web.post(address, {"is_positive": "yes"}, headers={"HX-Request": "true"})
    said = " ".join(reply.content.decode().split())
    assert 'value="yes" aria-label="Good answer" aria-pressed="true"' in said
    assert web.post(address, {"is_positive": "no"}).status_code == 302
    assert [(each.user, each.is_positive) for each in Feedback.objects.all()] == [(ada, False)]
    assert web.post(address, {"is_positive": "perhaps"}).status_code == 422


def test_a_refusal_can_be_said_to_be_wrong_and_where_it_stands(web: Client, ada: User) -> None:
    answer = make_answer(make_question(ada), outcome="not_in_docs")
    address = f"/answers/{answer.pk}/feedback/"
    shown = web.post(address, {"is_positive": "no"}, headers={"HX-Request": "true"}).content.decode()
    assert "You have it, I know" in shown
    assert "The sources do not fit" not in shown
    web.post(address, {"is_positive": "no", "reason": "have_it", "right_document": "Refunds"})
    kept = Feedback.objects.get()
    assert (kept.is_positive, kept.reason, kept.right_document) == (False, "have_it", "Refunds")
    assert web.post(address, {"is_positive": "no", "reason": "rude"}).status_code == 422


def test_conversations_of_others_do_not_exist(web: Client) -> None:
    answer = make_answer(make_question(make_user("eve"), "A private question"))
    citation = make_citation(answer)
    addresses = [f"/ask/{answer.conversation_id}/", f"/passages/{citation.pk}/"]
    assert [web.get(address).status_code for address in addresses] == [404, 404]
    assert web.post(f"/answers/{answer.pk}/feedback/", {"is_positive": "yes"}).status_code == 404
    assert "A private question" not in web.get("/ask/").content.decode()
    collection = Collection.objects.create(name="help-centre")
    reply = ask(web, collection, form={"conversation": answer.conversation_id})
    assert "not there any more" in reply.content.decode()
    assert answer.conversation.messages.count() == 2


@pytest.mark.usefixtures("shelf")
def test_the_start_page_tells_the_state_of_the_install(web: Client) -> None:
    page = " ".join(web.get("/").content.decode().split())
    for shown in (
        "<b>1</b> indexed",
        "<b>a-model</b>",
        "<b>all-MiniLM-L6-v2</b>",
    ):
        assert shown in page


def test_an_empty_install_says_what_to_do(web: Client) -> None:
    assert "manage.py ingest" in web.get("/").content.decode()
    assert "manage.py ingest" in web.get("/ask/").content.decode()
