"""What outcomes and purposes are called on pages."""

from bot.models import Outcome
from llm.models import Purpose

PURPOSES = {
    Purpose.ANSWER: "Write the answer",
    Purpose.EMBED_QUESTION: "Compare the question",
    Purpose.EMBED_DOCUMENT: "Index a document",
    Purpose.REWRITE: "Understand a follow-up",
    Purpose.JUDGE: "Grade",
    Purpose.TEST: "Try a model",
}

# The outcome in plain words, and what it means for the reader.
OUTCOMES = {
    Outcome.ANSWERED: ("Answered", "Every source is numbered; open it to see the passage."),
    Outcome.NOT_IN_DOCS: ("Not in the documents", "None of the passages found holds the answer."),
    Outcome.CLARIFY: ("Needs a question", "Nothing was searched."),
    Outcome.ESCALATED: ("Handed to a person", "Somebody of the team will answer."),
    Outcome.BLOCKED: ("Blocked", "A rule of this install does not let this question be answered."),
    Outcome.OVER_BUDGET: ("Over budget", "The budget for answers is used up."),
    Outcome.PROVIDER_ERROR: ("Could not be written", "The model that writes the answers failed."),
}
