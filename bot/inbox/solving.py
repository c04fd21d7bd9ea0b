"""Whether an asker says that the matter is settled, and no more than that. Pure.

English, German, French, Spanish and Japanese. It rather misses a word of thanks than ends a talk that goes on: "that
solved the first part, but …" is none. Patterns are of text in small letters without accents, one blank between words.
"""

import re

from bot.inbox.wishes import QUOTED, plain

LEAD = (
    r"(?:(?:yes|yep|yeah|ok|okay|great|perfect|super|thanks|thank you|thx|ja|danke|prima|oui|merci|parfait|si|genial"
    r"|perfecto|gracias|はい)\b\W*)*"
)
TAIL = (
    r"(?:\W*(?:now|for me|thanks|thank you|thx|cheers|so much|very much|a lot|all|everyone|danke|vielen dank|dir|euch"
    r"|ihnen|schon|jetzt|merci|beaucoup|maintenant|muchas gracias|gracias|ahora"
    r"|ありかとうこさいます|ありかとうこさいました|ありかとう))*"
)
SETTLED = (
    r"(?:that|this|it)(?:'s| is| has| has been| was)? (?:solved|resolved|fixed|settled)(?: it| (?:my|the) problem)?",
    r"(?:that|this|it) (?:did it|did the trick|worked|works)",
    r"(?:(?:the |my )?(?:problem|issue|question)(?: is| has been)? )?(?:solved|resolved|answered)",
    r"(?:das |es |(?:das |mein )?problem |die frage )?(?:ist |hat sich |wurde )?(?:gelost|erledigt|geklart)",
    r"das hat (?:es gelost|geholfen|funktioniert)",
    r"(?:c'est |(?:le |mon )?probleme (?:est )?)?(?:resolu|regle)",
    r"ca (?:marche|fonctionne)",
    r"(?:(?:el |mi )?problema )?(?:ya )?(?:esta |quedo )?(?:resuelto|solucionado)",
    r"(?:ya )?funciona",
    r"解決(?:しました|した|です|てきました)?",
)
AROUND = " .,!?:;()-–—。！👍🎉✅🙂😀🙏❤️"  # noqa: RUF001  dashes
SAID = re.compile(rf"{LEAD}(?:{'|'.join(SETTLED)}){TAIL}")


def is_settled(text: str) -> bool:
    """Whether a message says that its author has what they wanted."""
    return "?" not in text and bool(SAID.fullmatch(" ".join(plain(QUOTED.sub("\n", text)).split()).strip(AROUND)))
