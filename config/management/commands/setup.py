"""First-run set-up as a command."""

from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.core.management.base import BaseCommand, CommandParser

from config import schema, setup
from knowledge.index import model_change
from knowledge.models import Visibility
from knowledge.sample import samples
from llm import endpoints
from llm.completion import ProviderError
from llm.models import Deployment, ServingRole


class Command(BaseCommand):
    help = "Set up the database, the live models and an administrator; safe to repeat."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--if-needed", action="store_true", help="do nothing where set-up was completed before")
        parser.add_argument("--sample", action="store_true", help="ingest the sample help centre on the first run")

    def handle(self, *args: Any, **options: Any) -> None:
        schema.check_server()
        if options["if_needed"] and schema.is_current() and User.objects.filter(is_superuser=True).exists():
            return
        with schema.alone():
            setup.migrate()
            setup.deploy_models()
            if options["sample"] and _is_sample_wanted():
                self._ingest_sample()
            setup.ensure_admin()  # last, as an administrator is the sign of a first run that was completed
        if options["verbosity"]:
            answer, embed = (Deployment.objects.live(role) for role in (ServingRole.ANSWER, ServingRole.EMBED))
            self.stderr.write(f"Answers come from {answer}, embeddings from {embed}.")
            if (build := model_change.under_way()) is not None:
                self.stderr.write(
                    f"The index of {model_change.target(build)} is being built beside the live one, which goes on until"
                    " it is done; see: manage.py embedding"
                )
            for deployment in (answer, embed):
                self._warn_without_key(deployment)

    def _warn_without_key(self, deployment: Deployment) -> None:
        try:
            endpoints.key(deployment.endpoint)
        except ProviderError as error:
            self.stderr.write(f"{deployment} cannot be asked: {error}", self.style.WARNING)

    def _ingest_sample(self) -> None:
        """Take in the help centre of a fictional company; what fails has been said by `ingest` itself."""
        self.stderr.write("Taking in the sample help centre, so that there is something to ask about.")
        for visibility in Visibility:
            try:
                call_command("ingest", str(settings.SAMPLE_DIR / visibility), f"--{visibility}", stdout=self.stderr)
            except SystemExit as error:
                raise CommandError("The sample help centre could not be taken in whole.") from error


def _is_sample_wanted() -> bool:
    """On the first run, also when an earlier attempt was killed half-way, and never among documents of one's own."""
    is_first_run = not User.objects.filter(is_superuser=True).exists()
    return is_first_run and not samples.has_others()
