"""The pages of admins in Chromium: reviewing by keyboard, handing in files, and what a screen reader needs."""

import re
from collections.abc import Iterator

import pytest
from axe_core_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect

from bot.models import Channel, Conversation, Escalation, Feedback, Message, Platform, Question, Voice, Workspace
from knowledge.models import Collection, Document
from knowledge.sources import uploads
from llm.models import Budget, Deployment, UsageRecord
from tests.harness.browser import logged_in
from tests.rows.questions import make_question_row
from tests.rows.web_rows import (
    make_answer,
    make_citation,
    make_document,
    make_models,
    make_question,
    make_usage,
    make_user,
)
from tuning.examples import bulk, proposing
from tuning.models import ExampleState, TrainingExample

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

FIRST_LOAD_BYTES = 150_000


@pytest.fixture
def rows() -> Message:
    """Something of everything, so that no page is empty."""
    make_models()
    owner = make_user("ada", is_superuser=True)
    document = make_document(Collection.objects.create(name="Public"))
    answer = make_answer(make_question(owner))
    make_citation(answer, document=document)
    make_usage(answer.trace_id, "0.0012")
    workspace = Workspace.objects.create(platform=Platform.SLACK, external_id="T1", name="Acme")
    channel = Channel.objects.create(workspace=workspace, external_id="C1", name="help")
    conversation = Conversation.objects.create(platform="slack")
    question = make_question_row(
        None, channel, conversation=conversation, message_id="1", trace_id="2" * 32, text="May I talk to somebody?"
    )
    Escalation.objects.create(question=question, reason="The asker wants a person.")
    Voice.objects.create(name="default", version=1, style_guide="Warm.")
    Budget.objects.create(period="month", limit=20)
    return answer


@pytest.fixture
def page(chromium: Browser, site: str, rows: Message) -> Iterator[Page]:
    """The owner, logged in; in the end no page may have broken its content security policy or thrown an error."""
    with logged_in(chromium, site, rows.conversation.user) as page:  # type: ignore[arg-type]
        yield page


def addresses(answer: Message) -> list[str]:
    names = [
        "home", "conversations", "review", "examples", "escalations", "documents", "sources", "collections", "bench",
        "channels", "voices", "new_voice", "costs", "budgets", "prices", "models", "new_endpoint", "install", "people",
        "audit",
    ]  # fmt: skip
    of_rows = {
        "transcript": answer.conversation_id,
        "correct": answer.pk,
        "prompt": answer.pk,
        "document": Document.objects.get().pk,
        "channel": Channel.objects.get().pk,
        "escalation": Escalation.objects.get().pk,
        **dict.fromkeys(("review_item", "review_article"), proposing.propose(answer, by=None).pk),
        "proposers": Workspace.objects.get().pk,
        "proposal": bulk.do_now([answer.pk, 0], by=None).pk,
    }
    return [*map(reverse, names), *(reverse(name, args=[pk]) for name, pk in of_rows.items())]


def test_no_page_is_hard_to_read_with_a_screen_reader_or_wider_than_a_phone(page: Page, rows: Message) -> None:
    found = []
    for number, address in enumerate(addresses(rows)):
        for scheme, width in (("light", 1280), ("dark", 390)):
            page.set_viewport_size({"width": width, "height": 844})
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            page.goto(address)
            if page.evaluate("document.documentElement.scrollWidth") > width:
                found.append(f"{address} is wider than {width}")
            if scheme == "dark" and number % 3:
                continue  # the colours are the same few everywhere
            for violation in Axe().run(page)["violations"]:
                if violation["impact"] in ("serious", "critical"):
                    nodes = [node["html"][:120] for node in violation["nodes"][:2]]
                    found.append(f"{address} {scheme}: {violation['id']} {nodes}")
    assert found == []


def test_the_first_page_is_light(page: Page) -> None:
    sizes: list[int] = []
    page.on("requestfinished", lambda request: sizes.append(request.sizes()["responseBodySize"]))
    page.context.clear_cookies(name="none")
    page.goto("/conversations/")
    page.wait_for_load_state("networkidle")
    assert 0 < sum(sizes) <= FIRST_LOAD_BYTES


