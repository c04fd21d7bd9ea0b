"""Is the index what the documents say?"""

import json
import sys
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from knowledge.index import reconciling
from knowledge.index.reconciling import Repair
from knowledge.sources import reports


class Command(BaseCommand):
    help = "Prove that the index holds what the documents say and nothing else; put right what does not."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        findings = reconciling.reconcile()
        if options["json"]:
            self.stdout.write(json.dumps([asdict(finding) for finding in findings], indent=2))
        else:
            self._tell(findings)
        if any(finding.count for finding in findings if finding.is_left):
            sys.exit(1)

    def _tell(self, findings: list[Repair]) -> None:
        for finding in findings:
            self.stdout.write(f"{finding.count:>6}  {finding.name}")
        right, left = (sum(each.count for each in findings if each.is_left is kind) for kind in (False, True))
        if right:
            self.stdout.write(f"{right} of these were put right.")
        if left:
            which = "manage.py documents says which and why"
            self.stdout.write(f"{reports.documents(left)} to be ingested again; {which}.")
        if not right and not left:
            self.stdout.write("The index is what the documents say.")
