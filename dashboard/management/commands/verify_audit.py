"""Whether the audit log is whole."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from dashboard.guard import audit


class Command(BaseCommand):
    help = "Go through the audit log and say whether a line was changed or taken out. Exit status 1 when so."

    def handle(self, *args: Any, **options: Any) -> None:
        verdict = audit.verify()
        if verdict.broken_at is not None:
            raise CommandError(
                f"The audit log is broken at entry {verdict.broken_at}: it, or the one before it, was changed or taken "
                f"out. The {verdict.entries} before are whole."
            )
        self.stdout.write(f"The audit log is whole: {verdict.entries} entries, the last has the hash {verdict.head}.")
        self.stdout.write("Keep this hash elsewhere: a log that was cut off at its end begins to differ from it.")
