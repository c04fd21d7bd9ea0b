"""The registry: which models are known, where they come from, and which one answers."""

from datetime import date
from typing import Any

from django.core.management.base import CommandError, CommandParser

from llm.completion import ProviderError
from llm.models import Deployment
from tuning.jobs import polling
from tuning.management.actions import ActionsCommand, find_dataset, find_endpoint, find_job
from tuning.models import ModelVersion
from tuning.registry import deploying, discovering, summaries, versions


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
        register.add_argument("--job", type=int, metavar="ID", help="what it came of, trained by hand; ends the job")
        found = actions.add_parser(
            "import", help="those that were tuned at an endpoint before; without names: list them"
        )
        found.add_argument("names", nargs="*", metavar="MODEL")
        found.add_argument("--endpoint", required=True, metavar="NAME")
        retires = actions.add_parser("retires", help="say from which day one is not served any more")
        retires.add_argument("number", type=int, metavar="ID")
        retires.add_argument("day", type=date.fromisoformat, metavar="YYYY-MM-DD")
        deploy = actions.add_parser("deploy", help="let one answer from now on")
        deploy.add_argument("number", type=int, metavar="ID")
        deploy.add_argument("--reason", required=True)
        actions.add_parser("rollback", help="let the one before answer again")
        for action in actions.choices.values():
            action.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['action']}")(options)
        except (versions.RegistryError, Deployment.DoesNotExist, ProviderError) as error:
            raise CommandError(str(error)) from error

    def _list(self, options: dict[str, Any]) -> None:
        versions.register_live()
        self._list_of(list(ModelVersion.objects.select_related("endpoint").order_by("id")), options)

    def _list_of(self, found: list[ModelVersion], options: dict[str, Any]) -> None:
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
        endpoint = find_endpoint(options["endpoint"])
        if options["job"]:
            self._tell(polling.hand_in(find_job(options["job"]), endpoint, options["model"], by=None), options)
            return
        version = versions.register(
            endpoint,
            options["model"],
            base=options["base"],
            dataset=find_dataset(options["dataset"]) if options["dataset"] else None,
        )
        self._tell(version, options)

    def _import(self, options: dict[str, Any]) -> None:
        endpoint = find_endpoint(options["endpoint"])
        found = discovering.tuned_at(endpoint)
        wanted = options["names"] or []
        if unknown := set(wanted) - {each.name for each in found}:
            raise CommandError(f"Not tuned at {endpoint}: {', '.join(sorted(unknown))}")
        made = [versions.register(endpoint, name, base=discovering.base_of(name)) for name in wanted]
        if made:
            self._list_of(made, options)
        elif options["json"]:
            self._print([{"model": each.name, "base": each.base, "is_registered": each.is_known} for each in found])
        else:
            lines = [f"{'registered' if each.is_known else '':<11}{each.name}" for each in found]
            self.stdout.write("\n".join(lines) or f"No tuned model is listed at {endpoint}.")

    def _retires(self, options: dict[str, Any]) -> None:
        version = _version(options["number"])
        versions.state_retirement(version, options["day"], by="the command line")
        self._tell(_version(version.pk), options)

    def _deploy(self, options: dict[str, Any]) -> None:
        version = _version(options["number"])
        deploying.deploy(version, reason=options["reason"], by=None)
        self._tell(version, options)

    def _rollback(self, options: dict[str, Any]) -> None:
        row = deploying.roll_back(by=None)
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
