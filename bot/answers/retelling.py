"""A quoted answer put into the voice by a small tuned model, as far as that keeps to the facts.

Whatever becomes of it, the asker has the answer: as it was quoted, where the model is down, slow, over budget or wrong.
"""

import logging
import time

from bot.answers.asking import Asked
from bot.answers.trace import Retold
from bot.models import Voice
from bot.voices import restyling
from llm import client
from llm.calling.fallback import Instead
from llm.completion import ProviderError
from llm.models import Deployment, Purpose
from llm.prompt import Prompt

log = logging.getLogger(__name__)

LONGEST_SECONDS = 8.0  # that an asker waits for it; on two cores a small model writes 32 to 66 tokens a second
MOST_CHARACTERS = 1500  # of an answer that is worth the wait
TOO_LONG = f"An answer of more than {MOST_CHARACTERS} characters is not waited for."
SPARE_TOKENS = 120  # for what a voice adds


def retell(plain: str, asked: Asked, voice: Voice, restyler: Deployment) -> tuple[str, Retold]:
    """The answer to show in place of the `plain` one, and how it came about. Raises nothing that a model can cause."""
    began = time.monotonic()
    styled, error = _asked(plain, asked, restyler) if len(plain) <= MOST_CHARACTERS else ("", TOO_LONG)
    shown = restyling.believed(plain, styled, voice) if styled else restyling.unsaid(plain)
    retold = Retold(
        model=str(restyler),
        plain=plain,
        parts=shown.parts,
        kept=shown.kept,
        faults=shown.faults,
        error=error,
        added_ms=round((time.monotonic() - began) * 1000, 1),
    )
    return shown.text, retold


def _asked(plain: str, asked: Asked, restyler: Deployment) -> tuple[str, str]:
    """What the model wrote, or why it wrote nothing that can be shown."""
    response = client.stream(
        _prompt(plain),
        deployment=restyler,
        trace_id=asked.trace_id,
        deadline=min(asked.deadline, time.monotonic() + LONGEST_SECONDS),
        purpose=Purpose.RESTYLE,
        instead=Instead.NOBODY,
    )
    try:
        styled = "".join(response).strip()
    except ProviderError as error:
        log.warning("trace %s: the answer is shown as it was quoted: %s", asked.trace_id, error)
        return "", str(error)
    return (styled, "") if response.finish_reason == "stop" else ("", f"It ended with {response.finish_reason}.")


def _prompt(plain: str) -> Prompt:
    system, said = restyling.messages(plain)
    return Prompt(
        system=system["content"],
        question=said["content"],
        context="",
        passages=(),
        max_output_tokens=len(plain.encode()) // 2 + SPARE_TOKENS,
    )
