"""The fake Slack's chat.* methods: messages, ephemeral ones, and streams."""

import time

from tests.fakes.slack.rooms import Channel, key_of
from tests.fakes.slack.rules import (
    MARKDOWN,
    TEXT,
    UPDATE_TEXT,
    Json,
    SlackError,
    check_blocks,
    check_content,
    check_metadata,
    names,
    refuse_if,
)
from tests.fakes.slack.world import World

POSTED = "markdown_text text blocks attachments as_user icon_emoji icon_url link_names parse username"
STREAMED = "markdown_text chunks"
# The arguments of each method: those it needs, then those it takes.
ARGUMENTS = {
    "chat.postMessage": (
        "channel",
        f"{POSTED} thread_ts reply_broadcast unfurl_links unfurl_media mrkdwn container_id metadata",
    ),
    "chat.postEphemeral": ("channel user", f"{POSTED} thread_ts"),
    "chat.update": (
        "channel ts",
        "markdown_text text blocks attachments as_user file_ids link_names parse reply_broadcast metadata",
    ),
    "chat.delete": ("channel ts", "as_user"),
    "chat.getPermalink": ("channel message_ts", ""),
    "chat.startStream": (
        "channel",
        f"{STREAMED} thread_ts recipient_user_id recipient_team_id task_display_mode icon_emoji icon_url username",
    ),
    "chat.appendStream": ("channel ts", STREAMED),
    "chat.stopStream": ("channel ts", f"{STREAMED} blocks metadata session_status"),
}
STATUSES = names("pending in_progress complete error")


def flag(params: Json, name: str) -> bool:
    return str(params.get(name, "")).lower() in ("1", "true")


