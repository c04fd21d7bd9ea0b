"""What answers cost, what context costs, and when training pays for itself."""

import json
from argparse import ArgumentTypeError
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from evaluation.figures import sums
from evaluation.figures.calculators import CalculationError
from evaluation.figures.sums import Option

HELP = {
    "query": "what an answer costs, and a month of them",
    "context": "what the retrieved passages alone cost in a month",
    "break-even": "from how many answers a month on a tuned model is cheaper, or that it never is",
}


class Command(BaseCommand):
    help = "Work out costs. What is not said is taken from the answers of this install, where there are any."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="calculator", required=True, metavar="CALCULATOR")
        for name, options in sums.OPTIONS.items():
            action = actions.add_parser(name, help=HELP[name])
            for option in options:
                said = ". ".join(filter(None, (option.label, option.help)))
                action.add_argument(option.flag, dest=option.name, type=_type(option), metavar="VALUE", help=said)
            action.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["calculator"]
        said = {each.name: options[each.name] for each in sums.OPTIONS[name] if options[each.name] is not None}
        try:
            found = sums.work_out(name, {**sums.begun(name, sums.present()), **said})
        except CalculationError as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            written = {"calculator": name, **found.as_json()}
            self.stdout.write(json.dumps(written, ensure_ascii=False, indent=2))
            return
        for line, amount in found.told_lines:
            self.stdout.write(f"{line.name:<20}{amount:>14}  {line.how}")
        self.stdout.write(found.sentence)


def _type(option: Option) -> Any:
    return str if option.kind == "model" else _whole if option.kind == "tokens" or option.name == "queries" else _number


def _whole(written: str) -> int:
    number = _number(written)
    if number != int(number):
        raise ArgumentTypeError(f"{written} is no whole number.")
    return int(number)


def _number(written: str) -> Decimal:
    try:
        number = Decimal(written.replace(",", ""))
    except InvalidOperation:
        raise ArgumentTypeError(f"{written} is no number.") from None
    if not number.is_finite() or number < 0:
        raise ArgumentTypeError(f"{written} is no number from 0 on.")
    return number
