"""Slack: posts, edits and finds messages by its Web API, and streams answers into them."""

import logging
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

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
from bot.models import Channel, Delivery, DeliveryKind, Question, Workspace
from bot.platforms.slack import history, marks, members, posts
from bot.platforms.slack.live import SlackLive, change
from bot.platforms.slack.people import names
from bot.platforms.slack.personal.signs import Signs
from bot.platforms.slack.web_api import SlackRefusedError, call, client_for, respond
from bot.posts.post import Post
from bot.surroundings.utterances import Utterance
from foundation import secrets

log = logging.getLogger(__name__)

LOOKED_AT = 200  # newest messages of a thread or channel that are searched for a post of ours
SIGNS = {Sign.PASSED_ON: "white_check_mark", Sign.NOT_PASSED_ON: "warning"}


class SlackMessenger(Messenger):
    part_characters = 10_000

    def __init__(self) -> None:
        self._signs = Signs()

    def measure(self, post: Post) -> int:
        return posts.measure(post)

    def sign(self, question: Question) -> None:
        self._signs.see(question)

    def progress(self, question: Question, stage: AnswerStage) -> None:
        self._signs.progress(question, stage)

    def queued(self, question: Question, before: int) -> None:
        self._signs.wait(question, before)

    def begin(self, delivery: Delivery, keep: Callable[[str], None]) -> Live:
        return SlackLive(delivery, keep, self._signs)

    def send(self, delivery: Delivery) -> str:
        post = Post.from_json(delivery.body)
        if delivery.is_private:
            return self._send_privately(delivery, post)
        client = client_for(delivery.channel.workspace)
        thread = {"thread_ts": delivery.thread_id} if delivery.thread_id else {}
        reply = call(client, "chat.postMessage", channel=delivery.channel.external_id, **thread, **self._body(delivery))
        self._signs.end(delivery.question)
        return str(reply["ts"])

    def _send_privately(self, delivery: Delivery, post: Post) -> str:
        """By the address that came with the command; by direct message when that has run out."""
        question = delivery.question
        body = {"text": posts.fallback(post), "blocks": posts.blocks(post)}
        if question.may_be_answered_privately and not delivery.person:
            url = secrets.decrypt(question.reply_token)
            body["response_type"] = "ephemeral"
            if respond(url, **body, replace_original=False):
                return PRIVATE
            log.warning("The private answer to question %s was not taken; it goes by direct message", question.pk)
        client = client_for(delivery.channel.workspace)
        opened = call(client, "conversations.open", users=delivery.person or question.asker)
        call(client, "chat.postMessage", channel=opened["channel"]["id"], **self._body(delivery))
        return PRIVATE

    def edit(self, delivery: Delivery) -> None:
        if delivery.message_id == PRIVATE:
            return
        client = client_for(delivery.channel.workspace)
        where = {"channel": delivery.channel.external_id, "ts": delivery.message_id}
        body = self._body(delivery)
        del body["unfurl_links"], body["unfurl_media"]  # an update has no previews
        try:
            change(client, "chat.update", where, **body)
        except SlackRefusedError as error:
            if error.code == "message_not_found":
                raise GoneError from error
            raise
        if delivery.kind == DeliveryKind.ANSWER:
            self._signs.end(delivery.question)

    def _body(self, delivery: Delivery) -> dict[str, Any]:
        post = Post.from_json(delivery.body)
        link = self.permalink(delivery.question) if post.has_permalink else ""
        return {
            "text": posts.fallback(post),
            "blocks": posts.blocks(post, link),
            "metadata": marks.metadata(delivery),
            "unfurl_links": False,
            "unfurl_media": False,
        }

    def own(self, channel: Channel, thread_id: str, after: str | datetime) -> list[Posted]:
        client = client_for(channel.workspace)
        oldest = after if isinstance(after, str) else f"{after.timestamp():.6f}"
        params = {"channel": channel.external_id, "oldest": oldest, "limit": LOOKED_AT, "include_all_metadata": True}
        if thread_id:
            reply = call(client, "conversations.replies", ts=thread_id, **params)
        else:
            reply = call(client, "conversations.history", **params)
        bots = {channel.workspace.bot_user_id, channel.workspace.bot_id} - {""}
        own = [each for each in reply["messages"] if {each.get("user"), each.get("bot_id")} & bots]
        return [Posted(each["ts"], marks.mark_of(each)) for each in sorted(own, key=lambda each: each["ts"])]

    def delete(self, channel: Channel, message_id: str, *, thread_id: str = "") -> None:  # noqa: ARG002  found by its id
        client = client_for(channel.workspace)
        where = {"channel": channel.external_id, "ts": message_id}
        try:
            change(client, "chat.delete", where)
        except SlackRefusedError as error:
            if error.code != "message_not_found":
                raise

    def react(self, channel: Channel, thread_id: str, message_id: str, sign: Sign) -> None:  # noqa: ARG002  found by its id
        try:
            client = client_for(channel.workspace)
            call(client, "reactions.add", channel=channel.external_id, timestamp=message_id, name=SIGNS[sign])
        except SlackRefusedError as error:
            if error.code != "already_reacted":
                log.info("No sign was put under a message: %s", error)
        except DeliveryError as error:
            log.info("No sign was put under a message: %s", error)

    def name_of(self, workspace: Workspace, person: str) -> str:
        return names.called(workspace, person)

    def permalink(self, question: Question) -> str:
        if question.is_private:
            return ""
        client = client_for(question.channel.workspace)
        try:
            found = call(
                client, "chat.getPermalink", channel=question.channel.external_id, message_ts=question.message_id
            )
        except SlackRefusedError:
            return ""  # it was deleted meanwhile
        return str(found["permalink"])

    def audience(self, channel: Channel) -> Audience:
        return members.audience(channel)

    def is_outsider(self, question: Question) -> bool:
        return question.is_outsider and members.is_outsider(question.channel.workspace, question.asker)

    def places(self, workspace: Workspace) -> list[Place]:
        return history.places(workspace)

    def catch_up(self, channel: Channel, since: datetime) -> Iterator[Incoming]:
        return history.since(channel, since)

    def thread(self, channel: Channel, thread_id: str, before: str) -> list[Utterance]:
        return history.thread(channel, thread_id, before)

    def replied(self, channel: Channel, replies_to: str) -> None:
        """Nothing: a reply in Slack stands in a thread."""
