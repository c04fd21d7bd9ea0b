"""Words that this company uses for the same thing."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from knowledge.models import SynonymSet
from knowledge.retrieval import synonyms


class Command(BaseCommand):
    help = "Words and phrases for the same thing: a question that holds one is searched with all of them, at once."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        actions.add_parser("list", help="the sets there are")
        add = actions.add_parser("add", help='such as: add cancel terminate "end the contract"')
        add.add_argument("phrases", nargs="+", metavar="PHRASE")
        remove = actions.add_parser("remove", help="by the number that list shows")
        remove.add_argument("number", type=int)
        for action in actions.choices.values():
            action.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            found = getattr(self, f"_{options['action']}")(options)
        except synonyms.SynonymError as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps([{"id": row.pk, "phrases": row.phrases} for row in found], ensure_ascii=False))

    def _list(self, options: dict[str, Any]) -> list[SynonymSet]:
        found = list(SynonymSet.objects.order_by("id"))
        if not options["json"]:
            for row in found:
                self.stdout.write(f"{row.pk:>3}  {row}")
            if not found:
                self.stdout.write('There are none yet; add some with: manage.py synonyms add cancel "end the contract"')
        return found

    def _add(self, options: dict[str, Any]) -> list[SynonymSet]:
        row = synonyms.add(options["phrases"])
        if not options["json"]:
            self.stdout.write(f"{row.pk:>3}  {row}")
        return [row]

    def _remove(self, options: dict[str, Any]) -> list[SynonymSet]:
        row = synonyms.remove(options["number"])
        if not options["json"]:
            self.stdout.write(f"removed  {row}")
        return [row]
