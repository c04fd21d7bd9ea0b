"""Words that claims are found by, in English, German, French, Spanish and Japanese. Data, and nothing else."""

from collections.abc import Iterable, Mapping


def _words(listed: str) -> frozenset[str]:
    return frozenset(word.casefold() for word in listed.split())


def _numbered(listed: Iterable[str]) -> dict[str, int]:
    """Each word of a line to the number of its line, from 1."""
    return {word: number for number, line in enumerate(listed, start=1) for word in line.split()}


STOPWORDS: Mapping[str, frozenset[str]] = {
    "english": _words("""
        a about after again all also am an and any are as at be because been before being both but by can could did do
        does doing done each either else even ever every few for from further get gets getting give given go goes
        going
        got had has have having he her here him his how i if in into is it its itself just like make makes many may me
        might more most much must my need needs of off on once one ones only or other our ours out over own per quite
        rather really same see shall she should simply since so some still such take takes than that the their them
        then
        there these they this those through to too under until up upon us use used using very via want was way we well
        were what when where whether which while who whom whose why will with within would yes yet you your yours
        it's i'm you're we're that's there's here's let's don't doesn't isn't aren't can't cannot won't you'll we'll
        i've we've you've i'd we'd you'd whenever whatever please simply instead however therefore currently
    """),
    "german": _words("""
        aber alle allem allen aller alles als also am an andere anderen auch auf aus bei beim bereits bin bis bist
        bitte
        da dabei dadurch daher damit danach dann daran darauf daraus darin darüber das dass davon dazu dein deine
        deinem
        deinen deiner dem den denn der deren des dessen die dies diese diesem diesen dieser dieses dir doch dort du
        durch
        ein eine einem einen einer eines einfach er erst es etwa etwas euch euer eure für ganz gar geht gern gerne
        gibt
        haben habe hat hatte hier hin hinter ich ihm ihn ihnen ihr ihre ihrem ihren ihrer im immer in indem ins ist ja
        jede jedem jeden jeder jedes jetzt jeweils kann kannst können könnte könnten man mehr mein meine mich mir mit
        müssen muss nach noch nun nur ob oder ohne schon sehr sei sein seine seinem seinen seiner seit sich sie sind
        so
        sobald sofern solche soll sollen sollte sollten sondern sonst sowie über um und uns unser unsere unserem
        unseren
        unserer unter viel viele vom von vor während wann war waren was weil weiter weitere welche welchem welchen
        welcher wenn wer werde werden wie wieder will wir wird wo worden wurde wurden würde würden zu zum zur zwar
        zwischen nicht kein keine keinen keiner möchten möchte lässt lassen machen macht
    """),
    "french": _words("""
        a à afin ai alors après as au aucun aussi autre autres aux avec avez avoir avons bien car ce ceci cela celle
        celles celui ces cet cette ceux chaque chez comme comment d dans de depuis des deux donc dont du elle elles en
        encore entre est et été êtes être eu fait fois font il ils j je jusqu l la le les leur leurs lors lorsque lui
        m
        ma mais me même mes moins mon n ne ni nos notre nous on ont ou où par parce pas pendant peu peut peuvent plus
        pour pouvez puis qu quand que quel quelle quelles quels qui quoi s sa sans se sera ses si sinon soit son sont
        sous sur ta te tes toi ton toujours tous tout toute toutes très tu un une vers via voici vos votre vous y
        pouvons veuillez suffit faire souhaitez souhaite
    """),
    "spanish": _words("""
        a al algo alguna algunas alguno algunos ante antes aquí así aún aunque bajo bien cada como con cómo contra
        cual
        cuales cualquier cuando cuándo cuanto de del desde donde dónde dos e el él ella ellas ellos en entre era es
        esa
        esas ese eso esos esta está están estar estas este esto estos estoy fue fueron ha haber había hacer hacia han
        hasta hay he la las le les lo los más me mediante mi mis mientras mismo muy nada ni no nos nosotros nuestra
        nuestro o os otra otras otro otros para pero poco por porque pueda puede pueden puedes puedo pues que qué
        quien
        se sea según ser será si sí sido siempre sin sobre solo sólo son su sus tal también tanto te ti tiene tienen
        tienes todo toda todas todos tu tú tus un una unas uno unos usted ustedes va ya y yo desea quiere debe debes
    """),
}
ALL_STOPWORDS = frozenset[str]().union(*STOPWORDS.values())