class Chat:
    def __init__(self, world: World, sessions: dict[tuple[str, str], str]) -> None:
        self.world, self.sessions = world, sessions

    def _thread(self, channel: Channel, params: Json) -> Json:
        thread = params.get("thread_ts")
        if not thread:
            return {}
        known = channel.thread_exists(key_of(thread)) and "." in str(thread)
        refuse_if(not known, "thread_not_found")
        return {"thread_ts": str(thread)}

    def _content(self, params: Json) -> Json:
        content: Json = {"text": str(params.get("markdown_text") or params.get("text") or "")[:TEXT]}
        content |= {key: params[key] for key in ("blocks", "attachments") if params.get(key)}
        return content | ({"metadata": params["metadata"]} if params.get("metadata") else {})

    def post(self, params: Json) -> Json:
        channel = self.world.channel(params["channel"], member=True)
        check_content(params)
        thread = self._thread(channel, params)
        broadcast = {"subtype": "thread_broadcast"} if thread and flag(params, "reply_broadcast") else {}
        message = self.world.by_bot(**self._content(params), **thread, **broadcast)
        self.world.add(channel, message)
        return {"channel": channel.id, "ts": message["ts"], "message": self.world.public(channel, message)}

    def post_ephemeral(self, params: Json) -> Json:
        channel = self.world.channel(params["channel"], member=True)
        refuse_if(params["user"] not in channel.members, "user_not_in_channel")
        check_content(params)
        content = self._content(params) | self._thread(channel, params)
        message = self.world.by_bot(channel=channel.id, to=params["user"], **content)
        self.world.ephemerals.append(message | {"user": params["user"]})
        return {"message_ts": message["ts"]}

    def _own(self, params: Json, foreign: str, key: str = "ts") -> tuple[Channel, Json]:
        channel = self.world.channel(params["channel"], member=True)
        message = self.world.message(channel, params[key])
        refuse_if(message.get("bot_id") != self.world.bot_id, foreign)
        return channel, message

    def update(self, params: Json) -> Json:
        channel, message = self._own(params, "cant_update_message")
        check_content(params, blank_is_fine="metadata" in params)
        refuse_if(len(params.get("text") or "") > UPDATE_TEXT, "msg_too_long")
        broken = self.world.is_broken(message)
        refuse_if(message.get("streaming") and not broken, "streaming_state_conflict")
        changes: Json = {}
        if any(params.get(key) for key in ("text", "markdown_text", "blocks", "attachments")):
            changes = {"blocks": [], "text": message["text"], "attachments": []} | self._content(params)
            changes["text"] = changes["text"] or message["text"]
        if "metadata" in params:
            changes["metadata"] = params["metadata"]
        if broken:
            changes |= {"streaming": False, "broken": False}
        changes["streamed"] = False
        edited = None if params.get("blocks") else self.world.bot_user_id
        self.world.edit(channel, message, changes, by=edited)
        return {"channel": channel.id, "ts": message["ts"], "text": message["text"],
                "message": self.world.public(channel, message)}  # fmt: skip

    def delete(self, params: Json) -> Json:
        channel, message = self._own(params, "cant_delete_message")
        refuse_if(message.get("streaming") and not self.world.is_broken(message), "streaming_state_conflict")
        self.world.delete(channel, message)
        return {"channel": channel.id, "ts": message["ts"]}

    def permalink(self, params: Json) -> Json:
        channel = self.world.channel(params["channel"])
        message = self.world.message(channel, params["message_ts"])
        link = f"https://fake.slack.com/archives/{channel.id}/p{message['ts'].replace('.', '')}"
        thread = message.get("thread_ts")
        if thread and thread != message["ts"]:
            link += f"?thread_ts={thread}&cid={channel.id}"
        return {"channel": channel.id, "permalink": link}

    # Streams

    def start_stream(self, params: Json) -> Json:
        channel = self.world.channel(params["channel"], member=True)
        refuse_if(not params.get("thread_ts"), "invalid_arguments", "missing required field: thread_ts")
        thread = self._thread(channel, params)
        if channel.kind != "im":
            refuse_if(not params.get("recipient_user_id"), "missing_recipient_user_id")
            refuse_if(not params.get("recipient_team_id"), "missing_recipient_team_id")
            self.world.user(params["recipient_user_id"])
        message = self.world.by_bot(text="", **thread)
        message |= {"streaming": True, "streamed": True, "stream_started": time.monotonic(), "tasks": {}, "blocks": []}
        self._add_chunks(message, params)
        self.world.add(channel, message)
        return {"channel": channel.id, "ts": message["ts"]}

    def _streaming(self, params: Json) -> tuple[Channel, Json]:
        channel, message = self._own(params, "message_not_owned_by_app")
        refuse_if(message.get("stopped_by_user"), "stopped_by_user")
        refuse_if(not message.get("streaming"), "message_not_in_streaming_state")
        if self.world.is_broken(message):
            message["broken"] = True
            raise SlackError("message_not_in_streaming_state")
        return channel, message

    def append_stream(self, params: Json) -> Json:
        channel, message = self._streaming(params)
        refuse_if(not params.get("markdown_text") and not params.get("chunks"), "no_text")
        self._add_chunks(message, params)
        return {"channel": channel.id, "ts": message["ts"]}

    def stop_stream(self, params: Json) -> Json:
        channel, message = self._streaming(params)
        changes: Json = {"streaming": False}
        if params.get("blocks"):
            check_blocks(params["blocks"])
            changes["blocks"] = message["blocks"] + params["blocks"]
        if params.get("metadata"):
            check_metadata(params["metadata"])
            changes["metadata"] = params["metadata"]
        status = params.get("session_status")
        refuse_if(status not in (None, "active", "processing", "suspended", "closed"), "invalid_arguments")
        self._add_chunks(message, params)
        refuse_if(not message["text"] and not message["tasks"] and not changes.get("blocks"), "no_text")
        self.world.edit(channel, message, changes)
        if status:
            self.sessions[channel.id, str(message["thread_ts"])] = status
        return {"channel": channel.id, "ts": message["ts"], "message": self.world.public(channel, message)}

    def _add_chunks(self, message: Json, params: Json) -> None:
        """All of them or, when one is bad, none."""
        marked, chunks = params.get("markdown_text"), params.get("chunks") or []
        refuse_if(marked and chunks, "invalid_arguments", "markdown_text and chunks exclude each other")
        refuse_if(not isinstance(chunks, list), "invalid_chunks")
        added: Json = {"text": marked or "", "tasks": {}, "blocks": [], "plan": message.get("plan", "")}
        for chunk in chunks:
            self._chunk(chunk, added)
        refuse_if(len(message["text"]) + len(added["text"]) > MARKDOWN, "msg_too_long")
        message["text"] += added["text"]
        message["tasks"] = message["tasks"] | added["tasks"]
        message["blocks"] = message["blocks"] + added["blocks"]
        message["plan"] = added["plan"]

    def _chunk(self, chunk: object, added: Json) -> None:
        refuse_if(not isinstance(chunk, dict), "invalid_chunks", "a chunk must be an object")
        assert isinstance(chunk, dict)
        kind = chunk.get("type")
        if kind == "markdown_text":
            refuse_if(not isinstance(chunk.get("text"), str) or not chunk["text"], "no_text")
            added["text"] += chunk["text"]
        elif kind == "task_update":
            good = chunk.get("id") and isinstance(chunk.get("title"), str) and chunk.get("status") in STATUSES
            refuse_if(not good, "invalid_chunks", "a task_update needs id, title, and a known status")
            added["tasks"][chunk["id"]] = chunk
        elif kind == "plan_update":
            refuse_if(not chunk.get("title"), "invalid_chunks", "a plan_update needs a title")
            added["plan"] = chunk["title"]
        elif kind == "blocks":
            check_blocks(chunk.get("blocks"))
            added["blocks"] += chunk["blocks"]
        else:
            raise SlackError("invalid_chunks", f"unknown chunk {kind}")

    def user_stops(self, channel_id: str, thread: str, user: str) -> None:
        """The button is there while a session is processing; Slack stops the streams, the app has to stop the rest."""
        channel = self.world.channels[channel_id]
        assert self.sessions.get((channel_id, thread)) == "processing", "there is no stop button in this thread"
        streams = [message for message in channel.of_thread(key_of(thread)) if message.get("streaming")]
        for message in streams:
            message |= {"streaming": False, "stopped_by_user": True}
        stopped = {"type": "agent_session_stopped", "channel": channel_id, "thread_ts": thread, "user": user}
        written = [message["ts"] for message in streams]
        self.world.tell(channel, stopped | {"streaming_message_ts": written, "event_ts": self.world.new_ts()})
