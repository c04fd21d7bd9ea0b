"""What to give a platform so that it lets the bot in."""

import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from bot.messenger import DeliveryError
from bot.platforms.discord import invite, rest
from bot.platforms.slack import manifest as slack_manifest


class Command(BaseCommand):
    help = "Print the manifest of the Slack app, or the address that invites the Discord bot."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("platform", choices=["slack", "discord"])
        parser.add_argument("--name", default="Parley", help="what the bot is called (Slack)")
        parser.add_argument(
            "--http", action="store_true", help="events come to PUBLIC_URL rather than over a socket (Slack)"
        )
        parser.add_argument(
            "--application", default="", help="id of the application, if there is no token yet (Discord)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["platform"] == "slack":
            self._slack(options["name"], is_http=options["http"])
        else:
            self._discord(options["application"])

    def _slack(self, name: str, *, is_http: bool) -> None:
        if len(name) > 35:
            raise CommandError("Slack takes names of at most 35 characters.")
        manifest = slack_manifest.build(name=name, public_url=settings.PUBLIC_URL, is_http=is_http)
        self.stdout.write(json.dumps(manifest, indent=2, ensure_ascii=False))
        self.stderr.write(
            "Paste this at https://api.slack.com/apps > Create New App > From a manifest, install it, and put its"
            " tokens into .env: SLACK_BOT_TOKEN, and SLACK_APP_TOKEN (scope connections:write) or SLACK_SIGNING_SECRET."
        )

    def _discord(self, application: str) -> None:
        if not application:
            try:
                application = rest.application()["id"]
            except DeliveryError as error:
                raise CommandError(f"{error} Name the application: --application ID") from error
        self.stdout.write(invite.address(application))
        wanted = ", ".join(invite.PERMISSIONS)
        self.stderr.write(f"Whoever may manage a server opens this and lets the bot in. It asks for: {wanted}.")
