"""How the company speaks."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from bot.models import Grammar, Voice
from bot.voices import choosing, style


class Command(BaseCommand):
    help = "Show the voices, or make the next version of one; what is not given stays as it was."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", nargs="?", help="such as default, which speaks where a channel has no other")
        parser.add_argument("--guide", dest="style_guide", help="said to the model in these words")
        parser.add_argument("--opening", help="the words an answer begins with")
        parser.add_argument("--closing", help="the words it ends with")
        parser.add_argument("--ban", action="append", dest="banned_phrases", metavar="PHRASE", help="may be repeated")
        parser.add_argument("--person", choices=Grammar.values, help="in whose name it speaks")
        parser.add_argument("--emoji", choices=["yes", "no"])
        parser.add_argument("--most-words", type=int)

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["name"]:
            for name in Voice.objects.order_by("name").values_list("name", flat=True).distinct():
                self._show(Voice.objects.current(name))
            return
        fields = ("style_guide", "opening", "closing", "banned_phrases", "person", "most_words")
        changes = {name: options[name] for name in fields if options[name] is not None}
        if options["emoji"]:
            changes["has_emoji"] = options["emoji"] == "yes"
        self._show(_next(options["name"], changes) if changes else Voice.objects.current(options["name"]))

    def _show(self, voice: Voice | None) -> None:
        if voice is None:
            raise CommandError("There is no such voice.")
        self.stdout.write(str(voice))
        for rule in style.rules(voice):
            self.stdout.write(f"  - {rule}")


def _next(name: str, changes: dict[str, Any]) -> Voice:
    try:
        return choosing.next_version(name, changes)
    except ValidationError as error:
        raise CommandError(" ".join(error.messages)) from error
