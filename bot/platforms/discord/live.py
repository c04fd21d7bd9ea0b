"""A message on Discord that tells how far an answer is, and then grows with it."""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, Protocol

from bot.messenger import AnswerStage, DeliveryError, Live
from bot.models import Delivery
from bot.platforms.discord import posts
from bot.platforms.discord.session import FAILURES, TIMEOUT, Session, settled
from bot.posts.aligning import aligned
from bot.posts.post import Post
from bot.posts.splitting import split
from bot.wording import phrases, speech

log = logging.getLogger(__name__)

PART = 1900  # characters of one message's text; the rest of Discord's 2,000 is for what stands below it
EDIT_SECONDS = 1.2
EDIT_CHARACTERS = 80
TYPING_SECONDS = 8.0  # Discord shows it for ten
STAGES = {
    AnswerStage.READING: ("📖", phrases.READING),
    AnswerStage.WRITING: ("✍️", phrases.WRITING),
}
MOST_TYPED = 8  # times; by then the answer has been given up


class Posting(Protocol):
    """What a growing message needs of the messenger."""

    def place(self, delivery: Delivery) -> str: ...

    def post(self, delivery: Delivery, body: dict[str, Any]) -> str: ...

    def editing(self, delivery: Delivery, body: dict[str, Any]) -> Coroutine[Any, Any, Any]: ...


class DiscordLive(Live):
    """A message that is edited as the answer grows, at a pace that leaves the channel its share of the rate limit.

    Until there are words of the answer it tells how far that is, and the bot is shown to be typing.
    """

    def __init__(self, posting: Posting, session: Session, delivery: Delivery) -> None:
        self._posting = posting
        self._session = session
        self._delivery = delivery
        self._speech = speech.of(delivery.question)
        self._shown = ""
        self._next_at = 0.0
        self._edit: Future[Any] | None = None
        self._typing: Future[Any] | None = None

    def begin(self, keep: Callable[[str], None]) -> None:
        looking = f"🔎 {self._speech.say(phrases.LOOKING)}"
        if self._delivery.message_id:  # which has said until now that the question waits
            self._change(looking)
        else:
            try:
                message_id = self._posting.post(self._delivery, posts.body(Post(text=looking)))
            except DeliveryError as error:
                log.info("No sign was shown for question %s: %s", self._delivery.question_id, error)
                self.is_uncertain = not error.was_refused
                return
            keep(message_id)
        self._begin_typing()

    def _begin_typing(self) -> None:
        try:
            self._typing = self._session.submit(self._type(self._posting.place(self._delivery)))
        except DeliveryError as error:
            log.info("Nobody sees that question %s is answered: %s", self._delivery.question_id, error)

    async def _type(self, place: str) -> None:
        """Show that something is being written, for as long as it is waited for."""
        for _ in range(MOST_TYPED):
            try:
                await self._session.request("POST", "/channels/{channel_id}/typing", None, None, {"channel_id": place})
            except FAILURES as error:
                log.info("Nobody sees that something is written in %s: %s", place, type(error).__name__)
                return
            await asyncio.sleep(TYPING_SECONDS)

    def tell(self, stage: AnswerStage) -> None:
        """Words for the time until there is something of the answer to show."""
        if stage == AnswerStage.OVER:
            self._rest()
        elif not self._shown and self._delivery.message_id and not self._is_editing:
            sign, words = STAGES[stage]
            self._change(f"{sign} {self._speech.say(words)}")

    def _rest(self) -> None:
        if self._typing is not None:
            self._typing.cancel()

    @property
    def _is_editing(self) -> bool:
        return self._edit is not None and not self._edit.done()

    @property
    def is_due(self) -> bool:
        return bool(self._delivery.message_id) and not self._is_editing and time.monotonic() >= self._next_at

    def show(self, text: str) -> None:
        if not self.is_due or len(text) - len(self._shown) < EDIT_CHARACTERS:
            return
        self._rest()
        self._shown = text
        self._next_at = time.monotonic() + EDIT_SECONDS
        self._change(split(aligned(text), PART)[0])

    def _change(self, text: str) -> None:
        try:
            self._edit = self._session.submit(self._posting.editing(self._delivery, posts.body(Post(text=text))))
        except DeliveryError as error:
            log.info("The answer to question %s is not shown on: %s", self._delivery.question_id, error)

    def finish(self, post: Post) -> bool:  # noqa: ARG002  the final edit is that of the messenger
        """Wait for the last edit, which might otherwise arrive after the final one."""
        self._rest()
        if self._edit is not None:
            try:
                settled(self._edit, TIMEOUT)
            except DeliveryError as error:
                log.info("An edit of question %s did not arrive: %s", self._delivery.question_id, error)
        return False
