"""What Slack has to be told to let the bot in. Least privileges."""

from typing import Any

ASK_ABOUT, USE_AS_EXAMPLE = "ask_about", "use_as_example"
SHORTCUTS = (  # in the menu of a message; Slack takes names of 24 characters
    {
        "name": "Ask about this",
        "type": "message",
        "callback_id": ASK_ABOUT,
        "description": "Answer this message in its thread",
    },
    {
        "name": "Use as example",
        "type": "message",
        "callback_id": USE_AS_EXAMPLE,
        "description": "Propose this answer as a training example",
    },
)
NEWEST_SCOPE = "reactions:read"  # came into the manifest together with the newest shortcut
# Each with what it is needed for.
SCOPES = {
    "app_mentions:read": "questions that mention the bot",
    "assistant:write": "how far it is, and what others asked",
    "channels:history": "follow-ups and questions in public channels, and those missed while it was down",
    "channels:read": "who reads a public channel",
    "chat:write": "answers",
    "commands": "/ask, Ask about this and Use as example",
    "groups:history": "the same in private channels",
    "groups:read": "who reads a private channel",
    "im:history": "questions in direct messages",
    "im:read": "who writes in a direct message",
    "im:write": "private answers after half an hour",
    "mpim:history": "questions in group messages",
    "mpim:read": "who reads a group message",
    "reactions:read": "a reaction by which the team proposes an example",
    "reactions:write": "a sign that a message was seen, or passed on",
    "usergroups:read": "who is in a user group that may propose examples",
    "users:read": "who is a guest, and what people are called",
}
EVENTS = (
    "app_home_opened",
    "app_mention",
    "message.channels",
    "message.groups",
    "message.im",
    "message.mpim",
    "reaction_added",
    "reaction_removed",
    "agent_session_stopped",
    "app_uninstalled",
    "tokens_revoked",
)


def build(*, name: str, public_url: str, is_http: bool) -> dict[str, Any]:
    """The manifest of a Slack app: over Socket Mode, or, with `is_http`, sending to `public_url`."""
    endpoint = f"{public_url}/slack/events"
    command: dict[str, Any] = {
        "command": "/ask",
        "description": "Ask the documents; only you see the answer",
        "usage_hint": "[question]",
        "should_escape": True,
    }
    settings: dict[str, Any] = {
        "event_subscriptions": {"bot_events": list(EVENTS)},
        "interactivity": {"is_enabled": True},
        "org_deploy_enabled": False,
        "socket_mode_enabled": not is_http,
        "token_rotation_enabled": False,
    }
    if is_http:
        command["url"] = endpoint
        settings["event_subscriptions"]["request_url"] = endpoint
        settings["interactivity"]["request_url"] = endpoint
    return {
        "display_information": {"name": name, "description": "Answers from our documents, with sources."},
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "agent_view": {"agent_description": "Answers from our documents, with sources.", "suggested_prompts": []},
            "bot_user": {"display_name": name, "always_online": True},
            "shortcuts": [dict(each) for each in SHORTCUTS],
            "slash_commands": [command],
        },
        "oauth_config": {"scopes": {"bot": list(SCOPES)}},
        "settings": settings,
    }
