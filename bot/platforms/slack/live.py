"""A message that Slack streams while its answer is written, and what has to be done before it can be changed."""

import logging
import time
from collections.abc import Callable
from typing import Any

from bot.messenger import DeliveryError, Live
from bot.models import Delivery
from bot.platforms.slack import marks, posts
from bot.platforms.slack.web_api import Client, SlackRefusedError, call, client_for
from bot.posts.post import Post

log = logging.getLogger(__name__)

APPEND_SECONDS = 1.0
STREAM_CHARACTERS = 9_000  # fewer than a part has


class SlackLive(Live):
    """A streamed message. Its text is only ever added to; where that does not do, the final post replaces it."""

    def __init__(self, delivery: Delivery, keep: Callable[[str], None]) -> None:
        self._delivery = delivery
        self._keep = keep
        self._ts = ""
        self._shown = ""
        self._is_over = False
        self._next_at = 0.0

    @property
    def is_due(self) -> bool:
        return not self._is_over and time.monotonic() >= self._next_at

    def show(self, text: str) -> None:
        if not self.is_due or len(text) > STREAM_CHARACTERS:
            return
        if not text.startswith(self._shown):
            self._is_over = True
            return
        if text == self._shown:
            return
        try:
            self._start(text) if not self._ts else self._append(text)
        except DeliveryError as error:
            self._fail(error)

    def _start(self, text: str) -> None:
        question = self._delivery.question
        channel = question.channel
        reply = call(
            self._client(), "chat.startStream", channel=channel.external_id, thread_ts=self._delivery.thread_id,
            recipient_user_id=question.asker, recipient_team_id=channel.workspace.external_id, markdown_text=text,
        )  # fmt: skip
        self._ts = str(reply["ts"])
        self._keep(self._ts)
        self._note(text)

    def _client(self) -> Client:
        return client_for(self._delivery.question.channel.workspace)

    def _append(self, text: str) -> None:
        call(self._client(), "chat.appendStream", **self._where(), markdown_text=text[len(self._shown) :])
        self._note(text)

    def _note(self, text: str) -> None:
        self._shown = text
        self._next_at = time.monotonic() + APPEND_SECONDS

    def _fail(self, error: DeliveryError) -> None:
        """Wait when asked to; else leave the rest to the final post. Whether an append arrived is then not known."""
        if isinstance(error, SlackRefusedError) and error.code == "ratelimited" and self._ts:
            self._next_at = time.monotonic() + (error.retry_after or 1.0)
            return
        self._is_over = True
        self.is_stopped = isinstance(error, SlackRefusedError) and error.code == "stopped_by_user"
        self.is_uncertain = not self._ts and not error.was_refused
        log.info("The answer to question %s is not streamed on: %s", self._delivery.question_id, error)

    def finish(self, post: Post) -> bool:
        if self._is_over or not self._ts or not post.text.startswith(self._shown):
            return False
        rest = {"markdown_text": post.text[len(self._shown) :]} if post.text != self._shown else {}
        try:
            call(
                self._client(), "chat.stopStream", **self._where(), **rest,
                blocks=posts.below(post), metadata=marks.metadata(self._delivery),
            )  # fmt: skip
        except DeliveryError as error:
            log.info("The stream of question %s is finished by an update: %s", self._delivery.question_id, error)
            return False
        return True

    def _where(self) -> dict[str, str]:
        return {"channel": self._delivery.channel.external_id, "ts": self._ts}


def change(client: Client, method: str, where: dict[str, str], **body: Any) -> None:
    """Call a method that changes a message; one that is still streamed is stopped first. Raises DeliveryError."""
    try:
        call(client, method, **where, **body)
    except SlackRefusedError as error:
        if error.code != "streaming_state_conflict":
            raise
        _stop(client, where)
        call(client, method, **where, **body)


def _stop(client: Client, where: dict[str, str]) -> None:
    try:
        call(client, "chat.stopStream", **where)
    except SlackRefusedError as error:
        if error.code != "message_not_in_streaming_state":
            raise
