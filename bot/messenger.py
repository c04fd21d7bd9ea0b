"""What a platform must do: send, find, change and delete posts, and read what was written while nobody listened."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from bot.models import Channel, ChannelKind, Delivery, DeliveryKind, Platform, Question, Workspace
from bot.posts.post import Post
from bot.surroundings.utterances import Utterance

PRIVATE = "private"  # the id of a post that only one person sees; there is no way to find it again, or to change it
CLOCKS = timedelta(minutes=5)  # by which ours and a platform's may differ


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


class Sign(StrEnum):
    """What can be put under a message of a person."""

    PASSED_ON = "✅"
    NOT_PASSED_ON = "⚠️"


@dataclass(frozen=True)
class Attached:
    """A file of a message. `url` is empty where those who may not see the message could not open it."""

    name: str
    url: str = ""


@dataclass(frozen=True)
class Incoming:
    """A message of a platform, in the words of this room.

    `markdown` is `text` as it was written, with emphasis and the addresses of links. `thread_id` is empty outside of
    threads, `delivery_key` unique among what platforms deliver. `is_mention`: it names the bot; `is_explicit`: it was
    sent by a command or a menu, so there is no doubt. `has_outsiders` is None where the platform did not say. `unread`
    names files that came with it, `files` are what can be passed on of them. `quoted` is what was forwarded with it or
    what it replies to; `replies_to` names such a message (place/id) where it is ours, or the platform did not bring its
    words. `pointed_author` wrote the message that somebody else asks about; `asked_in` is the thread that a private
    question was asked in.
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
    files: tuple[Attached, ...] = ()
    markdown: str = ""
    quoted: tuple[Utterance, ...] = ()
    replies_to: str = ""
    pointed_author: str = ""
    asked_in: str = ""

    def as_utterance(self, name: str = "") -> Utterance:
        """What it says, with what it quotes, beside a question; `name` where the message does not tell its author's."""
        quoted = [f"> {line}" for each in self.quoted for line in each.text.splitlines()]
        text = "\n".join([*([self.text] if self.text else []), *quoted])
        return Utterance(text, self.author, self.author_name or name, self.message_id)


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


@dataclass(frozen=True)
class Mark:
    """What a message of ours tells of where it belongs: the key of its delivery, the id of its question, or the message
    that it replies to; what it does not tell is empty."""

    key: str = ""
    question: str = ""
    replies_to: str = ""

    def is_of(self, delivery: Delivery) -> bool:
        if self.key:
            return self.key == delivery.key
        if self.question:
            return self.question == str(delivery.question_id)
        if self.replies_to:
            return self.replies_to == delivery.question.message_id
        return delivery.kind == DeliveryKind.ANSWER and delivery.part == 1  # the only one that is streamed


STREAMED = Mark()  # of a message that will get its mark when its stream ends


@dataclass(frozen=True)
class Posted:
    """A message of ours, as its platform shows it. `mark` is None where the platform can carry none."""

    message_id: str
    mark: Mark | None

    def may_be(self, delivery: Delivery) -> bool:
        return self.mark is None or self.mark.is_of(delivery)


class AnswerStage(StrEnum):
    """How far an answer is of which nothing can be seen yet."""

    READING = "reading"  # passages were found, and the model reads them
    WRITING = "writing"  # its first words are there
    OVER = "over"  # there will be no answer: the question was stopped, or taken away


