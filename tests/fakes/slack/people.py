"""What people do in the fake Slack besides writing: buttons, commands, shortcuts, modals; and response_urls."""

import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass

from tests.fakes.slack.chat import Chat, flag
from tests.fakes.slack.methods import Methods
from tests.fakes.slack.rooms import Channel, key_of
from tests.fakes.slack.rules import Json, SlackError, check_content, elements, refuse_if
from tests.fakes.slack.world import World

SELECTED = {"users_select": "selected_user", "channels_select": "selected_channel",
            "conversations_select": "selected_conversation", "datepicker": "selected_date",
            "timepicker": "selected_time"}  # fmt: skip
OPTION, OPTIONS = ("static_select", "radio_buttons", "overflow"), ("checkboxes", "multi_static_select")


@dataclass
class ResponseUrl:
    channel: str
    user: str
    origin: Json | None
    thread_ts: str | None
    expires: float
    of_command: bool = False  # there is nothing of ours then that could be replaced (bolt-js#2287, bolt-python#1268)
    uses: int = 0


def answer(element: Json, value: object) -> Json:
    """What a view's state or an action says of an element that holds `value`."""
    kind = element["type"]
    if kind in OPTION:
        return {"selected_option": _option(element, value) if value is not None else None}
    if kind in OPTIONS:
        assert isinstance(value, list | tuple | None), "a list of values"
        return {"selected_options": [_option(element, one) for one in value or ()]}
    longest = element.get("max_length", 3_000)
    assert kind != "plain_text_input" or len(str(value or "")) <= longest, f"longer than {longest}"
    return {SELECTED.get(kind, "value"): value}


def _option(element: Json, value: object) -> Json:
    for option in element.get("options", []):
        if option["value"] == value:
            return {"text": option["text"], "value": option["value"]}
    raise AssertionError(f"no option {value!r} in {element['action_id']}")


def _initial(element: Json) -> object:
    if "initial_option" in element:
        return element["initial_option"]["value"]
    if "initial_options" in element:
        return [option["value"] for option in element["initial_options"]]
    return element.get("initial_value")


