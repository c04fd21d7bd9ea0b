"""Whether a model answers, and what it can: one small call, in the ledger like any other. What is found out is kept."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone

from llm import client
from llm.calling import room
from llm.calling.fallback import Instead
from llm.completion import ProviderError
from llm.models import Deployment, Endpoint, Purpose, ServingRole, TriedModel
from llm.prompt import Prompt
from llm.providers import provider_for
from llm.providers.base import ListedModel
from llm.spending import money

SECONDS = 20.0
TELLING_SECONDS = 10.0  # for what a server tells of its models
ASKED = "Reply with these five words and nothing else: ready to answer your questions"
MOST_TOKENS = 30


@dataclass(frozen=True)
class Trial:
    """What came of one; `traits` is what it found out, where the model answered."""

    is_ok: bool
    detail: str
    traits: TriedModel | None = None


@dataclass(frozen=True)
class Names:
    """The models that a server lists, by name; with `problem`, why it lists none."""

    models: Sequence[ListedModel] = ()
    problem: str = ""


def run(endpoint: Endpoint, model: str, *, seconds: float = SECONDS) -> Trial:
    """Ask a model of an endpoint, live or not, for a few words, for at most so many seconds; keep what that shows."""
    prompt = Prompt("You are being tested.", question=ASKED, context="", passages=(), max_output_tokens=MOST_TOKENS)
    deployment = Deployment(role=ServingRole.ANSWER, endpoint=endpoint, model=model, reason="a trial")
    try:
        provider = provider_for(deployment)  # its SDK takes seconds to load, which is none of the model's time
        provider.forget(model)
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
    return Trial(True, f"{took}{_retirement(deployment)}", _kept(deployment, response))


def explore(endpoint: Endpoint, model: str) -> Trial:
    """As `run`, and its server is asked how much the model takes."""
    trial = run(endpoint, model)
    if trial.traits is None:
        return trial
    try:
        provider = provider_for(Deployment(role=ServingRole.ANSWER, endpoint=endpoint, model=model))
        trial.traits.context_tokens = provider.context(model, timeout=TELLING_SECONDS)
    except ProviderError:
        return trial  # what was known before stays
    trial.traits.save(update_fields=["context_tokens"])
    return trial


def names(endpoint: Endpoint) -> Names:
    """What a server lists, to choose from. Many list nothing: then a name has to be known."""
    try:
        provider = provider_for(Deployment(role=ServingRole.ANSWER, endpoint=endpoint))
        found = provider.models(timeout=TELLING_SECONDS)
    except ProviderError as error:
        return Names(problem=str(error))
    once = {each.name: each for each in found}
    return Names([once[name] for name in sorted(once)])


def _kept(deployment: Deployment, response: client.Response) -> TriedModel:
    """What the reply shows. A word alone does not show whether it would have come bit by bit."""
    learnt = provider_for(deployment).learnt(deployment.model)
    streams = True if response.pieces > 1 else None if len(response.text.split()) < 2 else False
    row, _ = TriedModel.objects.update_or_create(
        endpoint=deployment.endpoint,
        model=deployment.model,
        defaults={
            "streams": streams,
            "thinks": response.has_thought or room.is_wide(deployment),
            "takes_system": learnt.takes_system is not False,  # it was sent one, and has answered
            "refused": list(learnt.refused),
            "found_at": timezone.now(),
        },
    )
    return row


def _retirement(deployment: Deployment) -> str:
    """When the provider says that the model goes; many servers know no such question."""
    try:
        day = provider_for(deployment).retires_on(deployment.model, timeout=SECONDS)
    except ProviderError:
        return ""
    return f" The provider retires it on {day}." if day else ""
