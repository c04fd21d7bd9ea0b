"""Documents in, from files, folders and pages of the web."""

import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from knowledge.index import indexing
from knowledge.index.collections import CollectionError, collection_for
from knowledge.index.indexing import Indexed
from knowledge.models import Collection, Visibility
from knowledge.originals import base, folders
from knowledge.web.fetching import Page
from llm.models import Deployment, ServingRole


class Command(BaseCommand):
    help = "Index files, all readable files of folders, and web pages. What has not changed costs nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("names", nargs="+", metavar="PATH_OR_URL")
        parser.add_argument("--collection", default="", metavar="NAME", help="default: Public, or Internal")
        audience = parser.add_mutually_exclusive_group()
        audience.add_argument("--public", dest="visibility", action="store_const", const=Visibility.PUBLIC)
        audience.add_argument("--internal", dest="visibility", action="store_const", const=Visibility.INTERNAL)
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.perf_counter()
        if not all(name.strip() for name in options["names"]):
            raise CommandError("A name is empty; give the path of a file or folder, or an address.")
        try:
            Deployment.objects.live(ServingRole.EMBED)
            collections = set(Collection.objects.values_list("pk", flat=True))
            collection = collection_for(options["collection"], options["visibility"])
        except (CollectionError, Deployment.DoesNotExist) as error:
            raise CommandError(str(error)) from error
        found, skipped = _gathered(options["names"])
        outcomes = self._indexed(found, collection)
        if collection.pk not in collections:
            Collection.objects.filter(pk=collection.pk, document=None).delete()  # made for documents that never came
        seconds = round(time.perf_counter() - started, 3)
        if skipped:
            self.stderr.write(folders.summary(skipped), self.style.NOTICE)
        if options["json"]:
            document = {"documents": [_as_json(outcome) for outcome in outcomes], "seconds": seconds}
            self.stdout.write(json.dumps(document, ensure_ascii=False, indent=2))
        else:
            self._report(outcomes, collection, seconds)
        if any(outcome.state == "failed" for outcome in outcomes):
            sys.exit(1)

    def _indexed(self, found: Sequence[base.Original], collection: Collection) -> list[Indexed]:
        """Index with a bar for those who watch; what fails is said at once, above it."""
        outcomes = []
        with tqdm(
            indexing.add(found, collection), total=len(found), unit="doc", disable=not sys.stderr.isatty(), leave=False
        ) as bar:
            for outcome in bar:
                bar.set_postfix_str(outcome.path[-40:])
                outcomes.append(outcome)
        return outcomes

    def _report(self, outcomes: list[Indexed], collection: Collection, seconds: float) -> None:
        width = max((len(outcome.path) for outcome in outcomes), default=0)
        for outcome in outcomes:
            if outcome.state != "unchanged":
                result = outcome.reason or f"{outcome.chunks} passage{'s' * (outcome.chunks != 1)}"
                self.stdout.write(f"{outcome.state:<8}  {outcome.path:<{min(width, 60)}}  {result}")
        counts = Counter(outcome.state for outcome in outcomes)
        total = ", ".join(f"{counts[state]} {state}" for state in ("indexed", "unchanged", "failed") if counts[state])
        self.stdout.write(f"{total or 'Nothing to index'} in collection {collection} ({seconds:.1f} s)")


def _as_json(outcome: Indexed) -> dict[str, Any]:
    return {name: getattr(outcome, name) for name in ("path", "state", "reason", "chunks", "seconds")}


def _gathered(names: Sequence[str]) -> tuple[list[base.Original], Counter[str]]:
    """What the names lead to, in their order, each thing once."""
    found: dict[str, base.Original] = {}
    skipped: Counter[str] = Counter()
    for name in names:
        if base.is_address(name):
            page = Page(base.origin_of(name))
            found.setdefault(page.origin, page)
            continue
        files = folders.files(name)
        skipped += files.skipped
        for file in files.originals:
            found.setdefault(file.origin, file)
    return list(found.values()), skipped
