"""The sample help centre, asked in users' own words, answered by quoting alone: how much must come out right."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.conf import settings

from bot.answers.answering import compose
from bot.models import Outcome
from knowledge.originals import folders
from llm.models import ServingRole
from tests.rows.make import make_collection, make_deployment, make_indexed

SAMPLE = Path(settings.BASE_DIR) / "knowledge" / "sample"


@dataclass(frozen=True)
class Question:
    text: str
    expected: str | None


def questions() -> list[Question]:
    lines = (SAMPLE / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    return [Question(row["text"], row["expected"]) for row in map(json.loads, lines)]


def said(text: str) -> str:
    return " ".join(text.lower().split())


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("step", "most_wrong"), [pytest.param(1, 15, marks=pytest.mark.chaos), (3, 6)], ids=["all", "every-third"]
)
def test_most_questions_are_answered_and_the_others_refused(step: int, most_wrong: int) -> None:
    make_deployment()
    deployment = make_deployment(ServingRole.ANSWER, provider="extractive", model="best-sentences", dimensions=None)
    public = make_collection()
    make_indexed(public, *folders.files(str(SAMPLE / "help_centre" / "public")).originals)
    wrong, invented = [], []
    for question in questions()[::step]:
        answer = compose(question.text, collections=[public.pk], deployment=deployment).finish()
        text = said(answer.text) if answer.outcome == Outcome.ANSWERED else ""
        if question.expected is None and answer.outcome != Outcome.NOT_IN_DOCS:
            invented.append(f"{question.text} -> {text}")
        if question.expected is not None and said(question.expected) not in text:
            wrong.append(f"{question.text} -> {text}")
    assert len(wrong) <= most_wrong, "\n".join(wrong)  # of 39 in all; 12 when this was written
    assert len(invented) <= 1, "\n".join(invented)  # of 12; none when this was written
