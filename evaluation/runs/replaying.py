"""Production's own code with a model that is asked in an order: its prompt is taken now, its reply given later."""

from collections.abc import Callable
from typing import Any

from evaluation.runs.affording import Allowance, UnaffordableError
from llm import client
from llm.client import Recorded
from llm.completion import Kind, ProviderError
from llm.models import Deployment
from llm.prompt import Prompt

Words = Prompt | Callable[[Deployment], Prompt]


class PromptTaken:
    """In the model's place: keeps the first prompt that it is asked, and replies nothing."""

    def __init__(self) -> None:
        self.prompt: Prompt | None = None

    def __call__(self, words: Words, *, deployment: Deployment, **_terms: Any) -> Recorded:
        if self.prompt is None:
            self.prompt = words(deployment) if callable(words) else words
        return Recorded(deployment)


class Replayed:
    """In the model's place: gives the reply that came, or fails as its line did. What is asked after that, such as over
    the passages of a second search, is asked of the model at once, if the run can afford it: else `refused` says why
    not, and what came of the answer is not to be kept."""

    def __init__(self, reply: dict[str, str] | None, *, error: str, kind: Kind, allowance: Allowance) -> None:
        self._reply, self._error, self._kind = reply, error, kind
        self._allowance = allowance
        self._is_given = False
        self.refused: UnaffordableError | None = None

    def __call__(self, words: Words, *, deployment: Deployment, **terms: Any) -> client.Response | Recorded:
        if self._is_given:
            return self._at_once(words, deployment, terms)
        self._is_given = True
        if self._reply is None:
            return Recorded(deployment, error=ProviderError(self._error, kind=self._kind))
        return Recorded(deployment, text=self._reply["text"], finish_reason=self._reply["finish_reason"])

    def _at_once(self, words: Words, deployment: Deployment, terms: dict[str, Any]) -> client.Response | Recorded:
        try:
            self._allowance.check_answer()
        except UnaffordableError as error:
            self.refused = error
            return Recorded(deployment, error=ProviderError(str(error), kind="budget"))
        return client.stream(words, deployment=deployment, **terms)
