"""What answers would cost if they were made otherwise. Pure but for the price and the models there are."""

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from django.utils import timezone

from evaluation.figures.answer_shapes import AnswerShape, Volume
from llm.completion import Usage
from llm.models import Deployment, ServingRole
from llm.spending import money, pricing


@dataclass(frozen=True)
class Case:
    """Tokens are those of one answer: `k` passages of `passage_tokens`, everything else of the prompt, the reply.

    `cached_tokens` of the prompt are read from the cache.
    """

    provider: str
    model: str
    k: int
    passage_tokens: int
    prompt_tokens: int
    output_tokens: int
    volume: int
    cached_tokens: int = 0

    @cached_property
    def per_answer(self) -> Decimal | None:
        tokens = self.k * self.passage_tokens + self.prompt_tokens
        usage = Usage(tokens, min(self.cached_tokens, tokens), self.output_tokens)
        return pricing.cost(self.provider, self.model, usage, timezone.now())

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
    """Models to choose from, as provider:model: those that have written answers, the newest first. Any other that has
    a price will do as well."""
    roles = (ServingRole.ANSWER, ServingRole.FALLBACK)
    rows = Deployment.objects.filter(role__in=roles).select_related("endpoint").order_by("-id")
    return list(dict.fromkeys(str(row) for row in rows if row.model and not row.is_quoting))


def now(taken: AnswerShape | None, asked: Volume | None, known: list[str]) -> dict[str, object]:
    """How it is, from answers alone; what they do not tell is left out."""
    found: dict[str, object] = {}
    if known:
        found["model"] = known[0]
    if asked is not None:
        found["volume"] = asked.per_month
    if taken is not None:
        passages = round(taken.passages)
        each = taken.context // passages if passages else 0
        found |= {
            "k": passages,
            "passage_tokens": each,
            "prompt_tokens": taken.input - passages * each,
            "cached_tokens": taken.cached,
            "output_tokens": taken.output,
        }
    return found


def case(*, model: str, **tokens: int) -> Case:
    """The case of a model as `models` names it."""
    provider, _, name = model.partition(":")
    return Case(provider=provider, model=name, **tokens)
