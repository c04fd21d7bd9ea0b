"""What a follow-up question asks, written out so that it can be searched for without the conversation."""

import re
from collections.abc import Sequence

from bot.answers.asking import Asked
from llm import client
from llm.models import Purpose
from llm.prompt import Prompt, Turn

REWRITE = """\
Rewrite the last question so that it can be understood without the conversation. Keep its language and meaning, add \
nothing that was not said. Reply with the question alone."""

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
    """The question as it would be asked without the conversation.

    A model that writes rewrites it (one ledgered call), and is not believed where it declines or comes to no end; the
    extractive provider searches for the question before and this one together. Raises llm ProviderError.
    """
    before = [turn.text for turn in history if turn.role == "user"]
    if not before or not depends_on_conversation(asked.question):
        return asked.question
    if asked.deployment.is_quoting:
        return f"{before[-1]} {asked.question}"
    response = client.stream(
        _prompt(asked.question, history),
        deployment=asked.deployment,
        trace_id=asked.trace_id,
        purpose=Purpose.REWRITE,
        deadline=asked.deadline,
    )
    rewritten = "".join(response).strip()
    return rewritten if rewritten and response.finish_reason == "stop" else asked.question


def _prompt(question: str, history: Sequence[Turn]) -> Prompt:
    return Prompt(
        system=REWRITE,
        question=question,
        context="",
        passages=(),
        history=tuple(history[-TURNS_SENT:]),
        max_output_tokens=MOST_TOKENS,
    )
