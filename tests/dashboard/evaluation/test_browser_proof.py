"""The whole way in Chromium: transcript, case, run, grading by keyboard, gate, canary, halt by a fault, rollback."""

import json
import re
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser, Page, expect

from bot.inbox import receiving
from bot.models import ChannelKind, Message, Platform, Speaker, Voice
from bot.platforms.console import ConsoleMessenger
from bot.questions import queue, replying
from dashboard import tasks
from dashboard.models import AuditEntry
from evaluation.models import EvaluationArm, EvaluationRun, HumanGrade
from evaluation.runs import execution
from llm.models import Deployment, Rollout, ServingRole
from tests.fakes.providers.fake import FakeProviders, Refusal
from tests.fakes.providers.protocols import Block
from tests.harness.browser import logged_in
from tests.rows.make import make_collection, make_file, make_indexed
from tests.rows.questions import incoming
from tests.rows.rollouts import FIRST, SECOND, make_candidate
from tests.rows.web_rows import make_models, make_user

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

NAMES = [f"{one} {other}" for one in FIRST for other in SECOND]
PRICED = 80  # of a hundred; the documents say nothing of the others
BY_KEYBOARD = 2  # cases that are graded in the browser, in both arms
MOST_ASKED = 60
TEMPERED = "Basically, "


def said(body: dict[str, Any]) -> list[Block]:
    """What both models read in the passages; the one that is live says it in words that the voice forbids."""
    content = str(body["messages"][-1]["content"])
    asked = re.search(r"the ([a-z]+ [a-z]+) cost\?", content.rpartition("\n")[2])
    if asked is None:  # it is tried
        return [("Yes.", ())]
    name = asked.group(1)
    before, found, _ = content.partition(f"The {name} costs ")
    if not found:
        return [("NOT_IN_DOCS", ())]
    number = int(re.findall(r"\[(\d+)\]", before)[-1])
    lead = "" if body["model"] == "ft:ours" else TEMPERED
    return [(f"{lead}The {name} costs {price(name)} euros", (number - 1,)), (".", ())]


def price(name: str) -> int:
    return 100 + NAMES.index(name)


@pytest.fixture
def fake(fake_providers: FakeProviders, monkeypatch: pytest.MonkeyPatch) -> FakeProviders:
    monkeypatch.setattr(fake_providers, "reply", said)
    return fake_providers


@pytest.fixture
def owner(fake: FakeProviders, tmp_path: Path) -> User:
    make_models()
    public = make_collection()
    for shelf in FIRST:
        names = [name for name in NAMES[:PRICED] if name.startswith(f"{shelf} ")]
        lines = [f"## {name.title()}\n\nThe {name} costs {price(name)} euros." for name in names]
        if names:
            make_indexed(public, make_file(tmp_path, f"{shelf}.md", "\n\n".join([f"# Prices of {shelf}", *lines])))
    Voice.objects.create(name="default", version=1, banned_phrases=["basically"])
    make_candidate()
    return make_user("root", is_superuser=True)


@pytest.fixture
def page(chromium: Browser, site: str, owner: User) -> Iterator[Page]:
    with logged_in(chromium, site, owner) as page:
        yield page


def ask(name: str, number: int) -> Message:
    """A question of a thread of its own, through the inbox."""
    place = {"platform": Platform.CONSOLE, "channel": f"C{number}", "author": f"U{number}", "kind": ChannelKind.DIRECT}
    receiving.receive(incoming(f"What does the {name} cost?", number=number, **place))
    question = queue.claim([Platform.CONSOLE])
    assert question is not None
    replying.reply(question, ConsoleMessenger(StringIO()))
    return Message.objects.filter(speaker=Speaker.BOT).latest("id")


def section(page: Page, heading: str) -> Any:
    return page.locator("section", has=page.get_by_role("heading", name=heading))


def keep_a_transcript(page: Page) -> None:
    """One press makes a case of an answer that somebody got."""
    answer = ask(NAMES[0], 1000)
    page.goto(f"/conversations/{answer.conversation_id}/")
    page.get_by_role("button", name="Keep for evaluations").click()
    expect(page.get_by_text("It is evaluation case")).to_be_visible()


