"""In Chromium, with a real inbox behind it: a candidate on a share, halted by its own faults, promoted, rolled back."""

from collections.abc import Iterator
from io import StringIO

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser, Page, expect

from bot.models import ChannelKind, Platform
from bot.platforms.console import ConsoleMessenger
from bot.questions import queue, receiving, replying
from dashboard import tasks
from dashboard.accounts import login_links
from dashboard.models import AuditEntry
from evaluation.models import EvaluationRun
from knowledge.models import Collection
from llm.models import Deployment, Rollout, ServingRole
from tests.fakes.providers.fake import FakeProviders, Refusal
from tests.rows.questions import incoming
from tests.rows.rollouts import make_candidate, make_judged_run
from tests.rows.web_rows import make_document, make_models, make_user

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

MOST_ASKED = 60


@pytest.fixture
def run(fake_providers: FakeProviders) -> EvaluationRun:
    make_models()
    make_document(Collection.objects.create(name="Public"))
    return make_judged_run(make_candidate())


@pytest.fixture
def owner() -> User:
    return make_user("root", is_superuser=True)


@pytest.fixture
def page(chromium: Browser, site: str, run: EvaluationRun, owner: User) -> Iterator[Page]:
    problems: list[str] = []
    context = chromium.new_context(base_url=site)
    context.set_default_timeout(15_000)
    page = context.new_page()
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(login_links.make(owner))
    page.get_by_role("button", name="Continue as root").click()
    page.wait_for_url("/")
    yield page
    context.close()
    assert problems == []


def asked(number: int, fake: FakeProviders) -> bool:
    """A question of a thread of its own through the inbox, at which a candidate fails; whether one was asked."""
    place = {"platform": Platform.CONSOLE, "channel": f"C{number}", "author": f"U{number}", "kind": ChannelKind.DIRECT}
    receiving.receive(incoming("How are annual plans refunded?", number=number, **place))
    question = queue.claim([Platform.CONSOLE])
    assert question is not None
    going = Rollout.objects.going()
    is_drawn = going is not None and going.takes(str(question.conversation_id))
    if is_drawn:
        fake.script(Refusal(400, "It has gone."), "")
    replying.reply(question, ConsoleMessenger(StringIO()))
    return is_drawn


def test_canary_halted_promoted_and_rolled_back(page: Page, run: EvaluationRun, fake_providers: FakeProviders) -> None:
    page.goto(f"/runs/{run.pk}/")
    expect(page.get_by_text("Offered.")).to_be_visible()
    expect(page.get_by_role("button", name="Promote: all conversations")).to_have_count(0)
    page.get_by_role("button", name="Canary: 5 % of the conversations").click()
    page.wait_for_url("**/rollouts/")
    expect(page.get_by_text("openai:ft:ours answers 5 % of the conversations")).to_be_visible()
    expect(page.get_by_text("0 of 200 answers of this step.")).to_be_visible()
    page.get_by_role("button", name="Raise").click()
    expect(page.get_by_role("status").get_by_text("Still missing: 200 of the 200 answers")).to_be_visible()
    for percent in (25, 50):
        page.get_by_label("Why sooner").fill("it is a test")
        page.get_by_role("button", name="Raise", exact=True).click()
        expect(page.get_by_text(f"openai:ft:ours answers {percent} % of the conversations")).to_be_visible()

    drawn = 0
    for number in range(MOST_ASKED):
        drawn += asked(number, fake_providers)
        if tasks.watch_rollouts():
            break
    assert drawn == 5
    page.reload()
    expect(page.locator("#rollout .tag")).to_have_text("halted")
    expect(page.get_by_text("5 of its newest 5 answers failed").first).to_be_visible()
    page.goto("/")
    expect(page.get_by_text("The rollout of openai:ft:ours was halted")).to_be_visible()
    page.goto("/models/")
    expect(page.get_by_text("The rollout of openai:ft:ours was halted")).to_be_visible()

    page.goto(f"/runs/{run.pk}/")
    page.get_by_text("Decide against the gate").click()
    page.get_by_label("Let it answer").select_option("100")
    page.get_by_label("Why all the same").fill("the network is mended")
    page.get_by_role("button", name="Override").click()
    page.wait_for_url("**/rollouts/")
    assert str(Deployment.objects.live(ServingRole.ANSWER)) == "openai:ft:ours"
    page.get_by_role("button", name="Back to openai:a-model").click()
    expect(page.get_by_text("openai:a-model answers all conversations from the next question on.")).to_be_visible()
    assert str(Deployment.objects.live(ServingRole.ANSWER)) == "openai:a-model"
    done = [*AuditEntry.objects.exclude(action="logged_in").values_list("action", "actor").order_by("id")]
    assert ("rollout_halted", "Parley itself") in done
    override = AuditEntry.objects.filter(action="promote_run").latest("id")
    assert (override.actor, override.details["override"]) == ("root", "the network is mended")
