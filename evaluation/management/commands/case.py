"""Cases: what models are asked in an evaluation, and the sets of them."""

import json
import sys
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from bot.models import Message
from evaluation.cases import bench_sets, case_files, case_sets, collecting, past_answers
from evaluation.cases.case_drafts import CaseFileError, ReadCases
from evaluation.cases.case_sets import CaseSetError
from evaluation.cases.collecting import TooManyCasesError
from evaluation.cases.keeping_apart import TrainedOnError
from evaluation.cases.past_answers import CaseError
from evaluation.models import CaseSet, EvaluationCase
from llm.completion import ProviderError
from llm.models import Deployment

ERRORS = (
    CaseError, CaseSetError, TooManyCasesError, TrainedOnError, ProviderError, Deployment.DoesNotExist, OSError,
)  # fmt: skip
FILTERS = ("since", "until", "outcome", "rating", "text")


class Command(BaseCommand):
    help = "Cases are questions with what a right answer does and says; frozen in sets, models are compared on them."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        bring = actions.add_parser("import", help="cases from a file, ours or promptfoo's, or from a judged set")
        bring.add_argument("file", type=Path, metavar="FILE.jsonl|FILE.yaml|FOLDER")
        bring.add_argument("--limit", type=int, metavar="N", help="only so many, always the same ones")
        bring.add_argument(
            "--documents", type=Path, metavar="DIR", help="write the documents of a judged set there, for: ingest DIR"
        )
        add = actions.add_parser("add", help="make cases of answers that were given")
        add.add_argument("messages", type=int, nargs="*", metavar="MESSAGE_ID")
        add.add_argument("--conversations", action="store_true", help="all answers there are, or those that fit:")
        add.add_argument("--since", type=date.fromisoformat, metavar="YYYY-MM-DD", help="given on this day or later")
        add.add_argument("--until", type=date.fromisoformat, metavar="YYYY-MM-DD", help="given on this day or before")
        add.add_argument("--outcome", choices=[each.value for each in past_answers.EXPECTED])
        add.add_argument("--rating", choices=["up", "down", "none"], help="what their readers thought")
        add.add_argument("--text", help="words of the question or the answer")
        listed = actions.add_parser("list", help="the cases there are, and the sets")
        listed.add_argument("--set", dest="case_set", metavar="NAME", help="those of one set")
        freeze = actions.add_parser("freeze", help="freeze cases as a set")
        freeze.add_argument("name")
        freeze.add_argument("--tag", action="append", default=[], help="only cases with this tag; may be repeated")
        for action in actions.choices.values():
            action.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['action']}")(options)
        except ERRORS as error:
            raise CommandError(str(error)) from error
        except CaseFileError as error:
            raise CommandError("\n  ".join(["Nothing was imported:", *map(str, error.problems)])) from error

    def _import(self, options: dict[str, Any]) -> None:
        file: Path = options["file"]
        found = _read(file, options["limit"])
        if options["documents"]:
            count = bench_sets.write_documents(file, options["documents"])
            self.stderr.write(f"{count:,} documents were written; next: manage.py ingest {options['documents']}")
        imported = collecting.add_drafts(found.drafts, origin=file.resolve().name, by=None)
        for note in found.notes:
            self.stderr.write(note)
        if options["json"]:
            self._print(
                {"imported": [case.pk for case in imported.cases], "known": imported.known, "notes": found.notes}
            )
        else:
            self.stdout.write(f"{len(imported.cases)} cases were added; {imported.known} were there already.")

    def _add(self, options: dict[str, Any]) -> None:
        if not options["conversations"] and len(options["messages"]) == 1:
            self._add_one(options["messages"][0], is_json=options["json"])
            return
        found = collecting.add_answers(_chosen(options), by=None)
        if options["json"]:
            self._print(
                {
                    "added": [case.pk for case in found.cases],
                    "known": len(found.known),
                    "redacted": found.redacted,
                    "left_out": dict(found.reasons),
                }
            )
        else:
            self.stdout.write(found.sentence)
        for reason, count in found.reasons:
            self.stderr.write(f"left out, {count:,}: {reason}")
        if found.refused and options["messages"]:  # these very answers were asked for
            sys.exit(1)

    def _add_one(self, pk: int, *, is_json: bool) -> None:
        message = Message.objects.filter(pk=pk).first()
        if message is None:
            raise CommandError(f"There is no answer {pk}.")
        case = collecting.add_answer(message, by=None)
        if is_json:
            self._print(_row(case))
        else:
            self.stdout.write(f"case {case.pk}: {case} ({case.get_expected_display()})")

    def _list(self, options: dict[str, Any]) -> None:
        cases = EvaluationCase.objects.order_by("id")
        if options["case_set"]:
            cases = _set(options["case_set"]).cases.order_by("lines__ordinal")
        sets = [_set_row(each) for each in CaseSet.objects.order_by("id")]
        if options["json"]:
            self._print({"cases": [_row(case) for case in cases], "sets": sets})
            return
        for case in cases:
            self.stdout.write(f"{case.pk:>6}  {case.expected:<8}  {case}")
        for each in sets:
            self.stdout.write(f"set {each['name']}: {each['cases']} cases, {each['checksum'][:12]}")
        if not sets:
            self.stdout.write("No set is frozen yet: manage.py case freeze NAME")

    def _freeze(self, options: dict[str, Any]) -> None:
        cases = EvaluationCase.objects.exclude(question="").order_by("id")
        if options["tag"]:
            cases = cases.filter(tags__contains=options["tag"])
        case_set = case_sets.freeze(options["name"], cases, by=None)
        if options["json"]:
            self._print(_set_row(case_set))
            return
        self.stdout.write(
            f"{case_set}: {case_set.size} cases in {case_set.clusters} clusters, {case_set.checksum[:12]}"
        )
        for warning in case_set.warnings:
            self.stdout.write(f"  {warning}")

    def _print(self, found: object) -> None:
        self.stdout.write(json.dumps(found, ensure_ascii=False, indent=2))


