"""An asker and a team on one platform, as a test of what goes between them needs them: the same words on both."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bot.models import Channel, Delivery, Question, Workspace
from bot.running import Running
from tests.fakes.discord.fake import FakeDiscord
from tests.fakes.discord.guild import ASKED, Server
from tests.fakes.slack.fake import FakeSlack, visible_text
from tests.fakes.slack.workspace import ANN, BOB, CHANNEL, TEAM
from tests.fakes.slack.workspace import Workspace as SlackWorkspace
from tests.harness import bots

Said = dict[str, Any]
FILE = "plan.pdf"


class Desk(ABC):
    """`place` is the asker's thread; ids of messages are what the platform's fake takes. `expected` are the refusals
    that a test means to have."""

    place: Any
    crew: Running
    expected: list[Any]

    @abstractmethod
    def begin(self, text: str = ASKED, *, is_new: bool = True) -> None:
        """Ask the bot by a mention: in a thread of its own, or in the one there is."""

    @abstractmethod
    def asker_writes(self, text: str, *, by_other: bool = False, has_file: bool = False) -> Any: ...

    @abstractmethod
    def team_writes(self, text: str, *, by_other: bool = False, has_file: bool = False, **more: Any) -> Any: ...

    @abstractmethod
    def press(self, action: str, *, by_team: bool = False, fields: dict[str, str] | None = None) -> None:
        """Press the newest button that does `action`, and fill in the form that opens."""

    @abstractmethod
    def edit(self, message: Any, text: str, *, by_team: bool = False) -> None: ...

    @abstractmethod
    def delete(self, message: Any, *, by_team: bool = False) -> None: ...

    @abstractmethod
    def signs(self, message: Any, *, by_team: bool = False) -> set[str]:
        """What the bot put under a message."""

    @abstractmethod
    def asker_reads(self) -> list[str]:
        """What the bot posted in the asker's thread."""

    @abstractmethod
    def team_reads(self) -> list[str]:
        """What the bot posted to the team: the post of the question, then what stands under it."""

    def until_asker_reads(self, text: str, count: int = 1) -> None:
        found: Callable[[], bool] = lambda: sum(text in each for each in self.asker_reads()) >= count  # noqa: E731
        self._until(found, f"the asker reads {text!r}", self.asker_reads)

    def until_team_reads(self, text: str, count: int = 1) -> None:
        found: Callable[[], bool] = lambda: sum(text in each for each in self.team_reads()) >= count  # noqa: E731
        self._until(found, f"the team reads {text!r}", self.team_reads)

    @staticmethod
    def _until(found: Callable[[], bool], what: str, reads: Callable[[], list[str]]) -> None:
        try:
            bots.until(found, what, 10.0)
        except AssertionError as error:
            raise AssertionError(f"{error}; there is: {reads()}") from None

    def settle(self) -> None:
        """Until all that was to be answered or posted is."""
        over = ["done", "cancelled", "refused", "dead"]
        bots.until(lambda: not Question.objects.exclude(state__in=over).exists(), "all is answered")
        bots.until(lambda: not Delivery.objects.exclude(state__in=["sent", "dead"]).exists(), "all is posted")


class SlackDesk(Desk):
    def __init__(self, fake: FakeSlack) -> None:
        self.fake, self.expected = fake, []
        self.room = SlackWorkspace(fake)
        fake.users[ANN]["profile"]["display_name"] = "Ann Asker"
        fake.users[BOB]["profile"]["display_name"] = "Bob Helper"
        fake.add_user("U3", name="eve")
        fake.channels[CHANNEL].members["U3"] = fake.channels[TEAM].members["U3"] = None
        bots.until(lambda: Channel.objects.filter(external_id=TEAM), "the team's channel is known")
        Channel.objects.filter(external_id=TEAM).update(name="team")
        Workspace.objects.update(escalation_channel=Channel.objects.get(external_id=TEAM))

    def begin(self, text: str = ASKED, *, is_new: bool = True) -> None:
        asked = self.room.mention(text, **({} if is_new else {"thread_ts": self.place}))
        self.place = asked if is_new else self.place
        bots.until(lambda: Question.objects.filter(message_id=asked), "it is kept")
        self.settle()

    def asker_writes(self, text: str, *, by_other: bool = False, has_file: bool = False) -> Any:
        return self._write(CHANNEL, "U3" if by_other else ANN, text, self.place, has_file)

    def team_writes(self, text: str, *, by_other: bool = False, has_file: bool = False, **more: Any) -> Any:
        return self._write(TEAM, "U3" if by_other else BOB, text, self._root()["ts"], has_file, **more)

    def _write(self, channel: str, who: str, text: str, thread: str, has_file: bool, **more: Any) -> str:
        files = ({"name": FILE, "permalink": f"https://fake.slack.com/files/{FILE}"},) if has_file else ()
        ts = self.fake.post(channel, who, text, thread_ts=thread, files=files, subtype="file_share" if files else None,
                            **more)  # fmt: skip
        self.fake.wait_acked()
        return ts

    def _root(self) -> Said:
        return next(each for each in self.room.own(TEAM) if each.get("thread_ts") in (None, each["ts"]))

    def press(self, action: str, *, by_team: bool = False, fields: dict[str, str] | None = None) -> None:
        channel, who = (TEAM, BOB) if by_team else (CHANNEL, ANN)

        def shown() -> list[Said]:
            own = self.room.own(channel, None if by_team else self.place)
            return [each for each in own if f"'parley:{action}'" in str(each["blocks"])]

        bots.until(shown, f"there is a button {action}")
        self.fake.press(channel, shown()[-1]["ts"], f"parley:{action}", who)
        if fields is not None:
            view = list(self.fake.views)[-1]
            self.fake.submit(who, view, {name: {name: value} for name, value in fields.items()})

    def edit(self, message: Any, text: str, *, by_team: bool = False) -> None:
        self.fake.edit(TEAM if by_team else CHANNEL, message, text)

    def delete(self, message: Any, *, by_team: bool = False) -> None:
        self.fake.delete(TEAM if by_team else CHANNEL, message)

    def signs(self, message: Any, *, by_team: bool = False) -> set[str]:
        names = {"white_check_mark": "✅", "warning": "⚠️"}
        found = self.fake.reactions.get((TEAM if by_team else CHANNEL, str(message)), set())
        return {names.get(each, each) for each in found}

    def asker_reads(self) -> list[str]:
        return [_shown(each) for each in self.room.own(CHANNEL, self.place)]

    def team_reads(self) -> list[str]:
        return [_shown(each) for each in self.room.own(TEAM)]


