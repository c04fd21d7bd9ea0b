"""What a follow-up question asks, written out so that it can be searched for without the conversation."""

import re
from collections.abc import Sequence

from bot.answers import prompts
from bot.answers.asking import Asked
from bot.surroundings.pointing import only_points, pointed_at
from llm import client
from llm.models import Purpose
from llm.prompt import Prompt, Turn

REWRITE = """\
Rewrite the last question so that it can be understood without the conversation. Keep its language and meaning, add \
nothing that was not said. Reply with the question alone."""

# Said where others wrote before it.
REWRITE_AMONG_OTHERS = f"""{REWRITE} Where it only asks to answer what people wrote, that is the question: \
put it in their words."""

# Words that point back to something said before, and openings that continue a thought.
POINTS_BACK = re.compile(
    r"^\W*(and|but|also|or|so|then|why|how so|what about|how about|what if|which one)\b"
    r"|\b(it|its|they|them|their|that|those|this|these|there|one|ones|else|instead|same|another|other)\b",
    re.IGNORECASE,
)
SHORT_WORDS = 4
TURNS_SENT = 4
MOST_TOKENS = 200


def depends_on_conversation(question: str) -> bool:
    """Whether a question seems to lean on what was said before: it points back, or says very little."""
    return bool(POINTS_BACK.search(question)) or len(question.split()) <= SHORT_WORDS


def standalone(asked: Asked, history: Sequence[Turn]) -> str:
    """The question as it would be asked without the conversation, and without what stands around it.

    A model that writes rewrites it (one ledgered call), and is not believed where it declines or comes to no end; the
    extractive provider searches for what it leans on and the question together. Raises llm ProviderError.
    """
    before = [turn.text for turn in history if turn.role == "user"]
    leans = depends_on_conversation(asked.question) or only_points(asked.question)
    if not (before or asked.surroundings) or not leans:
        return asked.question
    if asked.deployment.is_quoting:
        return _joined(asked, before)
    response = client.stream(
        _prompt(asked, history),
        deployment=asked.deployment,
        trace_id=asked.trace_id,
        purpose=Purpose.REWRITE,
        deadline=asked.deadline,
    )
    rewritten = "".join(response).strip()
    if rewritten and response.finish_reason == "stop" and not only_points(rewritten):
        return rewritten
    return _joined(asked, before) if asked.surroundings else asked.question


def _joined(asked: Asked, before: Sequence[str]) -> str:
    """What the question leans on, and the question itself where it says something."""
    leant_on = pointed_at(asked.surroundings) or (before[-1] if before else "")
    if leant_on and only_points(asked.question) and asked.surroundings:
        return leant_on
    return f"{leant_on} {asked.question}".strip()


def _prompt(asked: Asked, history: Sequence[Turn]) -> Prompt:
    return Prompt(
        system=REWRITE_AMONG_OTHERS if asked.surroundings else REWRITE,
        question=prompts.framed(asked.question, asked.surroundings),
        context="",
        passages=(),
        history=tuple(history[-TURNS_SENT:]),
        max_output_tokens=MOST_TOKENS,
    )
