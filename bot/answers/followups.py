"""What a follow-up question asks, written out so that it can be searched for without the conversation."""

import re
from collections.abc import Sequence

from llm import client
from llm.models import Deployment, Purpose
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


def depends_on_conversation(question: str) -> bool:
    """Whether a question seems to lean on what was said before: it points back, or says very little."""
    return bool(POINTS_BACK.search(question)) or len(question.split()) <= SHORT_WORDS


def standalone(
    question: str, history: Sequence[Turn], *, deployment: Deployment, trace_id: str, deadline: float
) -> str:
    """The question as it would be asked without the conversation.

    A model that writes rewrites it (one ledgered call); the extractive provider searches for the question before and
    this one together. Raises llm ProviderError.
    """
    asked = [turn.text for turn in history if turn.role == "user"]
    if not asked or not depends_on_conversation(question):
        return question
    if deployment.is_quoting:
        return f"{asked[-1]} {question}"
    prompt = Prompt(system=REWRITE, question=question, context="", passages=(), history=tuple(history[-4:]),
                    max_output_tokens=200)  # fmt: skip
    response = client.stream(
        prompt, deployment=deployment, trace_id=trace_id, purpose=Purpose.REWRITE, deadline=deadline
    )
    return "".join(response).strip() or question