# Words so general that a sentence says nothing new by them.
GENERAL = _words("""
    able add adds added back bring brings case come comes cost costs done ends ensure every find finds found happen
    happens     hold keep kind less minute minutes money need needed number okay option part pay per place
    price put room said see
    select set show sign start starts step steps stay stays thing things time times today try type types used ways work
    works yes back provided based available
    dafür einfach finden findest geld kostet kosten liegt preis sehen siehe stehen steht binnen
    compter comptez coûte cliquez prix trouver trouverez utiliser
    cuesta encontrar encontrará precio ver
""")

# What politeness is made of: a sentence of nothing else says nothing of the world.
COURTESY = _words("""
    afraid anything apologies apologize apologise appreciate ask assist assistance best care cheers contact contacting
    day dear delighted feel fine forward free-to frustrating frustration glad good great greetings happy hear hello
    help
    helping helps hesitate hey hi hope inconvenience kind kindly know let look morning nice pleased pleasure question
    questions reach reaching regards reply sincerely sorry sure team thank thanks touch trouble understand warm
    warmly welcome wonderful wishes writing course absolutely patience appreciated further luck enjoy ahead weekend
    anfrage beste danke dank entschuldigen entschuldigung frage fragen freude freuen freundliche freundlichen gerne
    gruß grüße grüßen guten hallo helfen herzlich herzliche herzlichen hilfe leid liebe lieber melden melde nachricht
    schön schöne schönen servus tag tut unannehmlichkeiten verständnis vielen viele wünschen zögern jederzeit
    weiterhelfen
    aide aider bonjour bonne cordialement désolé désolée hésitez journée merci plaisir question questions ravi ravis
    regrettons salut salutations sentiments disposition excuses bienvenue heureux contacter beaucoup volontiers
    ayuda ayudar ayudarle ayudarte buenas bueno buenos cordial cordiales día días disculpas disculpe dude duda dudas
    encantado encantados gracias gusto hola lamento lamentamos molestias pregunta preguntas saludo saludos siento
    sentimos disposición feliz consulta consultar contactar contactarnos
    ありがとう ございます お問い合わせ よろしく お願い いたします 申し訳 ご不便 お気軽に お知らせ ください どうぞ
""")

# What points to where something stands.
POINTERS = _words("""
    source sources reference references citation citations read more see details detail learn article articles page
    pages document documents documentation information info guide link links topic section described explained listed
    quelle quellen mehr siehe nachlesen lesen artikel dokument dokumente dokumentation informationen hier thema
    référence références lire plus voir savoir article articles détails sujet documentation informations
    fuente fuentes leer más ver detalles artículo artículos información documentación tema
    出典 参考 参照 詳細 来源 参考资料
""")

NEGATORS = _words("""
    not no never none nobody nothing neither nor cannot without unable n't
    nicht kein keine keinen keinem keiner keines nie niemals ohne weder nichts
    ne n' pas jamais aucun aucune sans rien ni
    nunca jamás ningún ninguna ninguno sin tampoco nada
""")
NEGATING_SUFFIXES = ("n't", "n\N{RIGHT SINGLE QUOTATION MARK}t")
NEGATORS_OF_JAPANESE = ("ません", "ない", "なく", "不可", "禁止", "できず")

# Words that say for what, when or for whom a sentence holds; each line says the same in its languages.
SCOPES = _numbered((
    "after nach nachdem danach après después tras", "before prior vor bevor ehe vorher avant antes",
    "until till bis jusqu hasta", "within innerhalb binnen dentro", "without ohne sans sin",
    "during while während pendant durante mientras", "since seit ab depuis desde", "once sobald",
    "if unless except when wenn falls sofern außer si sauf cuando excepto salvo lorsque quand otherwise sonst sinon",
    "more over above exceed exceeds exceeded exceeding beyond mehr über plus más supérieur",
    "longer larger bigger higher greater later länger größer höher später",
    "less under below fewer weniger unter moins menos", "shorter smaller lower earlier sooner kürzer kleiner früher",
    "maximum most limit limited höchstens maximal", "minimum least mindestens",
    "outside außerhalb fuera", "than", "others other andere anderen autres otros otras",
))  # fmt: skip
# Of these it does not matter what they stand before.
LIMITS = _words("""
    only solely exclusively nur ausschließlich lediglich seulement uniquement solo sólo solamente únicamente
    must required requires require mandatory need needs muss müssen musst erforderlich benötigen doit doivent devez
    requis obligatoire debe deben debes obligatorio requiere
""")

