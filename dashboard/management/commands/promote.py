"""A candidate on its way to live: judged by the gate, tried on a share of the conversations, raised, halted."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from dashboard.guard import audit
from evaluation.models import EvaluationRun
from evaluation.promotion import promoting, rollout_reports
from evaluation.promotion.promoting import PromotionError
from llm.models import EVERYBODY, Deployment, Rollout
from tuning.models import ModelVersion


class Command(BaseCommand):
    help = (
        "Let a model answer as the gate allows after an evaluation: all conversations, or with --canary a share of "
        "them beside the live model, which is raised step by step and halted by itself where it does harm. "
        "manage.py model rollback takes back whatever was done last."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("model", nargs="?", type=int, metavar="MODEL_ID", help="as manage.py model list shows it")
        parser.add_argument("--run", type=int, metavar="RUN_ID", help="the evaluation that it rests on")
        parser.add_argument("--canary", type=int, metavar="PERCENT", help="of the conversations, at first")
        parser.add_argument("--override", default="", metavar="REASON", help="all the same, and why; it is audited")
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--status", action="store_true", help="how the newest rollout does; changes nothing")
        what.add_argument("--raise", action="store_true", dest="is_raised", help="the next step of the one that goes")
        what.add_argument("--halt", metavar="REASON", help="let the candidate answer nobody any more")
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            rollout = self._done(options)
        except (PromotionError, Deployment.DoesNotExist) as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            told = rollout_reports.as_json(rollout) if rollout else {"rollout": None}
            self.stdout.write(json.dumps(told, ensure_ascii=False, indent=2))
            return
        for line in rollout_reports.lines(rollout) if rollout else ["No model was ever promoted by the gate."]:
            self.stdout.write(line)

    def _done(self, options: dict[str, Any]) -> Rollout | None:
        if options["status"]:
            return Rollout.objects.select_related("endpoint", "beside__endpoint").first()
        if options["is_raised"]:
            keep = _line("raised", options["override"])
            return promoting.raise_share(_going(), override=options["override"], by=None, keep=keep)
        if options["halt"] is not None:
            return promoting.halt(_going(), options["halt"], by=None, keep=_line("halted"))
        if options["model"] is None or options["run"] is None:
            raise CommandError("Say which model, and with --run after which evaluation; or --status.")
        percent = EVERYBODY if options["canary"] is None else options["canary"]
        version, run, override = _version(options["model"]), _run(options["run"]), options["override"]
        keep = _line("promoted", override)
        return promoting.promote(version, run, percent=percent, override=override, by=None, keep=keep)


def _line(action: str, override: str = "") -> promoting.Keep:
    """The line in the audit log."""

    def keep(rollout: Rollout) -> None:
        audit.write(None, f"rollout_{action}", str(rollout.pk), rollout_reports.audited(rollout, override))

    return keep


def _going() -> Rollout:
    going = Rollout.objects.going()
    if going is None:
        raise CommandError("No rollout goes now.")
    return going


def _version(number: int) -> ModelVersion:
    found = ModelVersion.objects.select_related("endpoint", "dataset").filter(pk=number).first()
    if found is None:
        raise CommandError(f"There is no model {number}; manage.py model list shows those there are.")
    return found


def _run(number: int) -> EvaluationRun:
    found = EvaluationRun.objects.select_related("case_set", "live__endpoint", "candidate__endpoint")
    run = found.filter(pk=number).first()
    if run is None:
        raise CommandError(f"There is no run {number}; the page Evaluations shows those there are.")
    return run
