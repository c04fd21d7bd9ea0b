"""The whole proof with a real small model, on this machine and offline."""

import json
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from evaluation import rehearsal
from evaluation.models import RunState
from evaluation.promotion import proofs
from evaluation.runs import run_reports
from tuning.demo.showing import DemoError


class Command(BaseCommand):
    help = (
        "Tune a small model to answer briefly, ask it and the live model the sample cases, and say what the gate makes "
        "of it. In an install where nobody has asked anything: see make proof-demo. About half an hour."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--epochs", type=int, default=rehearsal.EPOCHS)
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("setup", "--if-needed", verbosity=0)
        try:
            run = rehearsal.rehearse(self.stderr.write, epochs=options["epochs"])
        except DemoError as error:
            raise CommandError(str(error)) from error
        if run.state != RunState.DONE:
            raise CommandError(f"The run was not done: {run.reason}")
        if options["json"]:
            told = {**run_reports.as_json(run), **proofs.as_json(run)}
            self.stdout.write(json.dumps(told, ensure_ascii=False, indent=2, default=str))
            return
        for line in run_reports.table(run):
            self.stdout.write(line)
        judged = proofs.judge(run)
        if judged is not None:
            self.stdout.write(f"{judged.verdict}: {judged.why}")
            for check in judged.guards:
                self.stdout.write(f"  {check.name}: {check.state}. {check.why}")
