"""The commands that Discord offers for the bot, and what is shown while one is typed."""

from typing import Any

from bot.answers import channel_rules
from bot.models import Channel, Platform
from bot.posts.neutralising import neutral
from bot.questions.popular import popular
from bot.voices import choosing
from bot.wording import phrases, speech
from bot.wording.phrases import Phrase
from bot.wording.speech import Speech
from foundation.text import shortened
from knowledge.models import Collection, Document, DocumentState

ASK, HELP, ASK_ABOUT, USE_AS_EXAMPLE = "ask", "help", "Ask about this", "Use as example"
QUESTION = "question"
CHOICES, CHOICE = 25, 100  # how many are offered while somebody types, and the characters of each
DESCRIPTION = 100
EXAMPLES = 4
LOCALES = {"de": "de", "fr": "fr", "es": "es-ES", "ja": "ja"}  # what Discord calls the languages of the catalogues


def offered() -> list[dict[str, Any]]:
    """All of them, described in every language."""
    everywhere = {"contexts": [0, 1], "integration_types": [0]}
    question = {
        "name": QUESTION, "type": 3, "required": True, "max_length": 4000, "autocomplete": True,
        **_described(phrases.COMMAND_QUESTION),
    }  # fmt: skip
    return [
        {"name": ASK, "type": 1, **_described(phrases.COMMAND_ASK), "options": [question], **everywhere},
        {"name": HELP, "type": 1, **_described(phrases.COMMAND_HELP), **everywhere},
        {"name": ASK_ABOUT, "type": 3, **everywhere},
        {"name": USE_AS_EXAMPLE, "type": 3, "contexts": [0], "integration_types": [0]},  # in a server, where roles are
    ]


def _described(phrase: Phrase) -> dict[str, Any]:
    told = {LOCALES[code]: Speech(code).say(phrase) for code in speech.codes() if code in LOCALES}
    return {
        "description": shortened(speech.ENGLISH.say(phrase), DESCRIPTION),
        "description_localizations": {locale: shortened(text, DESCRIPTION) for locale, text in told.items()},
    }


def are_there(known: Any, wanted: Any) -> bool:
    """Whether what Discord knows says all that is wanted; it adds ids and defaults of its own."""
    if isinstance(wanted, dict):
        return isinstance(known, dict) and all(are_there(known.get(name), each) for name, each in wanted.items())
    if not isinstance(wanted, list):
        return bool(known == wanted)
    if not isinstance(known, list) or len(known) != len(wanted):
        return False
    return all(are_there(*pair) for pair in zip(sorted(known, key=_name), sorted(wanted, key=_name), strict=True))


def _name(each: Any) -> tuple[str, str]:
    return (str(each.get("type")), str(each.get("name"))) if isinstance(each, dict) else ("", str(each))


def choices(workspace: str, channel: str, typed: str) -> list[dict[str, str]]:
    """Questions that were answered before and hold what was typed; for all to see, so of public documents alone."""
    found = popular(Platform.DISCORD, workspace, _public(_channel(workspace, channel)), typed, CHOICES)
    return [{"name": text, "value": text} for text in found if len(text) <= CHOICE]


def help_text(workspace: str, channel: str, locale: str) -> str:
    """How to ask, what is searched, and what others have asked; in the language of the channel, else in `locale`."""
    row = _channel(workspace, channel)
    language = speech.named(row.language if row else "") or speech.named(locale) or speech.DEFAULT
    spoken = Speech(language, choosing.name_of(row) if row else "")
    collections = _public(row)
    count = Document.objects.filter(collection__in=collections, state=DocumentState.INDEXED).count()
    lines = [spoken.say(phrases.HELP)]
    if count:
        lines.append(spoken.say(phrases.DOCUMENTS_HERE, count=count))
    if examples := popular(Platform.DISCORD, workspace, collections, limit=EXAMPLES):
        listed = (f"- {neutral(each, links=())}" for each in examples)
        lines.append("\n".join([spoken.say(phrases.HELP_EXAMPLES), *listed]))
    return "\n\n".join(lines)


def _channel(workspace: str, channel: str) -> Channel | None:
    return Channel.objects.of(Platform.DISCORD, workspace, channel).select_related("workspace").first()


def _public(channel: Channel | None) -> list[int]:
    """The public collections that answer in a channel; every public one where nobody has asked yet."""
    if channel is None:
        return sorted(Collection.objects.public().values_list("pk", flat=True))
    return channel_rules.searchable(channel, has_outsiders=True)
