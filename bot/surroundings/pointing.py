"""Questions that only point at something else: "can you answer this?", "^", "help please". Pure.

Such a question has nothing to search for; what it points at has. English, German, French, Spanish and Japanese; another
language is a line in WORDS. It rather misses one than takes a question for empty: every word of it has to be listed.
"""

import re
import unicodedata
from collections.abc import Sequence

from bot.surroundings.utterances import Utterance

# All that such a question may be made of, in small letters without accents.
WORDS = {
    "en": "a able about above again already also an and answer answered any anybody anyone are assist at best bot by "
    "can chime check comment could did do does else everyone explain folks for from get give guys have hello help her "
    "here hey hi him his i idea ideas if in info input insight into is issue it its kindly knows know let lets look "
    "looking make matter me message might mind my need no now of on one or our out over people please pls plz point "
    "post problem question reply respond same see shed solve some somebody someone take tell thank thanks that "
    "the their them there these they thing think this those thought thoughts thread to topic try u us view want wants "
    "was we weigh what what's whats will with would you your yes yo",
    "de": "aber alle an antwort antworten auch auf bitte bot da dabei damit danke das dazu dein deine dem den der die "
    "dies diese diesem diesen dieser dieses du dir eine einen er euch frage fragen gerne gibt gib hallo helfen hi hier "
    "hilf hilfe ich ihm ihr ihnen ihre in ist jemand jemanden kann kannst koennen konnen konnt koennt konntest "
    "koenntest mal man mir mit moeglich moglich nachricht oben problem sag sagen schau schauen sich sie sieh thema "
    "uns was weiss weisst wer wir wissen zu zum beantworte beantworten erklar erklaren moin doch bisschen etwas",
    "fr": "a aide aidez aider au avis besoin bonjour bot c'est ca ce cela celui-ci cet cette ci-dessus comment de des "
    "dessus dire du en est et eux expliquer explique il elle jeter l' la le les leur lui message moi merci nous oeil "
    "on peut peux peux-tu pourrais pourrais-tu pouvez pouvez-vous pourriez pourriez-vous pour probleme qu'en que "
    "quelqu'un question repond reponds repondre reponse s'il salut sais sait savez sujet sur svp stp te toi tu un une "
    "va vous y plait penses pensez dites dis voir regarde regarder regardez",
    "es": "a algo alguien aqui arriba ayuda ayudame ayudar ayudarme ayudarnos al bot buenas con contesta contestar "
    "contestas de dime el ella ellos en esa ese eso esta este esto explica explicar favor gracias hola la las le les "
    "lo los mensaje me mira mirar mi nos opinas o pregunta podria podrias por problema puede puedes que responde "
    "responder responderle respondes respuesta sabe sabes se su sobre tema te tu un una ver y ya",
}
ABOVE = "^"  # a question that is nothing but a sign points there
MOST_WORDS = 12
# Languages without blanks between words: what such a question consists of.
UNSPACED = re.compile(
    r"(?:これ|それ|この|その|上|の|に|を|は|が|へ|も|で|と|か|お願い|おねがい|します|しますか|しています|致します|ください|下さい|くれ|くれます|くれますか"
    r"|教えて|おしえて|答えて|こたえて|答え|回答|返信|説明|助けて|たすけて|手伝って|助け|ヘルプ|質問|スレッド|メッセージ|件|について|どう|思い|ます|ますか"
    r"|もらえ|もらえる|もらえますか|いただけ|いただけますか|頂け|できます|できますか|でき|誰か|分かります|わかります|わかる|分かる|人|見て|みて|です|ですか"
    r"|すみません|こんにちは|ボット|ちょっと|よろしく|見解|意見|して|した|方|さん|いる|いますか|い)+"
)
UNSPACED_MOST = 40  # characters
_ASIDE = re.compile(r"@[\w.-]+|:[a-z0-9_+-]+:")
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")  # noqa: RUF001
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
_KNOWN = frozenset(word for words in WORDS.values() for word in words.split())


def only_points(question: str) -> bool:
    """Whether a question says nothing by itself of what it asks."""
    plain = _plain(_ASIDE.sub(" ", question))
    if _CJK.search(plain):
        bare = "".join(sign for sign in plain if sign.isalnum() or sign == "ー")
        return len(bare) <= UNSPACED_MOST and bool(UNSPACED.fullmatch(bare))
    words = _WORD.findall(plain)
    return len(words) <= MOST_WORDS and all(_is_known(word) for word in words)


def _is_known(word: str) -> bool:
    return word in _KNOWN or all(part in _KNOWN for part in re.split("['-]", word) if len(part) > 1)


def _plain(text: str) -> str:
    """In small letters, without accents and typographer's marks."""
    apart = unicodedata.normalize("NFKD", text.casefold().replace("’", "'"))  # noqa: RUF001
    # Marks of kana belong to the letter: without them は and ば were the same.
    bare = "".join(sign for sign in apart if not unicodedata.combining(sign) or sign in "\u3099\u309a")
    return unicodedata.normalize("NFC", bare)


def pointed_at(surroundings: Sequence[Utterance]) -> str:
    """What a question that only points is most likely about: what came with it, else the newest question above it that
    says something, else what its thread began with. Empty where there is nothing."""
    quoted = [each for each in surroundings if each.is_quoted and each.text.strip()]
    if quoted:
        return quoted[-1].text
    said = [each for each in surroundings if each.text.strip() and not only_points(each.text)]
    asked = [each for each in said if _asks(each.text)]
    return (asked[-1] if asked else said[0]).text if said else ""


def _asks(text: str) -> bool:
    return text.rstrip(" \"')”»").endswith(("?", "？", "؟"))  # noqa: RUF001
