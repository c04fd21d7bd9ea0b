"""What happens when somebody presses a button under a post, or sends the form that opened; on any platform."""

from collections.abc import Callable

from django.db import transaction

from bot import outbox
from bot.models import DeliveryKind, Question
from bot.posts import buttons, presenting, quoting
from bot.posts.post import Field, Form, Sheet
from bot.posts.press import Press, Said
from bot.team import articles, escalations, relaying, talking
from bot.team.feedback import IMPROVE, improve, is_refusal, judge, reasons
from bot.wording import phrases, speech
from bot.wording.phrases import Phrase
from bot.wording.speech import ENGLISH

Shown = Form | Sheet | Said  # what opens after a press, or is said


def press(pressed: Press) -> Shown:
    """Do what the button says, once, however often it is pressed. When this returns it is safe to acknowledge it."""
    question = _question(pressed.value)
    act = _ACTS.get(pressed.action)
    if question is None or act is None:
        return Said(ENGLISH.say(phrases.NO_LONGER))
    return act(question, pressed)


def submit(name: str, value: str, fields: dict[str, str], *, person: str, person_name: str) -> Said:
    """Keep what was written into a form."""
    question = _question(value)
    if question is None:
        return Said(ENGLISH.say(phrases.QUESTION_GONE))
    fields = {key: relaying.seen(text) for key, text in fields.items()}
    if name == IMPROVE:
        return improve(question, fields, person)
    if name == buttons.CHANGE:
        is_sent = escalations.send_draft(question, by=person, name=person_name, text=fields["text"])
        return Said("Sent." if is_sent else "Somebody has sent it already.")
    if name == buttons.WRITE and not fields["text"]:
        return _said(question, phrases.WHAT_TO_WRITE)
    if name == buttons.WRITE:
        is_written = talking.write(question, by=person, name=person_name, text=fields["text"])
        return _said(question, phrases.PASSED_ON if is_written else phrases.IS_OVER)
    if name == buttons.ANSWERED:
        escalations.answer(question, by=person, name=person_name, text=fields.get("text", ""))
        return Said("Thank you. It is closed.")
    articles.request(question, title=fields["title"], text=fields["text"])
    return Said("The article is being taken in; it answers the next question about it.")


def _question(value: str) -> Question | None:
    if not value.isdecimal():
        return None
    return Question.objects.select_related("channel__workspace", "conversation", "answer").filter(pk=int(value)).first()


def _like(question: Question, pressed: Press) -> Said:
    judge(question, pressed, is_positive=True)
    return Said(speech.of(question).say(phrases.THANKS_FOR_THUMB))


def _dislike(question: Question, pressed: Press) -> Form:
    judge(question, pressed, is_positive=False)
    say = speech.of(question).say
    place = phrases.WHERE_IT_STANDS if is_refusal(question.answer) else phrases.RIGHT_DOCUMENT
    return Form(
        name=IMPROVE,
        value=pressed.value,
        title=say(phrases.WHAT_WAS_WRONG),
        submit=say(phrases.SEND),
        fields=(
            Field("reason", say(phrases.WHICH_FAULT), options=reasons(question.answer, say), is_required=False),
            Field("right_document", say(place), is_required=False),
            Field("better_answer", say(phrases.BETTER_ANSWER), is_required=False, is_long=True),
        ),
        cancel=say(phrases.CANCEL),
    )


def _sources(question: Question, pressed: Press) -> Sheet | Said:
    found = quoting.sheet(question, lambda: pressed.is_outsider or pressed.has_outsiders(question.channel))
    return found if isinstance(found, Sheet) else Said(found)


def _ask_human(question: Question, pressed: Press) -> Said:
    if not escalations.request(question, by=pressed.person):
        return _said(question, phrases.WITH_THE_TEAM)
    return _said(question, phrases.PASSED_ON if question.channel.team_channel else phrases.ON_THE_BOARD)


