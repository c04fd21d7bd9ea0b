"""A bot process: listens to one platform and answers what is asked there. Any number may run."""

import logging
import os
import signal
import socket
import threading
from pathlib import Path
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connection

from bot.questions import presence
from bot.running import running
from bot.wording import speech
from foundation import failpoints
from foundation.connections import pool
from knowledge.embedders import embedding
from llm import client

log = logging.getLogger(__name__)

BEAT_SECONDS = 5.0


class Command(BaseCommand):
    help = "Listen to a platform and answer there, until a signal (INT, TERM) asks to stop."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("platform", choices=["slack", "discord"])

    def handle(self, *args: Any, **options: Any) -> None:
        stopping = threading.Event()

        def stop(_number: int, _frame: FrameType | None) -> None:
            stopping.set()

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, stop)
        run(options["platform"], stopping)


def run(platform: str, stopping: threading.Event) -> None:
    """Run the bot of a platform until `stopping` is set: first nothing new is taken, then what is under way ends."""
    failpoints.announce(Path(settings.BASE_DIR) / "bot")
    pool(settings.BOT_CONNECTIONS)
    embedding.load()
    client.load()
    speech.load()
    name = f"{socket.gethostname()}:{os.getpid()}"
    with running(platform, threads=settings.ANSWER_THREADS) as crew:
        while crew.thread.is_alive() and not stopping.wait(BEAT_SECONDS):
            _beat(platform, name, is_connected=crew.bot.is_connected)
        has_failed = not crew.thread.is_alive()
    _leave(name)
    if has_failed:
        raise CommandError("The worker has ended; what went wrong is above.")
    if crew.worker.is_busy:  # what is not done was given back; waiting for it would take as long as a model may
        logging.shutdown()
        os._exit(0)


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
