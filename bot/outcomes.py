"""What an asker reads when a question does not end in an answer from the documents. Each text names a next step."""

from bot.models import Outcome

TEXTS = {
    Outcome.NOT_IN_DOCS: (
        "I could not find an answer to this in the documents I can search. "
        "Try other words, or ask the support team directly."
    ),
    Outcome.CLARIFY: "I did not find a question in your message. Please put it into words.",
    Outcome.BLOCKED: (
        "The model that writes the answers declined this question. Ask it differently, or ask the support team."
    ),
    Outcome.PROVIDER_ERROR: (
        "The answer could not be written just now. Please ask again in a moment; "
        "if it keeps failing, tell the support team this incident id: {trace_id}"
    ),
}


def text(outcome: Outcome, trace_id: str) -> str:
    return TEXTS[outcome].format(trace_id=trace_id)
