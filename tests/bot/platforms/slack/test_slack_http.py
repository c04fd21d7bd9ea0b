"""Slack over HTTP: only what Slack signed a moment ago gets in, and it is kept before it is acknowledged."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import caches
from django.db import connection
from django.test import Client
from pytest_django.fixtures import Settings

from bot.models import Nomination, Platform, Question, Workspace
from bot.platforms import workspaces
from bot.platforms.slack import http, oauth, web_api
from tests.fakes.slack import workspace as slack_workspace
from tests.fakes.slack.fake import FakeSlack
from tests.harness import bots
from tests.rows import web_rows

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def events(slack: FakeSlack, transactional_db: None) -> Iterator[FakeSlack]:
    http._app.cache_clear()
    workspaces.introduce(Platform.SLACK, "T1", name="T", bot_user_id="UBOT", bot_id="BBOT")
    yield slack
    http._app.cache_clear()


def event(text: str = "<@UBOT> How are annual plans refunded?", ts: str = "1700000000.000100") -> dict[str, Any]:
    return {
        "type": "event_callback", "team_id": "T1", "api_app_id": "A1", "event_id": f"Ev{ts}",
        "event": {"type": "app_mention", "user": "U1", "text": text, "ts": ts, "channel": "C1", "team": "T1"},
    }  # fmt: skip


def post(slack: FakeSlack, body: bytes, headers: dict[str, str] | None = None, *, age: float = 0.0) -> int:
    timestamp = str(int(time.time() - age))
    signed = {
        "x-slack-request-timestamp": timestamp,
        "x-slack-signature": slack.sign(body.decode("latin-1"), timestamp),
    }
    given = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in (signed | (headers or {})).items()}
    reply = Client().post("/slack/events", body, content_type="application/json", **given)  # type: ignore[arg-type]
    connection.close()
    return reply.status_code


def test_a_signed_event_is_kept_and_a_replay_makes_no_second_question(events: FakeSlack) -> None:
    body = json.dumps(event()).encode()
    assert [post(events, body), post(events, body), post(events, body, age=299)] == [200, 200, 200]
    assert Question.objects.count() == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"x-slack-signature": "v0=" + "0" * 64}, {"x-slack-signature": ""}, {"x-slack-signature": "v0=ä"},
        {"x-slack-signature": "nonsense"}, {"x-slack-request-timestamp": "soon"}, {"x-slack-request-timestamp": ""},
        {"x-slack-request-timestamp": "-1"}, {"x-slack-request-timestamp": "1e9"},
        {"x-slack-request-timestamp": "9" * 40},
        {"x-slack-request-timestamp": "\u0661\u0667"}, {"x-slack-request-timestamp": "NaN"},
    ],
)  # fmt: skip
def test_whatever_is_malformed_is_401(events: FakeSlack, headers: dict[str, str]) -> None:
    assert post(events, json.dumps(event()).encode(), headers) == 401
    assert not Question.objects.exists()


def test_old_future_changed_and_undecodable_requests_are_401(events: FakeSlack) -> None:
    body = json.dumps(event()).encode()
    assert post(events, body, age=301) == 401
    assert post(events, body, age=-400) == 401
    assert post(events, b"\xff\xfe{}") == 401
    good = str(int(time.time()))
    changed = {"x-slack-request-timestamp": good, "x-slack-signature": events.sign(body.decode(), good)}
    assert post(events, body.replace(b"annual", b"Annual"), changed) == 401
    assert not Question.objects.exists()


def test_the_address_is_proved_to_slack_and_closed_without_a_secret(events: FakeSlack, settings: Settings) -> None:
    assert post(events, json.dumps({"type": "url_verification", "challenge": "abc"}).encode()) == 200
    settings.SLACK_SIGNING_SECRET = ""
    assert post(events, b"{}") == 404


def test_what_cannot_be_kept_is_not_acknowledged(events: FakeSlack, monkeypatch: pytest.MonkeyPatch) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE bot_question RENAME TO away")
    try:
        assert post(events, json.dumps(event()).encode()) == 500
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE away RENAME TO bot_question")
    assert post(events, json.dumps(event()).encode()) == 200
    assert Question.objects.count() == 1


def test_events_over_http_are_answered_by_a_bot_without_a_socket(
    shelf: Any, events: FakeSlack, settings: Settings, live_server: Any
) -> None:
    settings.SLACK_APP_TOKEN = ""
    events.events_url = f"{live_server.url}/slack/events"
    workspace = slack_workspace.Workspace(events)
    with bots.running("slack"):
        workspace.answers(workspace.mention())
        assert events.command(slack_workspace.ANN, slack_workspace.CHANNEL, "Are plans refunded?") == {}
        bots.until(lambda: "[1]" in str(events.ephemerals()), "the private answer is there")


def test_examples_are_nominated_over_http_as_well(
    shelf: Any, events: FakeSlack, settings: Settings, live_server: Any
) -> None:
    settings.SLACK_APP_TOKEN = ""
    events.events_url = f"{live_server.url}/slack/events"
    workspace = slack_workspace.Workspace(events)
    Workspace.objects.update(is_training_allowed=True, proposers=[slack_workspace.BOB, slack_workspace.ANN])
    caches["process"].clear()
    with bots.running("slack"):
        (answer,) = workspace.answers(workspace.mention())
        events.shortcut(slack_workspace.BOB, slack_workspace.CHANNEL, answer["ts"], "use_as_example")
        events.wait_acked([events.react(slack_workspace.CHANNEL, answer["ts"], slack_workspace.ANN)])
    assert [(each.person, each.way) for each in Nomination.objects.all()] == [
        (slack_workspace.BOB, "menu"),
        (slack_workspace.ANN, "reaction"),
    ]


def test_a_workspace_is_connected_by_its_administrator_alone(
    client: Client, events: FakeSlack, settings: Settings
) -> None:
    settings.SLACK_BOT_TOKEN = ""
    settings.SLACK_CLIENT_ID, settings.SLACK_CLIENT_SECRET = events.client_id, events.client_secret
    client.force_login(web_rows.make_user("eve"))
    assert client.post("/slack/install/").status_code == 403
    client.force_login(web_rows.make_user("root", is_superuser=True))
    sent = client.post("/slack/install/")
    assert sent.headers["Location"].startswith("https://slack.com/oauth/v2/authorize?client_id=1.2&scope=app_mentions")
    state = client.session["slack_install_state"]
    events.add_code("a-code", events.team_id)
    client.get("/slack/installed/", {"code": "a-code", "state": "another"})
    assert not Workspace.objects.exclude(token="").exists()
    client.post("/slack/install/")
    state = client.session["slack_install_state"]
    client.get("/slack/installed/", {"code": "a-code", "state": state})
    kept = Workspace.objects.exclude(token="").get()
    assert "xoxe" not in kept.token
    assert "xoxb" not in kept.token
    assert web_api.call(web_api.client_for(kept), "auth.test")["team_id"] == events.team_id


def test_tokens_that_run_out_are_exchanged_once(events: FakeSlack, settings: Settings) -> None:
    settings.SLACK_CLIENT_ID, settings.SLACK_CLIENT_SECRET = events.client_id, events.client_secret
    events.token_seconds = 3600
    events.add_code("a-code", events.team_id)
    workspace = oauth.install("a-code", "http://127.0.0.1/slack/installed/")
    workspace.refresh_from_db()
    before = workspaces.slack_token(workspace)
    events.token_seconds = 43_200
    assert workspaces.refresh_due(Platform.SLACK, oauth.refresh) == 1
    assert workspaces.refresh_due(Platform.SLACK, oauth.refresh) == 0
    workspace.refresh_from_db()
    assert workspaces.slack_token(workspace) not in ("", before)
