"""Datasets: freeze what is approved, look at it, take it away as a file."""

import hashlib
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from foundation import drafts
from llm.models import PromptVariant
from tuning.datasets import describing, formats, freezing, shaping
from tuning.management.actions import ActionsCommand, find_dataset
from tuning.models import Dataset, Split


class Command(ActionsCommand):
    help = "Datasets are approved examples as they were when they were frozen; models are tuned on them."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        freeze = actions.add_parser("freeze", help="freeze every approved example that may leave")
        freeze.add_argument("name")
        freeze.add_argument("--prompt", choices=PromptVariant.values, default=PromptVariant.FULL.value)
        freeze.add_argument("--validation", type=float, default=freezing.VALIDATION, metavar="SHARE")
        freeze.add_argument(
            "--refusals",
            type=float,
            default=shaping.REFUSALS,
            metavar="SHARE",
            help='of lines that say "not in our documents"',
        )
        freeze.add_argument("--no-shuffle", action="store_true", help="leave the passages in the order they were found")
        actions.add_parser("list", help="the datasets there are")
        show = actions.add_parser("show", help="what one holds, and what was warned of")
        show.add_argument("number", type=int, metavar="ID")
        export = actions.add_parser("export", help="write it in the format of a trainer")
        export.add_argument("number", type=int, metavar="ID")
        export.add_argument("--format", required=True, choices=list(formats.FORMATS))
        export.add_argument("--split", choices=Split.values, default=Split.TRAIN.value)
        export.add_argument("--output", required=True, type=Path, metavar="FILE")
        for action in actions.choices.values():
            action.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['action']}")(options)
        except formats.FormatError as error:
            raise CommandError(str(error)) from error

    def _freeze(self, options: dict[str, Any]) -> None:
        try:
            dataset = freezing.freeze(
                options["name"],
                prompt=PromptVariant(options["prompt"]),
                validation=options["validation"],
                refusals=options["refusals"],
                is_shuffled=not options["no_shuffle"],
            )
        except freezing.FreezeError as error:
            if options["json"]:
                self._print({"dataset": None, "problems": [str(problem) for problem in error.problems]})
            raise CommandError("\n  ".join(["Nothing was frozen:", *map(str, error.problems)])) from error
        self._print(describing.as_json(dataset)) if options["json"] else self._tell(dataset)

    def _list(self, options: dict[str, Any]) -> None:
        found = list(Dataset.objects.order_by("id"))
        if options["json"]:
            self._print([describing.as_json(dataset) for dataset in found])
            return
        for dataset in found:
            self.stdout.write(describing.line(dataset))
        if not found:
            self.stdout.write("There are none yet; approve examples, then: manage.py dataset freeze NAME")

    def _show(self, options: dict[str, Any]) -> None:
        dataset = find_dataset(options["number"])
        self._print(describing.as_json(dataset)) if options["json"] else self._tell(dataset)

    def _export(self, options: dict[str, Any]) -> None:
        """The file appears whole or not at all."""
        dataset = find_dataset(options["number"])
        least = formats.LEAST.get(options["format"], 1) if options["split"] == Split.TRAIN else 1
        data = formats.write(dataset.lines.filter(split=options["split"]), options["format"], least=least)
        try:
            with drafts.replacing(options["output"]) as file:
                file.write(data)
        except OSError as error:
            raise CommandError(f"{options['output']} cannot be written: {error.strerror}.") from error
        told = {
            "dataset": dataset.pk,
            "file": str(options["output"]),
            "lines": data.count(b"\n"),
            "bytes": len(data),
            "sha256": hashlib.sha256(data).hexdigest(),
        }
        if options["json"]:
            self._print(told)
        else:
            self.stdout.write(f"{told['lines']} lines of {dataset} are in {told['file']}.")

    def _tell(self, dataset: Dataset) -> None:
        self.stdout.write(describing.line(dataset))
        for warning in dataset.warnings:
            self.stdout.write(f"  {warning}")
