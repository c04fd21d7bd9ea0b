"""The address by which an administrator of a server lets the bot in. Least privileges."""

from urllib.parse import urlencode

# Bits of Discord's permissions, discord.com/developers/docs/topics/permissions.
PERMISSIONS = {
    "Add reactions": 1 << 6,
    "View channels": 1 << 10,
    "Send messages": 1 << 11,
    "Embed links": 1 << 14,
    "Read message history": 1 << 16,
    "Create public threads": 1 << 35,
    "Send messages in threads": 1 << 38,
}


def address(application_id: str) -> str:
    """The address by which an administrator of a server lets the bot in."""
    query = {
        "client_id": application_id,
        "scope": "bot applications.commands",
        "permissions": str(sum(PERMISSIONS.values())),
    }
    return f"https://discord.com/oauth2/authorize?{urlencode(query)}"
