"""The fake Discord, driven by the real library."""

from collections.abc import Iterator

import aiohttp
import pytest
import yarl

from tests.fakes.discord.bot import BODIES, DiscordWebSocket, Route, Running, discord, post_raw
from tests.fakes.discord.fake import Cut, FakeDiscord, Http, RateLimited


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeDiscord]:
    with FakeDiscord() as server:
        monkeypatch.setattr(Route, "BASE", server.api_url)
        monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(server.gateway_url))
        yield server


@pytest.fixture
def running(fake: FakeDiscord) -> Iterator[Running]:
    bot = Running(fake)
    yield bot
    bot.stop()


def test_messages_threads_and_errors(fake: FakeDiscord, running: Running) -> None:
    text, user, bot = fake.add_channel(name="help"), fake.add_user("ann"), running.bot
    silent = fake.add_channel(name="silent", bot_may=["view_channel"])
    fake.post(text, user, f"<@{fake.bot_id}> hello")
    post = fake.start_thread(fake.add_channel(name="forum", kind="forum"), user, "Broken", "It is broken.")
    fake.until(lambda: len(bot.heard) == 2)
    assert (bot.heard[1].id, bot.heard[1].channel.id) == (post, post)

    async def talk() -> None:
        thread = await bot.heard[0].create_thread(name="An answer")
        sent = await thread.send("…", nonce="n1")
        assert await thread.send("twice", nonce="n1") == sent
        await sent.edit(content="The answer")
        for work, code in (
            (bot.heard[0].create_thread(name="Again"), 160004),
            (thread.send("x" * 2001), 50035),
            (bot.heard[0].edit(content="mine"), 50005),
            (bot.get_partial_messageable(silent).send("no"), 50013),
        ):
            with pytest.raises(discord.HTTPException) as error:
                await work
            assert error.value.code == code
        assert [each.id async for each in bot.heard[0].channel.history(limit=9)] == [bot.heard[0].id]

    running.do(talk())
    thread = fake.threads(text)[0]
    assert [(each["content"], each["edits"]) for each in fake.messages(int(thread["id"]))] == [("The answer", 1)]
    assert not fake.live_mentions


def test_commands_forms_and_buttons(fake: FakeDiscord, running: Running) -> None:
    text, user, bot = fake.add_channel(name="help"), fake.add_user("ann"), running.bot
    asked = fake.command(user, text, "ask", {"question": "why"})
    assert asked.wait()["type"] == 5
    fake.until(lambda: len(asked.followups) == 1)
    assert (asked.original or {})["content"] == "You asked why"
    assert [each["content"] for each in fake.messages(text)] == ["You asked why"]

    view = discord.ui.View(timeout=None)
    view.add_item(discord.ui.Button(label="Tell me", custom_id="form"))
    sent = running.do(bot.get_partial_messageable(text).send("Was it good?", view=view))
    with pytest.raises(AssertionError, match="shows no"):
        fake.press(text, sent.id, "other", user)
    pressed = fake.press(text, sent.id, "form", user)
    assert pressed.wait()["type"] == 9
    filled = fake.submit(user, pressed, {"why": "pages"})
    assert filled.wait()["data"]["content"] == "Thanks for pages"
    assert len(fake.messages(text)) == 2  # the thanks are for one pair of eyes

    fake.answer_seconds = 0
    late = fake.press(text, sent.id, "form", user)
    fake.until(lambda: fake.refusals)
    assert late.failed
    assert fake.refusals[0].status == 404


def test_a_dropped_session_resumes_and_an_invalid_one_starts_anew(fake: FakeDiscord, running: Running) -> None:
    text, user, bot = fake.add_channel(name="help"), fake.add_user("ann"), running.bot
    fake.drop()
    fake.post(text, user, "while away")
    fake.until(lambda: bot.connected == 2 and len(bot.heard) == 1)
    assert (fake.resumes, len(fake.identifies)) == (1, 1)
    fake.reconnect()
    fake.until(lambda: bot.connected == 3)
    fake.invalidate()
    fake.reconnect()
    fake.until(lambda: fake.resumes == 3)
    fake.post(text, user, "lost")
    fake.until(lambda: bot.connected == 4, 8)
    fake.post(text, user, "heard")
    fake.until(lambda: bot.heard[-1].content == "heard")
    assert len(fake.identifies) == 2


def test_content_is_hidden_without_the_intent(fake: FakeDiscord) -> None:
    fake.missing_intents = True
    refused = Running(fake)
    assert isinstance(refused.failure, discord.PrivilegedIntentsRequired)
    running, user, text = Running(fake, content=False), fake.add_user("ann"), fake.add_channel(name="help")
    fake.post(text, user, "secret")
    fake.post(text, user, f"hey <@{fake.bot_id}>")
    fake.post(fake.open_dm(user), user, "psst")
    fake.until(lambda: len(running.bot.heard) == 3)
    assert [each.content for each in running.bot.heard] == ["", f"hey <@{fake.bot_id}>", "psst"]
    running.stop()


def test_faults_and_rates(fake: FakeDiscord, running: Running) -> None:
    text = fake.add_channel(name="help")
    channel = running.bot.get_partial_messageable(text)
    fake.script(
        "POST", "/messages$", RateLimited(0.1), Http(503, {"message": "no"}), RateLimited(0.1, via=False), Cut()
    )
    for error in (discord.DiscordServerError, discord.HTTPException, aiohttp.ServerDisconnectedError):
        with pytest.raises(error):
            running.do(channel.send("once", nonce="n"))
    running.do(channel.send("once", nonce="n"))
    assert [each["content"] for each in fake.messages(text)] == ["once"]
    with pytest.raises(discord.HTTPException):
        running.do(channel.send("@everyone", allowed_mentions=discord.AllowedMentions.all()))
    assert [each.kind for each in fake.live_mentions] == ["everyone"]

    fake.enforce_rates = True
    assert [status for status, _ in post_raw(fake, text, [{"content": "x"}] * 6)] == [200] * 5 + [429]


def test_each_shard_hears_its_own(fake: FakeDiscord) -> None:
    zero, one = fake.add_guild(guild=10 << 22), fake.add_guild(guild=11 << 22)
    user, bots = fake.add_user("ann"), [Running(fake, shard_id=shard, shard_count=2) for shard in (0, 1)]
    fake.post(fake.add_channel(name="zero", guild=zero), user, "zero")
    fake.post(fake.add_channel(name="one", guild=one), user, "one")
    fake.post(fake.open_dm(user), user, "alone")
    fake.until(lambda: sum(len(each.bot.heard) for each in bots) == 3)
    assert [[each.content for each in running.bot.heard] for running in bots] == [["zero", "alone"], ["one"]]
    for running in bots:
        running.stop()


def test_bodies_beyond_the_limits_are_refused(fake: FakeDiscord) -> None:
    text = fake.add_channel(name="help")
    assert [code for _, code in post_raw(fake, text, [body for body, _ in BODIES])] == [code for _, code in BODIES]
    assert [each.kind for each in fake.live_mentions] == ["everyone", "user"]
