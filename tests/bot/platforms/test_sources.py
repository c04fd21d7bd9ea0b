"""What an answer rests on, shown to whoever presses "Sources", on both platforms."""

from collections.abc import Iterator

import pytest
from django.core.cache import caches

from bot.models import Channel, Citation, Message, Question
from bot.platforms.discord import posts as discord_posts
from bot.platforms.slack import posts as slack_posts
from bot.posts import quoting
from bot.posts.neutralising import neutral
from bot.posts.post import Credit, Excerpt, Sheet
from knowledge.models import Collection, Document, Visibility
from tests.fakes.discord.fake import FakeDiscord
from tests.fakes.discord.guild import Server
from tests.fakes.slack.fake import FakeSlack, Hang
from tests.fakes.slack.rules import check_view
from tests.fakes.slack.workspace import BOB, CHANNEL, Workspace
from tests.harness import bots
from tests.rows.questions import make_channel, make_question_row
from tests.rows.web_rows import make_answer, make_citation, make_question, make_user

pytestmark = [pytest.mark.django_db(transaction=True)]
QUOTED = "Annual plans are refunded within 30 days."


@pytest.fixture
def server(discord: FakeDiscord, shelf: Collection) -> Iterator[Server]:
    with bots.running("discord"):
        yield Server(discord)
    assert [call for call in discord.refusals if call.status != 404] == []
    assert discord.live_mentions == []


@pytest.fixture
def workspace(slack: FakeSlack, shelf: Collection) -> Iterator[Workspace]:
    workspace = Workspace(slack)
    with bots.running("slack"):
        yield workspace


def test_on_discord_the_quotes_are_shown_to_whoever_presses(server: Server) -> None:
    thread = server.mention()
    (answer,) = server.answers(thread)
    Citation.objects.update(title="Refunds @everyone", quote="Ask <@5> or see www.evil.example. " * 90)
    pressed = server.fake.press(thread, int(answer["id"]), f"parley:sources:{Question.objects.get().pk}", server.bob)
    first = pressed.wait()["data"]
    bots.until(lambda: pressed.followups or len(first["content"]) > 1000, "all of it is there")
    assert first["flags"] & 1 << 6, "only whoever presses sees it"
    assert "What I read" in first["content"]
    assert "> Ask" in first["content"]
    assert len(server.own(thread)) == 1


def test_on_slack_the_quotes_open_in_a_modal(workspace: Workspace) -> None:
    (answer,) = workspace.answers(workspace.mention())
    workspace.fake.press(CHANNEL, answer["ts"], "parley:sources", BOB)
    (view,) = workspace.fake.views
    shown = str(workspace.fake.views[view])
    assert "What I read" in shown
    assert Citation.objects.get().quote in shown


def test_a_slack_that_is_slow_to_tell_who_reads_delays_no_press(workspace: Workspace, shelf: Collection) -> None:
    (answer,) = workspace.answers(workspace.mention())
    Collection.objects.filter(pk=shelf.pk).update(visibility=Visibility.INTERNAL)
    caches["process"].clear()
    workspace.fake.script("users.info", Hang(3.5, applied=False))  # what whoever pressed is called
    workspace.fake.script("conversations.info", Hang(2.0))
    workspace.fake.press(CHANNEL, answer["ts"], "parley:sources", BOB)  # is refused when it comes too late
    bots.until(lambda: workspace.fake.ephemerals(CHANNEL, BOB), "it is said that they are internal")
    bots.until(lambda: caches["process"].get(f"slack-audience:{Channel.objects.get(external_id=CHANNEL).pk}"), "known")
    workspace.fake.press(CHANNEL, answer["ts"], "parley:sources", BOB)
    bots.until(lambda: workspace.fake.views, "they are shown")


@pytest.fixture
def question() -> Question:
    """Answered in a channel where outsiders may read."""
    asked = make_question(make_user())
    return make_question_row(make_answer(asked), make_channel())


def shown(question: Question, *, is_read_outside: bool) -> Sheet | str:
    found = Question.objects.select_related("answer", "channel").get(pk=question.pk)
    return quoting.sheet(found, lambda: is_read_outside)


