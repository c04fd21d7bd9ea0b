"""Is everything there that the bot needs on its platforms?"""

import json
import sys
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from bot import doctor


class Command(BaseCommand):
    help = "Check tokens, scopes, intents, membership, the team's channel and the clock, and say what to do."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        findings = doctor.examine()
        if options["json"]:
            self.stdout.write(
                json.dumps({"findings": [asdict(each) for each in findings]}, ensure_ascii=False, indent=2)
            )
        else:
            for each in findings:
                self.stdout.write(
                    f"{'ok  ' if each.is_ok else 'FAIL'}  {each.platform:8} {each.subject}: {each.detail}"
                )
                if each.advice:
                    self.stdout.write(f"               {each.advice}")
        if not all(each.is_ok for each in findings):
            sys.exit(1)
