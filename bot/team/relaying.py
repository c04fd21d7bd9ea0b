"""Words of a person on their way to another, through the bot: made safe, and put into the outbox."""

import re

from bot import outbox
from bot.models import Delivery, DeliveryKind, Question, Remark
from bot.posts import buttons
from bot.posts.neutralising import neutral
from bot.posts.post import Button, Post
from bot.wording import phrases, speech
from bot.wording.speech import ENGLISH, Speech
from knowledge.passages.hyperlinks import addresses, quoted

DASHBOARD = "@"  # before the name of somebody who acts on a page, where platforms have ids
ADDRESS = re.compile(
    r"https?://(?:[^\s()<>\[\]|\"`]|\([^\s()<>\[\]|\"`]*\))+"
)  # with brackets, where they are in pairs


def to_asker(question: Question, text: str, *, by: str, name: str = "", is_open: bool = False) -> Delivery:
    """Post what a person of the team wrote, `text` made safe, where the question was asked, and call the asker."""
    return add(question, DeliveryKind.HUMAN, answer_post(question, text, by=by, name=name, is_open=is_open))


def answer_post(question: Question, text: str, *, by: str, name: str, is_open: bool) -> Post:
    """What a person wrote, `text` made safe, as the asker reads it; while the case `is_open` they can end it here."""
    about = "" if by.startswith(DASHBOARD) else by  # a platform can only name its own people
    label = speech.of(question).say(phrases.FROM)
    notes = (f"{label} {neutral(name, links=())}",) if name and not about else ()
    return Post(
        text=text, mention=question.asker, about=about, about_label=label, notes=notes,
        buttons=_for_asker(question) if is_open else (),
    )  # fmt: skip


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
    if remark.is_of_team:
        said = shown(remark, speech.of(question))
        remark.delivery = to_asker(question, said, by=remark.person, name=remark.name, is_open=True)
    elif has_post(question):
        remark.delivery = _under_post(question, DeliveryKind.ASKER, asker_post(remark))
    remark.save(update_fields=["delivery"])


def asker_post(remark: Remark) -> Post:
    """What the asker wrote, as the team reads it: a quotation with their name."""
    text = "\n".join(f"> {line}" for line in shown(remark).splitlines())
    return Post(text=text, about=remark.person, about_label="From")


def note_to_team(question: Question, text: str, *, mention: str = "") -> None:
    """Say something under the post of the team, where there is one."""
    if has_post(question):
        _under_post(question, DeliveryKind.NOTE, Post(text=text, mention=mention))


def has_post(question: Question) -> bool:
    """Whether a team was told of a question, or is being told."""
    return Delivery.objects.filter(question=question, kind=DeliveryKind.ESCALATION).exists()


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
    return "\n".join([*words, *(_file(name, url, spoken) for name, url in remark.files)])


def _file(name: str, url: str, spoken: Speech) -> str:
    label = neutral(name, links=()).replace("[", "(").replace("]", ")").replace("\n", " ")
    return f"📎 [{label}]({quoted(url)})" if url.startswith("https://") else spoken.say(phrases.FILE_LEFT, name=label)


def safe(text: str) -> str:
    """A person may send any address, but calls nobody."""
    text = ADDRESS.sub(lambda found: quoted(found.group()), text)
    return neutral(text, links=set(addresses(text)))


def rewrite(remark: Remark) -> None:
    """Have the post of a remark say what the remark says now, whether it is there already or on its way."""
    delivery, question = remark.delivery, remark.escalation.question
    if delivery is None:
        return
    if remark.is_of_team:
        post = answer_post(
            question, shown(remark), by=remark.person, name=remark.name, is_open=not remark.is_taken_back
        )
    else:
        post = asker_post(remark)
    outbox.change(delivery, post)
