"""Each thing has one name on all pages, and none is without."""

import pytest
from django.test import Client
from django.urls import reverse

from bot.answers.replays import Fidelity
from bot.models import Feedback, Outcome
from bot.team.feedback import REASONS
from dashboard.rendering import timings, words
from evaluation.figures import resolution
from llm.models import Purpose
from tests.rows.web_rows import make_answer, make_models, make_question, make_user
from tuning.models import JobState
from tuning.trainers import TRAINERS


def test_everything_that_pages_show_has_a_name() -> None:
    assert set(words.OUTCOMES) == set(Outcome)
    assert set(words.PURPOSES) == set(Purpose)
    assert set(words.FIDELITIES) == set(Fidelity)
    assert tuple(words.RESOLUTIONS) == resolution.RESOLUTIONS
    assert set(words.JOB_STATES) == set(JobState)
    assert set(words.TRAINERS) >= set(TRAINERS)
    stages = timings.stages({"embed": 1.0, "search": 1.0}, 3.0, 4.0)
    assert [stage.label for stage in stages] == list(timings.LABELS.values())


@pytest.mark.django_db
def test_a_reason_is_read_in_the_words_it_was_chosen_by(client: Client) -> None:
    make_models()
    user = make_user("root", is_superuser=True)
    client.force_login(user)
    answer = make_answer(make_question(user))
    code, label = "outdated", REASONS["outdated"].text
    Feedback.objects.create(message=answer, user=user, is_positive=False, reason=code)
    page = " ".join(client.get(reverse("transcript", args=[answer.conversation_id])).content.decode().split())
    assert f"👎 Thumbs down: {label}" in page
