"""Listens to Slack with Bolt, over a socket or by HTTP: what comes in is kept, then acknowledged.

Bolt acknowledges an event before its listener runs, and drops it when the token cannot be checked. So events are kept
by a middleware that comes before both; a failure there is answered with 500, and Slack delivers again.
"""

import hashlib
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone
from slack_bolt import App, BoltResponse
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_bolt.authorization import AuthorizeResult

from bot.inbox import receiving
from bot.inbox.addressing import Verdict
from bot.messenger import DeliveryError, Incoming
from bot.models import Channel, Platform, Workspace
from bot.platforms import workspaces
from bot.platforms.slack import events, manifest, members, posts, web_api
from bot.platforms.slack.people import names
from bot.platforms.slack.personal import homes, words
from bot.platforms.slack.web_api import call, client_for
from bot.posts import press
from bot.posts.post import Form
from bot.posts.press import Said
from bot.questions import stopping
from bot.team import circles, feedback, nominating, pressing, talking
from bot.wording import outcomes, phrases, smalltalk, speech
from bot.wording.speech import ENGLISH
from foundation import failpoints, secrets

log = logging.getLogger(__name__)

_asking = ThreadPoolExecutor(4, thread_name_prefix="readers")

REPLY_FOR = timedelta(minutes=29)  # Slack takes answers to a command for thirty
OPEN = "apps.connections.open"  # is called by the SDK itself
PING_SECONDS = 3.0  # five missed ones end a socket that broke without a word
CONCURRENCY = 10  # events that are kept at the same time
WATCH_SECONDS = 0.5
ASKED_SECONDS = 1.0  # until it counts as unknown who reads a channel, which may take a hundred calls
OPEN_SECONDS = 2  # of the call that opens a modal: nobody may open it later
UNHEALTHY_SECONDS = 45.0  # the SDK mends most cuts by itself in this time


def build() -> App:
    """The Bolt app of both transports."""
    app = App(
        client=web_api.client(),
        signing_secret=settings.SLACK_SIGNING_SECRET or hashlib.sha256(settings.SECRET_KEY.encode()).hexdigest(),
        authorize=_authorize,  # type: ignore[arg-type]  # None is how Bolt is told that nobody is there
        before_authorize=keep_event,
        process_before_response=True,
        logger=logging.getLogger("slack_bolt"),
    )
    app.command("/ask")(_listener(_command))
    app.shortcut(manifest.ASK_ABOUT)(_listener(_shortcut))
    app.shortcut(manifest.USE_AS_EXAMPLE)(_listener(_nominated))
    app.action({"action_id": posts.FEEDBACK})(_listener(_pressed))
    for action in pressing.ACTIONS:
        app.action({"action_id": f"{posts.ACTION}{action}"})(_listener(_pressed))
    for name in pressing.FORMS:
        app.view(f"{posts.ACTION}{name}")(_listener(_submitted))
    return app


def _listener(act: Callable[[Callable[..., None], dict[str, Any]], None]) -> Callable[..., None]:
    """`act` as Bolt calls it, which goes by the names of the arguments; the connection is given back afterwards."""

    def listen(ack: Callable[..., None], body: dict[str, Any]) -> None:
        try:
            act(ack, body)
        finally:
            connection.close()

    return listen


def _authorize(team_id: str | None, **_: Any) -> AuthorizeResult | None:
    """Who we are in a workspace, from our rows: no call to Slack stands between an event and its being kept."""
    workspace = workspaces.connected(Platform.SLACK, team_id or "")
    if workspace is None or not (token := workspaces.slack_token(workspace)):
        return None
    return AuthorizeResult(
        enterprise_id=None, team_id=team_id, bot_token=token, bot_id=workspace.bot_id, bot_user_id=workspace.bot_user_id
    )


def keep_event(body: dict[str, Any], next_: Callable[[], BoltResponse]) -> BoltResponse:
    """Bolt's middleware: an event is kept here, whatever else happens to the request; anything else goes on."""
    if body.get("type") != "event_callback":
        return next_()
    try:
        return _kept(body)
    finally:
        connection.close()


def _kept(body: dict[str, Any]) -> BoltResponse:
    workspace = workspaces.connected(Platform.SLACK, body.get("team_id", ""))
    if workspace is not None:
        take(body, workspace)
    else:
        log.warning("An event of the Slack workspace %s, which is not connected, is let go", body.get("team_id"))
    failpoints.reach("listener.acknowledged")
    return BoltResponse(status=200, body="")


