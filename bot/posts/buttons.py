"""The buttons under posts: what a press asks for, and the word that stands on it."""

from bot.posts.post import Button

UP, DOWN, SOURCES, HUMAN, SHARE = "up", "down", "sources", "human", "share"
CLAIM, ANSWERED, ARTICLE, SEND, CHANGE = "claim", "answered", "article", "send", "change"

LABELS = {
    UP: "Helpful",
    DOWN: "Not helpful",
    SOURCES: "Sources",
    HUMAN: "Ask a human",
    SHARE: "Share with the channel",
    CLAIM: "Claim",
    ANSWERED: "Answered",
    ARTICLE: "Make it an article",
    SEND: "Send",
    CHANGE: "Change and send",
}


def button(action: str, question: int) -> Button:
    """A press on it comes back with the id of the question."""
    return Button(action, str(question), LABELS[action])
