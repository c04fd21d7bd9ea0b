"""Sends, edits and finds Discord messages, from threads that know nothing of the library's event loop."""

import logging
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any
from weakref import WeakValueDictionary

from bot.messenger import (
    PRIVATE,
    AnswerStage,
    Audience,
    DeliveryError,
    GoneError,
    Incoming,
    Live,
    Messenger,
    Place,
    Posted,
    Sign,
)
from bot.models import Channel, ChannelKind, Delivery, DeliveryKind, Question, Workspace
from bot.platforms.discord import forums, messages, posts, waiting
from bot.platforms.discord.live import PART, DiscordLive
from bot.platforms.discord.session import TIMEOUT, DiscordRefusedError, Session
from bot.posts import presenting
from bot.posts.aligning import aligned
from bot.posts.post import Post
from bot.surroundings.utterances import Utterance
from bot.wording import phrases, speech
from foundation import secrets
from foundation.text import shortened

log = logging.getLogger(__name__)

POSTS = {0, 19}  # the types of a message and of a reply
LOOKED_AT = 100
ARCHIVE_MINUTES = 1440
TEAM_THREAD = "Question for the team"
UNKNOWN_CHANNEL, UNKNOWN_MESSAGE, NO_ACCESS, ARCHIVED, THREAD_EXISTS = 10003, 10008, 50001, 50083, 160004
GONE = {UNKNOWN_CHANNEL, UNKNOWN_MESSAGE}
# A place in which we may not write any more: the channel or thread is gone, hidden, closed, locked, or full; or which
# is none to write in. And a message that Discord lets nobody edit so often any more (30046).
CLOSED = {UNKNOWN_CHANNEL, NO_ACCESS, ARCHIVED, 30033, 30046, 50008, 50013, 160005, 160006}
TO_ASKER = {DeliveryKind.ANSWER, DeliveryKind.NOTICE, DeliveryKind.HANDOFF, DeliveryKind.HUMAN}
# What takes the place of the reply that a command was promised; whatever is said later stands below that.
REPLIES = {DeliveryKind.ANSWER, DeliveryKind.NOTICE}
# Codes of "you may not", or "not here": channels without threads, or without the right to make any.
NO_THREADS = {50001, 50013, 50024, 50068, 50083, 160006}