def _said(question: Question, phrase: Phrase) -> Said:
    say = speech.of(question).say
    return Said(say(phrase), close=say(phrases.CLOSE))


def _solved(question: Question, pressed: Press) -> Said:
    if pressed.person not in (question.asker, question.pointed_author):
        return _said(question, phrases.ONLY_THE_ASKER)
    if escalations.solve(question, by=pressed.person):
        return _said(question, phrases.SOLVED)
    if hasattr(question, "escalation"):
        return _said(question, phrases.SOLVED_ALREADY)
    with transaction.atomic():
        escalations.mark_solved(question)
    return _said(question, phrases.SOLVED)


def _write(question: Question, pressed: Press) -> Form | Said:
    if pressed.person != question.asker:
        return _said(question, phrases.ONLY_THE_ASKER)
    say = speech.of(question).say
    field = Field("text", say(phrases.WHAT_TO_WRITE), is_long=True)
    title, send, cancel = (say(each) for each in (phrases.WRITE_TO_THE_TEAM, phrases.SEND, phrases.CANCEL))
    return Form(buttons.WRITE, pressed.value, title, send, (field,), cancel)


@transaction.atomic
def _share(question: Question, pressed: Press) -> Said:
    if pressed.person != question.asker or question.answer is None:
        return Said(speech.of(question).say(phrases.NOT_YOURS_TO_SHARE))
    post = presenting.shared(question.answer, question)
    outbox.add(question, DeliveryKind.SHARED, post, is_private=False)
    return Said(speech.of(question).say(phrases.SHARED))


def _claim(question: Question, pressed: Press) -> Said:
    is_mine = escalations.claim(question, by=pressed.person, name=pressed.name)
    return Said(
        "It is yours. What you write in the thread goes to the asker." if is_mine else "Somebody has it already."
    )


def _reopen(question: Question, pressed: Press) -> Said:
    is_mine = escalations.reopen(question, by=pressed.person, name=pressed.name)
    return Said("It is open again, and yours." if is_mine else "It is open already.")


def _send(question: Question, pressed: Press) -> Said:
    is_sent = escalations.send_draft(question, by=pressed.person, name=pressed.name)
    return Said("Sent." if is_sent else "Somebody has sent it already.")


def _change(question: Question, pressed: Press) -> Form:
    text = question.answer.text if question.answer else ""
    return Form(
        buttons.CHANGE, pressed.value, "Change the draft", "Send", (Field("text", "Answer", text, is_long=True),)
    )


def _answered(_question: Question, pressed: Press) -> Form:
    field = Field(
        "text", "Your last word to the asker", is_required=False, is_long=True,
        hint="Leave it empty if they have read all they need.",
    )  # fmt: skip
    return Form(buttons.ANSWERED, pressed.value, "Close the question", "Close", (field,))


def _article(question: Question, pressed: Press) -> Form:
    title, text = articles.proposal(question)
    return Form(
        buttons.ARTICLE, pressed.value, "Make it an article", "Save",
        (Field("title", "Title", title), Field("text", "What it says", text, is_long=True)),
    )  # fmt: skip


_ACTS: dict[str, Callable[[Question, Press], Shown]] = {
    buttons.UP: _like,
    buttons.DOWN: _dislike,
    buttons.SOURCES: _sources,
    buttons.HUMAN: _ask_human,
    buttons.SHARE: _share,
    buttons.SOLVED: _solved,
    buttons.WRITE: _write,
    buttons.CLAIM: _claim,
    buttons.REOPEN: _reopen,
    buttons.SEND: _send,
    buttons.CHANGE: _change,
    buttons.ANSWERED: _answered,
    buttons.ARTICLE: _article,
}
ACTIONS = tuple(_ACTS)
FORMS = (IMPROVE, buttons.WRITE, buttons.CHANGE, buttons.ANSWERED, buttons.ARTICLE)
