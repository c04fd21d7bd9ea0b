"""The same cases asked of several models, with what each scored."""

import json
import sys
import time
from decimal import Decimal
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from evaluation.cases.case_sets import CaseSetError
from evaluation.grades import grade_reports, judge_orders, judge_reports
from evaluation.grades.judge_orders import AllJudgedError, JudgeError
from evaluation.models import CaseSet, EvaluationArm, EvaluationRun, JudgeOrder, PrimaryMeasure, RunState
from evaluation.promotion import proofs
from evaluation.runs import execution, following, run_reports, starting
from evaluation.runs.starting import RunError, RunPlan
from knowledge.retrieval import audience
from llm.completion import ProviderError
from llm.models import Deployment
from llm.spending import money
from tuning.models import ModelVersion


class Command(BaseCommand):
    help = (
        "Ask a frozen set of cases of the live model, and of a candidate, with and without passages, and say what each "
        "is worth. What was answered is kept at once: a run that is stopped goes on with --resume, or in the worker."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("case_set", metavar="CASE_SET", nargs="?")
        parser.add_argument("--candidate", type=int, metavar="MODEL_ID", help="as manage.py model list shows it")
        parser.add_argument("--arm", action="append", default=[], choices=EvaluationArm.values, help="may be repeated")
        parser.add_argument("--frozen", action="store_true", help="give every arm the same passages")
        parser.add_argument(
            "--collection", action="append", default=[], metavar="NAME", help="default: all public ones"
        )
        parser.add_argument("--primary", choices=PrimaryMeasure.values, help="what the candidate has to be better in")
        parser.add_argument("--budget", metavar="USD", help="stop before the whole run costs more")
        parser.add_argument("--resume", type=int, metavar="RUN_ID", help="go on with a run that was stopped")
        parser.add_argument(
            "--judge",
            type=int,
            metavar="RUN_ID",
            help="have the live judge judge what it has not of a run",
        )
        parser.add_argument("--batch", action="store_true", help="ask as a batch: at half the price, up to a day")
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["judge"] is not None:
            self._judge(options)
            return
        try:
            run = self._run(options)
            finished = self._done(run)
        except (
            RunError, CaseSetError, ProviderError, audience.UnknownCollectionError, Deployment.DoesNotExist
        ) as error:  # fmt: skip
            raise CommandError(str(error)) from error
        finished.refresh_from_db()
        self._tell(finished, is_json=options["json"])
        if finished.state != RunState.DONE or finished.results.filter(has_passed=None).exists():
            sys.exit(1)

    def _judge(self, options: dict[str, Any]) -> None:
        """Judge what is not judged yet, and say what the judge is worth."""
        run = EvaluationRun.objects.filter(pk=options["judge"]).first()
        if run is None:
            raise CommandError(f"There is no run {options['judge']}.")
        budget = _budget(options["budget"])
        try:
            order = _ordered(run, budget)
        except AllJudgedError:
            order = None
        except JudgeError as error:
            raise CommandError(str(error)) from error
        if order is not None:
            for caution in judge_orders.cautions(run, order.judge):
                self.stderr.write(caution)
            order = judge_orders.run(order.pk, self._progress) or order
        self._tell_judged(run, is_json=options["json"])
        if order is not None and order.state != RunState.DONE:
            raise CommandError(order.reason or "It is being judged by another process; this one has left it alone.")

    def _tell_judged(self, run: EvaluationRun, *, is_json: bool) -> None:
        if is_json:
            self.stdout.write(json.dumps(judge_reports.as_json(run), ensure_ascii=False, indent=2))
            return
        for line in judge_reports.in_lines(run):
            self.stdout.write(line)

    def _run(self, options: dict[str, Any]) -> EvaluationRun:
        case_set = CaseSet.objects.filter(name=options["case_set"] or "").first()
        if options["case_set"] is None:
            raise CommandError("Name the set of cases, or a run with --judge.")
        if case_set is None:
            known = ", ".join(CaseSet.objects.order_by("id").values_list("name", flat=True)) or "none yet"
            raise CommandError(f"There is no set of cases called {options['case_set']}; known are: {known}")
        if options["resume"]:
            return _resumed(case_set, options)
        plan = RunPlan(
            collections=audience.collection_ids(options["collection"]),
            candidate=_candidate(options["candidate"]),
            arms=[EvaluationArm(arm) for arm in options["arm"]],
            is_frozen=options["frozen"],
            is_batch=options["batch"],
            budget=_budget(options["budget"]),
            primary=PrimaryMeasure(options["primary"]) if options["primary"] else None,
        )
        return starting.start(case_set, plan, by=None)

    def _done(self, run: EvaluationRun) -> EvaluationRun:
        """The run when it is over, or is somebody else's. One that waits for orders is looked at again and again.

        Whoever breaks off here leaves it to the worker.
        """
        told = ""
        while True:
            finished = execution.run(run.pk, self._progress) or run
            finished.refresh_from_db()
            if finished.state not in (RunState.WAITING, RunState.RUNNING) or not following.is_open(finished):
                return finished
            said = " ".join(map(following.sentence, following.open_ones(finished)))
            if said != told:
                self.stderr.write(f"run {finished.pk}: {said} It goes on if you stop this.")
            told = said
            time.sleep(following.seconds_to_wait(finished))

    def _progress(self, done: int, total: int) -> None:
        ending = "\n" if done == total else ""
        if sys.stderr.isatty():
            self.stderr.write(f"\r{done} of {total} answers", ending=ending)
        elif done == total or done % 25 == 0:
            self.stderr.write(f"{done} of {total} answers")

    def _tell(self, run: EvaluationRun, *, is_json: bool) -> None:
        if is_json:
            told = {**run_reports.as_json(run), "grades": grade_reports.as_json(run), **proofs.as_json(run)}
            self.stdout.write(json.dumps(told, ensure_ascii=False, indent=2, default=str))
            return
        cases = f"{run.case_set.size} cases of {run.case_set} ({run.case_set.checksum[:12]})"
        self.stdout.write(f"run {run.pk}, {run.get_state_display()}: {cases}")
        if run.reason:
            self.stdout.write(run.reason)
        for line in run_reports.table(run):
            self.stdout.write(line)
        judged = proofs.judge(run) if run.state == RunState.DONE else None
        if judged is not None:
            self.stdout.write(f"{judged.verdict}: {judged.why}")
        for warning in run.case_set.warnings:
            self.stdout.write(warning)


def _resumed(case_set: CaseSet, options: dict[str, Any]) -> EvaluationRun:
    run = EvaluationRun.objects.filter(pk=options["resume"], case_set=case_set).first()
    if run is None:
        known = ", ".join(str(pk) for pk in case_set.runs.order_by("id").values_list("pk", flat=True)) or "none yet"
        raise CommandError(f"There is no run {options['resume']} of {case_set}; its runs are: {known}")
    starting.resume(run, budget=_budget(options["budget"]))
    return run


def _ordered(run: EvaluationRun, budget: Decimal | None) -> JudgeOrder | None:
    """The order that waits or runs, held to the budget that is given, or a new one. Raises JudgeError."""
    going = judge_orders.going(run)
    if going is None:
        return judge_orders.order(run, by=None, budget=budget)
    if budget is not None:
        judge_orders.limit(going, budget)
    return going


def _candidate(number: int | None) -> ModelVersion | None:
    if number is None:
        return None
    found = ModelVersion.objects.select_related("endpoint", "dataset").filter(pk=number).first()
    if found is None:
        raise CommandError(f"There is no model {number}; manage.py model list shows those there are.")
    return found


def _budget(written: str | None) -> Decimal | None:
    try:
        return None if written is None else money.parsed(written)
    except ValueError as error:
        raise CommandError(str(error)) from error
