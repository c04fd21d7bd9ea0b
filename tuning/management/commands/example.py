"""Training examples: propose, import, review."""

from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import CommandError, CommandParser

from llm.completion import ProviderError
from llm.models import Deployment
from tuning.examples import importing, reviewing
from tuning.examples.proposing import ExampleError
from tuning.management import chosen
from tuning.management.actions import ActionsCommand
from tuning.models import ExampleState, TrainingExample


class Command(ActionsCommand):
    help = "Answers as a model should have given them. What is approved may be frozen into a dataset."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        listed = actions.add_parser("list", help="the examples there are")
        listed.add_argument("--state", choices=ExampleState.values)
        propose = actions.add_parser("propose", help="put answers into the review queue")
        propose.add_argument("messages", type=int, nargs="*", metavar="MESSAGE_ID")
        propose.add_argument(
            "--matching", action="append", default=[], metavar="WHAT=VALUE",
            help=f"all answers that fit; may be repeated. WHAT is {', '.join(chosen.WANTED)}; days are YYYY-MM-DD",
        )  # fmt: skip
        approve = actions.add_parser("approve", help="this is how a model should answer")
        approve.add_argument("number", type=int, metavar="ID")
        approve.add_argument("--answer", default="", metavar="TEXT", help="in place of what was said")
        reject = actions.add_parser("reject", help="no model should learn this")
        reject.add_argument("number", type=int, metavar="ID")
        reject.add_argument("--reason", required=True)
        bring = actions.add_parser("import", help="questions and answers from a file, into the review queue")
        bring.add_argument("file", type=Path, metavar="FILE.jsonl|FILE.csv")
        bring.add_argument("--encoding", default="", help="such as cp1252; default: what the file says, or UTF-8")
        for action in actions.choices.values():
            action.add_argument("--json", action="store_true", help="print one JSON document")
        for action in (approve, reject):
            action.add_argument("--as", dest="reviewer", default="", metavar="NAME", help="default: the first owner")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['action']}")(options)
        except (ExampleError, importing.ImportFileError, ProviderError, Deployment.DoesNotExist, OSError) as error:
            raise CommandError(str(error)) from error

    def _list(self, options: dict[str, Any]) -> None:
        found = TrainingExample.objects.order_by("id")
        if options["state"]:
            found = found.filter(state=options["state"])
        if options["json"]:
            self._print([_row(example) for example in found])
            return
        for example in found:
            self.stdout.write(f"{example.pk:>6}  {example.state:<12}  {example.question[:80]}")

    def _propose(self, options: dict[str, Any]) -> None:
        done = chosen.propose(chosen.messages(options["messages"], options["matching"]))
        if options["json"]:
            self._print(done.as_json(_row))
        else:
            for example in done.proposed:
                self.stdout.write(f"example {example.pk} is {ExampleState(example.state).label}")
            self.stdout.write(done.summary)
            for refusal in done.refused:
                self.stderr.write(f"answer {refusal.message}: {refusal.reason}")
        if done.refused:
            count = len(done.refused)
            raise CommandError(done.refused[0].reason if count == 1 else f"{count} of {done.total} were refused.")

    def _approve(self, options: dict[str, Any]) -> None:
        reviewer = _reviewer(options["reviewer"])
        reviewing.claim(reviewer, pk=options["number"])
        self._tell([reviewing.approve(options["number"], reviewer, answer=options["answer"])], options)

    def _reject(self, options: dict[str, Any]) -> None:
        reviewer = _reviewer(options["reviewer"])
        reviewing.claim(reviewer, pk=options["number"])
        self._tell([reviewing.reject(options["number"], reviewer, reason=options["reason"])], options)

    def _import(self, options: dict[str, Any]) -> None:
        file: Path = options["file"]
        rows, known = importing.add(importing.read(file.name, file.read_bytes(), encoding=options["encoding"]), by=None)
        if options["json"]:
            self._print({"imported": [row.pk for row in rows], "known": known})
        else:
            self.stdout.write(f"{len(rows)} examples wait for review; {known} were there already.")

    def _tell(self, examples: list[TrainingExample], options: dict[str, Any]) -> None:
        for example in examples:
            if options["json"]:
                self._print(_row(example))
            else:
                self.stdout.write(f"example {example.pk} is {ExampleState(example.state).label}")


def _row(example: TrainingExample) -> dict[str, Any]:
    return {
        "id": example.pk,
        "state": example.state,
        "message": example.message_id,
        "question": example.question,
        "original_answer": example.original_answer,
        "answer": example.answer,
        "is_refusal": example.is_refusal,
        "redactions": example.redactions,
        "reason": example.reason or None,
        "template_hash": example.template_hash,
        "checksum": example.checksum,
    }


def _reviewer(name: str) -> User:
    found = User.objects.filter(username=name) if name else User.objects.filter(is_superuser=True).order_by("id")
    reviewer = found.first()
    if reviewer is None:
        raise CommandError(f"There is no account {name}." if name else "There is no owner yet; run: manage.py setup")
    return reviewer
