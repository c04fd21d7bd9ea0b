"""Reads what was written while nobody listened, and feeds it through the same door as everything else."""

import logging
import threading
from datetime import timedelta

from django.db import DatabaseError, connection
from django.utils import timezone

from bot.inbox import receiving
from bot.messenger import DeliveryError, Messenger
from bot.models import Channel, Workspace
from foundation import locks

log = logging.getLogger(__name__)

OVERLAP = timedelta(minutes=5)  # before the newest message known: what was said just then may come in late
FARTHEST = timedelta(hours=24)
EVERY = 600.0  # seconds, whether or not a gap was noticed
AGAIN_SECONDS = 2.0  # while another process reads, or the database is away
LOCK = "parley catch-up"


class CatchUp:
    """One thread per bot process; of several processes one reads at a time. `request` asks for a round now.

    A round that begins after the request is as good whoever makes it; one that was under way already may have passed
    the channel in which something was missed.
    """

    def __init__(self, messenger: Messenger, platform: str) -> None:
        self._messenger = messenger
        self._platform = str(platform)
        self._wanted = threading.Event()
        self._stopping = threading.Event()
        self._asked_at = timezone.now()

    def start(self) -> None:
        threading.Thread(target=self._run, name="catch-up", daemon=True).start()

    def request(self) -> None:
        self._asked_at = timezone.now()
        self._wanted.set()

    def stop(self) -> None:
        self._stopping.set()
        self._wanted.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            if not self._wanted.wait(EVERY):
                self._asked_at = timezone.now()
            self._wanted.clear()
            while not self._stopping.is_set() and not self._is_done():
                self._stopping.wait(AGAIN_SECONDS)

    def _is_done(self) -> bool:
        """Whether a round was made, here or elsewhere; not while another process is at an earlier one."""
        try:
            return self._catch_up()
        except DatabaseError as error:
            log.warning("Catching up waits for the database: %s", str(error).strip())
            return False
        except Exception:  # one round's failure; the next one is in ten minutes, or after the next gap
            log.exception("A round of reading again was cut short")
            return True
        finally:
            connection.close()

    def _catch_up(self) -> bool:
        waiting = Workspace.objects.filter(platform=self._platform, removed_at=None)
        waiting = waiting.exclude(listened_at__gt=self._asked_at)
        if not waiting.exists():
            return True
        with locks.held_if_free(f"{LOCK} {self._platform}") as is_ours:
            for workspace in waiting if is_ours else ():
                self._catch_up_workspace(workspace)
        return is_ours

    def _catch_up_workspace(self, workspace: Workspace) -> None:
        started = timezone.now()
        meet(workspace, self._messenger)
        for channel in workspace.channels.filter(is_enabled=True).select_related("workspace"):
            if self._stopping.is_set():
                return
            catch_up(channel, self._messenger)
        Workspace.objects.filter(pk=workspace.pk).update(listened_at=started)


def meet(workspace: Workspace, messenger: Messenger) -> None:
    """A row for every channel the bot is in: somebody may have asked in one while nobody listened."""
    try:
        places = messenger.places(workspace)
    except DeliveryError as error:
        log.warning("The channels of %s are not known: %s", workspace, error)
        return
    since = workspace.listened_at or timezone.now()
    met = [
        Channel(workspace=workspace, external_id=each.external_id, name=each.name, kind=each.kind, cursor_at=since)
        for each in places
    ]
    Channel.objects.bulk_create([each for each in met if not each.name], ignore_conflicts=True)
    Channel.objects.bulk_create(  # those that are known already are called what they are called now
        [each for each in met if each.name],
        update_conflicts=True,
        unique_fields=["workspace", "external_id"],
        update_fields=["name"],
    )


def catch_up(channel: Channel, messenger: Messenger) -> int:
    """Receive what a channel holds that nobody received; returns how many questions were new."""
    now = timezone.now()
    since = max((channel.cursor_at or now) - OVERLAP, now - FARTHEST)
    count = 0
    try:
        found = list(messenger.catch_up(channel, since))
        known = receiving.known(channel, [each.message_id for each in found])
        for incoming in found:
            if incoming.message_id not in known:
                count += receiving.receive(incoming).is_new
    except DeliveryError as error:
        log.warning("%s could not be read again: %s", channel, error)
        return count
    Channel.objects.filter(pk=channel.pk).update(cursor_at=now)
    if count:
        log.warning("%s questions of %s had been missed and are answered now", count, channel)
    return count
