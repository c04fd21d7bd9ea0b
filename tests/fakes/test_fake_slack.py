"""The fake Slack against the real SDK: what it takes, refuses, breaks, and delivers again."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from tests.fakes.slack.fake import Cut, CutBefore, Error, FakeSlack, Hang, Http, RateLimited
from tests.fakes.slack.samples import BUTTONS, build_app, receiver


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack() as fake:
        fake.ack_seconds, fake.redelivery_delays, fake.echo = 0.4, (0.0, 0.1, 0.5), False
        fake.add_user("U1", name="ann")
        fake.add_channel("C1", members=("U1",))
        fake.add_channel("D1", kind="im", user="U1")
        yield fake


@pytest.fixture
def client(slack: FakeSlack) -> WebClient:
    return WebClient(slack.bot_token, base_url=slack.url, retry_handlers=[])


def refused(call: Callable[..., Any], **arguments: Any) -> str:
    with pytest.raises(SlackApiError) as raised:
        call(**arguments)
    return str(raised.value.response["error"])


def test_refuses_what_slack_refuses(slack: FakeSlack, client: WebClient) -> None:
    slack.add_channel("C2", is_member=False)
    say = client.chat_postMessage
    assert refused(say, channel="C9", text="x") == "channel_not_found"
    assert refused(say, channel="C2", text="x") == "not_in_channel"
    assert refused(say, channel="C1", text="x", txt="y") == "invalid_arguments"
    assert refused(say, channel="C1", text="x", thread_ts="1.000000") == "thread_not_found"
    assert refused(say, channel="C1", markdown_text="y" * 12_001) == "msg_too_long"
    assert refused(say, channel="C1", text="x", blocks=[BUTTONS[0]] * 51) == "invalid_blocks"
    assert refused(say, channel="C1", text="x", blocks=[BUTTONS[1]] * 2) == "invalid_blocks"
    assert refused(WebClient("xoxb-no", base_url=slack.url).auth_test) == "invalid_auth"
    assert refused(client.apps_connections_open, app_token=slack.bot_token) == "not_allowed_token_type"
    assert client.auth_test()["user_id"] == "UBOT"


def test_stores_pages_and_changes_messages(slack: FakeSlack, client: WebClient) -> None:
    root = slack.post("C1", "U1", "question")
    tags = {"event_type": "answer", "event_payload": {"id": 7}}
    told = [client.chat_postMessage(channel="C1", text=f"{n}", thread_ts=root, metadata=tags)["ts"] for n in range(5)]
    pages = client.conversations_replies(channel="C1", ts=root, limit=2, include_all_metadata=True)
    found = [(m["ts"], m.get("metadata")) for page in pages for m in page["messages"]]
    assert found == [(root, None), *((ts, tags) for ts in told)]
    assert "metadata" not in client.conversations_replies(channel="C1", ts=root)["messages"][1]
    newer = [slack.post("C1", "U1", str(n)) for n in range(3)]
    history = [m["ts"] for page in client.conversations_history(channel="C1", limit=2) for m in page["messages"]]
    assert history == [*newer[::-1], root]
    assert client.conversations_history(channel="C1", oldest=newer[0], latest=newer[2])["messages"][0]["text"] == "1"
    client.chat_update(channel="C1", ts=told[0], text="new")
    client.chat_delete(channel="C1", ts=told[1])
    assert [m["text"] for m in slack.messages("C1", root)] == ["question", "new", "2", "3", "4"]
    assert refused(client.chat_update, channel="C1", ts=root, text="x") == "cant_update_message"


def test_streams_live_and_break(slack: FakeSlack, client: WebClient) -> None:
    root = slack.post("C1", "U1", "question")
    start: dict[str, Any] = {"channel": "C1", "thread_ts": root}
    assert refused(client.chat_startStream, **start) == "missing_recipient_user_id"
    start |= {"recipient_user_id": "U1", "recipient_team_id": "T1"}
    ts = client.chat_startStream(**start, markdown_text="one ")["ts"]
    client.chat_appendStream(channel="C1", ts=ts, chunks=[{"type": "markdown_text", "text": "two"}])
    assert refused(client.chat_update, channel="C1", ts=ts, text="x") == "streaming_state_conflict"
    client.chat_stopStream(channel="C1", ts=ts, blocks=BUTTONS)
    assert slack.messages("C1")[-1]["visible"].startswith("one two\nAn answer")
    other = start | {"thread_ts": slack.post("C1", "U1", "another question")}
    broken, stopped = (client.chat_startStream(**each, markdown_text="x")["ts"] for each in (other, start))
    client.agents_sessions_setStatus(channel_id="C1", thread_ts=root, status="processing")
    slack.user_stops("C1", root, "U1")
    more = {"channel": "C1", "markdown_text": "y"}
    assert refused(client.chat_appendStream, ts=stopped, **more) == "stopped_by_user"
    slack.stream_seconds = 0
    assert refused(client.chat_appendStream, ts=broken, **more) == "message_not_in_streaming_state"
    client.chat_update(channel="C1", ts=broken, text="whole")
    assert [(m["broken"], m["visible"]) for m in slack.messages("C1")[-2:-1]] == [(False, "whole")]


def test_breaks_as_scripted(slack: FakeSlack, client: WebClient) -> None:
    slack.script("chat.postMessage", Error("fatal_error"), Http(503), Cut(), CutBefore(), Hang(0.2))
    assert refused(client.chat_postMessage, channel="C1", text="0") == "fatal_error"
    assert refused(client.chat_postMessage, channel="C1", text="2") == "internal_error"
    for text in ("cut", "before"):
        with pytest.raises(OSError, match="closed"):
            client.chat_postMessage(channel="C1", text=text)
    client.chat_postMessage(channel="C1", text="late")
    assert [m["text"] for m in slack.messages("C1")] == ["cut", "late"]


def test_whoever_calls_on_although_asked_to_wait_is_found_out(slack: FakeSlack, client: WebClient) -> None:
    slack.notice_seconds = 0.1
    slack.add_channel("C2")
    slack.script("chat.postMessage", RateLimited(1))
    with pytest.raises(SlackApiError) as limited:
        client.chat_postMessage(channel="C1", text="0")
    assert (limited.value.response.status_code, limited.value.response.headers["Retry-After"]) == (429, "1")
    assert refused(client.chat_postMessage, channel="C1", text="it could not know yet") == "ratelimited"
    assert client.chat_postMessage(channel="C2", text="posts are limited by their channel")["ok"]
    assert slack.early == []
    time.sleep(0.2)
    assert refused(client.chat_postMessage, channel="C1", text="it should have known") == "ratelimited"
    assert [method for method, _ in slack.early] == ["chat.postMessage"]
    time.sleep(0.9)
    assert client.chat_postMessage(channel="C1", text="the window is over")["ok"]


def test_delivers_over_the_real_socket_client(slack: FakeSlack, client: WebClient) -> None:
    seen: list[str] = []
    socket = SocketModeHandler(build_app(client, seen), slack.app_token, ping_interval=0.5).client
    socket.connect()
    slack.wait_connected()
    slack.post("C1", "U1", "<@UBOT> hi")
    slack.wait_acked(timeout=3)
    assert sorted(seen) == ["app_mention"] * 2 + ["message"] * 2
    assert [ack.attempt for ack in slack.acks] == [1, 1]
    answer = client.chat_postMessage(channel="C1", text="a", blocks=BUTTONS)["ts"]
    with pytest.raises(AssertionError, match="with value '8'"):
        slack.press("C1", answer, "human", "U1", "8")
    with pytest.raises(AssertionError, match="not acknowledged"):
        slack.press("C1", answer, "human", "U1")
    assert slack.press("C1", answer, "feedback", "U1", "7:down") == {}
    slack.wait_for(lambda: bool(slack.ephemerals("C1", "U1")))
    errors = slack.submit("U1", next(iter(slack.views)), {"why": {"text": "because"}})
    assert errors == {"response_action": "errors", "errors": {"why": "Say more"}}
    slack.redelivery_delays = (0.0, 0.1, 4.0)
    slack.drop("reset")
    slack.post("D1", "U1", "in the gap")
    slack.wait_acked(timeout=5)
    slack.refuse_sockets = True
    slack.drop("reset")
    with pytest.raises(AssertionError, match="no socket"):
        slack.command("U1", "C1", "why")
    socket.close()


def test_posts_signed_events(slack: FakeSlack) -> None:
    seen: list[str] = []
    with receiver(slack.signing_secret, [500], seen) as slack.events_url:
        slack.post("C1", "U1", "hi")
        slack.wait_acked(timeout=3)
        assert slack.command("U1", "C1", "why") == {}
    assert seen == ['True None {"token"', 'True 1 {"token"', "True None token=fa"]


def test_rotates_tokens(slack: FakeSlack) -> None:
    exchange = WebClient(base_url=slack.url).oauth_v2_access
    us = {"client_id": slack.client_id, "client_secret": slack.client_secret}
    first = exchange(**us, code=slack.add_code("once", "T2"))
    assert refused(exchange, **us, code="once") == "invalid_code"
    refresh = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    second = exchange(**us, **refresh)
    assert refused(exchange, **us, **refresh) == "invalid_refresh_token"
    assert WebClient(second["access_token"], base_url=slack.url).auth_test()["team_id"] == "T2"
