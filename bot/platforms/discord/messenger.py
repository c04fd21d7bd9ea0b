"""Sends, edits and finds Discord messages, from threads that know nothing of the library's event loop."""

import logging
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future
from datetime import datetime
from typing import Any

from bot.messenger import PRIVATE, Audience, DeliveryError, GoneError, Incoming, Live, Messenger, Place, Posted, Sign
from bot.models import Channel, ChannelKind, Delivery, DeliveryKind, Question, Workspace
from bot.platforms.discord import forums, posts
from bot.platforms.discord.session import TIMEOUT, DiscordRefusedError, Session, settled
from bot.posts.post import Post
from bot.posts.splitting import split
from foundation import secrets

log = logging.getLogger(__name__)

EDIT_SECONDS = 1.2
EDIT_CHARACTERS = 80
LOOKING = "🔎 Looking in the documents…"
POSTS = {0, 19}  # the types of a message and of a reply
LOOKED_AT = 100
ARCHIVE_MINUTES = 1440
UNKNOWN_CHANNEL, UNKNOWN_MESSAGE, THREAD_EXISTS = 10003, 10008, 160004
# Codes of "you may not", or "not here": channels without threads, or without the right to make any.
NO_THREADS = {50001, 50013, 50024, 50068, 50083, 160006}


class DiscordMessenger(Messenger):
    part_characters = 1900

    def __init__(self, session: Session) -> None:
        self._session = session
        self._threads: dict[str, str] = {}  # message id -> the channel that holds its thread, or the one it stands in

    def measure(self, post: Post) -> int:
        return posts.measure(post)

    def sign(self, question: Question) -> None:
        """Nothing: the message that the answer grows in is the sign, and a command shows one by itself."""

    def begin(self, delivery: Delivery, keep: Callable[[str], None]) -> Live:
        live = DiscordLive(self, self._session, delivery)
        live.begin(keep)
        return live

    def send(self, delivery: Delivery) -> str:
        if delivery.is_private:
            return self._send_privately(delivery)
        post = Post.from_json(delivery.body)
        message_id = self.post(delivery, posts.body(post, self._link(delivery, post)))
        if delivery.kind == DeliveryKind.ESCALATION:
            self._open_thread(delivery.channel.external_id, message_id, "Question for the team")
        return message_id

    def post(self, delivery: Delivery, body: dict[str, Any]) -> str:
        """A new message where the delivery belongs. With the key as nonce Discord returns one that is there already."""
        place = self._place(delivery)
        question = delivery.question
        if place == question.channel.external_id and not question.is_private and delivery.kind == DeliveryKind.ANSWER:
            body["message_reference"] = {"message_id": question.message_id, "fail_if_not_exists": False}
        body |= {"nonce": delivery.key, "enforce_nonce": True}
        made = self._session.ask("POST", "/channels/{channel_id}/messages", body, channel_id=place)
        return str(made["id"])

    def _send_privately(self, delivery: Delivery) -> str:
        question = delivery.question
        post = Post.from_json(delivery.body)
        body = posts.body(post, self._link(delivery, post))
        if question.may_be_answered_privately and not delivery.person:
            application, token = secrets.decrypt(question.reply_token).split("/", 1)
            path = "/webhooks/{webhook_id}/{webhook_token}"
            try:
                if delivery.part == 1:
                    self._session.ask(
                        "PATCH", path + "/messages/@original", body, webhook_id=application, webhook_token=token
                    )
                else:
                    body["flags"] |= posts.EPHEMERAL
                    self._session.ask("POST", path, body, webhook_id=application, webhook_token=token)
                return PRIVATE
            except DiscordRefusedError as error:
                log.warning("The private answer to question %s goes by direct message: %s", question.pk, error)
        opened = self._session.ask("POST", "/users/@me/channels", {"recipient_id": delivery.person or question.asker})
        body |= {"nonce": delivery.key, "enforce_nonce": True}
        self._session.ask("POST", "/channels/{channel_id}/messages", body, channel_id=opened["id"])
        return PRIVATE

    def edit(self, delivery: Delivery) -> None:
        if delivery.message_id == PRIVATE:
            return
        post = Post.from_json(delivery.body)
        try:
            self._session.wait(self.editing(delivery, posts.body(post, self._link(delivery, post))), TIMEOUT)
        except DiscordRefusedError as error:
            if error.code == UNKNOWN_MESSAGE:
                raise GoneError from error
            raise

    def editing(self, delivery: Delivery, body: dict[str, Any]) -> Coroutine[Any, Any, Any]:
        """The call that makes a message say `body`, to be waited for."""
        ids = {"channel_id": self._place(delivery), "message_id": delivery.message_id}
        return self._session.request("PATCH", "/channels/{channel_id}/messages/{message_id}", body, None, ids)

    def own(self, channel: Channel, thread_id: str, after: str | datetime) -> list[Posted]:
        """Without what the system says in our name (that there is a thread)."""
        query: dict[str, Any] = {"limit": LOOKED_AT, **({"after": after} if isinstance(after, str) else {})}
        place = thread_id or channel.external_id
        try:
            found = self._session.ask("GET", "/channels/{channel_id}/messages", None, params=query, channel_id=place)
        except DiscordRefusedError as error:
            if error.code != UNKNOWN_CHANNEL:
                raise
            return []  # there is no thread
        me = str(self._session.me)
        own = [each for each in found if each["author"]["id"] == me and each["type"] in POSTS]
        own.sort(key=lambda each: int(each["id"]))
        return [Posted(str(each["id"]), posts.mark_of(each)) for each in own]

    def thread_of(self, delivery: Delivery) -> str:
        place = self._place(delivery)
        return "" if place == delivery.channel.external_id else place

    def delete(self, channel: Channel, message_id: str, *, thread_id: str = "") -> None:
        place = self._threads.get(thread_id, thread_id) or channel.external_id
        try:
            self._session.ask(
                "DELETE", "/channels/{channel_id}/messages/{message_id}", None, channel_id=place, message_id=message_id
            )
        except DiscordRefusedError as error:
            if error.code != UNKNOWN_MESSAGE:
                raise

    def react(self, channel: Channel, thread_id: str, message_id: str, sign: Sign) -> None:
        place = self._threads.get(thread_id, thread_id) or channel.external_id
        try:
            forums.react(self._session, place, message_id, sign)
        except DeliveryError as error:
            log.info("No sign was put under a message: %s", error)

    def mark_solved(self, question: Question) -> None:
        forums.mark_solved(self._session, question.channel.external_id, question.conversation.thread_id)

    def permalink(self, question: Question) -> str:
        if question.is_private:
            return ""
        channel, thread = question.channel, question.conversation.thread_id
        is_in_thread = thread not in ("", question.message_id) and channel.kind != ChannelKind.DIRECT
        place = thread if is_in_thread or channel.kind == ChannelKind.FORUM else channel.external_id
        return f"https://discord.com/channels/{channel.workspace.external_id}/{place}/{question.message_id}"

    def _link(self, delivery: Delivery, post: Post) -> str:
        return self.permalink(delivery.question) if post.has_permalink else ""

    def audience(self, channel: Channel) -> Audience:
        return Audience(self._session.has_outsiders(channel.external_id), channel.name)

    def places(self, workspace: Workspace) -> list[Place]:
        return self._session.places(workspace.external_id)

    def catch_up(self, channel: Channel, since: datetime) -> Iterator[Incoming]:
        yield from self._session.history(channel.external_id, since)

    def _place(self, delivery: Delivery) -> str:
        """The id of the channel or thread to post in; makes the thread of a question that has none yet."""
        channel, thread = delivery.channel, delivery.thread_id
        if not thread or channel.kind == ChannelKind.DIRECT:
            return channel.external_id
        known = self._threads.get(thread)
        if known is None:
            known = thread
            if channel.kind != ChannelKind.FORUM and channel.pk == delivery.question.channel_id:
                name = " ".join(delivery.question.text.split())[:90] or "Question"
                known = self._open_thread(channel.external_id, thread, name)
            self._threads[thread] = known
        return known

    def _open_thread(self, channel: str, message: str, name: str) -> str:
        """The id of the thread at a message, which is the message's own; the channel's where there can be none."""
        try:
            self._session.ask(
                "POST", "/channels/{channel_id}/messages/{message_id}/threads",
                {"name": name, "auto_archive_duration": ARCHIVE_MINUTES}, channel_id=channel, message_id=message,
            )  # fmt: skip
        except DiscordRefusedError as error:
            if error.code in (THREAD_EXISTS, UNKNOWN_MESSAGE):
                return message  # an unknown message names the thread that it stands in
            if error.code not in NO_THREADS:
                raise
            log.info("There can be no thread in the channel %s: %s", channel, error)
            return channel
        return message


