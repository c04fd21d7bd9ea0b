"""What Slack asked us to wait is kept to by everything that calls it, and the answers arrive all the same."""

import threading
from collections.abc import Iterator
from itertools import pairwise

import pytest
from django.db import connection

from bot.models import Question
from bot.platforms.slack import live, web_api
from bot.platforms.slack.listener import SocketListener
from bot.platforms.slack.web_api import SlackRefusedError
from bot.platforms.windows import LONGEST, Windows
from tests.fakes.slack.fake import Error, FakeSlack, RateLimited, visible_text
from tests.fakes.slack.workspace import ANN, ASKED, BOB, CHANNEL, Workspace
from tests.harness import bots

pytestmark = pytest.mark.django_db(transaction=True)
ROOMS = [f"C{number}" for number in range(10, 16)]


@pytest.fixture
def workspace(slack: FakeSlack, shelf: object) -> Iterator[Workspace]:
    workspace = Workspace(slack)
    for room in ROOMS:
        slack.add_channel(room, name=room.lower(), members=(ANN, BOB))
    with bots.running("slack"):
        yield workspace


class Clock:
    now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


def test_many_answers_at_once_make_no_call_in_a_window_and_all_arrive(workspace: Workspace) -> None:
    slack = workspace.fake
    slack.enforce_rates = True  # twenty streams may begin at once, and one post a second goes into a channel
    asked = []
    for number in range(24):
        person, room = f"U{number + 20}", ROOMS[number % len(ROOMS)]
        slack.add_user(person, name=f"person{number}")
        asked.append((room, slack.post(room, person, f"<@{slack.bot_user_id}> {ASKED}")))
    bots.until(lambda: Question.objects.filter(state="done").count() == len(asked), "all are answered", 40)
    for room, thread in asked:
        (answer,) = workspace.own(room, thread)
        assert "Ask again for more." in visible_text(answer)
    limited = [call.method for call in list(slack.calls) if call.response.get("error") == "ratelimited"]
    assert "chat.startStream" in limited
    assert slack.early == []


def test_a_stream_that_may_not_begin_is_one_final_post(workspace: Workspace) -> None:
    workspace.fake.script("chat.startStream", RateLimited(5))
    threads = [workspace.mention(channel=room) for room in ROOMS[:3]]
    for room, thread in zip(ROOMS, threads, strict=False):
        workspace.answers(thread, channel=room)
    later = workspace.mention(channel=CHANNEL)
    workspace.answers(later)
    assert workspace.fake.messages(CHANNEL, later)[-1].get("streamed") is None
    assert len(workspace.fake.calls_of("chat.startStream")) <= 3


def test_posts_into_one_channel_take_turns(slack: FakeSlack) -> None:
    Workspace(slack)
    slack.enforce_rates = True
    client, refused = web_api.client(slack.bot_token), []

    def post() -> None:
        try:
            web_api.call(client, "chat.postMessage", channel=CHANNEL, text="one of many")
        except SlackRefusedError as error:
            refused.append(error.retry_after or 0.0)
        finally:
            connection.close()

    threads = [threading.Thread(target=post) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(slack.messages(CHANNEL)) == 2  # one at once, one after a second
    assert len({round(each) for each in refused}) == 4  # each of the others has a turn of its own
    assert not [call for call in slack.calls if call.response.get("error")]


def test_what_one_process_is_told_others_know_a_second_later() -> None:
    clock = Clock()
    one, other = Windows("test", clock), Windows("test", clock)
    assert other.left("T1/chat.update") == 0
    one.open("T1/chat.update", 30)
    one.open("T1/chat.delete", 1e9)
    clock.now += 1.1
    assert other.left("T1/chat.update") == pytest.approx(28.9)
    assert other.left("T2/chat.update") == 0
    assert other.left("T1/chat.delete") == pytest.approx(LONGEST - 1.1)
    other.open("T1/chat.update", 1)  # a shorter word does not take back the longer one
    assert other.left("T1/chat.update") == pytest.approx(28.9)
    clock.now += 30
    assert one.left("T1/chat.update") == 0


def test_a_clock_that_is_wrong_keeps_nobody_waiting_for_a_day() -> None:
    clock, ahead = Clock(), Clock()
    one, other = Windows("test", clock), Windows("test", ahead)
    ahead.now += 86_400
    other.open("T1/chat.update", 30)
    one.open("T1/chat.delete", 30)
    clock.now += 1.1
    assert one.left("T1/chat.update") == 0  # of the other one's tomorrow
    assert one.left("T1/chat.delete", "T1/chat.update") == pytest.approx(28.9)
    assert one.turn("T1/chat.postMessage", 1.1) == 0
    assert one.turn("T1/chat.postMessage", 1.1) == pytest.approx(1.1)
    clock.now -= 86_400  # it is set back
    assert one.left("T1/chat.delete") == 0
    assert one.turn("T1/chat.postMessage", 1.1) == 0


def test_whoever_waited_for_a_turn_has_taken_it(slack: FakeSlack, monkeypatch: pytest.MonkeyPatch) -> None:
    Workspace(slack)
    clock = Clock()
    monkeypatch.setattr(web_api, "windows", Windows("test", clock))
    monkeypatch.setattr(
        "bot.platforms.slack.web_api.time.sleep", lambda seconds: setattr(clock, "now", clock.now + seconds)
    )
    client, at = web_api.client(slack.bot_token), []
    for _ in range(4):
        web_api.call(client, "chat.postMessage", channel=CHANNEL, text="one of many")
        at.append(clock.now)
    assert [later - earlier for earlier, later in pairwise(at)] == pytest.approx([web_api.POST_SECONDS] * 3)


def test_a_limit_is_kept_to_whatever_status_names_it(slack: FakeSlack) -> None:
    Workspace(slack)
    client = web_api.client(slack.bot_token)
    slack.script("users.info", Error("ratelimited"))
    for _ in range(2):
        with pytest.raises(SlackRefusedError) as caught:
            web_api.call(client, "users.info", user=ANN)
        assert caught.value.retry_after
    assert len(slack.calls_of("users.info")) == 1


def test_a_wait_of_years_is_no_wait_for_an_answer(slack: FakeSlack) -> None:
    Workspace(slack)
    slack.script("users.info", RateLimited(10**12))
    with pytest.raises(SlackRefusedError) as caught:
        web_api.call(web_api.client(slack.bot_token), "users.info", user=ANN)
    assert caught.value.retry_after == LONGEST


def test_appends_become_rarer_the_more_answers_are_written(monkeypatch: pytest.MonkeyPatch) -> None:
    class Written:
        pass

    many = [Written() for _ in range(48)]
    monkeypatch.setattr(live, "_streaming", {1: many, 2: many[:1]})
    assert live._pause(1) * (100 / 60) >= len(many)
    assert live._pause(2) == live.APPEND_SECONDS


def test_attempts_to_listen_that_fail_leave_no_threads_behind(slack: FakeSlack) -> None:
    slack.script("apps.connections.open", *[Error("internal_error")] * 6)
    listener = SocketListener(lambda: None)
    listener._stopping.set()  # so that no attempt waits for the next
    before = threading.active_count()
    for _ in range(6):
        listener._connect()
    bots.until(lambda: threading.active_count() <= before, "every thread has ended")
