"""Slack's requests over HTTP: checked for their signature and age, then handed to the same app as the socket's."""

from collections.abc import Mapping
from functools import cache

from django.conf import settings
from slack_bolt import App, BoltRequest, BoltResponse
from slack_sdk.signature import SignatureVerifier

from bot.platforms.slack import listener

MOST_BYTES = 1_000_000
REFUSED = (401, "The signature is not that of Slack, or the request is too old.")


@cache
def _app() -> App:
    return listener.build()


def receive(body: bytes, headers: Mapping[str, str]) -> BoltResponse:
    """Status and body to answer with. What is not signed by Slack, however it is malformed, is 401."""
    if not settings.SLACK_SIGNING_SECRET:
        return BoltResponse(status=404, body="Slack sends nothing here: SLACK_SIGNING_SECRET is not set.")
    if len(body) > MOST_BYTES:
        return BoltResponse(status=413, body="The request is too large.")
    if not is_signed(body, headers):
        return BoltResponse(status=REFUSED[0], body=REFUSED[1])
    return _app().dispatch(BoltRequest(body=body.decode(), headers={**headers}))


def is_signed(body: bytes, headers: Mapping[str, str]) -> bool:
    """Whether Slack signed these bytes within the last five minutes. The SDK raises on what is malformed."""
    given = {name.lower(): value for name, value in headers.items()}
    timestamp, signature = given.get("x-slack-request-timestamp", ""), given.get("x-slack-signature", "")
    if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) < 16 and signature.isascii()):
        return False
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return False
    return SignatureVerifier(settings.SLACK_SIGNING_SECRET).is_valid(text, timestamp, signature)
