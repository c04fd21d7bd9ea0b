"""First-run set-up as a command."""

import sys
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser

from config import sample, schema, setup
from llm.models import Deployment, Role


class Command(BaseCommand):
    help = "Set up the database, the live models and an administrator; with --sample, the sample help centre."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--sample", action="store_true", help="ingest the sample help centre into an empty install")

    def handle(self, *args: Any, **options: Any) -> None:
        schema.check_server()
        setup.migrate()
        setup.deploy_models()
        setup.ensure_admin()
        call_command("collectstatic", verbosity=0, interactive=False)
        if options["sample"] and sample.is_wanted():
            self._ingest_sample()
        answer, embed = (Deployment.objects.live(role) for role in (Role.ANSWER, Role.EMBED))
        self.stderr.write(f"Answers are written by {answer}, embeddings by {embed}.")

    def _ingest_sample(self) -> None:
        failed = sample.ingest()
        for reason in failed:
            self.stderr.write(reason)
        if failed:
            sys.exit(1)
        self.stderr.write(f"The sample help centre is in {settings.SAMPLE_DIR.relative_to(settings.BASE_DIR)}.")
