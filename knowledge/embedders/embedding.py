"""Text to vectors by the live embedding model, every call in the ledger."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from knowledge.embedders import wordpieces
from knowledge.embedders.base import Embedder, PassageText, PassageVectors, Vector
from llm import client, endpoints, vendors
from llm.completion import ProviderError
from llm.models import Deployment, Purpose, ServingRole

QUESTION_SECONDS = 10.0
BATCH_SECONDS = 120.0

count_tokens = wordpieces.count


@dataclass(frozen=True)
class QuestionVector:
    """A unit vector and the space it lives in; only vectors of that space may be compared with it."""

    space: str
    vector: Vector


class UnknownLengthError(ProviderError):
    """A deployment does not say how long its vectors are."""


def embedder_for(deployment: Deployment) -> Embedder:
    """The embedder of a deployment with its address and key. Raises ProviderError without one of them."""
    embedder: type[Embedder] = vendors.load(deployment.endpoint.provider, "embeds")
    if deployment.dimensions is None:
        raise UnknownLengthError(
            f"The deployment of {deployment} does not say how long its vectors are.", kind="bad_request"
        )
    return embedder(model=deployment.model, dimensions=deployment.dimensions, **endpoints.options(deployment.endpoint))


def load() -> None:
    """Load the live embedding model, so that the first question does not wait for it."""
    embedder_for(Deployment.objects.live(ServingRole.EMBED)).load()


def embed_question(text: str, *, trace_id: str, deadline: float = math.inf) -> QuestionVector:
    """The vector of a question, by `deadline` (time.monotonic()) at the latest.

    Raises ProviderError, and Deployment.DoesNotExist before set-up.
    """
    deployment = Deployment.objects.live(ServingRole.EMBED)
    embedder = embedder_for(deployment)
    vector = client.metered(
        partial(embedder.embed_question, text),
        deployment=deployment,
        trace_id=trace_id,
        purpose=Purpose.EMBED_QUESTION,
        most_tokens=len(text.encode()),
        deadline=min(deadline, time.monotonic() + QUESTION_SECONDS),
    )
    return QuestionVector(deployment.vector_space, vector)


def embed_texts(texts: Sequence[str], *, trace_id: str) -> npt.NDArray[np.float32] | None:
    """A unit row for each text as it stands, to be compared with each other; None where there is none.

    As `embed_passages`.
    """
    if not texts:
        return None
    found = embed_passages([PassageText("", text, ()) for text in texts], trace_id=trace_id)
    return np.array([each.vector for each in found], dtype=np.float32)


def embed_passages(
    passages: Sequence[PassageText], *, trace_id: str, deployment: Deployment | None = None
) -> list[PassageVectors]:
    """The vectors of passages, in their order, in the space of `deployment` (default: the live one).

    Raises ProviderError. Not to be called inside a transaction: a model is slow, and the ledger would be rolled back.
    """
    deployment = deployment or Deployment.objects.live(ServingRole.EMBED)
    embedder = embedder_for(deployment)
    vectors: list[PassageVectors] = []
    for batch in embedder.batches(passages):
        vectors += client.metered(
            partial(embedder.embed_passages, batch),
            deployment=deployment,
            trace_id=trace_id,
            purpose=Purpose.EMBED_DOCUMENT,
            most_tokens=sum(len(f"{passage.heading}{passage.text}".encode()) + 8 for passage in batch),
            deadline=time.monotonic() + BATCH_SECONDS,
        )
    return vectors
