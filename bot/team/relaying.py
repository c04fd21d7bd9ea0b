"""Words of a person on their way to another, through the bot: made safe, and put into the outbox."""

import re
from datetime import timedelta

from django.utils import timezone

from bot import outbox
from bot.messenger import PRIVATE
from bot.models import Conversation, Delivery, DeliveryKind, DeliveryState, Platform, Question, Remark
from bot.posts import buttons
from bot.posts.neutralising import neutral
from bot.posts.post import Button, Post, parts
from bot.posts.splitting import split
from bot.wording import phrases, speech
from bot.wording.speech import ENGLISH, Speech
from foundation.text import clean
from knowledge.passages.hyperlinks import addresses, quoted

MOST: dict[str, int] = {Platform.DISCORD: 1600}  # characters of a post, what calls and credits left out
MOST_ELSEWHERE = 9000
MARKS = 24  # around a source or a note
AT_ONCE, AT_ONCE_WITHIN = 30, timedelta(minutes=10)  # messages of one asker that are passed on in that time
ON_DASHBOARD = "More of the asker's messages stand on the dashboard alone, until there are fewer of them."
BEYOND_CHANGE = "The asker reads this in private, where nothing can be changed any more: write again what is different."
NOTHING = "…"  # what an edit left that took all words away
FEW_LINES = 100  # of which the signs of a quotation take little
DASHBOARD = "@"  # before the name of somebody who acts on a page, where platforms have ids
ADDRESS = re.compile(
    r"https?://(?:[^\s()<>\[\]|\"`]|\([^\s()<>\[\]|\"`]*\))+"
)  # with brackets, where they are in pairs


def to_asker(question: Question, text: str, *, by: str, name: str = "", is_open: bool = False) -> Delivery:
    """Post what a person of the team wrote, `text` made safe, where the question was asked, and call the asker."""
    return _add_all(question, DeliveryKind.HUMAN, answer_posts(question, text, by=by, name=name, is_open=is_open))


def answer_posts(question: Question, text: str, *, by: str, name: str, is_open: bool) -> list[Post]:
    """What a person wrote, `text` made safe, as the asker reads it; while the case `is_open` they can end it here."""
    about = "" if by.startswith(DASHBOARD) else by  # a platform can only name its own people
    label = speech.of(question).say(phrases.FROM)
    notes = (f"{label} {neutral(name, links=())}",) if name and not about else ()
    shown_below = _for_asker(question) if is_open else ()
    post = Post(text=text, mention=question.asker, about=about, about_label=label, notes=notes, buttons=shown_below)
    return in_parts(question, post)


def in_parts(question: Question, post: Post) -> list[Post]:
    """A post as its platform takes it, which cuts off what is longer. What is called comes first, the rest last."""
    return parts(post, characters=MOST.get(question.platform, MOST_ELSEWHERE), measure=_length)


def _length(post: Post) -> int:
    below = [f"{each.title}{each.url}{each.age}" for each in post.sources] + list(post.notes)
    return len(post.text) + sum(len(line) + MARKS for line in below)


def _add_all(question: Question, kind: DeliveryKind, posts: list[Post]) -> Delivery:
    """The last of the deliveries."""
    return [add(question, kind, post) for post in posts][-1]


def _for_asker(question: Question) -> tuple[Button, ...]:
    """In private nothing can be written in a thread, so there a form stands for it."""
    actions = [buttons.WRITE, buttons.SOLVED] if question.is_private else [buttons.SOLVED]
    return tuple(buttons.for_asker(action, question.pk, speech.of(question)) for action in actions)


def handoff(question: Question, text: str, *, is_open: bool = False) -> Delivery:
    """Tell the asker how it stands."""
    shown = tuple(each for each in _for_asker(question) if is_open)
    return add(question, DeliveryKind.HANDOFF, Post(text=text, buttons=shown))


def carry(question: Question, remark: Remark) -> None:
    """Post a remark to the other side: to the asker, or under the post of the team, where it has one."""
    Conversation.objects.filter(pk=question.conversation_id).update(last_active_at=timezone.now())
    if not remark.is_of_team and not has_post(question):
        return
    if not remark.is_of_team and remark.delivery is None and _is_flooded(remark):
        _hold_back(question)
        return
    posts = _posts(question, remark)
    remark.delivery, remark.posts = [_carry(question, remark, post) for post in posts][-1], len(posts)
    remark.save(update_fields=["delivery", "posts"])


def _is_beyond_change(delivery: Delivery) -> bool:
    """What one person alone reads cannot be found again, nor changed."""
    is_private = delivery.is_private or delivery.message_id == PRIVATE
    return is_private and delivery.state != DeliveryState.WAITING


def _is_flooded(remark: Remark) -> bool:
    """Whether so much of the asker was passed on of late that another message is kept for the dashboard alone."""
    passed_on = Remark.objects.filter(escalation=remark.escalation_id, is_of_team=False).exclude(delivery=None)
    return passed_on.filter(delivery__created_at__gt=timezone.now() - AT_ONCE_WITHIN).count() >= AT_ONCE


