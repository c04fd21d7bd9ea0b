"""A word to whoever pressed something, which they alone see, where they pressed it."""

import logging
from typing import Any

from bot.messenger import DeliveryError
from bot.models import Platform
from bot.platforms import workspaces
from bot.platforms.slack.web_api import SlackRefusedError, call, client_for, respond

log = logging.getLogger(__name__)

PRESSED_SECONDS = 2  # of a call that somebody waits for who pressed: Slack waits three


def say(body: dict[str, Any], text: str) -> None:
    """It is no loss if it does not arrive.

    The address that comes with a press leads to the channel, not to the thread (bolt-js#963), so it is the second way:
    where the bot is no member, or whoever pressed is none.
    """
    try:
        if not _is_posted(body, text):
            respond(body["response_url"], text=text, response_type="ephemeral", replace_original=False)
    except (DeliveryError, KeyError) as error:
        log.info("A word to whoever pressed a button did not arrive: %s", error)


def _is_posted(body: dict[str, Any], text: str) -> bool:
    workspace = workspaces.connected(Platform.SLACK, body["team"]["id"])
    if workspace is None or not body.get("channel"):
        return False
    thread = thread_of(body)
    where = {"thread_ts": thread} if thread else {}
    client = client_for(workspace, seconds=PRESSED_SECONDS)
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
