"""From an answer that is kept to the posts that show it."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.timesince import timesince

from bot.answers import wording
from bot.models import Channel, ChannelKind, Citation, Message, Outcome, Question
from bot.posts import buttons
from bot.posts.neutralising import neutral
from bot.posts.post import Button, Credit, Post, age
from knowledge.models import Document
from knowledge.passages.hyperlinks import addresses

TITLE = 150  # characters
LATE_AFTER = timedelta(hours=6)  # from question to answer, after which the asker is told that it was long


def answer(message: Message, question: Question) -> Post:
    """The whole answer as one post: text, numbered sources, what was not read, and the buttons under it."""
    cited = list(message.citations.all())
    links = {each.url for each in cited if each.url} | {link for each in cited for link in addresses(each.passage)}
    if message.voice:  # the company's own words
        links |= {*addresses(message.voice.opening), *addresses(message.voice.closing)}
    return Post(
        text=neutral(text(message, question.channel), links=links),
        sources=_sources(cited),
        notes=tuple(_notes(message, question)),
        buttons=tuple(_buttons(message, question)),
    )


def shared(message: Message, question: Question) -> Post:
    """A private answer for everybody: with the question, which nobody else has seen."""
    post = answer(message, question)
    name = neutral(question.asker_name, links=()) or "Somebody"
    shown = tuple(each for each in post.buttons if each.action != buttons.SHARE)
    return replace(post, text=f"{name} asked:\n{quoted(question)}\n\n{post.text}", buttons=shown)


def quoted(question: Question) -> str:
    """What was asked, as a quotation."""
    return "\n".join(f"> {line}" for line in neutral(question.text, links=()).splitlines())


def text(message: Message, channel: Channel) -> str:
    """What an asker reads: the channel's own words where the documents hold no answer."""
    if message.outcome == Outcome.NOT_IN_DOCS and channel.refusal_text:
        return channel.refusal_text
    return message.text


def _sources(citations: list[Citation]) -> tuple[Credit, ...]:
    changed = _changed(citations)
    now = timezone.now()
    return tuple(
        Credit(each.number, _title(each), each.url, age(changed.get(each.document_id), now)) for each in citations
    )


def _title(citation: Citation) -> str:
    return neutral((citation.heading or citation.title or citation.path)[:TITLE], links=())


def _changed(citations: list[Citation]) -> dict[int | None, datetime]:
    """When the cited documents last changed, by their id: as they say themselves, else when they were read."""
    rows = Document.objects.filter(pk__in=[each.document_id for each in citations]).values_list(
        "pk", "live_version__modified_at", "live_version__created_at"
    )
    return {pk: modified or read for pk, modified, read in rows if modified or read}


def _notes(message: Message, question: Question) -> Iterable[str]:
    if message.created_at - question.asked_at > LATE_AFTER:
        yield wording.LATE.format(when=timesince(question.asked_at, message.created_at, depth=1))
    if message.is_truncated:
        yield wording.CUT_OFF
    if question.unread:
        yield wording.UNREAD.format(names=", ".join(neutral(name, links=()) for name in question.unread))


def _buttons(message: Message, question: Question) -> Iterable[Button]:
    if message.outcome == Outcome.ANSWERED and question.channel.has_feedback:
        yield buttons.button(buttons.UP, question.pk)
        yield buttons.button(buttons.DOWN, question.pk)
    if message.outcome not in (Outcome.CLARIFY, Outcome.ESCALATED):
        yield buttons.button(buttons.HUMAN, question.pk)
    if question.channel.kind == ChannelKind.FORUM and message.outcome == Outcome.ANSWERED:
        yield buttons.button(buttons.SOLVED, question.pk)
    if question.is_private and message.outcome == Outcome.ANSWERED:
        yield buttons.button(buttons.SHARE, question.pk)
