"""Where documents keep coming from: add a source, sync it, read what changed."""

import json
import sys
from collections.abc import Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from knowledge.index.collections import CollectionError
from knowledge.models import Document, Source, SourceKind, Sync, SyncState, Visibility
from knowledge.sources import adding, reports, syncing
from llm.models import Deployment, ServingRole


class Command(BaseCommand):
    help = "Sources are folders, pages, sitemaps, sites and Git repositories that are read again on a schedule."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        add = actions.add_parser("add", help="keep a collection in step with a folder or addresses")
        add.add_argument("locations", nargs="+", metavar="FOLDER_OR_ADDRESS")
        add.add_argument("--kind", choices=SourceKind.values, help="default: what the location looks like")
        add.add_argument("--collection", default="", metavar="NAME", help="default: Public, or Internal")
        audience = add.add_mutually_exclusive_group()
        audience.add_argument("--public", dest="visibility", action="store_const", const=Visibility.PUBLIC)
        audience.add_argument("--internal", dest="visibility", action="store_const", const=Visibility.INTERNAL)
        add.add_argument("--include", action="append", default=[], metavar="PATTERN", help="such as '/help/*'")
        add.add_argument("--exclude", action="append", default=[], metavar="PATTERN", help="may be repeated")
        times = add.add_mutually_exclusive_group()
        times.add_argument("--schedule", default=adding.NIGHTLY, metavar="CRON", help="UTC; default: %(default)r")
        times.add_argument("--by-hand", dest="schedule", action="store_const", const="", help="no schedule")
        actions.add_parser("list", help="the sources, when they were and will be read")
        sync = actions.add_parser("sync", help="read sources now and say what changed (default: all of them)")
        sync.add_argument("numbers", nargs="*", type=int, metavar="NUMBER")
        report = actions.add_parser("report", help="what the last sync of a source changed")
        report.add_argument("number", type=int)
        remove = actions.add_parser("remove", help="forget a source; its documents go with it")
        remove.add_argument("number", type=int)
        for action in actions.choices.values():
            action.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['action']}")(options)
        except (adding.SourceInputError, CollectionError, Deployment.DoesNotExist) as error:
            raise CommandError(str(error)) from error

    def _add(self, options: dict[str, Any]) -> None:
        kind = SourceKind(options["kind"] or adding.kind_of(options["locations"][0]))
        if len(options["locations"]) > 1 and kind != SourceKind.PAGES:
            raise CommandError(f"A source of the kind {kind} has one location; add the others as sources of their own.")
        wanted = adding.Wanted(
            "\n".join(options["locations"]), kind, options["include"], options["exclude"], options["schedule"]
        )
        source = adding.add(wanted, options["collection"], options["visibility"])
        if options["json"]:
            self._print_json(reports.source(source))
            return
        when = f"at {source.schedule!r} (UTC)" if source.schedule else "by hand only"
        self.stdout.write(
            f"Source {source.pk}: {kind} {source} for collection {source.collection}, read {when}.\n"
            f"To read it now and watch: manage.py source sync {source.pk}"
        )

    def _list(self, options: dict[str, Any]) -> None:
        found = [reports.source(source) for source in Source.objects.select_related("collection").order_by("id")]
        if options["json"]:
            self._print_json(found)
        elif not found:
            self.stdout.write("There are no sources yet; add one with: manage.py source add FOLDER_OR_ADDRESS")
        for each in [] if options["json"] else found:
            self.stdout.write(reports.source_line(each))

    def _sync(self, options: dict[str, Any]) -> None:
        Deployment.objects.live(ServingRole.EMBED)
        numbers = options["numbers"]
        wanted = [_source(number) for number in numbers] if numbers else list(Source.objects.order_by("id"))
        if not wanted:
            raise CommandError("There are no sources yet; add one with: manage.py source add FOLDER_OR_ADDRESS")
        done = [self._synced(source) for source in wanted]
        if options["json"]:
            self._print_json([reports.sync(sync) for sync in done])
        else:
            for sync in done:
                self._report_text(sync)
        if any(sync.state != SyncState.DONE or sync.counts()["failed"] for sync in done):
            sys.exit(1)

    def _synced(self, source: Source) -> Sync:
        sync = syncing.request(source)
        with tqdm(unit="doc", desc=str(source)[-40:], disable=not sys.stderr.isatty(), leave=False) as bar:
            finished = syncing.run(sync.pk, on_progress=lambda done, total: _advance(bar, done, total))
        if finished is None:
            raise CommandError(f"Source {source.pk} is being read by another process; see: manage.py source list")
        return finished

    def _report(self, options: dict[str, Any]) -> None:
        sync = _source(options["number"]).syncs.last()
        if sync is None:
            raise CommandError("This source has not been read yet.")
        if options["json"]:
            self._print_json(reports.sync(sync))
        else:
            self._report_text(sync)

    def _report_text(self, sync: Sync) -> None:
        for line in reports.sync_lines(reports.sync(sync)):
            self.stdout.write(line)

    def _remove(self, options: dict[str, Any]) -> None:
        source = _source(options["number"])
        count, name = Document.objects.filter(source=source).count(), str(source)
        source.delete()
        if options["json"]:
            self._print_json({"id": options["number"], "documents": count})
        else:
            self.stdout.write(
                f"Source {options['number']} ({name}) is gone, and its {reports.documents(count)} with it."
            )

    def _print_json(self, found: dict[str, Any] | Sequence[dict[str, Any]]) -> None:
        self.stdout.write(json.dumps(found, ensure_ascii=False, indent=2))


def _source(number: int) -> Source:
    found = Source.objects.select_related("collection").filter(pk=number).first()
    if found is None:
        raise CommandError(f"There is no source {number}; manage.py source list shows those there are.")
    return found


def _advance(bar: "tqdm[Any]", done: int, total: int) -> None:
    bar.total = total or None
    bar.update(done - bar.n)
