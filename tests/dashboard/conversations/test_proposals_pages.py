"""Answers proposed from the list: those that were ticked, or all that match."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django_q.models import OrmQ
from playwright.sync_api import Browser, Page, expect

from bot.models import Feedback, Message
from dashboard.guard import roles
from dashboard.guard.roles import Role
from dashboard.models import AuditEntry
from tests.harness.browser import logged_in
from tests.rows.web_rows import make_answer, make_models, make_question, make_user
from tuning import tasks
from tuning.examples import bulk
from tuning.models import ExampleState, ProposalBatch, TrainingExample


def asked(user: User, count: int, *, is_good: bool = True) -> list[Message]:
    start = Message.objects.count() + 1
    made = [
        make_answer(make_question(user, f"Question {each}?", trace_id=f"{each:032x}"))
        for each in range(start, start + count)
    ]
    for message in made:
        Feedback.objects.create(message=message, person="U1", is_positive=is_good)
    return made


@pytest.fixture
def reviewer(client: Client, db: None) -> User:
    user = make_user("rae")
    roles.give(user, Role.REVIEWER)
    client.force_login(user)
    return user


def propose(client: Client, query: str = "", **data: Any) -> str:
    """The page that follows."""
    reply = client.post(f"{reverse('propose_answers')}?{query}", data, follow=True)
    assert reply.status_code == 200
    return str(reply.content.decode())


def test_those_that_were_ticked_are_in_review_at_once(client: Client, reviewer: User) -> None:
    made = asked(reviewer, 4)
    page = propose(client, which="chosen", answer=[made[0].pk, made[2].pk])
    assert "2 of 2 answers looked at" in page
    assert {each.message for each in TrainingExample.objects.all()} == {made[0], made[2]}
    assert TrainingExample.objects.first().proposed_by == reviewer  # type: ignore[union-attr]
    assert AuditEntry.objects.get(action="propose_answers").details["answers"] == 2
    assert "Choose the answers first" in propose(client, which="chosen")


def test_all_that_match_are_those_the_page_showed(client: Client, reviewer: User) -> None:
    good = asked(reviewer, 3)
    asked(reviewer, 2, is_good=False)
    listed = client.get(reverse("conversations") + "?rating=up").content.decode()
    assert "Propose all 3 that match" in listed
    newest = re.findall(r'name="newest" value="(\d+)"', listed)[0]
    asked(reviewer, 1)  # while somebody reads the page
    propose(client, "rating=up", which="all", newest=newest)
    assert {each.message for each in TrainingExample.objects.all()} == set(good)
    for query, cursor in (("rating=sideways", newest), ("rating=up", ""), ("since=soon", newest)):
        assert "Look at the list again" in propose(client, query, which="all", newest=cursor)
    assert TrainingExample.objects.count() == 3


def test_many_are_a_job_whose_progress_is_told(
    client: Client, reviewer: User, django_capture_on_commit_callbacks: Any
) -> None:
    asked(reviewer, bulk.AT_ONCE + 1)
    newest = Message.objects.order_by("-id").first().pk  # type: ignore[union-attr]
    with django_capture_on_commit_callbacks(execute=True):
        page = propose(client, which="all", newest=newest)
    assert "0 of 51 answers looked at; this goes on if you leave the page" in page
    batch = ProposalBatch.objects.get()
    assert OrmQ.objects.count() == 1
    tasks.propose_batch(batch.pk)
    part = client.get(reverse("proposal", args=[batch.pk]), headers={"HX-Request": "true"}).content.decode()
    assert "51 of 51 answers looked at" in part
    assert "hx-get" not in part
    assert TrainingExample.objects.count() == 51


def test_whoever_only_reads_is_offered_nothing(client: Client, db: None) -> None:
    viewer = make_user("vic")
    roles.give(viewer, Role.VIEWER)
    client.force_login(viewer)
    asked(viewer, 1)
    assert "propose" not in client.get(reverse("conversations")).content.decode()
    assert client.post(reverse("propose_answers"), {"which": "all", "newest": "9"}).status_code == 403


COUNT = """for (const kind of ["pointerdown", "change"]) addEventListener(kind, (event) => {
  if (kind === "change" && event.target.tagName !== "SELECT") return;
  sessionStorage.setItem("actions", Number(sessionStorage.getItem("actions") || 0) + 1);
}, true)"""  # presses of the mouse, and choices in a list


@pytest.fixture
def page(chromium: Browser, site: str, transactional_db: None) -> Iterator[Page]:
    make_models()
    with logged_in(chromium, site, make_user("ada", is_superuser=True)) as page:
        yield page


@pytest.mark.browser
def test_ten_good_transcripts_are_in_review_after_at_most_eight_actions(page: Page) -> None:
    ada = User.objects.get()
    good = asked(ada, 10)
    asked(ada, 30, is_good=False)
    page.add_init_script(COUNT)
    page.goto("/")
    page.get_by_role("link", name="Conversations", exact=True).click()
    page.get_by_label("Rating").select_option("up")
    page.get_by_role("button", name="Find").click()
    page.get_by_label("All on this page").check()
    page.get_by_role("button", name="Propose 10 chosen as examples").click()
    page.wait_for_url(re.compile(r"/proposals/\d+/"))
    expect(page.locator("body")).to_contain_text("10 of 10 answers looked at")
    assert {each.message for each in TrainingExample.objects.filter(state=ExampleState.IN_REVIEW)} == set(good)
    assert 5 <= int(page.evaluate("sessionStorage.getItem('actions')")) <= 8


@pytest.mark.browser
def test_a_tick_is_told_on_the_button_and_all_may_be_unticked(page: Page) -> None:
    asked(User.objects.get(), 3)
    page.goto("/conversations/")
    button, other = page.locator("[data-choose-count]").all()
    expect(button).to_be_disabled()
    page.get_by_label("Choose: Question 3?").check()
    expect(button).to_have_text("Propose 1 chosen as example")
    expect(other).to_have_text("Make 1 evaluation case")
    page.get_by_label("All on this page").check()
    expect(button).to_have_text("Propose 3 chosen as examples")
    page.get_by_label("All on this page").uncheck()
    expect(button).to_be_disabled()
    page.get_by_role("button", name="Propose all 3").click()
    page.wait_for_url(re.compile(r"/proposals/\d+/"))
    assert TrainingExample.objects.count() == 3