class DiscordMessenger(Messenger):
    part_characters = PART

    def __init__(self, session: Session) -> None:
        self._session = session
        self._growing: WeakValueDictionary[int, DiscordLive] = WeakValueDictionary()  # by the id of the question
        self._threads: dict[str, str] = {}  # message id -> the channel that holds its thread, or the one it stands in

    def measure(self, post: Post) -> int:
        return posts.measure(post)

    def readable(self, text: str) -> str:
        return aligned(text)

    def sign(self, question: Question) -> None:
        """Nothing: the message that the answer grows in is the sign, and a command shows one by itself."""

    def queued(self, question: Question, before: int) -> None:
        try:
            waiting.tell(question, before, self.post)
        except DeliveryError as error:
            log.info("Nobody sees that question %s waits: %s", question.pk, error)

    def begin(self, delivery: Delivery, keep: Callable[[str], None]) -> Live:
        live = DiscordLive(self, self._session, delivery)
        self._growing[delivery.question_id] = live
        live.begin(keep)
        return live

    def progress(self, question: Question, stage: AnswerStage) -> None:
        live = self._growing.get(question.pk)
        if live is not None:
            live.tell(stage)

    def send(self, delivery: Delivery) -> str:
        if delivery.is_private:
            return self._send_privately(delivery)
        post = Post.from_json(delivery.body)
        try:
            message_id = self.post(delivery, posts.body(post, self._link(delivery, post)))
        except DiscordRefusedError as error:
            if error.code not in CLOSED or delivery.kind not in TO_ASKER:
                raise
            return self._send_elsewhere(delivery, post, error)
        if delivery.kind == DeliveryKind.ESCALATION:
            self._open_thread(delivery.channel.external_id, message_id, TEAM_THREAD)
        return message_id

    def post(self, delivery: Delivery, body: dict[str, Any]) -> str:
        """A new message where the delivery belongs. With the key as nonce Discord returns one that is there already."""
        place = self.place(delivery)
        question = delivery.question
        if place == question.channel.external_id and not question.is_private and delivery.kind == DeliveryKind.ANSWER:
            body["message_reference"] = {"message_id": question.message_id, "fail_if_not_exists": False}
        body |= {"nonce": delivery.key, "enforce_nonce": True}
        made = self._session.ask("POST", "/channels/{channel_id}/messages", body, channel_id=place)
        return str(made["id"])

    def _send_elsewhere(self, delivery: Delivery, post: Post, closed: DiscordRefusedError) -> str:
        """What cannot go into its thread goes into the channel, beside the message that the thread began with; what
        cannot go there goes to the asker alone. Raises DeliveryError where neither is possible."""
        log.warning("%s cannot be posted where it belongs: %s", delivery, closed)
        spoken = speech.of(delivery.question)
        channel, thread = delivery.channel, delivery.thread_id
        if thread and channel.kind not in (ChannelKind.FORUM, ChannelKind.DIRECT):
            moved = posts.body(
                replace(post, notes=(*post.notes, spoken.say(phrases.MOVED))), self._link(delivery, post)
            )
            moved["message_reference"] = {"message_id": thread, "fail_if_not_exists": False}
            moved |= {"nonce": delivery.key, "enforce_nonce": True}
            try:
                made = self._session.ask(
                    "POST", "/channels/{channel_id}/messages", moved, channel_id=channel.external_id
                )
            except DiscordRefusedError as error:
                log.warning("%s cannot be posted beside its thread either: %s", delivery, error)
            else:
                delivery.thread_id = ""
                return str(made["id"])
        if delivery.part == 1:
            intro = f"{spoken.say(phrases.MOVED_TO_ASKER)}\n{presenting.quoted(delivery.question)}"
            self._send_directly(delivery, posts.body(Post(text=intro)), key=f"{delivery.key[:24]}i")
        return self._send_directly(delivery, posts.body(post, self._link(delivery, post)), key=delivery.key)

    def _send_directly(self, delivery: Delivery, body: dict[str, Any], *, key: str) -> str:
        person = delivery.person or delivery.question.asker
        opened = self._session.ask("POST", "/users/@me/channels", {"recipient_id": person})
        body |= {"nonce": key, "enforce_nonce": True}
        self._session.ask("POST", "/channels/{channel_id}/messages", body, channel_id=opened["id"])
        return PRIVATE

    def _send_privately(self, delivery: Delivery) -> str:
        question = delivery.question
        post = Post.from_json(delivery.body)
        body = posts.body(post, self._link(delivery, post))
        if question.may_be_answered_privately and not delivery.person:
            application, token = secrets.decrypt(question.reply_token).split("/", 1)
            path = "/webhooks/{webhook_id}/{webhook_token}"
            try:
                if delivery.part == 1 and delivery.kind in REPLIES:
                    self._session.ask(
                        "PATCH", path + "/messages/@original", body, webhook_id=application, webhook_token=token
                    )
                else:
                    body["flags"] |= posts.EPHEMERAL
                    self._session.ask("POST", path, body, webhook_id=application, webhook_token=token)
                return PRIVATE
            except DiscordRefusedError as error:
                log.warning("The private answer to question %s goes by direct message: %s", question.pk, error)
        return self._send_directly(delivery, body, key=delivery.key)

    def edit(self, delivery: Delivery) -> None:
        if delivery.message_id == PRIVATE:
            return
        post = Post.from_json(delivery.body)
        body = posts.body(post, self._link(delivery, post))
        try:
            self._in_open_thread(
                self.place(delivery), lambda: self._session.wait(self.editing(delivery, body), TIMEOUT)
            )
        except DiscordRefusedError as error:
            if error.code not in GONE | CLOSED:
                raise
            if error.code not in GONE:
                self._abandon(delivery, error)
            raise GoneError from error
        if delivery.kind == DeliveryKind.ESCALATION:  # which the attempt that posted it may not have come to
            self._open_thread(delivery.channel.external_id, delivery.message_id, TEAM_THREAD)

    def _abandon(self, delivery: Delivery, closed: DiscordRefusedError) -> None:
        """Take a message away that cannot be changed, as far as we may."""
        log.warning("%s cannot be changed: %s", delivery, closed)
        try:
            self.delete(delivery.channel, delivery.message_id, thread_id=delivery.thread_id)
        except DiscordRefusedError as error:
            log.warning("The message %s stays as it is: %s", delivery.message_id, error)

    def editing(self, delivery: Delivery, body: dict[str, Any]) -> Coroutine[Any, Any, Any]:
        """The call that makes a message say `body`, to be waited for."""
        ids = {"channel_id": self.place(delivery), "message_id": delivery.message_id}
        return self._session.request("PATCH", "/channels/{channel_id}/messages/{message_id}", body, None, ids)

    def own(self, channel: Channel, thread_id: str, after: str | datetime) -> list[Posted]:
        """Without what the system says in our name (that there is a thread)."""
        query: dict[str, Any] = {"limit": LOOKED_AT, **({"after": after} if isinstance(after, str) else {})}
        place = thread_id or channel.external_id
        try:
            found = self._session.ask("GET", "/channels/{channel_id}/messages", None, params=query, channel_id=place)
        except DiscordRefusedError as error:
            if error.code not in (UNKNOWN_CHANNEL, NO_ACCESS):
                raise
            return []  # there is no thread, or none that we may look at
        me = str(self._session.me)
        own = [each for each in found if each["author"]["id"] == me and each["type"] in POSTS]
        own.sort(key=lambda each: int(each["id"]))
        return [Posted(str(each["id"]), posts.mark_of(each)) for each in own]

    def thread_of(self, delivery: Delivery) -> str:
        place = self.place(delivery)
        return "" if place == delivery.channel.external_id else place

    def delete(self, channel: Channel, message_id: str, *, thread_id: str = "") -> None:
        place = self._threads.get(thread_id, thread_id) or channel.external_id
        path = "/channels/{channel_id}/messages/{message_id}"
        ids: dict[str, Any] = {"channel_id": place, "message_id": message_id}
        try:
            self._in_open_thread(place, lambda: self._session.ask("DELETE", path, None, params=None, **ids))
        except DiscordRefusedError as error:
            if error.code not in GONE:
                raise

    def _in_open_thread(self, place: str, change: Callable[[], Any]) -> None:
        """Change something in a thread, which is opened again if it was archived: whoever may write in it may do so,
        unless it is locked."""
        try:
            change()
        except DiscordRefusedError as error:
            if error.code != ARCHIVED:
                raise
            self._session.ask("PATCH", "/channels/{channel_id}", {"archived": False}, channel_id=place)
            change()

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

    def thread(self, channel: Channel, thread_id: str, before: str) -> list[Utterance]:  # noqa: ARG002  found by its id
        return self._session.thread(thread_id, before.removeprefix(messages.INTERACTION))

    def replied(self, channel: Channel, replies_to: str) -> Utterance | None:  # noqa: ARG002  found by its ids
        place, _, message = replies_to.partition("/")
        return self._session.replied(place, message)

    def place(self, delivery: Delivery) -> str:
        """The id of the channel or thread to post in; makes the thread of a question that has none yet."""
        channel, thread = delivery.channel, delivery.thread_id
        if not thread or channel.kind == ChannelKind.DIRECT:
            return channel.external_id
        known = self._threads.get(thread)
        if known is None:
            known = thread
            if channel.kind != ChannelKind.FORUM and channel.pk == delivery.question.channel_id:
                name = shortened(" ".join(delivery.question.text.split()), 90) or "Question"
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
