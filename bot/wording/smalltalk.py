"""Thanks, greetings, farewells and calls for help, which nobody wants looked up: what is said back. Pure.

English, German, French, Spanish and Japanese. A message is small talk only when it is nothing else: each of its phrases
is in a list here. "Hi, how do I reset my password?" is a question.
"""

import re
import unicodedata
from dataclasses import dataclass

from bot.wording import phrases
from bot.wording.phrases import Phrase

# By kind and language, one phrase between two bars: patterns of text in small letters without accents. Words that
# several languages share stand with the first of them.
PHRASES = r"""
thanks en
    thanks | thank (?:you|u) | thx | tnx | ty | tysm | cheers | ta | much appreciated | i appreciate it | you rock
    (?:that|this) (?:helps|helped|is helpful|was helpful) | (?:very|really|so) helpful | well done | good bot | nice one
    that(?:'s| is) (?:great|perfect|all|what i needed) | great(?: answer| work| job)? | perfect | awesome | excellent
thanks de
    dank | danke(?: schon| schoen)? | dankeschon | das (?:hilft|hat geholfen|reicht)(?: mir)? | sehr hilfreich
    super | prima | perfekt | klasse | toll | wunderbar
thanks fr
    merci | mille mercis | grand merci | je (?:te|vous) remercie | c'est parfait | parfait | genial | tres utile
thanks es
    gracias | (?:te|se) lo agradezco | perfecto | estupendo | muy util
thanks ja
    (?:どうも)?(?:ありがとう|有難う|有り難う)(?:ございます|ございました)? | どうも | サンキュー
    助かりま(?:した|す) | 感謝します
greeting en
    hi | hiya | hello | hey | howdy | yo | greetings | good (?:morning|afternoon|evening|day) | morning
    how are you(?: doing)?(?: today)? | how's it going | what's up | sup | are you there | nice to meet you
    any(?:body|one) (?:here|there)
greeting de
    hallo | guten (?:morgen|tag|abend) | moin | servus | gruss gott | gruezi | tag | wie geht(?:'s| es)(?: dir| ihnen)?
greeting fr
    bonjour | bonsoir | salut | coucou | comment (?:ca va|vas-tu|allez vous) | ca va
greeting es
    hola | buenos dias | buenas(?: tardes)? | que tal | como estas?
greeting ja
    こんにちは | こんばんは | おはよう(?:ございます)? | はじめまして | 初めまして | もしもし
    お疲れ様です | お世話になっております
farewell en
    bye(?: bye)? | goodbye | good night | see (?:you|ya) | later | take care | cya
    have a (?:nice|good|great) (?:day|evening|weekend|one)
farewell de
    tschuss | tschuess | ciao | auf wiedersehen | bis (?:dann|bald|spater|morgen) | schonen (?:tag|abend|feierabend)
    gute nacht
farewell fr
    au revoir | a (?:bientot|demain|plus(?: tard)?) | bonne (?:journee|soiree|nuit)
farewell es
    adios | hasta (?:luego|pronto|manana|la vista) | chao | buenas noches
farewell ja
    さようなら | またね | では?また | 失礼します | おやすみ(?:なさい)? | バイバイ
nod en
    ok(?:ay)? | k+ | al(?:l )?right | got it | i see | understood | makes sense | sure | fine | good | cool | nice
    right | done | noted | will do | never ?mind | nvm | lol | haha+ | hehe+ | wow | oh | ah | hm+
nod de
    alles klar | verstanden | gut | na | passt | genau | ach ?so | in ordnung
nod fr
    d'accord | entendu | compris | bien | ca marche
nod es
    vale | de acuerdo | entendido | bueno | claro | muy bien | listo
nod ja
    了解(?:です|しました)? | (?:分|わ)かりました | なるほど
    承知(?:しました|いたしました)? | オッケー
help en
    help(?: me)? | (?:i |we )?need (?:some )?help | can (?:you|u) help(?: me| us)?
    what can (?:you|u) do | what do (?:you|u) do | what do (?:you|u) know | who are (?:you|u)
    how do (?:you|u) work | how do i (?:use (?:you|this)|ask(?: you| a question)?)
help de
    hilfe | hilf mir | ich brauche hilfe | (?:kannst|konnen) (?:du|sie) (?:mir )?helfen
    was kannst du | was weisst du | wer bist du | wie frage ich(?: dich)?
help fr
    aide | aidez? moi | j'ai besoin d'aide | que sais tu faire | qui es tu
    que savez vous faire | qui etes vous
help es
    ayuda | ayudame | necesito ayuda | (?:me )?puedes ayudar(?:me)? | que puedes hacer | quien eres
help ja
    ヘルプ | 助けて(?:ください)? | 使い方(?:は)?(?:を教えて(?:ください)?)? | 何ができ(?:る|ます)か? | あなたは誰ですか?
decision en
    yes | yep | yeah | no | nope
decision de
    ja | nein
decision fr
    oui | non
decision es
    si
decision ja
    はい | いいえ
beside en
    many | a thousand | (?:so|very) much | a (?:lot|bunch|million|ton) | for (?:(?:your|the|all|all your) )?help
    for the info
    for (?:that|it|everything|the answer|your answer) | so | again | then | and | please | soon | tomorrow | today
    bot | parley | there | all | every(?:one|body) | team | folks | guys | mate | man | buddy | friend | sir | dear | me
beside de
    viel(?:en|mals) | herzlichen | besten | tausend | dir | euch | ihnen | sehr | nochmals? | noch | weiter | und
    leute | zusammen | fur (?:die|deine|eure|ihre) (?:hilfe|antwort|info)
beside fr
    beaucoup | mille | a (?:toi|vous|tous) | et | pour (?:ton|votre|l') ?(?:aide|info) | tout le monde
    pour (?:ta|votre|la) reponse
beside es
    muchas | mil | muchisimas | y | por (?:tu|su|la) (?:ayuda|respuesta|info) | a ti | de nuevo | por todo
    a todos | todos | amigo
beside ja
    みなさん | 皆さん
"""

