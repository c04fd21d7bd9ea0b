"""What answers would cost if they were made otherwise. Pure but for the price."""

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from django.utils import timezone

from bot.answers import answering
from evaluation.figures import rollups
from evaluation.figures.costs import Costs
from llm.completion import Usage
from llm.models import Deployment, Purpose, ServingRole
from llm.spending import money, pricing

K = answering.PASSAGES
FIRST_PROMPT, FIRST_OUTPUT = 600, 150  # tokens, where nothing was answered yet
ANSWERING = (Purpose.ANSWER, Purpose.REWRITE)  # what a question costs each time; documents are embedded once


@dataclass(frozen=True)
class Case:
    """Tokens are those of one answer: `k` passages of `passage_tokens`, everything else of the prompt, the reply."""

    provider: str
    model: str
    k: int
    passage_tokens: int
    prompt_tokens: int
    output_tokens: int
    volume: int

    @cached_property
    def per_answer(self) -> Decimal | None:
        tokens = self.k * self.passage_tokens + self.prompt_tokens
        return pricing.cost(self.provider, self.model, Usage(tokens, 0, self.output_tokens), timezone.now())

    @cached_property
    def context_per_month(self) -> Decimal | None:
        """What the retrieved passages alone cost in a month."""
        each = pricing.cost(self.provider, self.model, Usage(self.k * self.passage_tokens, 0, 0), timezone.now())
        return None if each is None else each * self.volume

    @cached_property
    def per_month(self) -> Decimal | None:
        return None if self.per_answer is None else self.per_answer * self.volume

    @cached_property
    def labels(self) -> dict[str, str]:
        return {name: money.label(getattr(self, name)) for name in ("per_answer", "per_month", "context_per_month")}


def models() -> list[str]:
    """Every model that has answered or stood in, as provider:model, the newest first."""
    roles = (ServingRole.ANSWER, ServingRole.FALLBACK)
    rows = Deployment.objects.filter(role__in=roles).select_related("endpoint").order_by("-id")
    return list(dict.fromkeys(str(row) for row in rows if row.model))


def now(found: Costs, known: list[str]) -> dict[str, object]:
    """How it is: the live model, and what an answer took in the time that the costs are of."""
    lines = [line for line in found.by["Purpose"] if line.name in ANSWERING]
    answers = found.total.answers
    days = max((rollups.today() - found.since).days + 1, 1)
    inputs = sum(line.input_tokens for line in lines) // answers if answers else FIRST_PROMPT + found.context_tokens
    outputs = sum(line.output_tokens for line in lines) // answers if answers else FIRST_OUTPUT
    return {
        "model": known[0] if known else "",
        "volume": answers * 30 // days,
        "k": K,
        "passage_tokens": found.context_tokens // K,
        "prompt_tokens": max(inputs - found.context_tokens, 0),
        "output_tokens": outputs,
    }


def case(*, model: str, **tokens: int) -> Case:
    """The case of a model as `models` names it."""
    provider, _, name = model.partition(":")
    return Case(provider=provider, model=name, **tokens)