def test_a_reviewer_needs_no_mouse(page: Page, rows: Message) -> None:
    item = proposing.propose(rows, by=None)
    page.goto(reverse("review_item", args=[item.pk]))
    page.keyboard.press("e")
    page.get_by_role("textbox", name="The answer to learn from").fill("Within 30 long days [1].")
    expect(page.locator("#diff ins")).to_have_text("long ")
    expect(page.locator(".saved")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("r")
    page.keyboard.type("not now")
    page.keyboard.press("Escape")
    page.keyboard.press("a")
    page.wait_for_url("/review/")
    expect(page.get_by_role("status")).to_have_text("The queue is empty. Well done.")
    decided = TrainingExample.objects.get()
    assert (decided.state, decided.answer) == (ExampleState.APPROVED, "Within 30 long days [1].")


def test_files_are_dropped_and_followed_until_they_are_read(page: Page) -> None:
    page.goto(reverse("documents"))
    files = [
        {"name": "export.md", "mimeType": "text/markdown", "buffer": b"# Export\n\nEverything, as CSV."},
        {"name": "empty.txt", "mimeType": "text/plain", "buffer": b""},
    ]
    page.get_by_label("Files").set_input_files(files)  # type: ignore[arg-type]
    page.get_by_role("button", name="Upload").click()
    expect(page.locator(".drop-list")).to_contain_text("export.md: sent")
    expect(page.locator(".drop-list")).to_contain_text("empty.txt is empty.")
    expect(page.locator("#document-list")).to_contain_text("1 waiting to be read")
    uploads.index(Document.objects.get(path="export.md").pk)
    row = page.locator("#document-list tr", has_text="export.md")
    expect(row).to_contain_text(re.compile("indexed", re.IGNORECASE))
    row.get_by_role("link", name="Export").click()
    expect(page.locator("body")).to_contain_text("Passages as indexed")


def test_an_answer_goes_from_the_list_to_the_queue(page: Page) -> None:
    page.goto("/")
    page.get_by_role("link", name="Conversations", exact=True).click()
    page.get_by_role("link", name="How are annual plans refunded?").click()
    page.get_by_text("Calls to models").click()
    expect(page.locator("body")).to_contain_text("$0.0012")
    page.get_by_role("button", name="Propose as an example").click()
    page.wait_for_url(re.compile(r"/review/\d+/"))
    expect(page.get_by_role("heading", name="How are annual plans refunded?")).to_be_visible()


PAYLOADS = (
    "\"><script>window.pwned=1</script>'><img src=x onerror=window.pwned=1></textarea><svg/onload=window.pwned=1>",
    '[a](javascript:window.pwned=1) ![b](x" onerror="window.pwned=1)<a href=javascript:window.pwned=1>x</a>',
    "{{constructor.constructor('window.pwned=1')()}}<iframe srcdoc=\"<script>parent.pwned=1</script>\">",
)


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_no_stored_text_becomes_a_script(page: Page, rows: Message, payload: str) -> None:
    answer = rows
    Message.objects.update(text=payload, sent_text=payload)
    for hit in answer.trace["passages"]:
        hit.update(title=payload, heading=payload, text=payload)
    Message.objects.filter(pk=answer.pk).update(trace=answer.trace, model=payload, text=f"{payload} [1]")
    answer.citations.update(title=payload, heading=payload, quote=payload, passage=payload, path=payload, url=payload)
    Feedback.objects.create(
        message=answer,
        person=payload[:60],
        is_positive=False,
        reason="wrong",
        better_answer=payload,
        right_document=payload,
    )
    Channel.objects.update(name=payload, refusal_text=payload, language=payload[:40])
    Workspace.objects.update(name=payload)
    Question.objects.update(text=payload, asker_name=payload)
    Escalation.objects.update(reason=payload, answer=payload, claimed_by=payload[:60])
    Document.objects.update(
        title=payload, path=payload, reason=payload, state="failed", url="javascript:window.pwned=1"
    )
    Collection.objects.update(name=payload[:90])
    Voice.objects.update(style_guide=payload, opening=payload)
    Deployment.objects.update(reason=payload)
    UsageRecord.objects.update(model=payload, error=payload)
    for address in addresses(answer):
        page.goto(address)
        page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        assert page.evaluate("window.pwned") is None, address
        assert page.locator("a[href^='javascript:' i]").count() == 0, address


def made_payloads() -> Iterator[str]:
    """Ways out of text, attributes and elements, by tags and handlers that run something: 2,376 of them."""
    outs = ("", '">', "'>", "</p>", "</textarea>", "</script>", "</title>", "-->", "`", '\\"', "&quot;>")
    tags = (
        "img src=x",
        "svg",
        "body",
        "video src=x",
        "audio src=x",
        "iframe",
        "input autofocus",
        "details open",
        "math",
    )
    handlers = ("onerror", "onload", "onfocus", "ontoggle", "onmouseover", "onanimationstart")
    values = ("window.pwned=1", "'window.pwned=1'", '"window.pwned=1"', "window&#46;pwned=1")
    for out in outs:
        for tag in tags:
            for handler in handlers:
                for value in values:
                    yield f"{out}<{tag} {handler}={value}>"


@pytest.mark.chaos
def test_thousands_of_ways_to_run_a_script_run_none(page: Page, rows: Message) -> None:
    found = list(made_payloads())
    assert len(found) == 2376
    conversations = Conversation.objects.bulk_create(
        Conversation(platform=Platform.WEB, user=rows.conversation.user) for _ in range(24)
    )
    for number, payload in enumerate(found):
        trace = {"trace_id": f"{number + 100:032x}", "conversation": conversations[number % 24]}
        Message.objects.create(speaker="asker", text=payload, **trace)
        Message.objects.create(
            speaker="bot", text=payload, outcome="answered", model=payload, sent_text=payload, trace={}, **trace
        )
    for conversation in conversations:
        page.goto(reverse("transcript", args=[conversation.pk]))
        assert page.evaluate("window.pwned") is None
    address: str | None = reverse("conversations")
    while address:
        page.goto(address)
        assert page.evaluate("window.pwned") is None
        older = page.get_by_role("link", name="Older")
        address = reverse("conversations") + (older.get_attribute("href") or "") if older.count() else None