@pytest.mark.parametrize(
    ("visibility", "is_read_outside", "is_shown"),
    [(Visibility.PUBLIC, True, True), (Visibility.INTERNAL, True, False), (Visibility.INTERNAL, False, True)],
)
def test_internal_documents_are_quoted_where_nobody_from_outside_reads(
    question: Question, visibility: Visibility, is_read_outside: bool, is_shown: bool
) -> None:
    collection = Collection.objects.create(name="Handbook", visibility=visibility)
    document = Document.objects.create(collection=collection, origin="a", path="a.md")
    assert question.answer is not None
    make_citation(question.answer, document=document)
    found = shown(question, is_read_outside=is_read_outside)
    assert isinstance(found, Sheet) is is_shown
    assert (QUOTED in str(found)) is is_shown


@pytest.mark.parametrize(("reach", "is_shown"), [("public", True), ("internal", False), ("unknown", False)])
def test_a_document_that_is_gone_is_said_to_be_and_judged_by_its_question(
    question: Question, reach: str, is_shown: bool
) -> None:
    collections = {
        each: Collection.objects.create(name=each, visibility=each)
        for each in (Visibility.PUBLIC, Visibility.INTERNAL)
    }  # fmt: skip
    assert question.answer is not None
    make_citation(question.answer, document=None)
    trace = {"collections": [collections[Visibility(reach)].pk]} if reach != "unknown" else {}
    Message.objects.filter(pk=question.answer.asked.pk).update(trace=trace)
    found = shown(question, is_read_outside=True)
    assert isinstance(found, Sheet) is is_shown
    within = shown(question, is_read_outside=False)
    assert "taken away since" in str(within)
    assert QUOTED in str(within)


def test_an_erased_answer_quotes_nothing(question: Question) -> None:
    assert question.answer is not None
    make_citation(question.answer)
    Message.objects.filter(pk=question.answer.pk).update(text="[erased]")
    assert "was erased" in str(shown(question, is_read_outside=False))


def test_a_long_sheet_comes_in_messages_that_hold_whole_lines() -> None:
    quote = "One sentence of the policy. " * 60
    sheet = Sheet("What I read", tuple(Excerpt(n, f"Policy {n}", quote, heading="Refunds") for n in range(1, 9)))
    messages = discord_posts.sheet(sheet)
    assert len(messages) > 1
    assert all(0 < len(each) <= discord_posts.CONTENT for each in messages)
    lines = [line for message in messages for line in message.splitlines() if line]
    assert all(line.startswith(("**", "-# ", "> ")) for line in lines)
    assert sum(line.count("One sentence") for line in lines) == 60 * 8


def test_the_channel_is_asked_about_only_where_it_matters(question: Question) -> None:
    public = Collection.objects.create(name="Public", visibility=Visibility.PUBLIC)
    assert question.answer is not None
    make_citation(question.answer, document=Document.objects.create(collection=public, origin="a", path="a.md"))

    def asked() -> bool:
        raise AssertionError("nobody has to be asked")

    found = Question.objects.select_related("answer", "channel").get(pk=question.pk)
    assert isinstance(quoting.sheet(found, asked), Sheet)
    assert Channel.objects.count() == 1


def test_an_address_in_the_title_of_a_document_is_no_link() -> None:
    credit = Credit(1, neutral("See `https://evil.example/x`", links=()))
    assert "https://evil" not in discord_posts._source(credit)
    assert "https://evil" not in slack_posts._source(credit)


@pytest.mark.parametrize("quote", ["a\n" * 750, "&" * 1500, "日" * 1500, "`" * 1500])
@pytest.mark.parametrize("url", ["https://example.com/?" + "a=1&" * 490, "https://example.com", ""])
def test_a_sheet_fits_whatever_documents_are_called(quote: str, url: str) -> None:
    excerpts = tuple(Excerpt(number, "*&" * 75, quote, url, "h<" * 75, "gone") for number in range(1, 4))
    shown = Sheet("What I read", excerpts)
    messages = discord_posts.sheet(shown)
    assert all(0 < len(each) <= discord_posts.CONTENT for each in messages)
    check_view(slack_posts.sheet(shown), "modal")