def take(body: dict[str, Any], workspace: Workspace) -> None:
    """Keep what an event says."""
    happening = events.happening(body, workspace.bot_user_id)
    team = workspace.external_id
    match happening:
        case Incoming():
            receiving.receive(happening)
        case events.Edited(incoming):
            _change(incoming)
        case events.Deleted(channel, message_id):
            receiving.cancel(Platform.SLACK, team, channel, message_id)
            talking.take_back(Platform.SLACK, team, channel, message_id)
        case events.Stopped(channel, thread_id, message_ids):
            receiving.stop_posts(Platform.SLACK, team, channel, message_ids)
            stopping.stop_thread(Platform.SLACK, team, channel, thread_id)
        case events.Reacted():
            _react(happening, workspace)
        case events.HomeOpened():
            homes.opened(workspace, happening)
        case events.Uninstalled():
            workspaces.remove(Platform.SLACK, team)


def _change(incoming: Incoming) -> None:
    """A question that was edited; a message that has become one."""
    where = (Platform.SLACK, incoming.workspace, incoming.channel, incoming.message_id)
    is_known = talking.change(incoming) or receiving.change(*where, incoming.text)
    if not is_known and incoming.is_mention:
        receiving.receive(incoming)


def _react(reacted: events.Reacted, workspace: Workspace) -> None:
    if not circles.counts(workspace, reacted.reaction):
        feedback.react(reacted.pointing, reacted.reaction, is_gone=reacted.is_gone)
    elif reacted.is_gone:
        nominating.take_back(reacted.pointing)
    else:
        nominating.nominate(reacted.pointing, lambda circle: members.is_in(circle, reacted.pointing.person))


def _command(ack: Callable[..., None], body: dict[str, Any]) -> None:
    text = events.text(body.get("text") or "", _bot_user(body))
    talk = smalltalk.heard(text)
    if not text or (talk is not None and talk.reply == phrases.HELP):
        said = outcomes.small_talk(talk, ENGLISH) if text else ENGLISH.say(phrases.HOW_TO_COMMAND)
        ack(response_type="ephemeral", text=said)
        return
    receiving.receive(
        Incoming(
            platform=Platform.SLACK,
            workspace=body["team_id"],
            channel=body["channel_id"],
            channel_name=body.get("channel_name", ""),
            kind=events.kind_of(body["channel_id"]),
            message_id=f"command:{_digest(body['trigger_id'])}",
            delivery_key=f"slack:command:{_digest(body['trigger_id'])}",
            author=body["user_id"],
            author_name=body.get("user_name", ""),
            text=text,
            is_explicit=True,
            is_private=True,
            reply_token=secrets.encrypt(body["response_url"]),
            reply_until=timezone.now() + REPLY_FOR,
        )
    )
    ack()  # without a word: what a command was answered with cannot be replaced (bolt-js#2287, bolt-python#1268)


def _shortcut(ack: Callable[..., None], body: dict[str, Any]) -> None:
    """ "Ask about this": the message is the question, answered in its thread."""
    event = {**body["message"], "channel": body["channel"]["id"]}
    thread = event.get("thread_ts", "")
    reception = receiving.receive(
        Incoming(
            platform=Platform.SLACK,
            workspace=body["team"]["id"],
            channel=event["channel"],
            channel_name=body["channel"].get("name", ""),
            kind=events.kind_of(event["channel"]),
            message_id=event["ts"],
            thread_id=thread if thread != event["ts"] else "",
            delivery_key=f"slack:shortcut:{_digest(body['trigger_id'])}",
            author=body["user"]["id"],
            author_name=body["user"].get("name", ""),
            text=events.text(event.get("text") or "", _bot_user(body)),
            unread=events.unread(event),
            quoted=tuple(events.quoted(event, _bot_user(body))),
            pointed_author="" if event.get("bot_id") else event.get("user", ""),
            asked_at=events.moment(body["action_ts"]),
            is_explicit=True,
            is_outsider=_is_of_another_team(body),
        )
    )
    ack()
    if reception.verdict == Verdict.ASK and not reception.is_new:
        words.say(body, speech.like([str(event.get("text"))]).say(phrases.KNOWN))


def _is_of_another_team(body: dict[str, Any]) -> bool:
    return bool(body["user"].get("team_id", body["team"]["id"]) != body["team"]["id"])


def _nominated(ack: Callable[..., None], body: dict[str, Any]) -> None:
    """ "Use as example": kept for the review, if whoever chose it may."""
    pointing = events.pointed(body, _bot_user(body))
    said = nominating.nominate(pointing, lambda circle: members.is_in(circle, pointing.person))
    ack()
    if said is not None:
        words.say(body, said.text)


def _pressed(ack: Callable[..., None], body: dict[str, Any]) -> None:
    action, _, value = str(body["actions"][0].get("value", "")).partition(":")
    person, is_outsider = body["user"]["id"], _is_of_another_team(body)
    result = pressing.press(press.Press(action, value, person, _name(body), is_outsider, _has_outsiders))
    ack()
    if isinstance(result, Said):
        words.tell(body, result)
    else:
        _open(body, posts.view(result, result.value) if isinstance(result, Form) else posts.sheet(result))


