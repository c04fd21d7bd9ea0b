"""What a platform must do: send, find, change and delete posts, and read what was written while nobody listened."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from bot.models import Channel, ChannelKind, Delivery, Platform, Question, Workspace
from bot.posts.post import Post

PRIVATE = "private"  # the id of a post that only one person sees; there is no way to find it again, or to change it


class DeliveryError(Exception):
    """A platform did not take a post. `str()` is a sentence for the admin's log.

    `permanent`: sending it again cannot help. `retry_after`: the seconds the platform asks us to wait. `was_refused`:
    the platform answered, so the post is certainly not there.
    """

    def __init__(
        self, message: str, *, permanent: bool = False, retry_after: float | None = None, was_refused: bool = False
    ) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.retry_after = retry_after
        self.was_refused = was_refused


class GoneError(DeliveryError):
    """The message that was to be changed is not there any more."""

    def __init__(self) -> None:
        super().__init__("The message was taken away.", permanent=True, was_refused=True)


class Live(ABC):
    """A message that grows while its answer is written. What goes wrong here is mended by the final post.

    `is_uncertain`: the platform may have made the message without our learning its id. `is_stopped`: the asker wants
    no more of it.
    """

    is_uncertain = False
    is_stopped = False

    @property
    def is_due(self) -> bool:
        """Whether `show` would do anything now; making a long text safe to show costs time."""
        return True

    @abstractmethod
    def show(self, text: str) -> None:
        """Show the answer so far, as often as the platform allows."""

    @abstractmethod
    def finish(self, post: Post) -> bool:
        """Make the message final. False when it has to be done by `Messenger.edit` instead."""


@dataclass(frozen=True)
class Incoming:
    """A message of a platform, in the words of this room.

    `thread_id` is empty outside of threads, `delivery_key` unique among what platforms deliver. `is_mention`: it names
    the bot; `is_explicit`: it was sent by a command or a menu, so there is no doubt. `has_outsiders` is None where the
    platform did not say. `unread` names files that came with it.
    """

    platform: Platform
    workspace: str
    channel: str
    message_id: str
    author: str
    text: str
    delivery_key: str
    thread_id: str = ""
    author_name: str = ""
    channel_name: str = ""
    kind: ChannelKind = ChannelKind.CHANNEL
    has_outsiders: bool | None = None
    is_threaded: bool = True
    is_mention: bool = False
    is_explicit: bool = False
    is_private: bool = False
    is_outsider: bool = False
    reply_token: str = ""
    reply_until: datetime | None = None
    asked_at: datetime | None = None
    unread: tuple[str, ...] = field(default_factory=tuple)


@dataclass(frozen=True)
class Audience:
    """Who reads a channel, as the platform says now."""

    has_outsiders: bool
    name: str = ""


@dataclass(frozen=True)
class Place:
    """A channel that the bot is in."""

    external_id: str
    name: str
    kind: ChannelKind


class Messenger(ABC):
    """One platform. Methods raise DeliveryError and nothing else, unless they say otherwise."""

    part_characters: int  # of text in one post

    @abstractmethod
    def measure(self, post: Post) -> int:
        """The characters that `post` takes, to compare with `part_characters`."""

    @abstractmethod
    def sign(self, question: Question) -> None:
        """Show the asker, at once, that the question was seen. Never raises: it is only a courtesy."""

    @abstractmethod
    def begin(self, delivery: Delivery, keep: Callable[[str], None]) -> Live:
        """A message to write the answer into. Calls `keep` with its id as soon as there is one.

        Raises what `keep` raises, and nothing else.
        """

    @abstractmethod
    def send(self, delivery: Delivery) -> str:
        """Post anew; returns the id of the message."""

    @abstractmethod
    def edit(self, delivery: Delivery) -> None:
        """Make the message `delivery.message_id` say `delivery.body`, finally. Raises GoneError as well."""

    @abstractmethod
    def find(self, delivery: Delivery) -> str:
        """The id of the message that an earlier attempt of this delivery posted; empty when there is none."""

    @abstractmethod
    def surplus(self, question: Question) -> list[str]:
        """The ids of replies to a question that no delivery knows; none where those that are known are not seen."""

    @abstractmethod
    def delete(self, channel: Channel, message_id: str, *, thread_id: str = "") -> None:
        """Take a message of ours away; one that is gone already is no error."""

    @abstractmethod
    def permalink(self, question: Question) -> str:
        """Where a person finds the question; empty when the platform does not say."""

    @abstractmethod
    def audience(self, channel: Channel) -> Audience:
        """Who reads the channel."""

    @abstractmethod
    def places(self, workspace: Workspace) -> list[Place]:
        """The channels of a workspace that the bot is in, as far as the platform tells."""

    @abstractmethod
    def catch_up(self, channel: Channel, since: datetime) -> Iterator[Incoming]:
        """What was written in a channel and its threads since then, oldest first."""


class Bot(ABC):
    """What listens to a platform, and its messenger."""

    messenger: Messenger

    @abstractmethod
    def start(self, on_gap: Callable[[], None]) -> None:
        """Begin to listen, in threads of its own, and go on until `stop`. `on_gap`: something may have been missed."""

    @abstractmethod
    def stop(self) -> None:
        """Listen no more. The messenger goes on working until `close`."""

    def close(self) -> None:  # noqa: B027  most have nothing to close
        """Let go of what the messenger needs."""

    @property
    @abstractmethod
    def is_connected(self) -> bool:
        """Whether what people write arrives now."""
