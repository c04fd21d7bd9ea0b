"""What people say in passing, which answers nobody and asks nothing: "+1", "same here", thanks, signs alone. Pure.

A yes or a no is none of it: it answers.
Another language is a line in PHRASES: patterns of whole phrases, in small letters, with one blank between words.
"""

import re

PHRASES = {
    "en": r"\+ ?\d+|same(?: (?:here|problem|issue|question|for me|thing))?|me too|us too|so do i|following|bump|up|this"
    r"|seconded|(?:i have|having|got) the same (?:problem|issue|question)|interested|subscribed?|got it|perfect|awesome"
    r"|(?:i )?(?:want|would like|wonder|wondering) (?:to know )?too|thx|ty|cheers|great|nice|cool|ok(?:ay)?"
    r"|good question|thanks?(?: you)?(?: (?:so|very) much| a lot| all| everyone)?|lol|haha+|wow|agreed?|indeed|hi"
    r"|hello|hey|good (?:morning|evening)",
    "de": r"(?:ich|wir|mir|bei mir|bei uns) auch|dito|gleiches problem|dasselbe(?: problem)?|(?:vielen )?dank"
    r"|danke(?: schön| euch| dir)?|gute frage|super|alles klar|hallo|moin",
    "fr": r"(?:moi|nous) aussi|pareil(?: ici)?|idem|même (?:problème|question)|merci(?: beaucoup)?|bonne question"
    r"|d'accord|bonjour|salut",
    "es": r"(?:yo|nosotros) también|a mí también|igual|lo mismo|(?:el )?mismo problema|(?:muchas )?gracias"
    r"|buena pregunta|vale|hola",
    "pt": r"(?:eu|nós) também|mesmo problema|(?:muito )?obrigad[oa]",
    "it": r"anch'io|anche io|stesso problema|grazie(?: mille)?",
    "nl": r"ik ook|zelfde(?: probleem)?|dank je(?: wel)?|bedankt",
    "pl": r"ja też|to samo|dzięki|dziękuję",
    "ru": r"и у меня|я тоже|тоже|у меня тоже|спасибо|присоединяюсь",  # noqa: RUF001
    "ja": r"同じです|同じく|私も(?:です|同じです)?|ありがとう(?:ございます)?|なるほど|了解(?:です|しました)?",
    "zh": r"我也是|我也一样|同问|同樣|同样|谢谢|謝謝|好的",
    "ko": r"저도요?|저도 그래요|감사합니다|고맙습니다",
}
_ONE = rf"(?:{'|'.join(PHRASES.values())})"
_ALL = re.compile(rf"{_ONE}(?: {_ONE})*")
_NAMED = re.compile(r"<[@#][^>]{0,200}>|@\S+|:[a-z0-9_+-]+:")
_SIGNS = re.compile(r"[^\w\s+']+|_")


def is_passing(text: str) -> bool:
    """Whether a message adds nothing to what was said before it."""
    plain = _NAMED.sub(" ", text.casefold().replace("’", "'"))  # noqa: RUF001
    words = " ".join(_SIGNS.sub(" ", plain).split())
    return not any(sign.isalnum() for sign in words) or bool(_ALL.fullmatch(words))