class DiscordLive(Live):
    """A message that is edited as the answer grows, at a pace that leaves the channel its share of the rate limit."""

    def __init__(self, messenger: DiscordMessenger, session: Session, delivery: Delivery) -> None:
        self._messenger = messenger
        self._session = session
        self._delivery = delivery
        self._shown = ""
        self._next_at = 0.0
        self._edit: Future[Any] | None = None

    def begin(self, keep: Callable[[str], None]) -> None:
        body = posts.body(Post(text=LOOKING))
        try:
            message_id = self._messenger.post(self._delivery, body)
        except DeliveryError as error:
            log.info("No sign was shown for question %s: %s", self._delivery.question_id, error)
            self.is_uncertain = not error.was_refused
            return
        keep(message_id)

    @property
    def is_due(self) -> bool:
        is_editing = self._edit is not None and not self._edit.done()
        return bool(self._delivery.message_id) and not is_editing and time.monotonic() >= self._next_at

    def show(self, text: str) -> None:
        if not self.is_due or len(text) - len(self._shown) < EDIT_CHARACTERS:
            return
        self._shown = text
        self._next_at = time.monotonic() + EDIT_SECONDS
        body = posts.body(Post(text=split(text, DiscordMessenger.part_characters)[0]))
        try:
            self._edit = self._session.submit(self._messenger.editing(self._delivery, body))
        except DeliveryError as error:
            log.info("The answer to question %s is not shown on: %s", self._delivery.question_id, error)

    def finish(self, post: Post) -> bool:  # noqa: ARG002  the final edit is that of the messenger
        """Wait for the last edit, which might otherwise arrive after the final one."""
        if self._edit is not None:
            try:
                settled(self._edit, TIMEOUT)
            except DeliveryError as error:
                log.info("An edit of question %s did not arrive: %s", self._delivery.question_id, error)
        return False
