"""Tells those whose questions wait how many are before theirs."""

import logging
import threading
from collections.abc import Callable

from django.db import DatabaseError, connection

from bot.messenger import Messenger
from bot.models import Question
from bot.questions import queue

log = logging.getLogger(__name__)

LOOK_SECONDS = 3.0  # between two looks at the queue
WAITED_SECONDS = 2.0  # until a question counts as one that waits
MOST = 20  # who are told: the next ones; whoever is further behind is told when they come nearer


class Places:
    """Looks at the queue for as long as the hands are full that answer. `run` returns once `stopping` is set."""

    def __init__(self, messenger: Messenger, platforms: list[str], is_full: Callable[[], bool]) -> None:
        self._messenger = messenger
        self._platforms = platforms
        self._is_full = is_full
        self._told: dict[int, int] = {}

    def run(self, stopping: threading.Event) -> None:
        while not stopping.wait(LOOK_SECONDS):
            if not self._is_full():
                self._told.clear()
                continue
            try:
                self.tell()
            except DatabaseError as error:
                log.warning("Who waits is not told for how long: %s", str(error).strip())
            finally:
                connection.close()

    def tell(self) -> None:
        """Tell whose place has changed since they were told last."""
        places = queue.places(self._platforms, seconds=WAITED_SECONDS, most=MOST)
        changed = [pk for pk, before in places.items() if self._told.get(pk) != before]
        for question in Question.objects.select_related("channel__workspace", "conversation").filter(pk__in=changed):
            self._messenger.queued(question, places[question.pk])
        self._told = places
