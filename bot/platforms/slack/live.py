"""A message that Slack streams while its answer is written, and what has to be done before it can be changed."""

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any
from weakref import WeakSet

from bot.messenger import DeliveryError, Live
from bot.models import Delivery
from bot.platforms.slack import marks, posts
from bot.platforms.slack.personal.signs import ACTIVE, Signs
from bot.platforms.slack.web_api import Client, SlackRefusedError, call, client_for
from bot.posts.post import Post

log = logging.getLogger(__name__)

APPEND_SECONDS = 1.0
# Published for chat.appendStream: a hundred a minute in a workspace, which all answers share that are written there.
SHARED_SECONDS = 60 / 100
STREAM_CHARACTERS = 9_000  # fewer than a part has
START, APPEND, END = "chat.startStream", "chat.appendStream", "chat.stopStream"

_streaming: defaultdict[int, WeakSet["SlackLive"]] = defaultdict(WeakSet)  # by the workspace
_lock = threading.Lock()


def _pause(workspace: int) -> float:
    """Seconds between two appends to a message, by how many are written in a workspace."""
    with _lock:
        return max(APPEND_SECONDS, SHARED_SECONDS * len(_streaming[workspace]))


class SlackLive(Live):
    """A streamed message. Its text is only ever added to; where that does not do, the final post replaces it."""

    def __init__(self, delivery: Delivery, keep: Callable[[str], None], signs: Signs) -> None:
        self._delivery = delivery
        self._keep = keep
        self._signs = signs
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
            self._client(), START, channel=channel.external_id, thread_ts=self._delivery.thread_id,
            recipient_user_id=question.asker, recipient_team_id=channel.workspace.external_id, markdown_text=text,
        )  # fmt: skip
        self._ts = str(reply["ts"])
        with _lock:
            _streaming[self._workspace].add(self)
        self._keep(self._ts)
        self._note(text)

    def _client(self) -> Client:
        return client_for(self._delivery.question.channel.workspace)

    def _append(self, text: str) -> None:
        call(self._client(), APPEND, **self._where(), markdown_text=text[len(self._shown) :])
        self._note(text)

    def _note(self, text: str) -> None:
        self._shown = text
        self._next_at = time.monotonic() + _pause(self._workspace)

    def _fail(self, error: DeliveryError) -> None:
        """Wait when asked to; else leave the rest to the final post. Whether an append arrived is then not known."""
        if isinstance(error, SlackRefusedError) and error.code == "ratelimited" and self._ts:
            self._next_at = time.monotonic() + (error.retry_after or 1.0)
            return
        self._end()
        self.is_stopped = isinstance(error, SlackRefusedError) and error.code == "stopped_by_user"
        self.is_uncertain = not self._ts and not error.was_refused
        log.info("The answer to question %s is not streamed on: %s", self._delivery.question_id, error)

    def _end(self) -> None:
        self._is_over = True
        with _lock:
            _streaming[self._workspace].discard(self)

    @property
    def _workspace(self) -> int:
        return self._delivery.question.channel.workspace_id

    def finish(self, post: Post) -> bool:
        can_be_ended = not self._is_over
        self._end()
        if not can_be_ended or not self._ts or not post.text.startswith(self._shown):
            return False
        rest = {"markdown_text": post.text[len(self._shown) :]} if post.text != self._shown else {}
        if self._signs.has_session(self._delivery.question):
            rest["session_status"] = ACTIVE
        try:
            call(
                self._client(), END, **self._where(), **rest,
                blocks=posts.below(post), metadata=marks.metadata(self._delivery),
            )  # fmt: skip
        except DeliveryError as error:
            log.info("The stream of question %s is finished by an update: %s", self._delivery.question_id, error)
            return False
        self._signs.forget(self._delivery.question)
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
        call(client, END, **where)
    except SlackRefusedError as error:
        if error.code != "message_not_in_streaming_state":
            raise
