"""Blocks, a modal and a small app for the tests of the fake Slack."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from slack_bolt import Ack, App
from slack_sdk import WebClient, WebhookClient
from slack_sdk.signature import SignatureVerifier

BUTTONS: list[dict[str, Any]] = [
    {"type": "section", "text": {"type": "mrkdwn", "text": "An answer"}},
    {"type": "actions", "elements": [
        {"type": "button", "action_id": "human", "value": "7", "text": {"type": "plain_text", "text": "Ask a human"}}]},
    {"type": "context_actions", "elements": [{
        "type": "feedback_buttons", "action_id": "feedback",
        "positive_button": {"text": {"type": "plain_text", "text": "Good"}, "value": "7:up"},
        "negative_button": {"text": {"type": "plain_text", "text": "Bad"}, "value": "7:down"}}]},
]  # fmt: skip
MODAL = {
    "type": "modal", "callback_id": "improve", "title": {"type": "plain_text", "text": "Improve"},
    "submit": {"type": "plain_text", "text": "Send"},
    "blocks": [{"type": "input", "block_id": "why", "label": {"type": "plain_text", "text": "Why"},
                "element": {"type": "plain_text_input", "action_id": "text"}}],
}  # fmt: skip


def build_app(client: WebClient, seen: list[str]) -> App:
    """It fails at the first two events."""
    app = App(client=client, token_verification_enabled=False)

    @app.middleware
    def note(body: dict[str, Any], next: Callable[[], Any]) -> Any:  # noqa: A002
        seen.append(body.get("event", body).get("type", "command"))
        if len(seen) <= 2:
            raise RuntimeError
        return next()

    def open_modal(ack: Ack, body: dict[str, Any]) -> None:
        ack()
        client.views_open(trigger_id=body["trigger_id"], view=MODAL)
        WebhookClient(body["response_url"]).send(text="thanks")

    app.event("message")(lambda: None)
    app.event("app_mention")(lambda: None)
    app.action("feedback")(open_modal)
    app.command("/ask")(lambda ack: ack("soon"))
    app.view("improve")(lambda ack: ack(response_action="errors", errors={"why": "Say more"}))
    return app


@contextmanager
def receiver(secret: str, statuses: list[int], seen: list[str]) -> Iterator[str]:
    """The address of a server that checks signatures and answers with the statuses in turn, then with 200."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            """Quiet."""

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            headers = {key.lower(): value for key, value in self.headers.items()}
            signed = SignatureVerifier(secret).is_valid_request(body, headers)
            seen.append(f"{signed} {headers.get('x-slack-retry-num')} {body[:8]}")
            self.send_response(statuses.pop(0) if statuses else 200)
            self.end_headers()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/slack/events"
    server.shutdown()
    server.server_close()
