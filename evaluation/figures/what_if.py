"""What answers would cost if they were made otherwise. Pure but for the price."""

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from django.utils import timezone

from llm.completion import Usage
from llm.spending import money, pricing


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
