"""A conversation with the bot in the terminal, over the same inbox and outbox as Slack and Discord."""

import sys
import threading
import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from bot.models import Platform, Question
from bot.models.questions import OPEN
from bot.platforms.console import HELP, ConsoleBot
from bot.questions.worker import Worker
from bot.wording import speech
from knowledge.embedders import embedding


class Command(BaseCommand):
    help = "Talk to the bot in the terminal, as if it were a direct message."

    def handle(self, *args: Any, **options: Any) -> None:
        embedding.load()
        speech.load()
        bot = ConsoleBot(sys.stdin, sys.stdout)
        worker = Worker(bot.messenger, Platform.CONSOLE, threads=2)
        working = threading.Thread(target=worker.run, name="worker")
        working.start()
        bot.messenger.say(HELP)
        try:
            while bot.read(self._ask):
                pass
            _finish()
        finally:
            worker.stop()
            working.join()

    def _ask(self, prompt: str) -> str:
        self.stdout.write(prompt, ending="")
        self.stdout.flush()
        return sys.stdin.readline().strip()


def _finish() -> None:
    """Wait for the answers to what was asked last; input from a file ends before they are there."""
    deadline = time.monotonic() + settings.ANSWER_SECONDS
    waiting = Question.objects.filter(platform=Platform.CONSOLE, state__in=OPEN)
    while waiting.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
