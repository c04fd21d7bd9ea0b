"""A word to whoever pressed something, which they alone see, where they pressed it."""

import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import DatabaseError, connection

from bot.messenger import DeliveryError
from bot.models import Platform
from bot.platforms import workspaces
from bot.platforms.slack.web_api import SlackRefusedError, call, client_for, respond

log = logging.getLogger(__name__)

SECONDS = 5  # of one call
_saying = ThreadPoolExecutor(4, thread_name_prefix="word")


def say(body: dict[str, Any], text: str) -> None:
    """Say it in a thread of its own; it is no loss if it does not arrive.

    Bolt acknowledges a press when its listener returns (bolt-python#537), and Slack waits three seconds for that.
    """
    _saying.submit(_say, body, text)


def _say(body: dict[str, Any], text: str) -> None:
    """The address that comes with a press leads to the channel, not to the thread (bolt-js#963), so it is the second
    way: where the bot is no member, or whoever pressed is none."""
    try:
        if not _is_posted(body, text):
            respond(body["response_url"], text=text, response_type="ephemeral", replace_original=False)
    except (DeliveryError, DatabaseError, KeyError) as error:
        log.info("A word to whoever pressed a button did not arrive: %s", error)
    finally:
        connection.close()


def _is_posted(body: dict[str, Any], text: str) -> bool:
    workspace = workspaces.connected(Platform.SLACK, body["team"]["id"])
    if workspace is None or not body.get("channel"):
        return False
    thread = thread_of(body)
    where = {"thread_ts": thread} if thread else {}
    client = client_for(workspace, seconds=SECONDS)
    try:
        call(client, "chat.postEphemeral", channel=body["channel"]["id"], user=body["user"]["id"], text=text, **where)
    except SlackRefusedError as error:
        log.info("A word goes by the address of the press: %s", error)
        return False
    return True


def thread_of(body: dict[str, Any]) -> str:
    """The thread of what was pressed; empty outside of threads."""
    message, container = body.get("message") or {}, body.get("container") or {}
    return str(message.get("thread_ts") or container.get("thread_ts") or "")
