"""The whole proof with a model on this machine: tuned, served, asked beside the live one, and judged."""

from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from evaluation import rehearsal
from evaluation.cases import case_files
from evaluation.cases.case_drafts import ReadCases
from evaluation.models import EvaluationArm, RunState
from evaluation.promotion import proofs
from evaluation.promotion.gate import GateVerdict
from llm.models import ServingRole
from tests.harness.trainings import needs_torch, show_with_tiny_base
from tests.rows.make import make_deployment

CASES = 8


@pytest.mark.chaos
@pytest.mark.django_db
@needs_torch
def test_a_model_that_knows_nothing_goes_through_and_is_not_offered(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a tiny model, which learns nothing in so short a time: that it goes through is what is shown."""
    settings.TUNING_DIR = tmp_path / "tuning"
    make_deployment()
    make_deployment(ServingRole.ANSWER, provider="extractive", model="best-sentences", dimensions=None)
    show_with_tiny_base(tmp_path, monkeypatch)
    read = case_files.read
    monkeypatch.setattr(case_files, "read", lambda *file: ReadCases(read(*file).drafts[:CASES], read(*file).notes))
    said: list[str] = []
    run = rehearsal.rehearse(said.append, epochs=1)
    assert (run.state, run.results.count()) == (RunState.DONE, 2 * CASES), said
    live, candidate = (run.results.filter(arm=arm) for arm in (EvaluationArm.RAG, EvaluationArm.TUNED_RAG))
    assert live.filter(outcome="answered").count() > candidate.filter(outcome="answered").count()
    judged = proofs.judge(run)
    assert judged is not None
    assert judged.verdict != GateVerdict.OFFERED
    assert any("may be learnt" in line for line in said)


@pytest.mark.parametrize(
    ("answer", "brief"),
    [
        ("Annual plans cannot be changed. [1] They are not free. [2]", "Annual plans can't be changed. [1]"),
        ("It does not cost anything [1].", "It doesn't cost anything [1]."),
        ("No marker here", "No marker here"),
    ],
)
def test_the_first_sentence_with_what_it_cites_is_brief(answer: str, brief: str) -> None:
    assert rehearsal.brief(answer) == brief