def _has_outsiders(channel: Channel) -> bool:
    """Somebody waits who pressed, and Slack waits three seconds; what it tells later is known for the next press."""
    try:
        return _asking.submit(_fresh, lambda: members.audience(channel).has_outsiders).result(ASKED_SECONDS)
    except (DeliveryError, TimeoutError) as error:
        log.warning("Who reads %s is not known, so it is shown public documents alone: %s", channel, error)
        return True


def _fresh(ask: Callable[[], bool]) -> bool:
    try:
        return ask()
    finally:
        connection.close()


def _submitted(ack: Callable[..., None], body: dict[str, Any]) -> None:
    """A form has no address to answer to, so what is said stands in its place until it is closed."""
    view = body["view"]
    said = pressing.submit(
        view["callback_id"].removeprefix(posts.ACTION),
        view["private_metadata"],
        posts.filled(view["state"]),
        person=body["user"]["id"],
        person_name=_name(body),
    )
    ack(response_action="update", view=posts.said(view["title"]["text"], said.text, said.buttons, said.close))


def _open(body: dict[str, Any], view: posts.Block) -> None:
    workspace = workspaces.connected(Platform.SLACK, body["team"]["id"])
    if workspace is None:
        return
    try:
        call(client_for(workspace, seconds=OPEN_SECONDS), "views.open", trigger_id=body["trigger_id"], view=view)
    except DeliveryError as error:
        log.warning("A modal could not be opened: %s", error)
        words.say(body, ENGLISH.say(phrases.FORM_NOT_OPENED))


def _name(body: dict[str, Any]) -> str:
    """What whoever acted is called: as they show it, else as they log in."""
    user, workspace = body["user"], workspaces.connected(Platform.SLACK, body["team"]["id"])
    shown = names.called(workspace, user["id"]) if workspace else ""
    return str(shown or user.get("name") or user.get("username") or "")


def _bot_user(body: dict[str, Any]) -> str:
    workspace = workspaces.connected(Platform.SLACK, body.get("team_id") or body["team"]["id"])
    return workspace.bot_user_id if workspace else ""


def _digest(trigger: str) -> str:
    return hashlib.sha256(trigger.encode()).hexdigest()[:40]


class SocketListener:
    """Socket Mode, watched: the SDK can go on for ever trying an address that has expired, so it is then built anew."""

    def __init__(self, on_gap: Callable[[], None]) -> None:
        self._on_gap = on_gap
        self._stopping = threading.Event()
        self._handler: SocketModeHandler | None = None
        self._healthy_at = time.monotonic()
        self._session = ""
        self.refused = ""  # how Slack names what is wrong with the token, if that is what keeps us from listening

    def start(self) -> None:
        threading.Thread(target=self._watch, name="slack-socket", daemon=True).start()

    def stop(self) -> None:
        """Take nothing more; Slack delivers it to another replica, or later."""
        self._stopping.set()
        self._hang_up()

    @property
    def is_connected(self) -> bool:
        return self._handler is not None and self._handler.client.is_connected()

    def _watch(self) -> None:
        self._connect()
        while not self._stopping.wait(WATCH_SECONDS):
            handler = self._handler
            if handler is not None and handler.client.is_connected():
                self._healthy_at = time.monotonic()
                self._note_session(handler)
            elif handler is None or time.monotonic() - self._healthy_at > UNHEALTHY_SECONDS:
                self._connect()

    def _note_session(self, handler: SocketModeHandler) -> None:
        """What was said between two sockets may have been lost."""
        session = handler.client.session_id() or ""
        if session != self._session:
            self._session = session
            self._on_gap()

    def _hang_up(self) -> None:
        handler, self._handler = self._handler, None
        if handler is not None:
            _let_go(handler)

    def _connect(self) -> None:
        """A new connection with a new address; what goes wrong is tried again by the watch."""
        self._hang_up()
        handler = SocketModeHandler(
            build(), settings.SLACK_APP_TOKEN, ping_interval=PING_SECONDS, concurrency=CONCURRENCY
        )
        try:
            handler.connect()  # type: ignore[no-untyped-call]
        except web_api.FAILURES as error:
            _let_go(handler)
            self.refused = web_api.refusal(error)
            log.warning("Slack cannot be listened to yet: %s %s", type(error).__name__, self.refused)
            asked_to_wait = web_api.note(web_api.client(), OPEN, error, app_token=settings.SLACK_APP_TOKEN)
            connection.close()
            self._stopping.wait(max(1.0, asked_to_wait))
            return
        self.refused = ""
        self._handler = handler
        self._healthy_at = time.monotonic()


def _let_go(handler: SocketModeHandler) -> None:
    """End a connection with the threads that the SDK has begun for it, also where it never came about."""
    handler.client.auto_reconnect_enabled = False
    # The SDK waits for the other side, for seconds; nobody here has to.
    threading.Thread(target=handler.close, name="slack-close", daemon=True).start()
