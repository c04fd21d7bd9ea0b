"""Takes questions and posts from their queues and sees them through, several at a time, until asked to stop."""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import reduce
from operator import or_

from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from bot import outbox
from bot.messenger import Messenger
from bot.models import Question, QuestionState
from bot.questions import giving_up, queue, replying, sweeping
from bot.questions.places import Places

log = logging.getLogger(__name__)

POLL_SECONDS = 0.5  # between two looks at the queues when nothing wakes the worker
SENDERS = 8
DRAIN_SECONDS = 8.0  # for what is under way when the process is asked to stop
SWEEP_SECONDS = 5.0


class Worker:
    """Answers the questions of one platform. `run` returns after `stop`, when what was under way is done or let go."""

    def __init__(self, messenger: Messenger, platform: str, *, threads: int) -> None:
        self._messenger = messenger
        self._platforms = [str(platform)]
        self._answering = _Slots("answer", threads)
        self._sending = _Slots("send", SENDERS)
        self._stopping = threading.Event()
        self._leases = Leases()

    def run(self) -> None:
        renewing = threading.Thread(target=self._leases.run, name="leases", daemon=True)
        renewing.start()
        threading.Thread(target=self._sweep, name="sweep", daemon=True).start()
        places = Places(self._messenger, self._platforms, lambda: not self._answering.is_free())
        threading.Thread(target=places.run, args=(self._stopping,), name="places", daemon=True).start()
        while not self._stopping.is_set():
            try:
                self._take()
                self._wait()
            except (OperationalError, InterfaceError) as error:
                log.warning("The database is out of reach: %s", str(error).strip())
                connection.close()
                self._stopping.wait(POLL_SECONDS)
        self._drain()
        self._leases.stop()
        connection.close()

    def stop(self) -> None:
        self._stopping.set()

    @property
    def is_busy(self) -> bool:
        return self._answering.is_used() or self._sending.is_used()

    def _take(self) -> None:
        """Claim as much as there are hands for, answers and posts in turn."""
        is_busy = True
        while is_busy and not self._stopping.is_set():
            is_busy = self._take_question() | self._take_delivery()

    def _take_question(self) -> bool:
        if not self._answering.is_free():
            return False
        question = queue.claim(self._platforms)
        if question is not None:
            self._leases.add(question)
            self._answering.start(lambda: self._reply(question))
        return question is not None

    def _take_delivery(self) -> bool:
        if not self._sending.is_free():
            return False
        claimed = time.monotonic()
        delivery = outbox.claim(self._platforms)
        if delivery is not None:
            self._sending.start(lambda: giving_up.deliver(delivery, self._messenger, claimed=claimed))
        return delivery is not None

    def _reply(self, question: Question) -> None:
        try:
            replying.reply(question, self._messenger)
        finally:
            self._leases.drop(question)

    def _wait(self) -> None:
        """Until a question comes in, a hand is free again, or POLL_SECONDS have passed."""
        if not (self._answering.is_free() and self._sending.is_free()):
            self._stopping.wait(0.05)
            return
        with connection.wrap_database_errors, connection.cursor() as cursor:
            cursor.execute(f"LISTEN {outbox.WAKE}")
            for _ in cursor.connection.notifies(timeout=POLL_SECONDS, stop_after=1):
                pass

    def _sweep(self) -> None:
        while not self._stopping.wait(SWEEP_SECONDS):
            try:
                sweeping.sweep(self._platforms, self._messenger)
            except DatabaseError as error:
                log.warning("The sweep waits for the database: %s", str(error).strip())
            finally:
                connection.close()

    def _drain(self) -> None:
        """Let what is under way finish; what does not is given back to the queue for whoever comes next."""
        deadline = time.monotonic() + DRAIN_SECONDS
        while self.is_busy and time.monotonic() < deadline:
            time.sleep(0.05)
        self._leases.give_back()


class _Slots:
    """A pool of threads that takes no more than it can begin at once."""

    def __init__(self, name: str, count: int) -> None:
        self._pool = ThreadPoolExecutor(count, thread_name_prefix=name)
        self._count = count
        self._used = 0
        self._lock = threading.Lock()

    def is_free(self) -> bool:
        with self._lock:
            return self._used < self._count

    def is_used(self) -> bool:
        with self._lock:
            return self._used > 0

    def start(self, work: Callable[[], None]) -> None:
        with self._lock:
            self._used += 1
        self._pool.submit(self._run, work)

    def _run(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception:  # one question's failure; its lease runs out and the next attempt begins
            log.exception("The work on a question or a post was cut short")
        finally:
            connection.close()
            with self._lock:
                self._used -= 1


class Leases:
    """Keeps what this process works on from being claimed by others, for as long as the process lives."""

    def __init__(self) -> None:
        self._questions: dict[int, Question] = {}
        self._lock = threading.Lock()
        self._is_over = threading.Event()

    def add(self, question: Question) -> None:
        with self._lock:
            self._questions[question.pk] = question

    def drop(self, question: Question) -> None:
        """Only of who added it: one that was given back may be ours again by now."""
        with self._lock:
            if self._questions.get(question.pk) is question:
                del self._questions[question.pk]

    def run(self) -> None:
        while not self._is_over.wait(settings.LEASE_SECONDS / 3):
            try:
                self._renew(Now() + outbox.lease())
            except (OperationalError, InterfaceError) as error:
                log.warning("Leases could not be renewed: %s", str(error).strip())
            finally:
                connection.close()

    def give_back(self) -> None:
        """Let others go on at once with what this process began."""
        self._renew(timezone.now() - timedelta(seconds=1))

    def stop(self) -> None:
        self._is_over.set()

    def _renew(self, until: object) -> None:
        with self._lock:
            mine = [(pk, question.attempts) for pk, question in self._questions.items()]
        if mine:
            ours = reduce(or_, (Q(pk=pk, attempts=attempts) for pk, attempts in mine))
            Question.objects.filter(ours, state=QuestionState.ANSWERING).update(lease_until=until)
