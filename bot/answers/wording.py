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
        "if it keeps failing, tell the support team this incident id: {trace_id}"
    ),
}

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
NOBODY_HERE = "There is nobody here whom I could hand this to, so I have looked in the documents."
CLAIMED = "{name} has taken your question and will answer here."
CLAIMED_BY_SOMEBODY = "Somebody of the team has taken your question and will answer here."
PRESSED_AGAIN = "The team has it already. Add what you like; they read it."
PASSED_ON = "I have passed it on."
ON_BOARD = "It is on the team's board."
FROM = "From"
CLOSED = "{name} has closed this. If something is still open, ask me here, or ask for a person again."
CLOSED_BY_SOMEBODY = "The team has closed this. If something is still open, ask me here, or ask for a person again."
SOLVED = "Glad that is settled. If something else comes up, just ask here."
SOLVED_ALREADY = "It is closed already. If something is still open, just ask."
NOT_YOURS = "Only whoever asked can say that."
WRITE_TITLE = "Write to the team"
WRITE_LABEL = "What shall they read?"
WRITE_SEND = "Send"
WRITTEN = "I have passed it on."
OVER = "This is closed, so I did not pass it on. Ask for a person again, and it opens."
FILE_LEFT = "(sent a file: {name}, which I could not pass on)"
FILES_LEFT = "I could not pass on {names}: please paste a link to it, or write what it says."
NOT_DELIVERED = "Your last message did not reach the team. Please try once more."
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
CLARIFY_NEXT = "Then ask me again."
WITHDRAWN = "The question was deleted."
UNDELIVERED = "I could not post the answer where you asked, so here is only this word. The team was told."


def left_open(language: str) -> str:
    """`language` is an ISO 639-1 code; in English where it is another, or not known."""
    return LEFT_OPEN.get(language, LEFT_OPEN["en"])


def outcome(error: ProviderError) -> Outcome:
    """What an answer is that a provider's error has ended."""
    return _OF_ERRORS.get(error.kind, Outcome.PROVIDER_ERROR)


def text(outcome: Outcome, trace_id: str) -> str:
    return TEXTS[outcome].format(trace_id=trace_id)
