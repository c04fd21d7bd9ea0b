"""The buttons under posts: what a press asks for, and the word that stands on it."""

from bot.posts.post import Button

UP, DOWN, HUMAN, SHARE = "up", "down", "human", "share"
SOLVED, WRITE = "solved", "write"  # of the asker, while people have the question
CLAIM, ANSWERED, ARTICLE, SEND, CHANGE = "claim", "answered", "article", "send", "change"
REOPEN = "reopen"

LABELS = {
    UP: "Helpful",
    DOWN: "Not helpful",
    HUMAN: "Ask a human",
    SHARE: "Share with the channel",
    CLAIM: "Claim",
    ANSWERED: "Answered",
    ARTICLE: "Make it an article",
    SEND: "Send",
    CHANGE: "Change and send",
    SOLVED: "That solved it",
    WRITE: "Write back",
    REOPEN: "Reopen",
}


def button(action: str, question: int) -> Button:
    """A press on it comes back with the id of the question."""
    return Button(action, str(question), LABELS[action])
