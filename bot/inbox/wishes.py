"""Whether an asker asks, in so many words, for a person. Pure.

English, German, French and Spanish. It rather misses a wish than sees one in a question about people, agents or human
resources: a wish begins a clause, is said in the first person or as a request, and ends with whom it asks for. What is
quoted, or said on a condition, is none. Patterns are of text in small letters without accents, one blank between words.
"""

import re
import unicodedata
from collections.abc import Iterator

QUOTED = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`|\"[^\"\n]*\"|“[^”\n]*”|„[^“”\n]*[“”]|«[^»\n]*»|^\s*>.*$", re.S | re.M)
SENTENCE_END = re.compile(r"[.!?¿¡;\n]+")
CONDITION = re.compile(r"\W*(if|when|whenever|unless|wenn|falls|sobald|si(?!,)|quand|lorsque|cuando)\b")

PLEASE = r"(?:please|pls|bitte|svp|stp|s'il (?:vous|te) plait|por favor)"
OPENING = (
    r"(?:hi|hello|hey|ok|okay|thanks|hallo|danke|bonjour|merci|hola|gracias|and|so|but|und|aber|et|mais|y|pero|just"
    r"|jetzt|nun)"
)
BEFORE = rf"(?:\A|[,()] ?| [-–—] |\b(?:{OPENING}|{PLEASE}) )"  # noqa: RUF001  dashes
AFTER = (
    rf"(?= ?(?:\Z|[,()]|{PLEASE}\b)| [-–—] "  # noqa: RUF001  dashes
    r"| (?:now|right|here|instead|directly|today|asap|about|regarding|on the phone|jetzt|hier|statt|maintenant|ici"
    r"|directement|au sujet|a propos|concernant|ahora|ya|aqui|sobre|acerca)\b)"
)

# English
TALK = r"(?:talk|speak|chat) (?:to|with)"
HUMAN = (
    r"(?:(?:an?|some|another) )?(?:(?:real|live|actual) )*"
    r"(?:human(?: being| agent| person)?|(?:real|live) (?:person|agent))"
)
STAFF = r"(?:person|agents?|representative|rep|operator|support|support team|team|staff)"
SOMEONE = r"(?:someone|somebody)(?: (?:from|in|on|of) (?:the |your )?\w+(?: team)?)?"
PERSON = rf"(?:{HUMAN}|(?:(?:an?|the|your|one of your) )?(?:(?:customer|support|service) )*{STAFF}|{SOMEONE})"
CONNECT = r"(?:connect|transfer|put|pass|hand|forward) (?:me|us|this)(?: through| over| on)? (?:to|with)"
ANYBODY = r"(?:(?:a|any|some) )?(?:real |live )?(?:human|person|agent|someone|somebody|anyone|anybody)"
ENGLISH = (
    rf"(?:i|we)(?:'d| would| really| just)* (?:wanna|must|(?:want|need|wish|like|prefer|have) to) {TALK} {PERSON}",
    rf"(?:(?:can|could|may) (?:i|we)|how (?:can|do|could) i|let me)(?: please| just)? {TALK} {PERSON}",
    rf"(?:(?:can|could|would) you )?(?:please )?{CONNECT} {PERSON}",
    rf"(?:(?:can|could) (?:i|we) (?:get|have)|get me|give me) {HUMAN}",
    rf"(?:i|we)(?: would|'d)? (?:want|need|like|prefer) {HUMAN}",
    rf"is there {ANYBODY}(?: here)?(?: that| who)? (?:i|we) (?:can|could) {TALK}",
)
ENGLISH_ALONE = (rf"{TALK} {PERSON}", HUMAN, rf"(?:an? )?(?:agent|representative|operator|person) {PLEASE}")

# German
REAL = r"(?:(?:echten?|richtigen?|menschlichen?) )"
MITARBEITER = (
    r"(?:menschen|person|(?:support-?)?mitarbeiter(?:in)?|(?:kunden)?berater(?:in)?|ansprechpartner(?:in)?|agenten"
    r"|support|kundendienst|kundenservice|team)"
)
JEMAND = r"jemand(?:em|en)?(?: (?:vom|aus dem|von eurem|von ihrem) \w+)?"
MENSCH = rf"(?:{JEMAND}|(?:eine[mnr]|de[mnr]|eure[mnr]|ihre[mnr]) {REAL}*{MITARBEITER})"
SPRECHEN = (
    r"(?: (?:uber|ueber|wegen|zu|zum|zur)(?: \w+){1,4})? (?:sprechen|reden|chatten|telefonieren|verbunden werden)"
)
MOCHTE = r"(?:mochte|moechte|will|wurde|wuerde|muss)"
KANNST = r"(?:kannst du|konnt ihr|konnen sie|konntest du|konnten sie|koennten sie)"
FILL = r"(?: (?:bitte|gern|gerne|lieber|jetzt|mal|direkt|endlich|nur|einfach))*"
GERMAN = (
    rf"(?:ich {MOCHTE}|{MOCHTE} ich|(?:wie )?(?:kann|konnte|koennte|darf) ich){FILL} mit {MENSCH}{SPRECHEN}",
    rf"(?:verbinde|verbindet|verbinden sie) (?:mich|uns){FILL} mit {MENSCH}",
    rf"{KANNST} mich{FILL} (?:mit|an) {MENSCH} (?:verbinden|weiterleiten|durchstellen)",
    rf"ich (?:brauche|mochte|moechte|will){FILL} (?:einen|eine) (?:{REAL}{MITARBEITER}|menschen)",
    r"gibt es (?:hier )?(?:jemand|jemanden|einen menschen),? mit dem ich (?:sprechen|reden) kann",
)
GERMAN_ALONE = (rf"mit {MENSCH}{SPRECHEN}", rf"(?:ein )?(?:echter )?(?:mensch|mitarbeiter) {PLEASE}", r"echter mensch")

# French
HUMAIN = r"(?:(?:un )?(?:vrai )?(?:etre )?humain|une vraie personne|une personne (?:reelle|humaine))"
CONSEILLER = r"(?:une? (?:conseillere?|agente?|operateur|operatrice|collaborateur|representante?|personne))"
QUELQUUN = r"(?:quelqu'un(?: (?:du|de votre|de l'|de la) ?\w+)?)"
PERSONNE = rf"(?:{HUMAIN}|{QUELQUUN}|{CONSEILLER}|(?:le|votre) (?:support|service clients?))"
PARLER = r"(?:parler|discuter|echanger) (?:a|avec)"
VEUX = r"(?:je (?:veux|voudrais|souhaite|souhaiterais|aimerais|dois|prefere)|j'aimerais)"
PASSER = r"(?:passer|(?:mettre en (?:relation|contact)|connecter) avec|transferer (?:a|vers))"
FRENCH = (
    rf"{VEUX}(?: bien| juste)? (?:{PARLER} {PERSONNE}|{HUMAIN})",
    rf"(?:comment )?(?:puis-je|pourrais-je|est-ce que je peux|je peux|peut-on) {PARLER} {PERSONNE}",
    rf"(?:passez|passe|transferez|connectez)-moi (?:a |avec |vers )?{PERSONNE}",
    rf"(?:mettez|mets)-moi en (?:relation|contact) avec {PERSONNE}",
    rf"(?:pouvez|pourriez)-vous me {PASSER} {PERSONNE}",
)
FRENCH_ALONE = (rf"{PARLER} {PERSONNE}", HUMAIN)

# Spanish
HUMANO = r"(?:(?:un )?(?:ser )?humano|una persona (?:real|humana|de verdad))"
AGENTE = r"(?:una? (?:agente|asesora?|representante|operadora?|ejecutiv[oa]|persona))"
PERSONA = rf"(?:{HUMANO}|{AGENTE}|alguien(?: de \w+)?|(?:el |su )?(?:soporte|atencion al cliente))"
HABLAR = r"(?:hablar|chatear|comunicarme) con"
QUIERO = r"(?:quiero|quisiera|queria|necesito|deseo|prefiero|me gustaria|tengo que)"
PASEME = r"(?:paseme|pasame|comuniqueme|comunicame|conecteme|conectame|pongame|ponme)"
SPANISH = (
    rf"{QUIERO} (?:{HABLAR} {PERSONA}|{HUMANO})",
    rf"(?:como )?(?:puedo|podria|podemos) {HABLAR} {PERSONA}",
    rf"{PASEME} (?:en contacto )?(?:con|a) {PERSONA}",
    rf"(?:puede|puedes|podria|podrias) (?:pasarme|comunicarme|conectarme|ponerme) (?:en contacto )?(?:con|a) {PERSONA}",
)
SPANISH_ALONE = (rf"{HABLAR} {PERSONA}", HUMANO)

WISH = re.compile(rf"{BEFORE}(?:{'|'.join((*ENGLISH, *GERMAN, *FRENCH, *SPANISH))}){AFTER}")
# So short a wish has to be all that is said.
ALONE = re.compile(
    rf"\W*(?:(?:{OPENING}|{PLEASE})\W+)*(?:{'|'.join((*ENGLISH_ALONE, *GERMAN_ALONE, *FRENCH_ALONE, *SPANISH_ALONE))})"
    rf"(?:\W+{PLEASE})?\W*"
)


def wants_person(text: str) -> bool:
    """Whether a message asks to be handed to a person."""
    said = plain(QUOTED.sub("\n", text))
    return bool(ALONE.fullmatch(said)) or any(map(WISH.search, _sentences(said)))


def _sentences(text: str) -> Iterator[str]:
    for sentence in SENTENCE_END.split(text):
        if not CONDITION.match(sentence):
            yield " ".join(sentence.split())


def plain(text: str) -> str:
    """In small letters, without accents and typographer's marks."""
    apart = unicodedata.normalize("NFKD", text.casefold().replace("’", "'"))  # noqa: RUF001
    return "".join(sign for sign in apart if not unicodedata.combining(sign))