MONTHS = _numbered((
    "january jan januar jänner janvier enero", "february feb februar février fevrier febrero",
    "march mar märz maerz mars marzo", "april apr avril abril", "may mai mayo", "june jun juni juin junio",
    "july jul juli juillet julio", "august aug août aout agosto", "september sep sept septembre septiembre",
    "october oct oktober okt octobre octubre", "november nov novembre noviembre",
    "december dec dezember dez décembre decembre diciembre",
))  # fmt: skip
WEEKDAYS = _numbered((
    "monday mondays mon montag montags lundi lundis lunes 月曜",
    "tuesday tuesdays tue tues dienstag dienstags mardi mardis martes 火曜",
    "wednesday wednesdays wed mittwoch mittwochs mercredi mercredis miércoles 水曜",
    "thursday thursdays thu thurs donnerstag donnerstags jeudi jeudis jueves 木曜",
    "friday fridays fri freitag freitags vendredi vendredis viernes 金曜",
    "saturday saturdays samstag samstags sonnabend samedi samedis sábado sábados 土曜",
    "sunday sundays sonntag sonntags dimanche dimanches domingo domingos 日曜",
))  # fmt: skip
NUMERALS = {
    "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11,
    "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "ninety": 90,
    "hundred": 100, "thousand": 1000, "zwei": 2, "drei": 3, "vier": 4, "fünf": 5, "sechs": 6, "sieben": 7, "acht": 8,
    "neun": 9, "zehn": 10, "elf": 11, "zwölf": 12, "vierzehn": 14, "fünfzehn": 15, "zwanzig": 20, "dreißig": 30,
    "dreissig": 30,
    "sechzig": 60, "neunzig": 90, "hundert": 100, "trois": 3, "quatre": 4, "cinq": 5, "sept": 7, "huit": 8, "neuf": 9,
    "dix": 10, "douze": 12, "quinze": 15, "vingt": 20, "trente": 30, "tres": 3, "cuatro": 4, "cinco": 5, "seis": 6,
    "siete": 7, "ocho": 8, "nueve": 9, "diez": 10, "doce": 12, "catorce": 14, "treinta": 30,
    "quatorze": 14, "fourteen": 14,
}  # fmt: skip
ONES = _words("one a an ein eine einen einem einer un une uno una each per every pro par por jeden jede jeder")

