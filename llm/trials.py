"""Whether a model answers: one small call, in the ledger like any other."""

import time
from dataclasses import dataclass

from llm import client
from llm.calling.fallback import Instead
from llm.completion import ProviderError
from llm.models import Deployment, Endpoint, Purpose, ServingRole
from llm.prompt import Prompt
from llm.providers import provider_for
from llm.spending import money

SECONDS = 20.0
ASKED = "Reply with the one word: ready"


@dataclass(frozen=True)
class Trial:
    is_ok: bool
    detail: str


def run(endpoint: Endpoint, model: str, *, seconds: float = SECONDS) -> Trial:
    """Ask a model of an endpoint, live or not, for one word, for at most so many seconds."""
    prompt = Prompt(system="You are being tested.", question=ASKED, context="", passages=(), max_output_tokens=20)
    deployment = Deployment(role=ServingRole.ANSWER, endpoint=endpoint, model=model, reason="a trial")
    try:
        provider_for(deployment)  # its SDK takes seconds to load, which is none of the model's time
        started = time.monotonic()
        response = client.stream(
            prompt,
            deployment=deployment,
            trace_id=client.new_trace_id(),
            deadline=started + seconds,
            purpose=Purpose.TEST,
            instead=Instead.NOBODY,
        )
        text = "".join(response)
    except ProviderError as error:
        return Trial(False, str(error))
    said = " ".join(text.split())[:60]
    took = f"It said “{said}” after {time.monotonic() - started:.1f} s for {money.label(response.cost)}."
    return Trial(True, f"{took}{_retirement(deployment)}")


def _retirement(deployment: Deployment) -> str:
    """When the provider says that the model goes; many servers know no such question."""
    try:
        day = provider_for(deployment).retires_on(deployment.model, timeout=SECONDS)
    except ProviderError:
        return ""
    return f" The provider retires it on {day}." if day else ""
