"""Fine-tune jobs: who can train, what it would cost, begin, watch, cancel."""

import json
import sys
from typing import Any

from django.core.management import call_command
from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from llm.completion import ProviderError
from llm.spending import money
from tuning.demo import showing
from tuning.jobs import polling, submitting, telling
from tuning.management.actions import ActionsCommand, find_dataset, find_endpoint, find_job
from tuning.models import FineTuneJob
from tuning.trainers import TRAINERS
from tuning.trainers.base import UnknownTrainerError


class Command(ActionsCommand):
    help = "Tune a model on a frozen dataset. Nothing is sent before its cost was shown and agreed to."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        actions.add_parser("trainers", help="what this install can use, until when, and why not")
        start = actions.add_parser("start", help="order a job")
        start.add_argument("dataset", type=int, metavar="DATASET_ID")
        start.add_argument("--trainer", required=True, choices=list(TRAINERS))
        start.add_argument("--base", required=True, metavar="MODEL", help="what is tuned")
        start.add_argument("--endpoint", metavar="NAME", help="where it is trained; see the page Models")
        start.add_argument("--epochs", type=int, default=submitting.EPOCHS)
        start.add_argument(
            "--set", action="append", default=[], metavar="NAME=VALUE", help="a parameter of the trainer's own"
        )
        start.add_argument("--dry-run", action="store_true", help="check and estimate, send nothing")
        start.add_argument("--yes", action="store_true", help="do not ask before money is spent")
        status = actions.add_parser("status", help="how jobs are doing")
        status.add_argument("job", nargs="?", type=int, metavar="JOB_ID")
        cancel = actions.add_parser("cancel", help="end a job")
        cancel.add_argument("job", type=int, metavar="JOB_ID")
        demo = actions.add_parser("demo", help="tune a small model in minutes, and compare it with what it was")
        demo.add_argument("--writer", action="store_true", help="one that writes the answers itself; half an hour")
        for action in actions.choices.values():
            action.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['action']}")(options)
        except (submitting.OrderError, UnknownTrainerError, ProviderError, showing.DemoError) as error:
            raise CommandError(str(error)) from error

    def _trainers(self, options: dict[str, Any]) -> None:
        found = list(submitting.offers(timezone.now().date()))
        if options["json"]:
            self._print([telling.availability(*each) for each in found])
            return
        for name, endpoint, told in found:
            where = f" at {endpoint}" if endpoint else ""
            self.stdout.write(f"{'yes' if told.is_available else 'no ':<4}{name}{where}  {told.why}")

    def _start(self, options: dict[str, Any]) -> None:
        wanted = submitting.WantedJob(
            dataset=find_dataset(options["dataset"]),
            trainer=options["trainer"],
            base=options["base"],
            endpoint=find_endpoint(options["endpoint"]) if options["endpoint"] else None,
            epochs=options["epochs"],
            parameters=dict(_parameter(each) for each in options["set"]),
        )
        submitting.check(wanted, timezone.now().date())
        cost = submitting.estimate(wanted)
        self.stderr.write(
            f"{wanted.base} on {wanted.dataset}: {wanted.dataset.tokens:,} tokens, {wanted.epochs} times,"
            f" {money.label(cost)}."
        )
        if options["dry_run"]:
            plan = list(submitting.plan(wanted))
            if options["json"]:
                self._print({"job": None, "estimate_usd": telling.usd(cost), **({"plan": plan} if plan else {})})
            for sentence in () if options["json"] else plan:
                self.stdout.write(sentence)
            return
        if cost != 0 and not options["yes"]:
            _ask()
        self._show(submitting.order(wanted, by=None), options)

    def _status(self, options: dict[str, Any]) -> None:
        if options["job"]:
            job = find_job(options["job"])
            polling.advance(job.pk)
            self._show(find_job(job.pk), options)
            return
        found = list(FineTuneJob.objects.select_related("dataset", "endpoint").order_by("-id"))
        if options["json"]:
            self._print([telling.as_json(job) for job in found])
            return
        for job in found:
            self.stdout.write(telling.line(job))
        if not found:
            self.stdout.write("There are none yet; order one with: manage.py tune start DATASET_ID")

    def _cancel(self, options: dict[str, Any]) -> None:
        job = find_job(options["job"])
        if not polling.cancel(job):
            raise CommandError(f"Job {job.pk} was over already: {job.state}.")
        self._show(job, options)

    def _demo(self, options: dict[str, Any]) -> None:
        call_command("setup", "--if-needed", verbosity=0)
        show = showing.show_writing if options["writer"] else showing.show
        rows = show(self.stderr.write)
        if options["json"]:
            self._print(
                [{"name": base.name, "of": base.of, "base": base.count, "tuned": tuned.count} for base, tuned in rows]
            )
            return
        self.stdout.write(f"\n{'of answers it never saw':<50}{'base':>8}{'tuned':>8}")
        for base, tuned in rows:
            self.stdout.write(f"{base.name:<50}{f'{base.count}/{base.of}':>8}{f'{tuned.count}/{tuned.of}':>8}")

    def _show(self, job: FineTuneJob, options: dict[str, Any]) -> None:
        self._print(telling.as_json(job)) if options["json"] else self.stdout.write(telling.line(job))


def _parameter(written: str) -> tuple[str, Any]:
    """NAME=VALUE; a value that is no number and neither true nor false is text."""
    name, is_given, value = written.partition("=")
    if not is_given or not name:
        raise CommandError(f"--set takes NAME=VALUE, not {written!r}.")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def _ask() -> None:
    if not sys.stdin.isatty():
        raise CommandError("This may cost money; add --yes to go on.")
    if input("Go on? [y/N] ").strip().lower() not in ("y", "yes"):
        raise CommandError("Nothing was ordered.")