class Messenger(ABC):
    """One platform. Methods raise DeliveryError and nothing else, unless they say otherwise."""

    part_characters: int  # of text in one post

    @abstractmethod
    def measure(self, post: Post) -> int:
        """The characters that `post` takes, to compare with `part_characters`."""

    def readable(self, text: str) -> str:
        """Markdown as people can read it here: what the platform does not render is put in another way."""
        return text

    @abstractmethod
    def sign(self, question: Question) -> None:
        """Show the asker, at once, that the question was seen. Never raises: it is only a courtesy."""

    def progress(self, question: Question, stage: AnswerStage) -> None:  # noqa: B027  not every platform has a place for it
        """Tell the asker how far the answer is, where the sign was shown that the question was seen.

        Each stage is told once and in order, between `sign` and the answer. Never raises, and takes no longer than a
        call to the platform: it is only a courtesy.
        """

    def queued(self, question: Question, before: int) -> None:  # noqa: B027  not every platform has a place for it
        """Tell the asker of a question that nobody has begun to answer how many are `before` it; again when that
        number changes. Never raises: it is only a courtesy."""

    @abstractmethod
    def begin(self, delivery: Delivery, keep: Callable[[str], None]) -> Live:
        """A message to write the answer into. Calls `keep` with its id as soon as there is one.

        Raises what `keep` raises, and nothing else.
        """

    @abstractmethod
    def send(self, delivery: Delivery) -> str:
        """Post anew; returns the id of the message. Where it went elsewhere in its channel `delivery.thread_id` says
        so afterwards."""

    @abstractmethod
    def edit(self, delivery: Delivery) -> None:
        """Make the message `delivery.message_id` say `delivery.body`, finally. Raises GoneError as well."""

    @abstractmethod
    def own(self, channel: Channel, thread_id: str, after: str | datetime) -> list[Posted]:
        """Our messages in a thread, or in a channel outside of threads, with their marks; oldest first.

        `after`: the message, or about the time, that they came after. None where there is no such thread.
        """

    def thread_of(self, delivery: Delivery) -> str:
        """The thread that a delivery is posted in; empty for the channel itself."""
        return delivery.thread_id

    def find(self, delivery: Delivery) -> str:
        """The id of the message that an earlier attempt of this delivery posted; empty when there is none."""
        if delivery.is_private:
            return ""
        thread = self.thread_of(delivery)
        strays = _strays(delivery.channel, self.own(delivery.channel, thread, _after(delivery, thread)))
        # Where others write as well, what carries no mark may be anything.
        found = [each for each in strays if each.may_be(delivery) and (thread or each.mark is not None)]
        found.sort(key=lambda each: each.mark == STREAMED)
        return found[0].message_id if found else ""

    def surplus(self, question: Question) -> list[str]:
        """The ids of replies that are a second time there; none of a delivery that is itself not to be seen."""
        if question.is_private:
            return []
        posted = self.own(question.channel, question.conversation.thread_id, question.message_id)
        ids = [each.message_id for each in posted]
        seen = list(question.deliveries.filter(channel=question.channel, message_id__in=ids))
        strays = _strays(question.channel, posted)
        return [each.message_id for each in strays if any(each.may_be(delivery) for delivery in seen)]

    @abstractmethod
    def delete(self, channel: Channel, message_id: str, *, thread_id: str = "") -> None:
        """Take a message of ours away; one that is gone already is no error."""

    def react(self, channel: Channel, thread_id: str, message_id: str, sign: Sign) -> None:  # noqa: B027
        """Put a sign under a message of a person. Never raises: it is only a courtesy."""

    def mark_solved(self, question: Question) -> None:  # noqa: B027
        """Show that the post of a forum is solved, as far as the platform lets us."""

    def name_of(self, workspace: Workspace, person: str) -> str:  # noqa: ARG002
        """What a person is called, where what they did did not say so; empty where it cannot be learnt. Never
        raises."""
        return ""

    @abstractmethod
    def permalink(self, question: Question) -> str:
        """Where a person finds the question; empty when the platform does not say."""

    @abstractmethod
    def audience(self, channel: Channel) -> Audience:
        """Who reads the channel."""

    def is_outsider(self, question: Question) -> bool:
        """Whether its asker is of another company: what the message said of them, unless the platform knows better."""
        return question.is_outsider

    @abstractmethod
    def places(self, workspace: Workspace) -> list[Place]:
        """The channels of a workspace that the bot is in, as far as the platform tells."""

    @abstractmethod
    def catch_up(self, channel: Channel, since: datetime) -> Iterator[Incoming]:
        """What was written in a channel and its threads since then, oldest first."""

    @abstractmethod
    def thread(self, channel: Channel, thread_id: str, before: str) -> list[Utterance]:
        """What people wrote in a thread before a message, oldest first: what it began with, and the newest of it."""

    @abstractmethod
    def replied(self, channel: Channel, replies_to: str) -> Utterance | None:
        """What a person wrote that a question replies to, by `Incoming.replies_to`; None where no person did."""


def _strays(channel: Channel, posted: list[Posted]) -> list[Posted]:
    """Those that no delivery knows."""
    known = Delivery.objects.known(channel, [each.message_id for each in posted])
    return [each for each in posted if each.message_id not in known]


def _after(delivery: Delivery, thread: str) -> str | datetime:
    """From when on the post of a delivery can be there: in the thread of its question, since the question."""
    question = delivery.question
    if thread and delivery.channel_id == question.channel_id and not question.is_private:
        return question.message_id
    return delivery.created_at - CLOCKS


class Bot(ABC):
    """What listens to a platform, and its messenger."""

    messenger: Messenger
    is_apart = False  # shall a process of its own listen, where there is one that can?

    @abstractmethod
    def start(self, on_gap: Callable[[], None]) -> None:
        """Begin to listen, in threads of its own, and go on until `stop`. `on_gap`: something may have been missed."""

    @abstractmethod
    def stop(self) -> None:
        """Listen no more. The messenger goes on working until `close`."""

    def close(self) -> None:  # noqa: B027  most have nothing to close
        """Let go of what the messenger needs."""

    @property
    def fault(self) -> str:
        """Why it can never connect, for whoever runs it; empty while it may."""
        return ""

    @property
    @abstractmethod
    def is_connected(self) -> bool:
        """Whether what people write arrives now."""
