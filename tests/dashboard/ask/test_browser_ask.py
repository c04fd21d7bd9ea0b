"""The playground as a person meets it: Chromium, gunicorn, PostgreSQL, a local embedding model, a streaming model."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from bot.models import Conversation, Feedback, Message, Outcome, Speaker
from bot.wording import outcomes
from dashboard.accounts import login_links
from knowledge.models import Collection, Visibility
from tests.fakes.providers.fake import FakeProviders, Refusal
from tests.rows.make import make_nobody_stand_in
from tests.rows.web_rows import make_document, make_models, make_user

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

QUESTION = "How are annual plans refunded?"
FIRST_LOAD_BYTES = 150_000
Open = Callable[..., Page]


@pytest.fixture
def provider(provider_server: FakeProviders) -> Iterator[FakeProviders]:
    provider_server.reset()
    provider_server.blocks = [("Annual plans are refunded within **30 days**", (0,)), (". Ask", ()), (" for more.", ())]
    yield provider_server
    provider_server.reset()


@pytest.fixture
def shelf(provider: FakeProviders) -> Collection:
    make_models()
    Collection.objects.create(name="runbooks", visibility=Visibility.INTERNAL)
    collection = Collection.objects.create(name="help-centre")
    make_document(collection)
    return collection


@pytest.fixture
def open_page(chromium: Browser, site: str) -> Iterator[Open]:
    """Opens pages; in the end no page may have broken its content security policy or thrown an error."""
    problems: list[str] = []
    with ExitStack() as stack:

        def open_page(**options: Any) -> Page:
            context = chromium.new_context(base_url=site, **options)
            context.set_default_timeout(15_000)
            stack.callback(context.close)
            page = context.new_page()
            page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
            page.on("pageerror", lambda error: problems.append(str(error)))
            return page

        yield open_page
    assert [problem for problem in problems if "Failed to load resource" not in problem] == []


def log_in(page: Page) -> Page:
    page.goto(login_links.make(make_user("ada")))
    page.get_by_role("button", name="Continue as ada").click()
    page.wait_for_url("/")
    return page


def ask(page: Page, question: str = QUESTION) -> None:
    page.get_by_label("Question").fill(question)
    page.keyboard.press("Enter")


def test_from_the_login_link_to_a_cited_answer_and_on(
    open_page: Open, shelf: Collection, provider: FakeProviders
) -> None:
    page = log_in(open_page())
    page.get_by_role("link", name="Ask a question").click()
    provider.script("pause")
    ask(page)
    turn = page.locator(".turn")
    expect(turn.locator(".is-streaming")).to_have_text(re.compile("Annual"))
    expect(turn.locator(".turn-foot")).to_have_count(0)
    assert not Message.objects.filter(speaker=Speaker.BOT).exists()
    provider.released.set()
    expect(turn.locator(".facts")).to_contain_text("Answered")
    expect(turn.locator("strong")).to_have_text("30 days")
    expect(page).to_have_url(re.compile(f"/ask/{Conversation.objects.get().pk}/$"))
    expect(page.locator("#recent")).to_contain_text(QUESTION)

    turn.locator("a.cite").first.click()
    expect(page.locator("dialog mark")).to_have_text("Annual plans are refunded within 30 days.")
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).not_to_be_visible()

    for name, opinion in (("Good answer", True), ("Bad answer", False)):
        turn.get_by_role("button", name=name).click()
        expect(turn.get_by_role("button", name=name)).to_have_attribute("aria-pressed", "true")
        assert [each.is_positive for each in Feedback.objects.all()] == [opinion]

    ask(page, "And how are annual plans cancelled?")
    expect(page.locator(".turn-foot")).to_have_count(2)
    assert Conversation.objects.get().messages.count() == 4
    page.reload()
    expect(page.locator(".turn")).to_have_count(2)
    expect(page.get_by_role("button", name="Bad answer").first).to_have_attribute("aria-pressed", "true")


def test_it_works_without_javascript(open_page: Open, shelf: Collection) -> None:
    page = log_in(open_page(java_script_enabled=False))
    page.get_by_role("link", name="Ask", exact=True).click()
    page.get_by_label("Question").fill(QUESTION)
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.locator(".facts")).to_contain_text("Answered")
    page.get_by_role("button", name="Good answer").click()
    expect(page.get_by_role("button", name="Good answer")).to_have_attribute("aria-pressed", "true")
    page.locator("a.cite").first.click()
    expect(page.locator("mark")).to_have_text("Annual plans are refunded within 30 days.")
    page.get_by_role("link", name="Back to the answer").click()
    expect(page.locator(".turn")).to_have_count(1)


def test_closing_the_tab_does_not_lose_the_answer(open_page: Open, shelf: Collection, provider: FakeProviders) -> None:
    page = log_in(open_page())
    page.goto("/ask/")
    provider.script("pause")
    ask(page)
    expect(page.locator(".is-streaming")).to_have_text(re.compile("Annual"))
    page.close()
    provider.released.set()
    answer = wait_for_answer()
    assert (answer.outcome, answer.citations.count()) == (Outcome.ANSWERED, 1)


def wait_for_answer() -> Message:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if answer := Message.objects.filter(speaker=Speaker.BOT).first():
            return answer
        time.sleep(0.05)
    raise AssertionError("No answer was kept.")


def test_what_goes_wrong_is_said_on_the_page(open_page: Open, shelf: Collection, provider: FakeProviders) -> None:
    page = log_in(open_page())
    page.goto("/ask/")
    ask(page, "why " * 1200)
    expect(page.get_by_role("alert")).to_contain_text("more than the 4,000 characters")
    expect(page.get_by_label("Question")).to_have_value("why " * 1200)
    make_nobody_stand_in()
    provider.script(Refusal(401, "No such key."))
    ask(page)
    expect(page.locator(".turn")).to_contain_text("Could not be written")
    expect(page.locator(".answer")).to_contain_text(
        outcomes.incident(Message.objects.get(speaker=Speaker.BOT).trace_id)
    )
    expect(page.get_by_role("alert")).not_to_be_visible()


def test_where_the_model_is_out_of_reach_the_page_quotes_and_says_so(
    open_page: Open, shelf: Collection, provider: FakeProviders
) -> None:
    page = log_in(open_page())
    page.goto("/ask/")
    provider.script(Refusal(401, "No such key."))
    ask(page)
    expect(page.locator(".turn")).to_contain_text("here are the documents' own words")
    expect(page.locator(".turn")).to_contain_text("within 30 days")
    expect(page.locator(".turn")).to_contain_text("best-sentences")
    expect(page.locator("a.source")).to_have_count(1)
    expect(page.locator(".turn")).not_to_contain_text("Could not be written")


def test_a_session_that_has_ended_leads_to_the_login(open_page: Open, shelf: Collection) -> None:
    page = log_in(open_page())
    page.goto("/ask/")
    page.context.clear_cookies(name="sessionid")
    ask(page)
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()


def test_nothing_scrolls_sideways_on_a_phone(open_page: Open, shelf: Collection, provider: FakeProviders) -> None:
    provider.blocks = [
        ("| Plan | " + "Very long heading | " * 8 + "\n|" + "---|" * 9, ()),
        ("\n| `" + "x" * 300 + "`", (0,)),
    ]
    page = log_in(open_page(viewport={"width": 390, "height": 844}))
    page.goto("/ask/")
    ask(page, "How are annual plans refunded? " + "w" * 300)
    expect(page.locator(".turn-foot")).to_be_visible()
    page.locator(".trace > summary").click()
    conversation = page.url
    passage = page.locator("a.source").get_attribute("href")
    for address in (conversation, passage, "/ask/", "/", "/nowhere/", "/login/"):
        if address != conversation:
            page.goto(str(address))
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, address


def test_dark_follows_the_system_and_a_choice_is_remembered(open_page: Open, shelf: Collection) -> None:
    page = log_in(open_page(color_scheme="dark"))
    assert brightness(page) < 60
    page.get_by_role("button", name="Switch between light and dark").click()
    assert brightness(page) > 200
    page.goto("/ask/")
    assert brightness(page) > 200
    assert brightness(log_in_again(open_page(color_scheme="dark", java_script_enabled=False))) < 60


def log_in_again(page: Page) -> Page:
    page.goto("/login/")
    return page


def brightness(page: Page) -> int:
    """The red part of the page's background, 0 to 255."""
    return int(page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0]"))


def test_the_first_page_is_light(open_page: Open, shelf: Collection) -> None:
    page = log_in(open_page())
    fresh = open_page(storage_state=page.context.storage_state())
    sizes: list[int] = []
    fresh.on("requestfinished", lambda request: sizes.append(request.sizes()["responseBodySize"]))
    fresh.goto("/ask/", wait_until="networkidle")
    assert len(sizes) >= 6
    assert sum(sizes) <= FIRST_LOAD_BYTES


def test_the_keyboard_is_enough(open_page: Open, shelf: Collection) -> None:
    page = log_in(open_page())
    page.goto("/ask/")
    expect(page.get_by_label("Question")).to_be_focused()
    page.keyboard.type(QUESTION)
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("Please.")
    page.keyboard.press("Enter")
    expect(page.locator(".question")).to_have_text(f"{QUESTION}\nPlease.")
    page.locator("a.cite").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("dialog .passage")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("a.cite").first).to_be_focused()
