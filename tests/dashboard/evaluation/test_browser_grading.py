"""Grading in Chromium by keyboard alone: twenty answers, with how many keys each of them takes; and by mouse."""

from collections.abc import Iterator

import pytest
from axe_core_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect

from evaluation.models import EvaluationRun, HumanGrade
from tests.harness.browser import logged_in
from tests.rows.graded import make_graded_run
from tests.rows.web_rows import make_models, make_user

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ITEMS = 20
# What is pressed for one answer, and what is kept of it: facts and voice.
PATHS = (
    ("a|o", (True, True)),
    ("r|o", (False, True)),
    ("a|p", (True, False)),
    ("e|It names the wrong zoo.|Escape|r|p", (False, False)),
    ("s|I know no zoo.|Enter", (None, None)),
)


@pytest.fixture
def run() -> EvaluationRun:
    make_models()
    return make_graded_run(ITEMS // 2 + 2)


@pytest.fixture
def page(chromium: Browser, site: str, run: EvaluationRun) -> Iterator[Page]:
    with logged_in(chromium, site, make_user("ada", is_superuser=True)) as page:
        page.goto(reverse("grade_run", args=[run.pk]))
        yield page


def keyed(page: Page, path: str) -> int:
    count = 0
    for step in path.split("|"):
        if len(step) > 1 and step not in ("Escape", "Enter"):
            page.keyboard.insert_text(step)
            count += len(step)
        else:
            page.keyboard.press(step)
            count += 1
    return count


def ready(page: Page) -> None:
    """The page takes no key before anybody could have read the answer."""
    while left := page.evaluate("Math.max(0, LOOK_MS - (performance.now() - shownAt))"):
        page.wait_for_timeout(left + 1)


def test_twenty_answers_by_keyboard(page: Page, run: EvaluationRun, capsys: pytest.CaptureFixture[str]) -> None:
    keys = 0
    page.evaluate("window.isSamePage = true")
    for number in range(ITEMS):
        path, (is_factual, is_on_brand) = PATHS[number % len(PATHS)]
        expect(page.locator("#grading")).to_contain_text(f"{number} of {run.total} answers graded by you")
        ready(page)
        keys += keyed(page, path)
        expect(page.locator("#grading")).to_contain_text(f"{number + 1} of {run.total} answers graded by you")
        grade = HumanGrade.objects.latest("id")
        assert (grade.is_factual, grade.is_on_brand) == (is_factual, is_on_brand)
    assert HumanGrade.objects.count() == ITEMS
    assert page.evaluate("window.isSamePage")  # nothing was loaded but the next answer
    with capsys.disabled():
        print(f"\n{ITEMS} answers by keyboard: {keys / ITEMS:.1f} keys each, notes included; 2 without")  # noqa: T201
    ready(page)
    page.keyboard.press("u")
    expect(page.get_by_role("status")).to_contain_text("taken back")
    assert HumanGrade.objects.count() == ITEMS - 1


def test_a_key_that_is_held_or_comes_too_soon_grades_nothing_unseen(page: Page, run: EvaluationRun) -> None:
    ready(page)
    page.keyboard.press("a")
    for _ in range(5):
        page.keyboard.down("o")  # the second and later are repeats
    page.keyboard.up("o")
    page.keyboard.press("a")
    page.keyboard.press("o")
    expect(page.locator("#grading")).to_contain_text(f"1 of {run.total} answers graded by you")
    page.wait_for_timeout(500)
    assert HumanGrade.objects.count() == 1


def test_the_second_click_of_two_does_nothing_unseen(page: Page, run: EvaluationRun) -> None:
    choices = [page.locator("label.btn", has_text=label) for label in ("On brand", "Right")]
    for graded in (1, 2):
        ready(page)
        for choice in choices:
            choice.click()
        expect(page.locator("#grading")).to_contain_text(f"{graded} of {run.total} answers graded by you")
        for choice in choices:  # what was meant for the answer before
            choice.dispatch_event("click", {"detail": 2})
        page.wait_for_timeout(300)
        assert (page.locator("input:checked").count(), HumanGrade.objects.count()) == (0, graded)
    ready(page)
    undo = page.get_by_role("button", name="Undo")
    undo.click()
    expect(page.get_by_role("status")).to_contain_text("taken back")
    undo.dispatch_event("click", {"detail": 2})
    page.wait_for_timeout(300)
    assert HumanGrade.objects.count() == 1


def test_by_mouse_on_a_phone_in_the_dark(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(color_scheme="dark")
    ready(page)
    page.get_by_role("radio", name="Off brand").click()
    page.get_by_role("radio", name="Right").click()
    expect(page.locator("#grading")).to_contain_text("1 of ")
    assert HumanGrade.objects.get().is_on_brand is False
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    found = [each["id"] for each in Axe().run(page)["violations"] if each["impact"] in ("serious", "critical")]
    assert found == []
