"""The long form of the demo: a model that writes whole answers, trained on the very prompts that Parley sends."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User

from bot.answers import conversations
from bot.answers.answered import Answer
from bot.answers.answering import compose
from bot.answers.conversations import Done
from bot.models import Message, Outcome, Platform, Voice
from knowledge.index import indexing
from knowledge.models import Collection
from knowledge.originals import folders
from llm.models import Deployment
from tuning.demo.judging import Row, counted, is_framed
from tuning.demo.pairs import CLOSING, OPENING
from tuning.examples import proposing, reviewing

MANNERS = ("", "Hello! ", "A quick question. ")
KEPT_BACK = 3  # every third question is asked and never learnt


@dataclass(frozen=True)
class SampleQuestion:
    """`expected` are words of the right answer; None where the documents hold none."""

    text: str
    expected: str | None


def questions() -> tuple[Sequence[SampleQuestion], Sequence[SampleQuestion]]:
    """Those of the sample help centre that are learnt, and those that are asked."""
    path = Path(settings.SAMPLE_DIR).parent / "questions.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    found = [SampleQuestion(row["text"], row["expected"]) for row in rows]
    return [each for place, each in enumerate(found) if place % KEPT_BACK], found[::KEPT_BACK]


def shelf() -> Collection:
    """The sample help centre's public documents."""
    made = Collection.objects.create(name="Demo")
    list(indexing.add(folders.files(str(settings.SAMPLE_DIR / "public")).originals, made))
    return made


def framed(answer: str) -> str:
    return f"{OPENING} {answer} {CLOSING}"


def make_examples(
    learnt: Iterable[SampleQuestion], collection: Collection, voiced: Callable[[str], str] = framed
) -> int:
    """Ask each in several manners, have the quoted answers `voiced` by a reviewer, and count them."""
    reviewer, _ = User.objects.get_or_create(username="demo")
    count = 0
    for question in learnt:
        for manner in MANNERS:
            message = _asked(f"{manner}{question.text}", collection)
            if message is None or message.outcome not in (Outcome.ANSWERED, Outcome.NOT_IN_DOCS):
                continue
            item = reviewing.claim(reviewer, pk=proposing.propose(message, by=reviewer).pk)
            if item is not None:
                is_answered = message.outcome == Outcome.ANSWERED
                said = voiced(item.answer) if is_answered else ""
                reviewing.approve(item.pk, reviewer, answer=said, no_fact="It is how the voice greets.")
                count += 1
    return count


def _asked(text: str, collection: Collection) -> Message | None:
    *_, done = conversations.ask(text, platform=Platform.CONSOLE, collections=[collection.pk])
    return done.message if isinstance(done, Done) else None


def judge(asked: Sequence[SampleQuestion], collection: Collection, deployment: Deployment) -> list[Row]:
    """Ask a model through Parley, and count."""
    answers = [
        (each, compose(each.text, collections=[collection.pk], deployment=deployment).finish()) for each in asked
    ]
    voice = Voice(opening=OPENING, closing=CLOSING)
    answerable = [(each, answer) for each, answer in answers if each.expected]
    others = [answer for each, answer in answers if not each.expected]
    return [
        counted("opens and closes as the voice does", [is_framed(_said(answer), voice) for _, answer in answerable]),
        counted("cites passages that were given", [_is_cited(answer) for _, answer in answerable]),
        counted("holds the words that were asked for", [_holds(answer, each.expected) for each, answer in answerable]),
        counted("refuses what the documents do not hold", [_is_refused(answer) for answer in others]),
        counted("refuses what they hold (fewer is better)", [_is_refused(answer) for _, answer in answerable]),
    ]


def _said(answer: Answer) -> str:
    """What the model wrote, whether it cited or not."""
    return answer.uncited_text or answer.text


def _is_cited(answer: Answer) -> bool:
    return answer.outcome == Outcome.ANSWERED and bool(answer.citations)


def _holds(answer: Answer, expected: str | None) -> bool:
    return " ".join((expected or "").lower().split()) in " ".join(_said(answer).lower().split())


def _is_refused(answer: Answer) -> bool:
    return answer.outcome == Outcome.NOT_IN_DOCS and not answer.uncited_text