class People:
    def __init__(self, world: World, chat: Chat, methods: Methods) -> None:
        self.world, self.chat, self.methods = world, chat, methods
        self.urls: dict[str, ResponseUrl] = {}
        self.base = ""

    def _who(self, user: str) -> Json:
        person = self.world.users[user]
        return {"id": user, "username": person["name"], "name": person["name"], "team_id": person["team_id"]}

    def _head(self, kind: str, user: str) -> Json:
        return {
            "type": kind, "token": "fake-verification-token", "api_app_id": self.world.app_id, "enterprise": None,
            "team": {"id": self.world.team_id, "domain": "fake"}, "user": self._who(user),
            "is_enterprise_install": False, "trigger_id": self.methods.new_trigger(user),
        }  # fmt: skip

    def _response_url(self, channel: str, user: str, origin: Json | None) -> str:
        known = f"{self.world.team_id}/{secrets.token_hex(12)}"
        thread = origin.get("thread_ts") if origin else None
        self.urls[known] = ResponseUrl(
            channel, user, origin, thread, time.monotonic() + self.world.knobs.response_seconds, origin is None
        )
        return f"{self.base}{known}"

    # What people press and type

    def press(self, channel_id: str, ts: str, action_id: str, user: str, value: str | None) -> Json:
        channel = self.world.channels[channel_id]
        message = channel.by_key.get(key_of(ts))
        is_ephemeral = message is None
        if message is None:
            hidden = [m for m in self.world.ephemerals if m["ts"] == ts and m["channel"] == channel_id]
            assert hidden, f"no message {ts} in {channel_id}"
            assert hidden[0]["user"] == user, f"only {hidden[0]['user']} sees this message"
            message = hidden[0]
        action = self._action(message.get("blocks") or [], action_id, value)
        container = {"type": "message", "message_ts": ts, "channel_id": channel_id, "is_ephemeral": is_ephemeral}
        container |= {"thread_ts": message["thread_ts"]} if message.get("thread_ts") else {}
        payload = self._head("block_actions", user) | {
            "container": container, "channel": {"id": channel_id, "name": channel.name}, "actions": [action],
            "response_url": self._response_url(channel_id, user, message), "state": {"values": {}},
        }  # fmt: skip
        return payload | ({} if is_ephemeral else {"message": self.world.public(channel, message)})

    def press_in_view(self, view_id: str, action_id: str, user: str, value: str | None) -> Json:
        view = self.methods.views[view_id]
        action = self._action(view["blocks"], action_id, value)
        shown = {key: item for key, item in view.items() if key != "user"}
        container = {"type": "view", "view_id": view_id}
        return self._head("block_actions", user) | {"container": container, "view": shown, "actions": [action]}

    def _action(self, blocks: list[Json], action_id: str, value: str | None) -> Json:
        seen = []
        for block_id, element in elements(blocks):
            seen.append(element["action_id"])
            if element["action_id"] != action_id:
                continue
            for said in self._pressed(element):
                if value is None or said.get("value", said.get("selected_option", {}).get("value")) == value:
                    head = {"type": element["type"], "action_id": action_id, "block_id": block_id}
                    return head | said | {"action_ts": self.world.new_ts()}
        raise AssertionError(f"no {action_id!r} with value {value!r} is shown, only {seen}")

    def _pressed(self, element: Json) -> Iterator[Json]:
        """What each of the ways to press the element says."""
        if element["type"] == "feedback_buttons":
            for button in (element["positive_button"], element["negative_button"]):
                yield {"value": button.get("value", ""), "text": button["text"]}
        elif "options" in element:
            for option in element["options"]:
                yield answer(element, option["value"])
        else:
            yield {key: element[key] for key in ("text", "value") if key in element}

    def command(self, user: str, channel_id: str, text: str, command: str) -> Json:
        head = self._head("", user)
        return {
            "token": head["token"], "team_id": self.world.team_id, "team_domain": "fake", "channel_id": channel_id,
            "channel_name": self.world.channels[channel_id].name, "user_id": user, "command": command, "text": text,
            "user_name": head["user"]["name"], "api_app_id": self.world.app_id, "is_enterprise_install": "false",
            "response_url": self._response_url(channel_id, user, None), "trigger_id": head["trigger_id"],
        }  # fmt: skip

    def shortcut(self, user: str, channel_id: str, ts: str, callback_id: str) -> Json:
        channel = self.world.channels[channel_id]
        message = channel.by_key[key_of(ts)]
        return self._head("message_action", user) | {
            "callback_id": callback_id, "action_ts": self.world.new_ts(), "message_ts": ts,
            "channel": {"id": channel_id, "name": channel.name}, "message": self.world.public(channel, message),
            "response_url": self._response_url(channel_id, user, message | {"not_ours": True}),
        }  # fmt: skip

    def submit(self, user: str, view_id: str, values: dict[str, dict[str, object]]) -> Json:
        view = self.methods.views[view_id]
        assert not view.get("closed"), "this view is closed"
        assert view["user"] == user, f"only {view['user']} sees this view"
        left, state = {(b, a): v for b, given in values.items() for a, v in given.items()}, dict[str, Json]()
        optional = {b.get("block_id", f"auto{n}"): b.get("optional") or b["type"] != "input"
                    for n, b in enumerate(view["blocks"])}  # fmt: skip
        for block_id, element in elements(view["blocks"]):
            if element["type"] == "button":
                continue
            value = left.pop((block_id, element["action_id"]), _initial(element))
            assert value not in (None, "", []) or optional[block_id], f"{block_id} is required"
            said = {"type": element["type"], **answer(element, value)}
            state.setdefault(block_id, {})[element["action_id"]] = said
        assert not left, f"no such inputs are shown: {sorted(left)}"
        view["state"] = {"values": state}
        shown = {key: item for key, item in view.items() if key != "user"}
        return self._head("view_submission", user) | {"view": shown, "response_urls": []}

    def submitted(self, view_id: str, user: str, reply: Json) -> None:
        """What the acknowledgement of a submission does to the views."""
        action = reply.get("response_action")
        if action == "errors":
            shown = {block_id for block_id, _ in elements(self.methods.views[view_id]["blocks"])}
            assert reply["errors"], "errors without errors"
            assert set(reply["errors"]) <= shown, "errors for blocks that are not shown"
        elif action == "update":
            self.methods.replace_view(view_id, reply["view"])
        elif action == "push":
            self.methods.new_view(reply["view"], user)
        else:
            assert action in (None, "clear"), action
            self.methods.views[view_id]["closed"] = True

    # Answers to a response_url

    def respond(self, known: str, body: Json) -> None:
        url = self.urls.get(known)
        if url is None or url.uses >= self.world.knobs.response_uses or time.monotonic() > url.expires:
            raise SlackError("expired_url")
        url.uses += 1
        channel = self.world.channels[url.channel]
        if flag(body, "delete_original") and not url.of_command:
            self._delete_original(channel, url)
            return
        check_content(body)
        content: Json = {key: body[key] for key in ("text", "blocks", "attachments", "metadata") if key in body}
        content.setdefault("text", "")
        if flag(body, "replace_original") and not url.of_command:
            self._replace_original(channel, url, content)
            return
        thread = body.get("thread_ts")
        refuse_if(thread and not channel.thread_exists(key_of(thread)), "thread_not_found")
        if body.get("response_type") == "in_channel":
            content |= {"thread_ts": str(thread)} if thread else {}
            self.world.add(channel, self.world.by_bot(**content))
            return
        # What only one person sees stands in the channel, whatever thread was named (bolt-js#963).
        message = self.world.by_bot(channel=channel.id, to=url.user, **content) | {"user": url.user}
        self.world.ephemerals.append(message)
        url.origin = url.origin or message

    def _original(self, url: ResponseUrl) -> Json:
        origin = url.origin
        if origin is None or origin.get("not_ours") or origin.get("bot_id") != self.world.bot_id:
            raise SlackError("message_not_found")
        return origin

    def _replace_original(self, channel: Channel, url: ResponseUrl, content: Json) -> None:
        origin = self._original(url)
        changes = {"blocks": [], **content}
        if "to" in origin:
            origin |= changes
        else:
            self.world.edit(channel, self.world.message(channel, origin["ts"]), changes | {"streamed": False})

    def _delete_original(self, channel: Channel, url: ResponseUrl) -> None:
        origin = self._original(url)
        if "to" in origin:
            self.world.ephemerals[:] = [m for m in self.world.ephemerals if m is not origin]
        else:
            self.world.delete(channel, self.world.message(channel, origin["ts"]))
