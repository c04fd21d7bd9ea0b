"""Examples that were made before are told who wrote them, and cite by the prompt's numbers."""

import importlib

import pytest
from django.apps import apps
from django.db import connection

from tests.rows.examples import make_example
from tests.rows.web_rows import PASSAGE, make_answer, make_citation, make_question, make_user
from tuning.examples.proposing import checksum
from tuning.models import TrainingExample

pytestmark = pytest.mark.django_db

migration = importlib.import_module("tuning.migrations.0010_whose_answers")


def test_markers_of_unedited_examples_become_those_of_the_prompt() -> None:
    passages = [{"heading": "Others", "text": "x"}, {"heading": "Refunds > Annual plans", "text": PASSAGE}]
    told = "Within 30 days [1]."
    for number, better in enumerate([told, "Better [1]."]):
        answer = make_answer(make_question(make_user(f"user {number}"), trace_id=str(number) * 32), told)
        answer.trace = {**answer.trace, "passages": passages}
        answer.save()
        make_citation(answer)
        make_example("annual plans", answer=better, original_answer=told, message=answer)
    with connection.schema_editor() as editor:
        migration.tell(apps, editor)
    same, edited = TrainingExample.objects.order_by("id")
    assert (same.answer, same.original_answer, same.answer_model) == (
        "Within 30 days [2].", "Within 30 days [2].", "openai:a-model",
    )  # fmt: skip
    assert same.messages[-1]["content"] == same.answer
    assert same.checksum == checksum(same.messages)
    assert (edited.answer, edited.answer_model) == ("Better [1].", "openai:a-model")
