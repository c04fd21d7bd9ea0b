"""The buttons under posts: what a press asks for, and the word that stands on it."""

from bot.posts.post import Button
from bot.wording import phrases
from bot.wording.speech import Speech

UP, DOWN, SOURCES, HUMAN, SHARE = "up", "down", "sources", "human", "share"
SOLVED, WRITE = "solved", "write"  # of the asker, while people have the question
CLAIM, ANSWERED, ARTICLE, SEND, CHANGE = "claim", "answered", "article", "send", "change"
REOPEN = "reopen"

OF_ASKERS = {
    UP: phrases.HELPFUL,
    DOWN: phrases.NOT_HELPFUL,
    SOURCES: phrases.SOURCES,
    HUMAN: phrases.ASK_A_HUMAN,
    SHARE: phrases.SHARE,
    SOLVED: phrases.THAT_SOLVED_IT,
    WRITE: phrases.WRITE_BACK,
}
OF_TEAM = {
    CLAIM: "Claim",
    ANSWERED: "Answered",
    ARTICLE: "Make it an article",
    SEND: "Send",
    CHANGE: "Change and send",
    REOPEN: "Reopen",
}


def for_asker(action: str, question: int, speech: Speech) -> Button:
    """A press on it comes back with the id of the question."""
    return Button(action, str(question), speech.say(OF_ASKERS[action]))


def for_team(action: str, question: int) -> Button:
    return Button(action, str(question), OF_TEAM[action])
