"""What an answer rests on, word for word, for whoever presses "Sources" under it."""

from collections.abc import Callable

from bot.answers import trace
from bot.erasing import ERASED
from bot.models import Citation, Message, Question
from bot.posts.neutralising import plain
from bot.posts.post import Excerpt, Sheet
from bot.wording import phrases, speech
from bot.wording.speech import Speech
from foundation.text import shortened
from knowledge.models import Collection
from knowledge.passages import hyperlinks

MOST_QUOTED = 1500  # characters of one excerpt
MOST_TITLE = 150


def sheet(question: Question, is_read_outside: Callable[[], bool]) -> Sheet | str:
    """The sentences that the answer to a question quotes; or, in words, why they cannot be shown.

    The answer was there to be read, but a quotation says more than it. So where somebody from outside reads by now,
    only what public documents say is shown; `is_read_outside` is asked where it matters.
    """
    message, spoken = question.answer, speech.of(question)
    cited = list(message.citations.select_related("document__collection")) if message else []
    if message is None or message.text == ERASED:
        return spoken.say(phrases.SOURCES_ERASED)
    public = [each for each in cited if _is_public(each, message)]
    if len(public) < len(cited) and is_read_outside():
        cited = public
    if not cited:
        return spoken.say(phrases.SOURCES_INTERNAL)
    excerpts = tuple(_excerpt(each, spoken) for each in cited)
    return Sheet(spoken.say(phrases.WHAT_I_READ), excerpts, spoken.say(phrases.CLOSE))


def _is_public(citation: Citation, message: Message) -> bool:
    """Of a document that is gone the question tells: whether it was asked of public collections alone."""
    public = Collection.objects.public()
    if citation.document is not None:
        return public.filter(pk=citation.document.collection_id).exists()
    reach = trace.reach(message.asked).collections
    return reach is not None and set(reach) <= set(public.values_list("pk", flat=True))


def _excerpt(citation: Citation, spoken: Speech) -> Excerpt:
    said = citation.quote or citation.passage
    return Excerpt(
        number=citation.number,
        title=shortened(citation.title or citation.path, MOST_TITLE),
        quote=shortened(plain(hyperlinks.plain(said)), MOST_QUOTED) or ERASED,
        url=citation.url,
        heading=shortened(citation.heading, MOST_TITLE),
        note=spoken.say(phrases.SOURCE_GONE) if citation.document is None else "",
    )