_SEPARATOR = re.compile(r"[\s,.!…~。、！・:;()\-–—*_]+")  # noqa: RUF001
_PATTERNS = {
    (kind, language): re.compile("|".join(each.strip() for each in re.split(r" \| |\n", listed) if each.strip()))
    for kind, language, listed in re.findall(r"^(\w+) (\w\w)\n((?: .+\n)+)", PHRASES, re.MULTILINE)
}
_REPLIES = {"help": phrases.HELP, "thanks": phrases.WELCOME, "farewell": phrases.GOODBYE, "greeting": phrases.HELLO}
NAMED_EMOJI = re.compile(r":[a-z0-9_+\-]+:", re.IGNORECASE)
LONGEST = 120  # characters; more is no small talk
THUMBS = "👍🙏❤♥💯🎉🙌👏✅😊🙂😀😄"  # said alone they are thanks


@dataclass(frozen=True)
class SmallTalk:
    """What is said back, None where no word is wanted, and the language that was spoken, empty for emoji alone.

    `decides`: it says yes or no, which answers whoever asked.
    """

    reply: Phrase | None
    language: str = ""
    decides: bool = False


def heard(text: str) -> SmallTalk | None:
    """What a message is if it is nothing but thanks, a greeting, "help", a nod or the like; None for any other."""
    if len(text) > LONGEST:
        return None
    words = " ".join(filter(None, _SEPARATOR.split(_plain(text))))
    if not words:
        return _of_signs(text)
    found: dict[str, str] = {}
    while words:
        (kind, language), end = _longest(words)
        if not end:
            return None
        found.setdefault(kind, language)
        words = words[end:].lstrip()
    said = [kind for kind in (*_REPLIES, "nod", "decision") if kind in found]
    return SmallTalk(_REPLIES.get(said[0]), found[said[0]], "decision" in found) if said else None


def _of_signs(text: str) -> SmallTalk | None:
    """A text without words: emoji, or marks such as "?" that may point at what stands above."""
    if set(text) & set(THUMBS):
        return SmallTalk(phrases.WELCOME)
    has_emoji = NAMED_EMOJI.search(text) or any(unicodedata.category(sign) == "So" for sign in text)
    return SmallTalk(None) if has_emoji else None


def _longest(words: str) -> tuple[tuple[str, str], int]:
    """Kind and language of the longest phrase that `words` begin with, and where it ends; 0 where there is none."""
    for end in reversed([match.start() for match in re.finditer(r" |\Z", words)]):
        for spoken, pattern in _PATTERNS.items():
            if pattern.fullmatch(words, 0, end):
                return spoken, end
    return ("", ""), 0


def _plain(text: str) -> str:
    """In small letters, without accents, emoji and typographer's marks."""
    named = NAMED_EMOJI.sub(" ", text.casefold().replace("’", "'"))  # noqa: RUF001
    bare = "".join(sign for sign in unicodedata.normalize("NFKD", named) if not "\u0300" <= sign <= "\u036f")
    return "".join(" " if _is_no_word(sign) else sign for sign in unicodedata.normalize("NFC", bare))


def _is_no_word(sign: str) -> bool:
    return unicodedata.category(sign)[0] in "SC" or sign in "?¡¿\uff1f\ufe0f"
