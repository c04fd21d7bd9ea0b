"""The fake Slack's assistant threads and agent sessions: statuses, titles, suggested prompts, the stop button."""

import time

from tests.fakes.slack.rooms import key_of
from tests.fakes.slack.rules import Json, refuse_if
from tests.fakes.slack.world import World

ARGUMENTS = {
    "assistant.threads.setStatus": ("channel_id thread_ts", "status loading_messages icon_emoji icon_url username"),
    "agents.sessions.setStatus": (
        "status",
        "channel_id thread_ts title initiator_user_id icon_emoji icon_url username",
    ),
    "assistant.threads.setTitle": ("channel_id thread_ts title", ""),
    "assistant.threads.setSuggestedPrompts": ("channel_id prompts", "thread_ts title"),
}
SESSION_STATUSES = ("active", "processing", "suspended", "closed")


class Agents:
    def __init__(self, world: World) -> None:
        self.world = world
        self.statuses: list[Json] = []
        self.sessions: dict[tuple[str, str], str] = {}  # the status of each thread that has one
        self.titles: dict[tuple[str, str], str] = {}
        self.prompts: list[Json] = []

    def _thread(self, params: Json) -> str:
        channel = self.world.channel(params["channel_id"], member=True)
        thread = params.get("thread_ts")
        refuse_if(thread and not channel.thread_exists(key_of(thread)), "thread_not_found")
        return channel.id

    def set_status(self, params: Json) -> Json:
        self._thread(params)
        refuse_if("status" not in params, "invalid_arguments", "missing required field: status")
        refuse_if(len(params.get("loading_messages") or []) > 10, "invalid_arguments", "up to 10 loading_messages")
        self.statuses.append(params | {"at": time.monotonic()})
        return {}

    def set_session(self, params: Json) -> Json:
        refuse_if(params["status"] not in SESSION_STATUSES, "invalid_arguments", "must be a valid enum value: status")
        refuse_if(not params.get("thread_ts"), "invalid_arguments", "thread_ts is required for a thread-based session")
        refuse_if(len(params.get("title") or "") > 200, "invalid_arguments", "title is longer than 200")
        channel = self.world.channel(params.get("channel_id"), member=True)
        refuse_if(not channel.thread_exists(key_of(params["thread_ts"])), "thread_not_found")
        initiator = params.get("initiator_user_id")
        refuse_if(initiator and initiator not in channel.members, "user_not_in_channel")
        self.sessions[channel.id, str(params["thread_ts"])] = params["status"]
        return {"status": params["status"], "agent_status": params["status"]}

    def set_title(self, params: Json) -> Json:
        self.titles[self._thread(params), str(params["thread_ts"])] = params["title"]
        return {}

    def set_prompts(self, params: Json) -> Json:
        self._thread(params)
        prompts = params["prompts"]
        good = isinstance(prompts, list) and 0 < len(prompts) <= 4
        refuse_if(not good or not all(p.get("title") and p.get("message") for p in prompts), "invalid_prompts")
        self.prompts.append(params)
        return {}
