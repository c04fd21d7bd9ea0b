"""What an asker reads when a question does not end in an answer from the documents. Each text names a next step."""

from bot.models import Outcome
from llm.completion import Kind, ProviderError

TEXTS = {
    Outcome.NOT_IN_DOCS: (
        "I could not find an answer to this in the documents I can search. "
        "Try other words, or ask the support team directly."
    ),
    Outcome.CLARIFY: "I did not find a question in your message. Please put it into words.",
    Outcome.ESCALATED: (
        "I have put this on the board of the team, where somebody may take it up and answer here; until then I stay "
        "out of it, unless you mention me."
    ),
    Outcome.BLOCKED: (
        "The model that writes the answers declined this question. Ask it differently, or ask the support team."
    ),
    Outcome.OVER_BUDGET: (
        "The budget for answers is used up for now. Ask the support team directly, or ask me again tomorrow."
    ),
    Outcome.PROVIDER_ERROR: (
        "The answer could not be written just now. Please ask again in a moment; "
        "if it keeps failing, tell the support team this incident id: {incident}"
    ),
}

INCIDENT = 8  # hexadecimal digits: of a million answers, one in four thousand shares them with another

_OF_ERRORS: dict[Kind, Outcome] = {"budget": Outcome.OVER_BUDGET, "refused": Outcome.BLOCKED}

# Said to an asker whose question is not answered, or not by the bot.
STOPPED = "I will stay out of this conversation. Mention me to ask me again."
DISABLED = "I am switched off here. Ask me in another channel, or ask an administrator to switch me on."
DAILY_LIMIT = (
    "You have asked {limit} questions today, which is as many as one person may. Ask the team, or come back tomorrow."
)
TOO_FAST = (
    "You have asked more at once than I can answer; I did not take this one. Ask it again when the others are done."
)
TAKEN = "I will answer it there."
KNOWN = "This was asked already; the answer is in its thread."
HANDED_OFF = (
    "I have passed this on to the team. Somebody will answer here; until then I stay out of it, unless you mention me."
)
LOOKING = "🔎 Looking in the documents…"
STAGES = {"reading": "📖 Reading what I found…", "writing": "✍️ Writing the answer…"}  # by AnswerStage
NOBODY_HERE = "There is nobody here whom I could hand this to, so I have looked in the documents."
DRAFTED = "Thank you for your question. The team has it and will answer here."
CUT_OFF = "The answer was cut off at the length limit of the model."
# Said under an answer that lost a sentence, in its language.
LEFT_OPEN = {
    "en": "I left a part of this open: the documents I can search do not bear it out. The support team can say more.",
    "de": "Einen Teil lasse ich offen: Die Dokumente, in denen ich suchen kann, belegen ihn nicht. Das Support-Team "
    "kann mehr dazu sagen.",
    "fr": "Je laisse une partie de la réponse ouverte : les documents que je peux consulter ne la confirment pas. "
    "L'équipe d'assistance peut en dire plus.",
    "es": "Dejo abierta una parte de la respuesta: los documentos que puedo consultar no la respaldan. "
    "El equipo de soporte puede decir más.",
    "ja": "私が検索できる文書では裏付けられない部分は、お答えしていません。詳しくはサポートチームにお尋ねください。",
}
REPLACED = "Checked against the documents, the answer is:"
LATE = "You asked {when} ago, when I was not running. It may be settled by now."
UNREAD = "I cannot look at files or images yet, so I did not read: {names}."
SHARED = "Shown to the channel."
SOURCES_TITLE = "What I read"
SOURCES_ERASED = "This answer was erased, and with it what it rested on. Ask me again to have it looked up anew."
SOURCES_INTERNAL = (
    "This rests on internal documents, and people from outside read here, so I keep the quotes to myself. "
    "A colleague can open them on the dashboard."
)
SOURCE_GONE = "This document has been taken away since; this is what it said when I answered."
# After a thumbs-down: what happens with it, by its reason, and what the asker can do now.
KEPT = "Thank you. The team reads this."
KEPT_FOR = {
    "wrong": "Thank you. The team will hold it against the documents.",
    "outdated": "Thank you. The team will see what has to be brought up to date.",
    "incomplete": "Thank you. The team will see what is missing.",
    "sources": "Thank you. The team will see that I read the wrong documents.",
    "tone": "Thank you. The team will see how it could be put better.",
    "have_it": "Thank you. The team will see that we have it and that I missed it.",
}
KEPT_PLACE = "I have noted where it stands."
OFFER_HUMAN = "If it cannot wait, ask a person."
HUMAN_HAS_IT = "A person has your question already."
NOT_OPENED = "That did not open. Please press again."
CLARIFY_NEXT = "Then ask me again."
WITHDRAWN = "The question was deleted."
MOVED = "The thread was closed, so I answer here."
MOVED_TO_ASKER = "I could not post this where you asked, so it comes to you:"
UNDELIVERED = "I could not post the answer where you asked, so here is only this word. The team was told."


def left_open(language: str) -> str:
    """`language` is an ISO 639-1 code; in English where it is another, or not known."""
    return LEFT_OPEN.get(language, LEFT_OPEN["en"])


def outcome(error: ProviderError) -> Outcome:
    """What an answer is that a provider's error has ended."""
    return _OF_ERRORS.get(error.kind, Outcome.PROVIDER_ERROR)


def text(outcome: Outcome, trace_id: str) -> str:
    return TEXTS[outcome].format(incident=incident(trace_id))


def incident(trace_id: str) -> str:
    """What of a trace id a person can read out. The dashboard finds the conversation by it, and so does the log."""
    return trace_id[:INCIDENT]