def _shown(message: Said) -> str:
    return f"{visible_text(message)} {message['blocks']}"


class DiscordDesk(Desk):
    def __init__(self, fake: FakeDiscord) -> None:
        self.fake, self.expected = fake, []
        self.room = Server(fake)
        self.eve = fake.add_user("eve")
        fake.world.users[self.room.ann]["global_name"] = "Ann Asker"
        fake.world.users[self.room.bob]["global_name"] = "Bob Helper"
        bots.until(Workspace.objects.exists, "the server is known")
        self.team = fake.add_channel(name="team", everyone_may_view=False)
        workspace = Workspace.objects.get()
        team, _ = Channel.objects.get_or_create(workspace=workspace, external_id=str(self.team))
        Workspace.objects.update(escalation_channel=team)

    def begin(self, text: str = ASKED, *, is_new: bool = True) -> None:
        place = self.room.channel if is_new else self.place
        asked = self.fake.post(place, self.room.ann, f"<@{self.fake.bot_id}> {text}")
        self.place = asked if is_new else self.place
        bots.until(lambda: Question.objects.filter(message_id=str(asked)), "it is kept")
        self.settle()

    def asker_writes(self, text: str, *, by_other: bool = False, has_file: bool = False) -> Any:
        return self.fake.post(self.place, self.eve if by_other else self.room.ann, text, attachments=int(has_file))

    def team_writes(self, text: str, *, by_other: bool = False, has_file: bool = False, **more: Any) -> Any:
        thread = self._thread(by_team=True)
        bots.until(lambda: thread in self.fake.world.channels, "the team's thread is there")
        return self.fake.post(thread, self.eve if by_other else self.room.bob, text, attachments=int(has_file), **more)

    def press(self, action: str, *, by_team: bool = False, fields: dict[str, str] | None = None) -> None:
        place, who = (self.team, self.room.bob) if by_team else (self.place, self.room.ann)

        def shown() -> list[Said]:
            return [each for each in self.room.own(place) if f"parley:{action}:" in str(each["components"])]

        bots.until(shown, f"there is a button {action}")
        message = shown()[-1]
        custom_id = next(
            each["custom_id"]
            for row in message["components"]
            for each in row["components"]
            if each["custom_id"].startswith(f"parley:{action}:")
        )
        pressed = self.fake.press(place, int(message["id"]), custom_id, who)
        pressed.wait()
        if fields is not None:
            self.fake.submit(who, pressed, fields).wait()

    def edit(self, message: Any, text: str, *, by_team: bool = False) -> None:
        self.fake.edit(self._thread(by_team=by_team), message, text)

    def delete(self, message: Any, *, by_team: bool = False) -> None:
        self.fake.delete(self._thread(by_team=by_team), message)

    def _thread(self, *, by_team: bool) -> int:
        return int(self.room.own(self.team)[0]["id"]) if by_team else int(self.place)

    def signs(self, message: Any, *, by_team: bool = False) -> set[str]:
        found = self.fake.messages(self._thread(by_team=by_team))
        here = next(each for each in found if int(each["id"]) == message)
        return {each["emoji"]["name"] for each in here.get("reactions", [])}

    def asker_reads(self) -> list[str]:
        return [f"{each['content']} {each['components']}" for each in self.room.own(self.place)]

    def team_reads(self) -> list[str]:
        posts = self.room.own(self.team)
        under = self.room.own(int(posts[0]["id"])) if posts else []
        return [f"{each['content']} {each['components']}" for each in [*posts, *under]]


@pytest.fixture(params=["slack", "discord"])
def desk(request: pytest.FixtureRequest) -> Iterator[Desk]:
    """A bot that runs, an asker and a team, on each platform in turn. Nobody but the asker may be pinged."""
    fake: FakeSlack | FakeDiscord = request.getfixturevalue(request.param)
    if isinstance(fake, FakeSlack):
        with bots.running("slack") as crew:
            on_slack = SlackDesk(fake)
            on_slack.crew = crew
            yield on_slack
        refused = [(call.method, call.response["error"]) for call in fake.calls if not call.response.get("ok", True)]
        assert refused == on_slack.expected
        return
    with bots.running("discord") as crew:
        on_discord = DiscordDesk(fake)
        on_discord.crew = crew
        yield on_discord
    assert [each.status for each in fake.refusals if each.status != 404] == on_discord.expected
    assert {each.target for each in fake.live_mentions} <= {str(on_discord.room.ann)}
