"""Reviewing in Chromium by keyboard alone: twenty items, with how many keys and seconds each of them takes."""

import time
from collections.abc import Iterator

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect

from bot.models import Message
from knowledge.models import Collection
from knowledge.sources import uploads
from tests.harness.browser import logged_in
from tests.rows.web_rows import make_answer, make_document, make_models, make_question, make_user
from tuning.examples import proposing
from tuning.models import ExampleReview, ExampleState, TrainingExample
from tuning.reviews import routing, second_looks

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ITEMS = 20
# What a reviewer presses for one item of each kind, and the state it ends in.
PATHS = (
    ("a", ExampleState.APPROVED),
    ("e|You have 30 days [1].|Escape|a", ExampleState.APPROVED),
    ("e|Within 45 days [1].|Escape|x|We said so.|Enter", ExampleState.APPROVED),
    ("r|It sounds cold.|Enter", ExampleState.REJECTED),
    ("f", ExampleState.APPROVED),
    ("v", ExampleState.BARRED),
    ("s", ExampleState.IN_REVIEW),
)  # fmt: skip


@pytest.fixture
def answers() -> list[Message]:
    make_models()
    make_document(Collection.objects.create(name="Public"))
    ada = make_user("ada", is_superuser=True)
    second_looks.set_share(0, by=ada)
    found = [
        make_answer(make_question(ada, f"Question {number}?", f"{number:032x}")) for number in range(100, 100 + ITEMS)
    ]
    for each in found:
        proposing.propose(each, by=ada)
    return found


@pytest.fixture
def page(chromium: Browser, site: str, answers: list[Message]) -> Iterator[Page]:
    with logged_in(chromium, site, answers[0].conversation.user) as page:  # type: ignore[arg-type]
        yield page


def keyed(page: Page, path: str) -> int:
    """Press what a path says, and count the keys."""
    count = 0
    for step in path.split("|"):
        if len(step) > 1 and step not in ("Escape", "Enter"):
            page.keyboard.press("Control+A")
            page.keyboard.insert_text(step)
            count += 1 + len(step)
            if "45" in step:
                expect(page.locator("[data-open-facts]")).to_be_visible()
        else:
            page.keyboard.press(step)
            count += 1
    return count


def test_twenty_items_by_keyboard(page: Page, capsys: pytest.CaptureFixture[str]) -> None:
    page.goto(reverse("review"))
    page.get_by_role("button", name="Start reviewing").press("Enter")
    keys = 0
    started = time.monotonic()
    for number in range(ITEMS):
        path, state = PATHS[number % len(PATHS)]
        page.wait_for_selector("[data-review]")
        address = page.url
        pk = int(address.rstrip("/").rpartition("/")[2])
        keys += keyed(page, path)
        page.wait_for_url(lambda url, before=address: url != before)  # type: ignore[misc]
        assert TrainingExample.objects.get(pk=pk).state == state
    seconds = (time.monotonic() - started) / ITEMS
    with capsys.disabled():
        print(f"\n{ITEMS} items by keyboard: {seconds:.2f} s and {keys / ITEMS:.1f} keys an item, words typed included")  # noqa: T201
    assert ExampleReview.objects.count() == sum(PATHS[number % len(PATHS)][0] != "s" for number in range(ITEMS))
    page.wait_for_selector("[data-review]")
    before = page.url
    page.keyboard.press("u")
    page.wait_for_url(lambda url: url != before)
    assert ExampleReview.objects.count() == sum(PATHS[number % len(PATHS)][0] != "s" for number in range(ITEMS)) - 1


def test_a_key_that_is_held_decides_one_item(page: Page) -> None:
    page.goto(reverse("review"))
    page.get_by_role("button", name="Start reviewing").press("Enter")
    page.wait_for_selector("[data-review]")
    first = page.url
    page.keyboard.down("a")
    page.wait_for_url(lambda url: url != first)
    page.wait_for_selector("[data-review]")
    second = page.url
    for _ in range(3):
        page.keyboard.down("a")  # as a held key goes on
    page.keyboard.up("a")
    page.wait_for_timeout(500)
    assert page.url == second
    assert ExampleReview.objects.count() == 1


def test_a_fact_becomes_an_article_and_what_is_answered_then_is_shown(page: Page) -> None:
    item = TrainingExample.objects.order_by("id")[0]
    page.goto(reverse("review_item", args=[item.pk]))
    keyed(page, "e|Invoices are kept for 77 years.|Escape")
    expect(page.locator("mark.unsupported").first).to_be_visible()
    page.keyboard.press("k")
    page.wait_for_url(reverse("review_article", args=[item.pk]))
    expect(page.get_by_label("Text")).to_have_value("Invoices are kept for 77 years.")
    page.get_by_role("button", name="Add to the documents").press("Enter")
    expect(page.locator("#article-state")).to_contain_text("is being read")
    item.refresh_from_db()
    assert (item.state, item.article is not None) == (ExampleState.IN_REVIEW, True)
    assert item.article is not None
    uploads.index(item.article.pk)
    expect(page.locator("#article-state")).to_contain_text("can be found now")
    expect(page.get_by_role("button", name="Learn how it was put, too")).to_be_visible()
    item.refresh_from_db()
    assert item.state == ExampleState.ROUTED
    page.get_by_role("button", name="Learn how it was put, too").press("Enter")
    page.wait_for_url(reverse("review_item", args=[item.pk]))
    expect(page.get_by_text("attached", exact=True)).to_be_visible()
    assert routing.settle_all() == []


def test_a_passage_is_found_and_attached_without_a_mouse(page: Page) -> None:
    item = TrainingExample.objects.order_by("id")[0]
    page.goto(reverse("review_item", args=[item.pk]))
    keyed(page, "p|annual plans refunded|Enter")
    page.get_by_role("button", name="Attach this passage").first.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("The passage is in the prompt")
    assert item.passages.filter(is_attached=True).exists()
