"""Runs that are asked in orders, over both vendors that take them."""

from dataclasses import replace
from pathlib import Path

import pytest

from evaluation.cases.case_drafts import CaseDraft
from evaluation.cases.collecting import add_drafts
from evaluation.models import EvaluationRun
from llm import vendors
from llm.models import ServingRole
from tests.fakes.providers.fake import FakeProviders
from tests.rows.cases import make_case_set, make_run
from tests.rows.make import make_collection, make_deployment, make_file, make_indexed

REFUNDS = "# Refunds\n\nAnnual plans can be refunded in full within 30 days of purchase.\n"
QUESTIONS = ("Can annual plans be refunded?", "Within how many days are plans refunded?", "Are refunds in full?")
MODELS = {"openai": "gpt-6-luna", "anthropic": "claude-haiku-5-5"}


@pytest.fixture(params=["openai", "anthropic"])
def vendor(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def ordered_run(
    vendor: str, tmp_path: Path, fake_providers: FakeProviders, monkeypatch: pytest.MonkeyPatch
) -> EvaluationRun:
    """One that waits, over a vendor whose own address the fake has; three cases in one arm."""
    own = fake_providers.openai_url if vendor == "openai" else fake_providers.anthropic_url
    monkeypatch.setitem(vendors.VENDORS, vendor, replace(vendors.VENDORS[vendor], address=own))
    make_deployment()
    make_deployment(ServingRole.ANSWER, provider=vendor, model=MODELS[vendor], dimensions=None)
    make_indexed(make_collection(), make_file(tmp_path, "refunds.md", REFUNDS))
    fake_providers.blocks = [("Annual plans can be refunded in full within 30 days.", (0,))]
    drafts = [CaseDraft(question=question, must_include=("30 days",)) for question in QUESTIONS]
    case_set = make_case_set(add_drafts(drafts, origin="a test", by=None).cases)
    return make_run(case_set, arms=["rag"], is_batch=True)
