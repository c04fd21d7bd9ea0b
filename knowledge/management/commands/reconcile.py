"""Is the index what the documents say?"""

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from knowledge import reconciling


class Command(BaseCommand):
    help = "Prove that the index holds what the documents say and nothing else; put right what does not."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        findings = reconciling.reconcile()
        if options["json"]:
            self.stdout.write(json.dumps([asdict(finding) for finding in findings], indent=2))
            return
        for finding in findings:
            self.stdout.write(f"{finding.count:>6}  {finding.name}")
        wrong = sum(finding.count for finding in findings)
        self.stdout.write(f"{wrong} things were put right." if wrong else "The index is what the documents say.")