def _read(file: Path, limit: int | None) -> ReadCases:
    """Raises CaseFileError, and CommandError for a limit that is none."""
    if limit is not None and limit < 1:
        raise CommandError("The limit has to be 1 or more.")
    found = bench_sets.read(file) if bench_sets.is_set(file) else case_files.read(file.name, file.read_bytes())
    return found.sampled(limit) if limit else found


def _chosen(options: dict[str, Any]) -> list[int]:
    """The answers that are named, or all that fit, newest first. Raises CommandError where it is not clear which."""
    wanted = {name: options[name] for name in FILTERS if options[name]}
    if options["conversations"] == bool(options["messages"]) or (wanted and options["messages"]):
        raise CommandError("Name the answers by their ids, or take those that fit with --conversations.")
    if options["messages"]:
        return list(options["messages"])
    return list(Message.objects.matching(wanted).values_list("pk", flat=True)[: collecting.MOST + 1])


def _set(name: str) -> CaseSet:
    """Raises CommandError, which names those there are."""
    found = CaseSet.objects.filter(name=name).first()
    if found is None:
        known = ", ".join(CaseSet.objects.order_by("id").values_list("name", flat=True)) or "none yet"
        raise CommandError(f"There is no set of cases called {name}; known are: {known}")
    return found


def _row(case: EvaluationCase) -> dict[str, Any]:
    names = (
        "id", "question", "history", "expected", "gold", "must_include", "must_not_include", "reference", "tags",
        "source", "origin", "checksum",
    )  # fmt: skip
    return {**{name: getattr(case, name) for name in names}, "cluster": case.thread, "message": case.message_id}


def _set_row(case_set: CaseSet) -> dict[str, Any]:
    return {
        "case_set": case_set.pk,
        "name": case_set.name,
        "checksum": case_set.checksum,
        "cases": case_set.size,
        "clusters": case_set.clusters,
        "warnings": case_set.warnings,
    }
