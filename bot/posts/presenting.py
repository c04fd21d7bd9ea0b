"""From an answer that is kept to the posts that show it."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from django.utils import timezone

from bot.answers import trace
from bot.models import ChannelKind, Citation, Message, Outcome, Question
from bot.posts import buttons
from bot.posts.neutralising import neutral
from bot.posts.post import Button, Credit, Post, age
from bot.wording import phrases, speech
from bot.wording.speech import Speech
from foundation.text import shortened
from knowledge.models import Document
from knowledge.passages.hyperlinks import addresses

TITLE = 150  # characters
ASKED = 300  # characters of a question that its own asker reads
NEAREST = 2  # documents that are named where none holds the answer
NEAR = 0.2  # the least estimate that they hold it, below which naming them would be noise
RATED = (Outcome.ANSWERED, Outcome.NOT_IN_DOCS)  # what people may say their opinion of: a refusal can be wrong as well
LATE_AFTER = timedelta(hours=6)  # from question to answer, after which the asker is told that it was long


def answer(message: Message, question: Question) -> Post:
    """The whole answer as one post: text, numbered sources, what was not read, and the buttons under it."""
    cited = list(message.citations.all())
    links = {each.url for each in cited if each.url} | {link for each in cited for link in addresses(each.passage)}
    if message.voice:  # the company's own words
        links |= {*addresses(message.voice.opening), *addresses(message.voice.closing)}
    spoken = speech.of(question)
    said = neutral(text(message, question, spoken), links=links)
    return Post(
        text=f"{_named(question, spoken)}\n\n{said}" if question.is_private else said,
        sources=_sources(cited, spoken),
        notes=tuple(_notes(message, question, spoken)),
        buttons=tuple(_buttons(message, question, spoken)),
    )


def shared(message: Message, question: Question) -> Post:
    """A private answer for everybody: with the question, which nobody else has seen."""
    post = answer(message, question)
    spoken = speech.of(question)
    name = neutral(question.asker_name, links=()) or spoken.say(phrases.SOMEBODY)
    shown = tuple(each for each in post.buttons if each.action != buttons.SHARE)
    asked = f"{spoken.say(phrases.ASKED_BY, name=name)}\n{quoted(question)}"
    said = post.text.removeprefix(f"{_named(question, spoken)}\n\n")
    return replace(post, text=f"{asked}\n\n{said}", buttons=shown)


def _named(question: Question, spoken: Speech) -> str:
    """What a private answer answers, as nobody sees what was asked by a command; on one line."""
    asked = " ".join(neutral(question.text, links=()).split())
    return f"> {spoken.say(phrases.YOU_ASKED, question=shortened(asked, ASKED))}"


def quoted(question: Question) -> str:
    """What was asked, as a quotation."""
    return "\n".join(f"> {line}" for line in neutral(question.text, links=()).splitlines())


def text(message: Message, question: Question, spoken: Speech) -> str:
    """What an asker reads: where the documents hold no answer, the channel's own words or the way to a person."""
    if message.outcome != Outcome.NOT_IN_DOCS:
        return message.text
    button = spoken.say(phrases.ASK_A_HUMAN)
    return question.channel.refusal_text or spoken.say(phrases.NOT_IN_DOCS_ABOVE_BUTTON, button=button)


def _sources(citations: list[Citation], spoken: Speech) -> tuple[Credit, ...]:
    changed = _changed(citations)
    now = timezone.now()
    return tuple(
        Credit(each.number, _title(each), each.url, age(changed.get(each.document_id), now, spoken))
        for each in citations
    )


def _title(citation: Citation) -> str:
    return neutral((citation.heading or citation.title or citation.path)[:TITLE], links=())


def _changed(citations: list[Citation]) -> dict[int | None, datetime]:
    """When the cited documents last changed, by their id: as they say themselves, else when they were read."""
    rows = Document.objects.filter(pk__in=[each.document_id for each in citations]).values_list(
        "pk", "live_version__modified_at", "live_version__created_at"
    )
    return {pk: modified or read for pk, modified, read in rows if modified or read}


def _notes(message: Message, question: Question, spoken: Speech) -> Iterable[str]:
    if message.created_at - question.asked_at > LATE_AFTER:
        yield spoken.say(phrases.LATE, ago=spoken.ago(question.asked_at, message.created_at))
    if message.is_quoted_instead:
        yield spoken.say(phrases.QUOTED_INSTEAD)
    if message.outcome == Outcome.NOT_IN_DOCS and (titles := _nearest(message)):
        yield spoken.say(phrases.NEAREST, titles=" · ".join(titles))
    if message.is_truncated:
        yield spoken.say(phrases.CUT_OFF)
    if question.unread:
        names = ", ".join(neutral(name, links=()) for name in question.unread)
        yield spoken.say(phrases.UNREAD, names=names)


def _nearest(message: Message) -> list[str]:
    """The titles of what was found instead, where they may help: all that was searched for an asker they may see."""
    known = trace.of(message)
    titles = [neutral((hit.title or hit.path)[:TITLE], links=()) for hit in known.passages]
    return list(dict.fromkeys(titles))[:NEAREST] if (known.answerable or 0) >= NEAR else []


def _buttons(message: Message, question: Question, spoken: Speech) -> Iterable[Button]:
    wanted = []
    if message.outcome in RATED and question.channel.has_feedback:
        wanted += [buttons.UP, buttons.DOWN]
    if message.citations.exists():
        wanted.append(buttons.SOURCES)
    if message.outcome not in (Outcome.CLARIFY, Outcome.ESCALATED):
        wanted.append(buttons.HUMAN)
    if question.channel.kind == ChannelKind.FORUM and message.outcome == Outcome.ANSWERED:
        wanted.append(buttons.SOLVED)
    if question.is_private and message.outcome == Outcome.ANSWERED:
        wanted.append(buttons.SHARE)
    return (buttons.for_asker(each, question.pk, spoken) for each in wanted)
