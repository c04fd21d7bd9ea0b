"""Somebody wants to be forgotten."""

import hashlib
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from bot import erasing
from bot.models import Platform
from dashboard.accounts import people
from dashboard.guard import audit
from evaluation.cases import erasing as evaluation_erasing
from knowledge.models import Chunk
from tuning.examples import erasing as tuning_erasing

LISTED = 20


class Command(BaseCommand):
    help = (
        "Erase what a person wrote, was answered and is called: USER is an id of Slack or Discord, or the name of an "
        "account with --platform web. Documents are not changed; those that name the person are listed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user")
        parser.add_argument("--platform", choices=[Platform.SLACK, Platform.DISCORD, Platform.WEB], required=True)
        parser.add_argument("--name", action="append", default=[], help="what they are called; may be repeated")

    def handle(self, *args: Any, **options: Any) -> None:
        names = frozenset(options["name"])
        found = _erased(options["user"], Platform(options["platform"]), names)
        cases = evaluation_erasing.erase(found.messages)
        examples = tuning_erasing.erase(found.messages)
        count = examples.deleted + examples.emptied
        told = {"questions": found.questions, "opinions": found.opinions, "examples": count, "cases": cases}
        proof = hashlib.sha256(f"{options['platform']}/{options['user']}".encode()).hexdigest()
        audit.write(None, "erased", proof[:16], told)
        self.stdout.write(
            f"Erased: {found.questions} questions in {found.conversations} conversations, {found.opinions} opinions, "
            f"{count} training examples, {cases} evaluation cases."
        )
        if examples.emptied:
            self.stdout.write(f"{examples.emptied} of them had left in an export: retire or retrain what learned them.")
        for version in examples.versions:
            self.stdout.write(f"{version} learnt some of them: retire it, or train it anew without them.")
        self._list_documents({options["user"], *names})

    def _list_documents(self, words: set[str]) -> None:
        for word in sorted(words):
            paths = Chunk.objects.filter(text__icontains=word).values_list("document__path", flat=True).distinct()
            for path in paths[:LISTED]:
                self.stdout.write(f"The document {path} names {word}; change or remove it yourself.")


def _erased(name: str, platform: Platform, names: frozenset[str]) -> erasing.Erasure:
    if platform != Platform.WEB:
        return erasing.erase(name, platform, names=names)
    user = User.objects.filter(username=name).first()
    if user is None:
        raise CommandError(f"There is no account {name!r}.")
    people.end_sessions(user)
    return erasing.erase_account(user)
