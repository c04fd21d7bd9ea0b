"""Slack as a platform that is run: who we are there, tokens kept fresh, and the transport the settings ask for."""

import logging
import threading
from collections.abc import Callable

from django.conf import settings
from django.db import DatabaseError, connection

from bot.messenger import Bot, DeliveryError
from bot.models import Platform
from bot.platforms import workspaces
from bot.platforms.listening import ListenerProcess
from bot.platforms.slack import oauth, web_api
from bot.platforms.slack.listener import SocketListener
from bot.platforms.slack.messenger import SlackMessenger
from bot.platforms.slack.web_api import TOKEN_REFUSED, SlackRefusedError, call

log = logging.getLogger(__name__)

REFRESH_SECONDS = 600.0
PATIENCE = (1.0, 2.0, 5.0, 10.0)  # seconds between attempts to learn who we are; then every thirty
LONGEST = 30.0
REFUSED = "Slack refuses {name} ({code}). Copy it anew from the app's page at api.slack.com, and start again."


class SlackBot(Bot):
    """Socket Mode with an app token; without one, events come to the web process and this one only answers them."""

    def __init__(self) -> None:
        self.messenger = SlackMessenger()
        self._stopping = threading.Event()
        self._socket: SocketListener | ListenerProcess | None = None
        self._is_known = not settings.SLACK_BOT_TOKEN
        self._fault = ""

    def start(self, on_gap: Callable[[], None]) -> None:
        threading.Thread(target=self._begin, args=(on_gap,), name="slack", daemon=True).start()

    def stop(self) -> None:
        self._stopping.set()
        if self._socket is not None:
            self._socket.stop()

    def close(self) -> None:
        if isinstance(self._socket, ListenerProcess):
            self._socket.close()

    @property
    def fault(self) -> str:
        code = self._socket.refused if self._socket is not None else ""
        return self._fault or (REFUSED.format(name="SLACK_APP_TOKEN", code=code) if code else "")

    @property
    def is_connected(self) -> bool:
        return self._is_known and (self._socket is None or self._socket.is_connected)

    def _begin(self, on_gap: Callable[[], None]) -> None:
        try:
            self._introduce()
            connection.close()
            if self._stopping.is_set() or self._fault:
                return
            if settings.SLACK_APP_TOKEN:
                self._socket = ListenerProcess("slack", on_gap) if self.is_apart else SocketListener(on_gap)
                self._socket.start()
            else:
                on_gap()
            self._keep_tokens_fresh()
        finally:
            connection.close()

    def _introduce(self) -> None:
        """Learn who we are; Slack may be out of reach for a while; a token that it refuses is the end."""
        attempt = 0
        while not self._is_known and not self._stopping.is_set():
            try:
                introduce()
                self._is_known = True
            except (DeliveryError, DatabaseError) as error:
                if isinstance(error, SlackRefusedError) and error.code in TOKEN_REFUSED:
                    self._fault = REFUSED.format(name="SLACK_BOT_TOKEN", code=error.code)
                    return
                log.error("Slack does not say who we are: %s", error)
                self._stopping.wait(PATIENCE[attempt] if attempt < len(PATIENCE) else LONGEST)
                attempt += 1

    def _keep_tokens_fresh(self) -> None:
        while not self._stopping.wait(REFRESH_SECONDS):
            try:
                workspaces.refresh_due(Platform.SLACK, oauth.refresh)
            except (DeliveryError, DatabaseError) as error:
                log.error("The token of a Slack workspace could not be renewed: %s", error)
            finally:
                connection.close()


def introduce() -> None:
    """Keep who the token of the settings belongs to. Raises DeliveryError."""
    client = web_api.client(settings.SLACK_BOT_TOKEN)
    told = call(client, "auth.test")
    workspaces.introduce(
        Platform.SLACK, told["team_id"], name=told.get("team", ""), bot_user_id=told["user_id"], bot_id=told["bot_id"]
    )
