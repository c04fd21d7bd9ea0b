"""What looks like a question, in whatever language: a sign, or a word that it begins or ends with. Pure.

Another language is a line in one of the tables, without words that statements of another one begin with ("er", "come").
Addresses and code are left out before anything is looked for.
"""

import re

# Signs that mean a question wherever they stand. The semicolon of Greek is looked for beside Greek letters alone.
SIGNS = (
    "?¿"
    "\uff1f"  # full width: Chinese, Japanese
    "\ufe56\ufe16"  # small, and for vertical text
    "\u061f"  # Arabic, Persian, Urdu
    "\u037e"  # Greek
    "\u055e"  # Armenian, inside the word that is asked about
    "\u1367"  # Ethiopic
    "\u2e2e"  # reversed
    "\ua60f"  # Vai
    "\ua6f7"  # Bamum
    "\u1945"  # Limbu
    "\u2047\u2048\u2049\u203d"  # ⁇ ⁈ ⁉ ‽
    "\u2753\u2754"  # ❓ ❔
)
GREEK = re.compile(r"[\u0370-\u03ff\u1f00-\u1fff][»”\"')]*;(?=\s|$)")

# Words that a question begins with, where there are blanks between words.
OPENINGS = {
    "en": "who what when where why which how can could do does did is are may should will would has have any anyone "
    "anybody whats what's where's who's how's isn't aren't doesn't shall",
    "de": "wer was wann wo warum wieso weshalb wie welche welcher welches welchen welchem kann kannst können könnt "
    "könnte könnten gibt ist sind darf dürfen muss müssen soll sollte wird werden weiß wohin woher womit wofür wem wen",
    "fr": "qui que quoi quand où pourquoi comment combien est-ce quel quelle quels quelles peut-on puis-je peux-tu "
    "pouvez-vous y-a-t-il qu'est-ce faut-il existe-t-il",
    "es": "quién quiénes qué cuándo dónde cómo cuál cuáles cuánto cuánta cuántos puedo puede puedes hay",
    "pt": "quem quando onde como qual quais quanto quanta quantos posso pode podemos existe alguém será",
    "it": "chi cosa quando dove perché quale quali quanto quanta posso può possiamo esiste c'è qualcuno",
    "nl": "wie wat wanneer waar waarom hoe welke welk kan kun kunnen is zijn mag moet heeft hebben weet",
    "sv": "vem vad när var varför hur vilken vilket vilka kan finns",
    "da": "hvem hvad hvornår hvor hvorfor hvordan hvilken hvilket hvilke kan findes",
    "no": "hvem hva når hvor hvorfor hvordan hvilken hvilket hvilke kan finnes",
    "fi": "kuka mikä mitä milloin missä miksi miten kuinka mihin mistä voiko voinko onko saako pitääkö",
    "pl": "kto co kiedy gdzie dlaczego czemu jak jaki jaka jakie który która które ile czy",
    "cs": "kdo co kdy kde proč jak jaký jaká jaké který která které kolik může můžu lze",
    "hu": "kit mit mikor hol miért hogyan melyik mennyi lehet van-e",
    "ro": "cine când unde cum care cât câți pot poate există",
    "tr": "kim nasıl neden niçin nerede nereye hangi kaç",  # noqa: RUF001
    "id": "siapa apa apakah kapan mana dimana mengapa kenapa bagaimana berapa bisakah bolehkah",
    "vi": "gì sao bao",
    "ru": "кто что когда где почему зачем как какой какая какие какое сколько можно можете куда откуда",
    "uk": "хто що коли де чому навіщо як який яка які яке скільки чи можна куди",
    "el": "ποιος ποια ποιο τι πότε πού γιατί πώς πόσο πόσα μπορώ μπορεί υπάρχει",
    "he": "מי מה מתי איפה למה מדוע איך כמה האם איזה",
    "ar": "ماذا متى أين لماذا كيف كم هل أي",
    "fa": "کی چه چی کجا چرا چگونه چطور آیا کدام چند",
}
# What a question ends with, or holds, where there are none, or where the question is at the end.
ENDINGS = {
    "ja": r"(?:です|ます|でしょう|ません|ました|だろう|の|る|ない|った)か(?:ね|な)?|かな|何ですか|の(?:でしょう)?か",
    "zh": r"吗|呢|么|嗎|麼|没有|沒有",
    "ko": r"까요?|나요|는가|니|죠|ㄴ가요|은가요|인가요|는지요|을까|ㄹ까",
    "th": r"ไหม(?:ครับ|คะ)?|มั้ย(?:ครับ|คะ)?|หรือเปล่า|หรือไม่|อย่างไร|ยังไง|เท่าไหร่|เมื่อไหร่|ที่ไหน|อะไร",
    "vi": r"(?:phải |được |có )?không|thế nào|bao nhiêu|ở đâu|khi nào|tại sao",
    "tr": r"\b(?:mi|mı|mu|mü|miyim|mıyım|miyiz|mıyız|misin|mısın)",  # noqa: RUF001
}
HELD = re.compile(
    r"什么|甚麼|什麼|怎么|怎麼|怎样|怎樣|为什么|為什麼|哪里|哪裡|哪个|哪個|几个|多少|谁|誰|如何|是否|能不能|可不可以"
    r"|どうやって|どうすれば|どこ|なぜ|いつ|いくら|どの|どれ|なに|何(?:で|が|を|時)|어떻게|무엇|언제|어디|왜|얼마|누구"
    r"|कौन|क्या|कब|कहाँ|कहां|क्यों|कैसे|कितन"
)
_ADDRESS = re.compile(r"https?://\S+|www\.\S+|\b[\w.+-]{1,64}@[\w-]{1,63}\.[\w.]+", re.IGNORECASE)
_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`", re.DOTALL)
_SIGN = re.compile(f"[{re.escape(SIGNS)}]")
_OPENING = re.compile(
    r"^\W*(?:"
    + "|".join(sorted({re.escape(word) for words in OPENINGS.values() for word in words.split()}))
    + r")(?!\w)",
    re.IGNORECASE,
)
_ENDING = re.compile(r"(?:" + "|".join(ENDINGS.values()) + r")[\s。.!！~〜]*$", re.IGNORECASE | re.MULTILINE)  # noqa: RUF001


def looks_like_question(text: str) -> bool:
    """Whether a message may carry a question."""
    said = _ADDRESS.sub(" ", _CODE.sub(" ", text)).strip()
    return any(pattern.search(said) for pattern in (_SIGN, GREEK, _OPENING, _ENDING, HELD))
