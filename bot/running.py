"""A bot and all that works for it, begun and ended in order."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bot import platforms
from bot.inbox.catching_up import CatchUp
from bot.messenger import Bot
from bot.questions.worker import Worker


@dataclass(frozen=True)
class Running:
    """`thread` is the worker's, which ends before it is asked to only when something is wrong."""

    bot: Bot
    worker: Worker
    thread: threading.Thread


@contextmanager
def running(platform: str, *, threads: int, is_apart: bool = False) -> Iterator[Running]:
    """Listen to a platform and answer there. At the end nothing new is taken first, then what is under way ends.

    With `is_apart` a platform whose deliveries have to be acknowledged is listened to by a process of its own.
    """
    bot = platforms.bot_for(platform)
    bot.is_apart = is_apart
    worker = Worker(bot.messenger, platform, threads=threads)
    catch_up = CatchUp(bot.messenger, platform)
    thread = threading.Thread(target=worker.run, name="worker")
    bot.start(catch_up.request)
    catch_up.start()
    thread.start()
    try:
        yield Running(bot, worker, thread)
    finally:
        bot.stop()
        catch_up.stop()
        worker.stop()
        thread.join()
        bot.close()
