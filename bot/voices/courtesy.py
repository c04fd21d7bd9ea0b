"""Words of courtesy, in a few languages: what may be said without saying anything."""

import re


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"[\w']+", text))


GREETINGS = _words("hi hello hey hallo bonjour bonsoir hola buenas buenos greetings welcome ciao olá hej moin servus")

# Said by whoever is polite, and telling nothing: no yes, no promise, no hint that something is easy or certain.
COURTESY = GREETINGS | _words(
    """a afternoon asked asking at best cheers day evening for glad go good great happy have help helps here hope i kind
    morning nice of oh our out please question reaching regards sincerely thank thanks the there this to today us warm
    we writing you your
    danke dank dir du euch frage für gern gerne grüße guten helfen ihnen ihre sehr tag vielen
    cordialement merci pour votre
    días gracias por pregunta saludos su tardes tu"""
)

# No courtesy, however short: what is answered with them turns round.
ONE_WORD_ANSWERS = _words(
    "yes no not never none nope yeah sure ja nein nie nicht kein oui non jamais si sí cannot can't"
)
