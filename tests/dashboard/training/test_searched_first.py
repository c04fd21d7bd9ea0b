"""Where an example needs passages of today, they are searched before anything is locked; one failure stops no other."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO

import psycopg
import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from bot.models import Channel, Feedback, Message, Nomination, Outcome, Platform, Workspace
from llm.completion import ProviderError
from llm.models import ServingRole
from tests.fakes.providers import protocols
from tests.harness.processes import database_url
from tests.rows.make import make_collection, make_deployment
from tests.rows.questions import make_question_row
from tests.rows.web_rows import make_answer, make_question, make_user
from tuning import tasks
from tuning.examples import bulk
from tuning.models import ProposalBatch, TrainingExample

pytestmark = pytest.mark.django_db(transaction=True)

TRACES = iter(f"{number:032x}" for number in range(7000, 8000))
HELD = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'"
REFUSED = "What of the refused?"


class Embedder:
    """A server of embeddings that notes, whenever it is asked, how many transactions wait for it meanwhile."""

    def __init__(self) -> None:
        self.held: list[int] = []
        self.is_down = False
        embedder = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                with psycopg.connect(database_url()) as connection:
                    embedder.held += [row[0] for row in connection.execute(HELD)]
                is_refused = embedder.is_down or REFUSED in json.dumps(body)
                error = json.dumps({"error": {"message": "No.", "type": "invalid_request_error"}})
                reply = (error if is_refused else json.dumps(protocols.embedding_reply(body))).encode()
                self.send_response(400 if is_refused else 200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(reply)))
                self.end_headers()
                self.wfile.write(reply)

            def log_message(self, *args: object) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/v1"


@pytest.fixture
def embedder(settings: Settings) -> Iterator[Embedder]:
    made = Embedder()
    threading.Thread(target=made.server.serve_forever, args=(0.05,), daemon=True).start()
    settings.OPENAI_BASE_URL, settings.OPENAI_API_KEY = made.url, "a-key"
    make_deployment(ServingRole.EMBED, provider="openai", model="text-embedding-3-small", base_url=made.url)
    make_collection()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def ada(client: Client) -> User:
    user = make_user("ada", is_superuser=True)
    client.force_login(user)
    return user


def handed_over(user: User, text: str = "How are annual plans refunded?") -> Message:
    """Who asked wanted a person at once, so nothing was searched for; a person answered."""
    asked = make_question(user, text, trace_id=next(TRACES))
    workspace, _ = Workspace.objects.get_or_create(
        platform=Platform.SLACK, external_id="T1", name="Acme", is_training_allowed=True
    )
    channel, _ = Channel.objects.get_or_create(workspace=workspace, external_id="C1")
    message = make_answer(asked, "", outcome=Outcome.ESCALATED, trace={}, sent_text="You have 30 days.")
    make_question_row(message, channel)
    return Message.objects.get(pk=message.pk)


def nominated(message: Message) -> Nomination:
    return Nomination.objects.create(message=message, person="U2", way="reaction", acted_at=timezone.now())


def run_batch(message: Message, user: User) -> None:
    bulk.run(bulk.request([message.pk], by=user).pk)


@pytest.mark.parametrize("way", ["promote", "propose_answers", "review_candidates", "a batch", "a nomination"])
def test_no_transaction_waits_for_a_model(client: Client, ada: User, embedder: Embedder, way: str) -> None:
    message = handed_over(ada)
    if way == "promote":
        client.post(reverse("promote", args=[message.pk]))
    elif way == "propose_answers":
        client.post(reverse(way), {"answer": [message.pk]})
    elif way == "review_candidates":
        client.post(reverse(way))
    elif way == "a batch":
        run_batch(message, ada)
    else:
        nominated(message)
        tasks.take_in()
    assert TrainingExample.objects.get().message == message
    assert embedder.held == [0]


@pytest.mark.parametrize("way", ["promote", "propose_answers", "review_candidates"])
def test_a_model_that_is_down_is_told_of_and_nothing_is_left_behind(
    client: Client, ada: User, embedder: Embedder, way: str
) -> None:
    message = handed_over(ada)
    embedder.is_down = True
    address = reverse(way, args=[message.pk] if way == "promote" else [])
    page = client.post(address, {"answer": [message.pk]} if way == "propose_answers" else {}, follow=True)
    assert page.status_code == 200
    assert "No." in page.content.decode()
    assert not TrainingExample.objects.exists()
    assert not ProposalBatch.objects.exists()


def test_one_that_cannot_be_searched_stops_none_behind_it(ada: User, embedder: Embedder) -> None:
    bad, good = nominated(handed_over(ada, REFUSED)), nominated(handed_over(ada))
    improved = make_answer(make_question(ada, trace_id=next(TRACES)))
    Feedback.objects.create(message=improved, person="U9", is_positive=False, better_answer="Better.")
    with pytest.raises(ProviderError):
        tasks.take_in()
    assert {each.message for each in TrainingExample.objects.all()} == {good.message, improved}
    bad.refresh_from_db()
    assert bad.state == "waiting"


def test_the_command_tells_of_each_that_could_not_be_searched(ada: User, embedder: Embedder) -> None:
    bad, good = handed_over(ada, REFUSED), handed_over(ada)
    out = StringIO()
    with pytest.raises(CommandError, match="did not accept"):
        call_command("example", "propose", str(bad.pk), str(good.pk), "--json", stdout=out)
    assert [each["message"] for each in json.loads(out.getvalue())["proposed"]] == [good.pk]


def test_a_number_that_is_no_id_is_left_out(client: Client, ada: User) -> None:
    message = make_answer(make_question(ada, trace_id=next(TRACES)))
    reply = client.post(reverse("propose_answers"), {"answer": ["9" * 25, message.pk]})
    assert reply.status_code == 302
    assert TrainingExample.objects.get().message == message
