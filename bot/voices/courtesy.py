"""What may be said without saying anything: greetings and thanks, in English, German, French and Spanish. Pure.

A closed class of phrases and no bag of words: "this morning" and "at best" are made of such words, and tell something.
"""

import re
from collections.abc import Sequence


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"[\w']+", text))


GREETINGS = _words("hi hello hey hallo guten bonjour bonsoir hola buenas buenos greetings welcome ciao olá moin servus")

PHRASES = (
    r"(?:hi|hello|hey)(?: again)?(?: there)?|(?:and )?welcome|greetings|ciao|olá|moin|servus|oh|ah|cheers",
    r"good (?:morning|afternoon|evening|day)|have a (?:great|good|nice) day|(?:best|kind|warm) regards|yours sincerely",
    r"(?:many )?thanks(?: so much| a lot)?|thank you(?: so much| very much)?|for (?:asking|writing|reaching out)",
    r"for your (?:question|message)|(?:great|good) question|please|here you (?:go|are)|you are welcome|sincerely",
    r"(?:(?:i am|we are|i'm|we're) )?(?:happy|glad) (?:to help(?: you)?|you asked)",
    r"(?:(?:i|we) )?hope (?:this|that|it) helps",
    r"hallo|guten (?:tag|morgen|abend)|(?:vielen |herzlichen )?dank|danke(?: schön)?|für (?:die|deine|ihre|eure) frage",
    r"(?:sehr )?gute frage|gerne?|bitte|(?:viele|liebe|beste) grüße|mit freundlichen grüßen|einen schönen tag",
    r"bonjour|bonsoir|bonne journée|merci(?: beaucoup)?|pour votre question|bonne question|cordialement",
    r"hola|buenos días|buenas(?: tardes| noches)?|(?:muchas )?gracias|por su pregunta|buena pregunta|por favor|saludos",
)
_APOSTROPHES = str.maketrans("\u2018\u2019\u02bc\uff07", "''''")
_COURTESY = re.compile(rf"(?:(?:{'|'.join(PHRASES)})(?: |\Z))+")

# No courtesy, however short: what is answered with them turns round.
ONE_WORD_ANSWERS = _words(
    "yes no not never none nope yeah sure ja nein nie nicht kein oui non jamais si sí cannot can't"
)


def straight(text: str) -> str:
    """`text` with apostrophes as they are typed: models and typographers write others."""
    return text.translate(_APOSTROPHES)


def is_courtesy(words: Sequence[str]) -> bool:
    """Whether casefolded `words` are nothing but greetings and thanks."""
    return bool(_COURTESY.fullmatch(" ".join(words)))
