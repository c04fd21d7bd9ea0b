"""A day of a channel that no bot listened to: who said what under which message, and what of it was for the bot."""

from dataclasses import dataclass

ANN, BOB, CID = "ann", "bob", "cid"


@dataclass(frozen=True)
class Line:
    """`ago` in hours. `under` is the key of the message whose thread it stands in."""

    key: str
    ago: float
    who: str
    text: str
    under: str = ""
    is_mention: bool = False
    is_asked: bool = False
    is_silencing: bool = False


DAY = (
    Line("talk", 22, BOB, "Does anybody know the refund policy?"),
    Line("same", 21.5, CID, "same here", "talk"),
    Line("guess", 21.4, CID, "I believe that it was changed last year.", "talk"),
    Line("early", 21.3, ANN, "Was it? What about old customers?", "talk"),
    Line("first", 21, ANN, "How are annual plans refunded?", "talk", is_mention=True, is_asked=True),
    Line("follow", 20.9, ANN, "And monthly plans?", "talk", is_asked=True),
    Line("plus", 20.8, BOB, "+1", "talk"),
    Line("thanks", 20.75, CID, "Thanks a lot, good question!", "talk"),
    Line("go on", 20.7, ANN, "And yearly ones?", "talk", is_asked=True),
    Line("taken", 20, BOB, "I talked to finance, they refund within 30 days.", "talk", is_silencing=True),
    Line("meanwhile", 19.9, ANN, "And quarterly plans?", "talk"),
    Line("again", 19.5, ANN, "And weekly plans?", "talk", is_mention=True, is_asked=True),
    Line("more", 19.4, ANN, "And daily plans?", "talk", is_asked=True),
    Line("stop", 19.3, ANN, "stop", "talk", is_silencing=True, is_asked=True),  # kept, and answered with a word
    Line("silence", 19.2, ANN, "And hourly plans?", "talk"),
    Line("gifts", 18, ANN, "How do refunds of gifts work?", is_mention=True, is_asked=True),
    Line("thing", 17, CID, "Is this thing on?"),
    Line("nobody", 16.9, ANN, "It is, but what is it for?", "thing"),
    Line("both", 16, BOB, "Who refunds plans?", "thing", is_mention=True, is_asked=True),
    Line("other", 15.9, ANN, "How are plans refunded then?", "thing", is_mention=True, is_asked=True),
    Line("of bob", 15.8, BOB, "And is that for all plans?", "thing", is_asked=True),
    Line("of ann", 15.7, ANN, "And how long does it take?", "thing", is_asked=True),
)
ASKED = {line.key for line in DAY if line.is_asked}
