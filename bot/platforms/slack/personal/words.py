"""A word to whoever pressed something, which they alone see, where they pressed it."""

import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import DatabaseError, connection

from bot.messenger import DeliveryError
from bot.models import Platform
from bot.platforms import workspaces
from bot.platforms.slack import posts
from bot.platforms.slack.web_api import SlackRefusedError, call, client_for, respond
from bot.team.press import Said

log = logging.getLogger(__name__)

SECONDS = 5  # of one call
_saying = ThreadPoolExecutor(4, thread_name_prefix="word")


def say(body: dict[str, Any], text: str) -> None:
    """As `tell`, of words alone."""
    tell(body, Said(text))


def tell(body: dict[str, Any], said: Said) -> None:
    """Say it in a thread of its own; it is no loss if it does not arrive.

    Bolt acknowledges a press when its listener returns (bolt-python#537), and Slack waits three seconds for that.
    """
    _saying.submit(_tell, body, said)


def _tell(body: dict[str, Any], said: Said) -> None:
    """The address that comes with a press leads to the channel, not to the thread (bolt-js#963), so it is the second
    way: where the bot is no member, or whoever pressed is none. In a modal the word stands there."""
    content: dict[str, Any] = {"text": said.text}
    if said.buttons:
        content["blocks"] = posts.word(said.text, said.buttons)
    try:
        if body.get("view"):
            _show(body, said)
        elif not _is_posted(body, content):
            respond(body["response_url"], **content, response_type="ephemeral", replace_original=False)
    except (DeliveryError, DatabaseError, KeyError) as error:
        log.info("A word to whoever pressed a button did not arrive: %s", error)
    finally:
        connection.close()


def _show(body: dict[str, Any], said: Said) -> None:
    view = body["view"]
    workspace = workspaces.connected(Platform.SLACK, body["team"]["id"])
    if workspace is not None:
        told = posts.said(view["title"]["text"], said.text, said.buttons, said.close)
        call(client_for(workspace, seconds=SECONDS), "views.update", view_id=view["id"], view=told)


def _is_posted(body: dict[str, Any], content: dict[str, Any]) -> bool:
    workspace = workspaces.connected(Platform.SLACK, body["team"]["id"])
    if workspace is None or not body.get("channel"):
        return False
    thread = thread_of(body)
    where = {"thread_ts": thread} if thread else {}
    client = client_for(workspace, seconds=SECONDS)
    try:
        call(client, "chat.postEphemeral", channel=body["channel"]["id"], user=body["user"]["id"], **content, **where)
    except SlackRefusedError as error:
        log.info("A word goes by the address of the press: %s", error)
        return False
    return True


def thread_of(body: dict[str, Any]) -> str:
    """The thread of what was pressed; empty outside of threads."""
    message, container = body.get("message") or {}, body.get("container") or {}
    return str(message.get("thread_ts") or container.get("thread_ts") or "")
