"""Every sentence of Parley's own that an asker reads. docs/wording.md lists them; catalogues translate them.

An answer is not among them: its words are of the documents, or of a model.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from string import Formatter


@dataclass(frozen=True)
class Phrase:
    """`text` is English, with {names} for what is put in; the catalogues of bot/locale know it by its text.

    `key` is the name that a voice replaces it by.
    """

    key: str
    text: str

    @property
    def values(self) -> set[str]:
        """The names of what is put in."""
        return {name for _, name, _, _ in Formatter().parse(self.text) if name is not None}

    def fault_of(self, own: str) -> str:
        """Why a voice cannot say the sentence in these words; empty where it can."""
        try:
            fields = [each for each in Formatter().parse(own) if each[1] is not None]
        except ValueError:
            return "A brace stands alone in it. Where one is meant, write it twice."
        for _, name, layout, conversion in fields:
            if name not in self.values or layout or conversion:
                known = ", ".join(f"{{{each}}}" for each in sorted(self.values)) or "nothing"
                return f"{{{name}}} is not known here. What can be put in: {known}."
        return ""


# In place of an answer, each with a next step
NOT_IN_DOCS = Phrase(
    "not_in_docs",
    "I looked, but I could not find this in the documents I can read. Other words may help, or ask the support team.",
)
NOT_IN_DOCS_ABOVE_BUTTON = Phrase(
    "not_in_docs_above_button",
    "I looked, but I could not find this in the documents I can read. Other words may help, or press “{button}” and "
    "somebody will take it from here.",
)
NEAREST = Phrase("nearest", "The nearest I found: {titles}")
NO_QUESTION = Phrase(
    "no_question", "I am not sure what you would like to know. Could you put it into a question for me?"
)
EMPTY = Phrase("empty", "Your message came without words. What would you like to know?")
TOO_LONG = Phrase(
    "too_long", "That is more than the {limit} characters I can take in at once. Could you ask it more briefly?"
)
ON_THE_BOARD = Phrase(
    "on_the_board",
    "I have put this on the team's board. Nobody gets a message about it, so it may take a while until somebody sees "
    "it and answers here. Meanwhile I stay out of it; mention me if you need me.",
)
DECLINED = Phrase(
    "declined",
    "The model that writes my answers would not take this question. Other words may help, or ask the support team.",
)
OVER_BUDGET = Phrase(
    "over_budget",
    "My budget for answers is used up for now. Please ask the support team, or try me again tomorrow.",
)
NOT_WRITTEN = Phrase(
    "not_written",
    "Sorry, I could not write the answer just now. Please ask me again in a moment. If it keeps happening, give the "
    "support team this number: {incident}",
)

# To an asker whose question the bot does not answer
STOPPED = Phrase("stopped", "All right, I stay out of this conversation. Mention me whenever you want me back.")
DISABLED = Phrase(
    "disabled", "I am switched off in this channel. Ask me in another one, or ask an administrator to switch me on."
)
DAILY_LIMIT = Phrase(
    "daily_limit",
    "I have answered as many of your questions today as I may: {limit}. The team is there for you, and I am back "
    "tomorrow.",
)
TOO_FAST = Phrase(
    "too_fast", "That was faster than I can answer, so I did not take this one. Please ask it again in a minute."
)
DELETED = Phrase("deleted", "The question was deleted, so I stopped here.")
UNDELIVERED = Phrase(
    "undelivered", "I could not post my answer where you asked, so I am writing to you here. The team knows about it."
)
MOVED = Phrase("moved", "The thread was closed, so I answer here.")
MOVED_TO_ASKER = Phrase("moved_to_asker", "I could not post this where you asked, so it comes to you:")

# To and fro with people
HANDED_OFF = Phrase(
    "handed_off",
    "I have passed this on to the team, and somebody will answer you here. Until then I stay out of it; mention me "
    "if you need me.",
)
DRAFTED = Phrase("drafted", "Thank you for asking. The team has your question and will answer you here.")
CLAIMED = Phrase("claimed", "{name} has taken your question and will answer you here.")
CLAIMED_BY_SOMEBODY = Phrase(
    "claimed_by_somebody", "Somebody of the team has taken your question and will answer you here."
)
CLOSED = Phrase(
    "closed", "{name} has closed this. If something is still open, just ask me here, or ask for a person again."
)
CLOSED_BY_SOMEBODY = Phrase(
    "closed_by_somebody",
    "The team has closed this. If something is still open, just ask me here, or ask for a person again.",
)
SOLVED = Phrase("solved", "Glad that is settled. If something else comes up, just ask here.")
SOLVED_ALREADY = Phrase("solved_already", "That is closed already. If something is still open, just ask.")
IS_OVER = Phrase(
    "is_over", "This is closed, so I did not pass it on. Ask for a person again, and it goes on from there."
)
FROM = Phrase("from", "From")
TAKEN_BACK = Phrase("taken_back", "(taken back)")
FILE_LEFT = Phrase("file_left", "(sent a file that I could not pass on: {name})")
FILES_LEFT = Phrase("files_left", "I could not pass on {names}. Please send a link to it, or write down what it says.")
TOO_MUCH_AT_ONCE = Phrase(
    "too_much_at_once",
    "That was a lot at once: the team finds your latest messages on its board, and is not called for each of them. "
    "Please put what matters most into one message in a few minutes.",
)
NOT_DELIVERED = Phrase("not_delivered", "Your last message did not reach the team. Please try it once more.")
NOBODY_HERE = Phrase(
    "nobody_here", "There is nobody here whom I could hand this to, so I have looked in the documents."
)

# Under or around an answer
CUT_OFF = Phrase("cut_off", "The answer was cut off here: it had reached the greatest length a model may write.")
QUOTED_INSTEAD = Phrase(
    "quoted_instead",
    "The model that usually writes my answers is out of reach just now, so here are the documents' own words. "
    "Ask me again in a while for a fuller answer.",
)
LEFT_OPEN = Phrase(
    "left_open",
    "I left a part of this open: the documents I can search do not bear it out. The support team can say more.",
)
REPLACED = Phrase("replaced", "Checked against the documents, the answer is:")
LATE = Phrase("late", "You asked {ago} ago, while I was not running. Perhaps it is settled by now.")
UNREAD = Phrase("unread", "I cannot look at files or pictures yet, so I did not read {names}.")
YOU_ASKED = Phrase("you_asked", "You asked: {question}")
ASKED_BY = Phrase("asked_by", "{name} asked:")
SOMEBODY = Phrase("somebody", "Somebody")
CHANGED_TODAY = Phrase("changed_today", "changed today")
CHANGED = Phrase("changed", "changed {ago} ago")

# While it works, and on commands
LOOKING = Phrase("looking", "Looking in the documents…")
READING = Phrase("reading", "Reading what I found…")
WRITING = Phrase("writing", "Writing the answer…")
DOCUMENTS_HERE = Phrase("documents_here", "Documents I search here: {count}")
COMMAND_ASK = Phrase("command_ask", "Ask our documents; only you see the answer")
COMMAND_QUESTION = Phrase("command_question", "Your question, in your own words")
COMMAND_HELP = Phrase("command_help", "How to ask me, and what I know")
HELP_EXAMPLES = Phrase("help_examples", "Others have asked:")
HOW_TO_COMMAND = Phrase(
    "how_to_command", "Write your question after the command, as in: /ask How are annual plans refunded?"
)
IS_LOOKING = Phrase("is_looking", "is looking in the documents…")
IS_READING = Phrase("is_reading", "is reading what it found…")
IS_WRITING = Phrase("is_writing", "is writing the answer…")
COMPARING = Phrase("comparing", "Comparing what the documents say…")
WORDING = Phrase("wording", "Putting it into words…")
BEFORE_YOURS = Phrase("before_yours", "has questions before yours: {count}")
YOURS_IS_NEXT = Phrase("yours_is_next", "takes your question next…")
QUEUED = Phrase(
    "queued", "Questions that came before yours: {count}. I answer them first; your answer will stand here."
)
QUEUED_NEXT = Phrase("queued_next", "Yours is the next question I answer; the answer will stand here.")
HALTED = Phrase("halted", "All right, I stopped. Ask me again whenever you like.")
HELP = Phrase(
    "help",
    "Happy to help! Ask me as you would ask a colleague, in a whole sentence. I look it up in our documents, and under "
    "my answer you see where it stands. Mention me in a channel or write to me directly; with /ask only you see the "
    "answer. If I get stuck, the button under my answer brings you to a person.",
)
TAKEN = Phrase("taken", "I will answer it there.")
KNOWN = Phrase("known", "This was asked already; you find the answer in its thread.")

# To and fro in a thread
CHANGED_TOO_LATE = Phrase(
    "changed_too_late",
    "You changed your question while I was writing, so I answer your first words. Ask again, and I take the new ones.",
)
JOINED = Phrase("joined", "{name} has joined in, so I stay out of it. Mention me whenever you want me back.")
NOTHING_ABOVE = Phrase(
    "nothing_above",
    "I do not see what you point at. Ask me in the thread of that message, reply to it, or tell me what it is about.",
)
UNREADABLE_ABOVE = Phrase(
    "unreadable_above",
    "I could not read the messages above just now. Could you ask again and tell me what it is about?",
)

# On the home page of the app
HOME_HELLO = Phrase("home_hello", "Hello! I answer from our documents and show where it stands.")
HOME_KNOWLEDGE = Phrase("home_knowledge", "What I know")
HOME_COLLECTION = Phrase("home_collection", "*{name}*  ·  documents: {count}  ·  {changed}")
HOME_NOTHING = Phrase("home_nothing", "Nothing yet. As soon as somebody adds documents, they appear here.")
HOME_HOW = Phrase("home_how", "How to ask")
HOME_ASKED = Phrase("home_asked", "What others asked")
HOME_OPEN = Phrase("home_open", "Your open questions")
HOME_NONE_OPEN = Phrase("home_none_open", "None at the moment. Ask me something!")
HOME_WAITING = Phrase("home_waiting", "I am on it")
HOME_WITH_TEAM = Phrase("home_with_team", "waits for somebody of the team")
HOME_TAKEN = Phrase("home_taken", "somebody of the team is on it")

# Small talk
WELCOME = Phrase("welcome", "You are welcome!")
HELLO = Phrase(
    "hello", "Hello! What would you like to know? I look it up in our documents and show you where it stands."
)
GOODBYE = Phrase("goodbye", "See you!")

# On buttons, in forms, and to whoever pressed
HELPFUL = Phrase("button_up", "Helpful")
NOT_HELPFUL = Phrase("button_down", "Not helpful")
ASK_A_HUMAN = Phrase("button_human", "Ask a human")
SOURCES = Phrase("button_sources", "Show sources")
THAT_SOLVED_IT = Phrase("button_solved", "That solved it")
WRITE_BACK = Phrase("button_write", "Write back")
WRITE_TO_THE_TEAM = Phrase("write_to_the_team", "Write to the team")
WHAT_TO_WRITE = Phrase("what_to_write", "What shall they read?")
ONLY_THE_ASKER = Phrase("only_the_asker", "Only whoever asked can say that.")
SHARE = Phrase("button_share", "Share with the channel")
SHARED = Phrase("shared", "Everybody in the channel can see it now.")
NOT_YOURS_TO_SHARE = Phrase("not_yours_to_share", "Only whoever asked can share this answer.")
NO_LONGER = Phrase("no_longer", "This button does not lead anywhere any more. Just ask me again.")
QUESTION_GONE = Phrase("question_gone", "The question this was about is gone.")
THANKS_FOR_THUMB = Phrase("thanks_for_thumb", "Thank you, that helps.")
THANKS_FOR_REASON = Phrase("thanks_for_reason", "Thank you for telling us. The team will look at it.")
PASSED_ON = Phrase("passed_on", "I have passed it on to the team.")
WITH_THE_TEAM = Phrase("with_the_team", "The question is with the team already.")
WHAT_I_READ = Phrase("what_i_read", "What I read")
SOURCE_GONE = Phrase("source_gone", "This document has been taken away since; this is what it said when I answered.")
SOURCES_ERASED = Phrase(
    "sources_erased", "This answer was erased, and with it what it rested on. Ask me again and I look it up anew."
)
SOURCES_INTERNAL = Phrase(
    "sources_internal",
    "This rests on internal documents, and people from outside read here, so I keep the sentences to myself. A "
    "colleague can open them on the dashboard.",
)
FORM_NOT_OPENED = Phrase("form_not_opened", "The form did not open. Please press once more.")
WHAT_WAS_WRONG = Phrase("what_was_wrong", "What was wrong?")
WHICH_FAULT = Phrase("which_fault", "What is wrong with it?")
BETTER_ANSWER = Phrase("better_answer", "A better answer")
RIGHT_DOCUMENT = Phrase("right_document", "The right document (link or title)")
WHERE_IT_STANDS = Phrase("where_it_stands", "Where it stands (link or title)")
IS_WRONG = Phrase("is_wrong", "It is wrong")
IS_OUTDATED = Phrase("is_outdated", "It is out of date")
IS_INCOMPLETE = Phrase("is_incomplete", "Something is missing")
HAS_WRONG_SOURCES = Phrase("has_wrong_sources", "The sources do not fit")
IS_BADLY_PUT = Phrase("is_badly_put", "It is badly put")
HAVE_IT = Phrase("have_it", "You have it, I know")
THANKS_FOR_WRONG = Phrase("thanks_for_wrong", "Thank you. The team will hold it against the documents.")
THANKS_FOR_OUTDATED = Phrase("thanks_for_outdated", "Thank you. The team will see what has to be brought up to date.")
THANKS_FOR_INCOMPLETE = Phrase("thanks_for_incomplete", "Thank you. The team will see what is missing.")
THANKS_FOR_SOURCES = Phrase("thanks_for_sources", "Thank you. The team will see that I read the wrong documents.")
THANKS_FOR_HAVE_IT = Phrase("thanks_for_have_it", "Thank you. The team will see that we have it and that I missed it.")
PLACE_NOTED = Phrase("place_noted", "I have noted where it stands.")
OFFER_HUMAN = Phrase("offer_human", "If it cannot wait, press “{button}” and somebody will take it from here.")
SEND = Phrase("form_send", "Send")
CANCEL = Phrase("form_cancel", "Cancel")
CLOSE = Phrase("form_close", "Close")


def every() -> Iterator[Phrase]:
    """All of them, in the order of this page."""
    return (each for each in globals().values() if isinstance(each, Phrase))
