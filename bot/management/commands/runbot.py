"""A bot process: listens to one platform and answers what is asked there. Any number may run."""

import logging
import os
import signal
import socket
import sys
import threading
import time
from argparse import SUPPRESS
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connection

from bot.platforms import listening
from bot.questions import presence
from bot.running import Running, running
from bot.wording import speech
from foundation import failpoints
from foundation.connections import pool
from knowledge.embedders import embedding
from llm import client

log = logging.getLogger(__name__)

BEAT_SECONDS = 5.0
LOOK_SECONDS = 0.25  # between two looks at whether it can go on
WITHOUT_TOKEN = {
    "slack": "SLACK_BOT_TOKEN is not set, so there is no Slack to listen to. docs/platforms.md tells how to get one.",
    "discord": "DISCORD_BOT_TOKEN is not set, so there is no Discord to listen to. docs/platforms.md tells how to get"
    " one.",
}


class Command(BaseCommand):
    help = "Listen to a platform and answer there, until a signal (INT, TERM) asks to stop."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("platform", choices=["slack", "discord"])
        parser.add_argument(
            "--listen", type=int, default=0, help=SUPPRESS
        )  # how a bot starts its listener, the n-th time

    def handle(self, *args: Any, **options: Any) -> None:
        stopping = threading.Event()

        def stop(_number: int, _frame: FrameType | None) -> None:
            stopping.set()

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, stop)
        if options["listen"]:
            listen(options["platform"], stopping, start=options["listen"])
        else:
            run(options["platform"], stopping)


def listen(platform: str, stopping: threading.Event, *, start: int) -> None:
    """Only listen, until whoever started this process says so or is gone. A terminal's Ctrl-C reaches both: the other
    one decides."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    if start == 1:
        failpoints.announce(Path(settings.BASE_DIR) / "bot")
    else:
        failpoints.disarm()  # who died at one was started again
    pool(settings.BOT_CONNECTIONS)
    with falls() as fallen:
        listening.listen(platform, sys.stdin, sys.stdout, stopping, fallen)
    if fallen:
        raise CommandError(f"The thread {fallen[0]} has ended; what went wrong is above.")


def run(platform: str, stopping: threading.Event) -> None:
    """Run the bot of a platform until `stopping` is set: first nothing new is taken, then what is under way ends.

    Raises CommandError when it cannot go on: without a token, with one that is refused, or when a thread has ended.
    """
    if platform not in settings.PROCESSES:  # which names the bots that have a token
        raise CommandError(WITHOUT_TOKEN[platform])
    failpoints.announce(Path(settings.BASE_DIR) / "bot")
    pool(settings.BOT_CONNECTIONS)
    embedding.load()
    client.load()
    speech.load()
    name = f"{socket.gethostname()}:{os.getpid()}"
    with falls() as fallen, running(platform, threads=settings.ANSWER_THREADS, is_apart=True) as crew:
        fault = attend(crew, stopping, fallen, lambda: _beat(platform, name, is_connected=crew.bot.is_connected))
    _leave(name)
    if fault:
        log.critical("%s", fault)
    if crew.worker.is_busy:  # what is not done was given back; waiting for it would take as long as a model may
        logging.shutdown()
        os._exit(1 if fault else 0)
    if fault:
        raise CommandError(fault)


def attend(crew: Running, stopping: threading.Event, fallen: list[str], beat: Callable[[], None]) -> str:
    """Stay until `stopping` is set, and say from time to time that we are here; why it cannot go on, if it ends by
    itself."""
    beat_at = time.monotonic() + BEAT_SECONDS
    while not stopping.wait(LOOK_SECONDS):
        if crew.bot.fault:
            return crew.bot.fault
        if fallen:
            return f"The thread {fallen[0]} has ended; what went wrong is above."
        if not crew.thread.is_alive():
            return "The worker has ended; what went wrong is above."
        if time.monotonic() >= beat_at:
            beat()
            beat_at = time.monotonic() + BEAT_SECONDS
    return ""


@contextmanager
def falls() -> Iterator[list[str]]:
    """The names of threads as they end by an error: nobody does any more what they did."""
    fallen: list[str] = []
    before = threading.excepthook

    def note(told: threading.ExceptHookArgs) -> None:
        name = told.thread.name if told.thread else "of nobody"
        cause = (told.exc_type, told.exc_value or told.exc_type(), told.exc_traceback)
        log.critical("The thread %s has ended by an error", name, exc_info=cause)
        fallen.append(name)

    threading.excepthook = note
    try:
        yield fallen
    finally:
        threading.excepthook = before


def _beat(platform: str, name: str, *, is_connected: bool) -> None:
    try:
        presence.beat(platform, name, is_connected=is_connected)
    except DatabaseError as error:
        log.warning("The database is out of reach: %s", str(error).strip())
    finally:
        connection.close()


def _leave(name: str) -> None:
    try:
        presence.leave(name)
    except DatabaseError as error:
        log.warning("The database is out of reach: %s", str(error).strip())