def import_and_freeze(page: Page) -> None:
    rows = [
        {"question": f"What does the {name} cost?", "expected": "answer" if place < PRICED else "refuse"}
        for place, name in enumerate(NAMES)
    ]
    lines = "\n".join(json.dumps(row) for row in rows[1:])
    page.goto("/evaluations/")
    chosen = {"name": "prices.jsonl", "mimeType": "application/jsonl", "buffer": lines.encode()}
    section(page, "Import cases").locator("input[type=file]").set_input_files(chosen)
    section(page, "Import cases").get_by_role("button", name="Import").click()
    expect(page.get_by_text("99 cases were added")).to_be_visible()
    page.get_by_label("Name of the set").fill("prices")
    page.get_by_role("button", name="Freeze").click()
    expect(page.get_by_text("100 cases are frozen as prices")).to_be_visible()


def run_with_progress(page: Page) -> EvaluationRun:
    start = section(page, "Start a run")
    start.get_by_label("Candidate").select_option(label="openai:ft:ours")
    start.get_by_role("button", name="Start").click()
    page.wait_for_url("**/runs/*/")
    run = EvaluationRun.objects.get()
    seen: list[int] = []

    def look(done: int, total: int) -> None:
        if done == total // 2:
            expect(page.get_by_text(re.compile(rf"{done} of {total} answers"))).to_be_visible()
            seen.append(done)

    execution.run(run.pk, look)
    assert len(seen) == 1
    expect(page.locator("#run .tag").first).to_have_text("done")
    expect(page.get_by_text("Inconclusive.")).to_be_visible()
    return run


def grade(page: Page, run: EvaluationRun) -> None:
    """What others have graded, and the rest by keyboard."""
    other = make_user("grace")
    compared = run.results.filter(arm__in=(EvaluationArm.RAG, EvaluationArm.TUNED_RAG)).select_related("case")
    last = list(run.case_set.cases.filter(expected="answer").order_by("-pk").values_list("pk", flat=True))[:BY_KEYBOARD]
    HumanGrade.objects.bulk_create(
        HumanGrade(result=each, grader=other, is_factual=True if each.outcome == "answered" else None,
                   is_rightly_refused=True if each.case.expected == "refuse" else None)
        for each in compared.exclude(case__in=last)
    )  # fmt: skip
    page.reload()
    page.get_by_role("link", name="Grade answers").click()
    page.wait_for_url("**/grade/")
    for done in range(2 * BY_KEYBOARD):
        expect(page.locator("#grading")).to_contain_text(f"{done} of ")
        while left := page.evaluate("Math.max(0, LOOK_MS - (performance.now() - shownAt))"):
            page.wait_for_timeout(left + 1)
        page.keyboard.press("a")
        page.keyboard.press("p" if TEMPERED.strip(", ") in page.locator("#grading").inner_text() else "o")
    expect(page.locator("#grading")).to_contain_text(f"{2 * BY_KEYBOARD} of ")
    assert HumanGrade.objects.filter(grader__username="root").count() == 2 * BY_KEYBOARD


def ask_until_halted(page: Page, fake: FakeProviders) -> int:
    """Questions of threads of their own, at each of which the candidate fails; how many were drawn for it."""
    drawn = 0
    for number in range(MOST_ASKED):
        going = Rollout.objects.going()
        assert going is not None
        drawn += ask_failing(number, going, fake)
        if tasks.watch_rollouts():
            break
    return drawn


def ask_failing(number: int, going: Rollout, fake: FakeProviders) -> bool:
    place = {"platform": Platform.CONSOLE, "channel": f"C{number}", "author": f"U{number}", "kind": ChannelKind.DIRECT}
    receiving.receive(incoming(f"What does the {NAMES[number]} cost?", number=number, **place))
    question = queue.claim([Platform.CONSOLE])
    assert question is not None
    is_drawn = going.takes(str(question.conversation_id))
    if is_drawn:
        fake.script(Refusal(400, "It has gone."), "")
    replying.reply(question, ConsoleMessenger(StringIO()))
    return is_drawn


def test_from_a_transcript_to_a_candidate_that_is_rolled_back(page: Page, fake: FakeProviders) -> None:
    keep_a_transcript(page)
    import_and_freeze(page)
    run = run_with_progress(page)
    grade(page, run)
    page.goto(f"/runs/{run.pk}/")
    expect(page.get_by_text("Offered.")).to_be_visible()
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

    assert ask_until_halted(page, fake) >= 5
    page.reload()
    expect(page.locator("#rollout .tag")).to_have_text("halted")
    expect(page.get_by_text("answers failed, 0 of the live model's").first).to_be_visible()
    for place in ("/", "/models/"):
        page.goto(place)
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