def _hold_back(question: Question) -> None:
    """Both sides are told, once in that time."""
    told = Delivery.objects.filter(question=question, created_at__gt=timezone.now() - AT_ONCE_WITHIN)
    text = speech.of(question).say(phrases.TOO_MUCH_AT_ONCE)
    if not told.filter(kind=DeliveryKind.HANDOFF, body__text=text).exists():
        handoff(question, text)
        minutes = int(AT_ONCE_WITHIN.total_seconds() // 60)
        note_to_team(question, f"That was much: {AT_ONCE} messages within {minutes} minutes. {ON_DASHBOARD}")


def _carry(question: Question, remark: Remark, post: Post) -> Delivery:
    if remark.is_of_team:
        return add(question, DeliveryKind.HUMAN, post)
    return _under_post(question, DeliveryKind.ASKER, post)


def _posts(question: Question, remark: Remark) -> list[Post]:
    """What a remark says now, as the other side reads it: the asker's words are a quotation with their name."""
    if remark.is_of_team:
        said, is_open = shown(remark, speech.of(question)), not remark.is_taken_back
        return answer_posts(question, said, by=remark.person, name=remark.name, is_open=is_open)
    text = shown(remark)
    most = MOST.get(question.platform, MOST_ELSEWHERE)
    texts = split(text, most if text.count("\n") < FEW_LINES else most // 2)
    quotations = ["\n".join(f"> {line}" for line in each.splitlines()) for each in texts]
    last = Post(text=quotations[-1], about=remark.person, about_label="From")
    return [*(Post(text=each) for each in quotations[:-1]), last]


def note_to_team(question: Question, text: str, *, mention: str = "") -> None:
    """Say something under the post of the team, where there is one."""
    if has_post(question):
        _under_post(question, DeliveryKind.NOTE, Post(text=text, mention=mention))


def has_post(question: Question) -> bool:
    """Whether a team was told of a question, or is being told; a post that was given up tells nobody."""
    posts = Delivery.objects.filter(question=question, kind=DeliveryKind.ESCALATION)
    return posts.exclude(state=DeliveryState.DEAD).exists()


def _under_post(question: Question, kind: DeliveryKind, post: Post) -> Delivery:
    team = Delivery.objects.select_related("channel").get(question=question, kind=DeliveryKind.ESCALATION)
    return add(question, kind, post, place=(team.channel, team.message_id))


def add(question: Question, kind: DeliveryKind, post: Post, **where: object) -> Delivery:
    """As outbox.add, as the next of its kind. Of two at the same time each gets its own number."""
    Question.objects.select_for_update().only("pk").get(pk=question.pk)
    count = Delivery.objects.filter(question=question, kind=kind).count()
    return outbox.add(question, kind, post, part=count + 1, **where)  # type: ignore[arg-type]


def shown(remark: Remark, spoken: Speech = ENGLISH) -> str:
    """The words of a remark, made safe, and its files: as links where the reader can open them, else by their names."""
    if remark.is_taken_back:
        return f"_{spoken.say(phrases.TAKEN_BACK)}_"
    words = [safe(remark.text)] if remark.text else []
    return "\n".join([*words, *(_file(name, url, spoken) for name, url in remark.files)]) or NOTHING


def _file(name: str, url: str, spoken: Speech) -> str:
    label = neutral(name, links=()).replace("[", "(").replace("]", ")").replace("\n", " ")
    return f"📎 [{label}]({quoted(url)})" if url.startswith("https://") else spoken.say(phrases.FILE_LEFT, name=label)


def seen(text: str) -> str:
    """What somebody wrote, as it can be kept; empty where a reader would see nothing of it."""
    text = clean(text).strip()
    return text if safe(text).strip() else ""


def safe(text: str) -> str:
    """A person may send any address, but calls nobody."""
    text = ADDRESS.sub(lambda found: quoted(found.group()), text)
    return neutral(text, links=set(addresses(text)))


def rewrite(remark: Remark) -> None:
    """Have the posts of a remark say what it says now, whether they are there already or on their way."""
    question = remark.escalation.question
    if remark.delivery is None:
        return
    gone = Post(text=f"_{speech.of(question).say(phrases.TAKEN_BACK)}_")
    there, posts = list(remark.carriers()), _posts(question, remark)
    if remark.is_of_team and any(map(_is_beyond_change, there)):
        note_to_team(question, BEYOND_CHANGE)
        return
    is_longer = len(posts) > len(there)
    for delivery, post in zip(there, [] if is_longer else posts, strict=False):
        outbox.change(delivery, post)
    for delivery in there[0 if is_longer else len(posts) :]:
        outbox.change(delivery, gone)
    if is_longer:  # all of it is said anew, so that its posts stay together
        carry(question, remark)
