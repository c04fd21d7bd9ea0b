"""The registry: which models are known, where they come from, and which one answers."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from llm.models import Deployment
from tuning.management.actions import ActionsCommand, find_dataset, find_endpoint
from tuning.models import ModelVersion
from tuning.registry import summaries, versions


class Command(ActionsCommand):
    help = "The models that may answer. The base model is always among them, so that there is one to go back to."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        actions.add_parser("list", help="the models there are, and which one is live")
        show = actions.add_parser("show", help="what taught one, when it served, how much it answered")
        show.add_argument("number", type=int, metavar="ID")
        register = actions.add_parser("register", help="one that is served somewhere")
        register.add_argument("--endpoint", required=True, metavar="NAME")
        register.add_argument("--model", required=True, metavar="ID", help="its name at the endpoint")
        register.add_argument("--base", default="", metavar="MODEL", help="what it was tuned from")
        register.add_argument("--dataset", type=int, metavar="ID", help="what it was tuned on")
        deploy = actions.add_parser("deploy", help="let one answer from now on")
        deploy.add_argument("number", type=int, metavar="ID")
        deploy.add_argument("--reason", required=True)
        actions.add_parser("rollback", help="let the one before answer again")
        for action in actions.choices.values():
            action.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['action']}")(options)
        except (versions.RegistryError, Deployment.DoesNotExist) as error:
            raise CommandError(str(error)) from error

    def _list(self, options: dict[str, Any]) -> None:
        versions.register_live()
        found = list(ModelVersion.objects.select_related("endpoint").order_by("id"))
        if options["json"]:
            self._print([summaries.as_json(each, is_live=versions.is_live(each)) for each in found])
            return
        for each in found:
            self.stdout.write(summaries.line(each, is_live=versions.is_live(each)))

    def _show(self, options: dict[str, Any]) -> None:
        version = _version(options["number"])
        told = summaries.with_lineage(version, is_live=versions.is_live(version))
        if options["json"]:
            self._print(told)
            return
        self.stdout.write(summaries.line(version, is_live=told["is_live"]))
        self.stdout.write(f"  taught by {len(told['examples']) + told['erased_examples']} examples")
        self.stdout.write(f"  gave {told['answers']} answers")
        for row in told["served"]:
            self.stdout.write(f"  let answer at {row['at']}: {row['reason']}")

    def _register(self, options: dict[str, Any]) -> None:
        version = versions.register(
            find_endpoint(options["endpoint"]),
            options["model"],
            base=options["base"],
            dataset=find_dataset(options["dataset"]) if options["dataset"] else None,
        )
        self._tell(version, options)

    def _deploy(self, options: dict[str, Any]) -> None:
        version = _version(options["number"])
        versions.deploy(version, reason=options["reason"], by=None)
        self._tell(version, options)

    def _rollback(self, options: dict[str, Any]) -> None:
        row = versions.roll_back(by=None)
        if options["json"]:
            self._print({"model": str(row), "prompt": row.prompt, "reason": row.reason})
        else:
            self.stdout.write(f"{row} answers again.")

    def _tell(self, version: ModelVersion, options: dict[str, Any]) -> None:
        is_live = versions.is_live(version)
        if options["json"]:
            self._print(summaries.as_json(version, is_live=is_live))
        else:
            self.stdout.write(summaries.line(version, is_live=is_live))


def _version(number: int) -> ModelVersion:
    found = ModelVersion.objects.select_related("endpoint", "dataset").filter(pk=number).first()
    if found is None:
        raise CommandError(f"There is no model {number}; manage.py model list shows those there are.")
    return found
