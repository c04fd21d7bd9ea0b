"""Training examples: propose, import, review."""

from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import CommandError, CommandParser

from knowledge.models import Collection, DocumentState
from knowledge.sources import uploads
from llm.completion import ProviderError
from llm.models import Deployment
from tuning.examples import importing, reviewing
from tuning.examples.proposing import ExampleError
from tuning.management import chosen
from tuning.management.actions import ActionsCommand
from tuning.models import ExampleState, ReviewVerdict, TrainingExample
from tuning.reviews import routing, second_looks


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
        approve.add_argument("--no-fact", default="", metavar="REASON", help="why what no passage says is no fact")
        refuse = actions.add_parser("refuse", help="it should have said that the documents do not")
        reject = actions.add_parser("reject", help="no model should learn this")
        reject.add_argument("number", type=int, metavar="ID")
        reject.add_argument("--reason", required=True)
        route = actions.add_parser(
            "route", help="what was missing is a fact: make it an article, and wait until it is read"
        )
        route.add_argument("--collection", default="", metavar="NAME", help="default: the first its asker may read")
        route.add_argument("--title", default="")
        route.add_argument("--text", default="", help="default: the answer")
        keep = actions.add_parser("keep-for-evaluation", help="ask it in evaluations, and never learn it")
        attach = actions.add_parser("attach", help="give it the passage that says what its answer says")
        attach.add_argument(
            "--chunk", type=int, required=True, metavar="CHUNK_ID", help="as manage.py search --json tells"
        )
        second = actions.add_parser("second-review", help="decide it anew, without seeing what was decided")
        second.add_argument("--verdict", required=True, choices=[each.value for each in second_looks.DECISIONS])
        second.add_argument("--answer", default="", metavar="TEXT")
        second.add_argument("--reason", default="")
        undo = actions.add_parser("undo", help="take the last decision back")
        share = actions.add_parser(
            "second-share", help="of how many decided examples a second reviewer is asked, 0 to 1"
        )
        share.add_argument("share", type=float, nargs="?")
        for action in (refuse, route, keep, attach, second):
            action.add_argument("number", type=int, metavar="ID")
        bring = actions.add_parser("import", help="questions and answers from a file, into the review queue")
        bring.add_argument("file", type=Path, metavar="FILE.jsonl|FILE.csv")
        bring.add_argument("--encoding", default="", help="such as cp1252; default: what the file says, or UTF-8")
        for action in actions.choices.values():
            action.add_argument("--json", action="store_true", help="print one JSON document")
        for action in (approve, refuse, reject, route, keep, attach, second, undo, share):
            action.add_argument("--as", dest="reviewer", default="", metavar="NAME", help="default: the first owner")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['action'].replace('-', '_')}")(options)
        except (ExampleError, importing.ImportFileError, ProviderError, Deployment.DoesNotExist, OSError) as error:
            raise CommandError(str(error)) from error

    def _list(self, options: dict[str, Any]) -> None:
        found = (
            reviewing.queue() if options["state"] == ExampleState.IN_REVIEW else TrainingExample.objects.order_by("id")
        )
        if options["state"]:
            found = found.filter(state=options["state"])
        if options["json"]:
            self._print([_row(example) for example in found])
            return
        for example in found:
            self.stdout.write(f"{example.pk:>6}  {example.state:<12}  {example.edit_kind:<7}  {example.question[:80]}")
            if example.stale_reason:
                self.stdout.write(f"        {example.stale_reason}")

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
        self._tell([_approved(options, reviewer)], options)

    def _reject(self, options: dict[str, Any]) -> None:
        reviewer = _reviewer(options["reviewer"])
        reviewing.claim(reviewer, pk=options["number"])
        self._tell([reviewing.reject(options["number"], reviewer, reason=options["reason"])], options)

    def _refuse(self, options: dict[str, Any]) -> None:
        reviewer = _reviewer(options["reviewer"])
        reviewing.claim(reviewer, pk=options["number"])
        self._tell([reviewing.refuse(options["number"], reviewer)], options)

    def _route(self, options: dict[str, Any]) -> None:
        reviewer = _reviewer(options["reviewer"])
        item = reviewing.claim(reviewer, pk=options["number"])
        if item is None:
            raise CommandError(f"There is no example {options['number']} in review.")
        title, text = routing.draft(item)
        document = routing.write(
            item.pk,
            reviewer,
            _collection(item, options["collection"]),
            title=options["title"] or title,
            text=options["text"] or text,
        )
        uploads.index(document.pk)  # here and now, as nobody need be working the queue
        self._tell([routing.settle(item.pk)], options)
        document.refresh_from_db()
        if document.state != DocumentState.INDEXED:
            raise CommandError(f"The article could not be read, so the example stays in review: {document.reason}")

    def _keep_for_evaluation(self, options: dict[str, Any]) -> None:
        reviewer = _reviewer(options["reviewer"])
        reviewing.claim(reviewer, pk=options["number"])
        self._tell([reviewing.keep_for_evaluation(options["number"], reviewer)], options)

    def _attach(self, options: dict[str, Any]) -> None:
        reviewer = _reviewer(options["reviewer"])
        item = reviewing.claim(reviewer, pk=options["number"])
        if item is None:
            raise CommandError(f"There is no example {options['number']} in review.")
        self._tell([reviewing.attach(item.pk, reviewer, routing.passage(item, options["chunk"]))], options)

    def _second_review(self, options: dict[str, Any]) -> None:
        reviewer = _reviewer(options["reviewer"])
        second_looks.claim(reviewer, pk=options["number"])
        verdict = ReviewVerdict(options["verdict"])
        row = second_looks.decide(
            options["number"], reviewer, verdict, answer=options["answer"], reason=options["reason"]
        )
        row.example.refresh_from_db()
        self._tell([row.example], options)

    def _undo(self, options: dict[str, Any]) -> None:
        item = reviewing.undo(_reviewer(options["reviewer"]))
        if item is None:
            raise CommandError("There is nothing to take back, or a trainer was given it.")
        self._tell([item], options)

    def _second_share(self, options: dict[str, Any]) -> None:
        if options["share"] is not None:
            second_looks.set_share(options["share"], by=_reviewer(options["reviewer"]))
        found = second_looks.agreement()
        told = {
            "second_share": reviewing.second_share(),
            "compared": found.count,
            "agreement": found.share,
            "kappa": found.kappa,
        }
        if options["json"]:
            self._print(told)
        else:
            self.stdout.write(f"{told['second_share']:.0%} are decided twice; {found.count} were so far.")

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
        "edit_kind": example.edit_kind,
        "unsupported": example.unsupported,
        "no_fact_reason": example.no_fact_reason or None,
        "stale_reason": example.stale_reason or None,
        "second_opinion": example.second_opinion or None,
        "article": example.article_id,
        "cluster": example.cluster,
        "priority": example.priority,
        "impact": example.impact,
        "template_hash": example.template_hash,
        "checksum": example.checksum,
    }


def _approved(options: dict[str, Any], reviewer: User) -> TrainingExample:
    return reviewing.approve(
        options["number"], reviewer, answer=options["answer"], no_fact=options["no_fact"]
    )  # fmt: skip


def _collection(item: TrainingExample, name: str) -> Collection:
    collection = Collection.objects.filter(name=name).first() if name else routing.home(item)
    if collection is None:
        raise CommandError(
            f"There is no collection {name}." if name else "There is no collection to put the article into."
        )
    return collection


def _reviewer(name: str) -> User:
    found = User.objects.filter(username=name) if name else User.objects.filter(is_superuser=True).order_by("id")
    reviewer = found.first()
    if reviewer is None:
        raise CommandError(f"There is no account {name}." if name else "There is no owner yet; run: manage.py setup")
    return reviewer