SECONDS = {
    **dict.fromkeys(("second", "seconds", "sec", "secs", "sekunde", "sekunden", "seconde", "secondes", "segundo",
                     "segundos", "秒"), 1),
    **dict.fromkeys(("minute", "minutes", "min", "mins", "minuten", "minuto", "minutos", "分"), 60),
    **dict.fromkeys(("hour", "hours", "hr", "hrs", "stunde", "stunden", "heure", "heures", "hora", "horas", "時間"),
    3600),
    **dict.fromkeys(("day", "days", "tag", "tage", "tagen", "jour", "jours", "día", "días", "dia", "dias", "日", "日間",
                     "tägig", "tägige", "tägigen"), 86_400),
    **dict.fromkeys(("week", "weeks", "woche", "wochen", "semaine", "semaines", "semana", "semanas", "週間"), 604_800),
}  # fmt: skip
MONTHS_LONG = {
    **dict.fromkeys(("month", "months", "monat", "monate", "monaten", "mois", "mes", "meses", "か月", "ヶ月"), 1),
    **dict.fromkeys(("year", "years", "jahr", "jahre", "jahren", "an", "ans", "année", "années", "año", "años",
    "年間"), 12),
}  # fmt: skip
MAGNITUDES = {
    "k": 1000, "thousand": 1000, "tausend": 1000, "mille": 1000, "mil": 1000, "m": 1_000_000, "mio": 1_000_000,
    "million": 1_000_000, "millions": 1_000_000, "millionen": 1_000_000, "millón": 1_000_000, "millones": 1_000_000,
    "億": 100_000_000, "亿": 100_000_000, "千": 1000,
    "bn": 1_000_000_000, "billion": 1_000_000_000, "milliarde": 1_000_000_000, "milliarden": 1_000_000_000, "万":
    10_000,
}  # fmt: skip
CURRENCIES = {
    "$": "usd", "us$": "usd", "usd": "usd", "dollar": "usd", "dollars": "usd", "dólares": "usd", "€": "eur", "eur":
    "eur",
    "euro": "eur", "euros": "eur", "£": "gbp", "gbp": "gbp", "pound": "gbp", "pounds": "gbp", "pfund": "gbp", "¥":
    "jpy",
    "jpy": "jpy", "yen": "jpy", "円": "jpy", "chf": "chf", "franken": "chf", "cent": "cent", "cents": "cent",
}  # fmt: skip
THOUSANDS = {  # of what data units are times bytes, 1,000 or 1,024 each
    **dict.fromkeys(("b", "byte", "bytes", "octet", "octets"), 0),
    **dict.fromkeys(("kb", "kib", "ko", "kilobyte", "kilobytes"), 1),
    **dict.fromkeys(("mb", "mib", "mo", "megabyte", "megabytes"), 2),
    **dict.fromkeys(("gb", "gib", "gigabyte", "gigabytes"), 3),
    **dict.fromkeys(("tb", "tib", "terabyte", "terabytes"), 4),
}  # fmt: skip
PERCENT = _words("% percent prozent パーセント pct")

# Words that set a limit; each line says the same in its languages.
QUALIFIERS = _numbered((
    "daily täglich tägliche quotidien quotidienne diario diaria diariamente 毎日",
    "weekly wöchentlich wöchentliche hebdomadaire semanal semanalmente 毎週",
    "monthly monatlich monatliche mensuel mensuelle mensuellement mensual mensualmente 毎月",
    "yearly annually annual jährlich jährliche annuel annuelle anual anualmente 毎年",
    "hourly stündlich horaire", "quarterly vierteljährlich trimestriel trimestral",
    "free kostenlos kostenfrei gratis gratuit gratuite gratuitement gratuito gratuita 無料",
    "unlimited unbegrenzt unbegrenzte illimité illimitée ilimitado ilimitada 無制限",
    "guaranteed guarantee garantiert garanti garantizado 保証",
    "mandatory required obligatory verpflichtend erforderlich obligatoire obligatorio obligatoria 必須",
    "optional optionnel facultatif opcional 任意", "immediately instantly sofort immédiatement inmediatamente すぐに",
    "lifetime lebenslang permanent permanently", "minimum mindestens", "maximum maximal höchstens",
    "automatically automatisch automatiquement automáticamente 自動的に", "manually manuell manuellement manualmente",
    "public öffentlich publique público", "private privat privé privado",
))  # fmt: skip
OPPOSITES = (
    ("enable", "disable"), ("enabled", "disabled"), ("include", "exclude"), ("included", "excluded"),
    ("allowed", "forbidden"), ("possible", "impossible"), ("supported", "unsupported"), ("available", "unavailable"),
    ("before", "after"), ("minimum", "maximum"), ("increase", "decrease"), ("accept", "reject"), ("open", "closed"),
    ("on", "off"), ("public", "private"), ("more", "less"), ("above", "below"), ("over", "under"),
    ("least", "most"), ("möglich", "unmöglich"), ("erlaubt", "verboten"), ("aktivieren", "deaktivieren"),
    ("aktiviert", "deaktiviert"), ("vor", "nach"), ("mindestens", "höchstens"), ("avant", "après"), ("activer",
    "désactiver"), ("inclus", "exclus"), ("antes", "después"),
    ("activar", "desactivar"), ("incluido", "excluido"), ("upgrade", "downgrade"), ("oldest", "newest"),
    ("first", "last"),
    ("ersten", "letzten"),
    ("premier", "dernier"), ("primer", "último"), ("start", "stop"), ("start", "end"), ("möglich", "ausgeschlossen"),
)  # fmt: skip
