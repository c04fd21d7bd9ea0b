"""Documents out; gone from retrieval when the command returns."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from knowledge.index import removing


class Command(BaseCommand):
    help = "Remove documents by the path or URL they are listed under, by their place on the disk, or by folder."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("names", nargs="+", metavar="PATH_OR_URL")
        parser.add_argument(
            "--dry-run", action="store_true", help="only say what would go; manage.py document says who cited it"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        is_complete = True
        for name in options["names"]:
            try:
                removed = removing.named(name) if options["dry_run"] else removing.remove(name)
            except removing.AmbiguousNameError as error:
                is_complete = False
                self.stderr.write(str(error))
                continue
            for document in removed:
                done = "would be removed" if options["dry_run"] else "removed"
                self.stdout.write(f"{done}  {document.path}  from collection {document.collection}")
            if not removed:
                is_complete = False
                self.stderr.write(f"There is no document {name!r}; manage.py documents lists those there are.")
        if not is_complete:
            sys.exit(1)
