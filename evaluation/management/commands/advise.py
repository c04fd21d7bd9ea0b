"""Is tuning worth it here, and why."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from evaluation.advice import advisor, figure_words, live_figures
from evaluation.advice.advisor import Advice, Layer


class Command(BaseCommand):
    help = "Say from the figures of this install whether to stay with retrieval, improve the prompt or tune a model."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        found = advisor.advise(live_figures.read())
        if options["json"]:
            self.stdout.write(json.dumps(found.as_json(), ensure_ascii=False, indent=2))
            return
        self._tell(found)

    def _tell(self, found: Advice) -> None:
        for blocker in found.blockers:
            self.stdout.write(f"First: {blocker}")
        self._layer("Knowledge", found, found.knowledge)
        self._layer("Behaviour", found, found.behaviour)
        self.stdout.write(f"\nCost: {found.economics}")
        self.stdout.write(f"Known are {found.known} of {found.figures} figures; the others are guessed nowhere.")
        self.stdout.write("\nWhere the articles disagree:")
        for line in found.disagreements:
            self.stdout.write(f"  {line}")

    def _layer(self, name: str, found: Advice, layer: Layer) -> None:
        self.stdout.write(f"\n{name}: {layer.verdict.words}. {layer.because}\n  Next: {layer.next}")
        for asked in layer.trace:
            named, value = figure_words.of_asked(asked, found.inputs)
            now = f"({named.lower()}: {value}; {asked.figure.source.rstrip('.')})"
            self.stdout.write(f"  {'>' if asked.decides else ' '} {asked.answer:<8}{asked.question} {now}")
        for line in layer.would_change:
            self.stdout.write(f"    {line}")
