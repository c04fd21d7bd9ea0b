"""Every address that changes something leaves a line in the audit log, with the change in one transaction."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from dashboard.models import AuditEntry
from dashboard.training import orders
from evaluation.models import CaseSet
from knowledge.models import Collection
from llm.models import Endpoint, ServingRole
from tests.dashboard.guard.addresses import rule_of, views
from tests.fakes.providers.fake import FakeProviders
from tests.rows.examples import make_examples
from tests.rows.web_rows import make_user
from tuning.examples import reviewing
from tuning.jobs.submitting import WantedJob
from tuning.models import Dataset, TrainingExample
from tuning.registry import deploying
from tuning.reviews import second_looks

CHANGING = sorted(
    name for name, view in views()
    if "POST" in rule_of(view).methods and not rule_of(view).is_public and rule_of(view).write is not None
)  # fmt: skip
FORMS: dict[str, dict[str, Any]] = {
    "correct": {"answer": "Within 14 days."},
    "article": {"title": "Refunds", "text": "Within 30 days."},
    "review_item": {"verb": "approve", "answer": "Within 30 days [1]."},
    "review_draft": {"answer": "Within 30 days [1]."},
    "review_passages": {"wanted": "refunds"},
    "review_article": {"title": "Refunds", "text": "Within 30 days."},
    "second_look": {"verb": "approve"},
    "second_draft": {"answer": "Within 30 days [1]."},
    "second_share": {"share": "20"},
    "escalation": {"text": "I have done it."},
    "sources": {"location": "https://example.com/help/", "visibility": "public", "kind": "pages"},
    "collections": {"name": "Manuals", "visibility": "public"},
    "set_visibility": {"visibility": "internal"},
    "channel": {"mode": "all", "daily_limit": "5"},
    "new_voice": {"name": "default", "person": "we"},
    "voice": {"person": "we"},
    "own_words": {"welcome": "Any time!"},
    "preview_voice": {"name": "x", "person": "we", "question": "How are plans refunded?"},
    "budgets": {"period": "month", "limit": "10"},
    "prices": {"provider": "openai", "model": "m", "input_per_million": "1", "output_per_million": "1",
               "valid_from": "2026-01-01 00:00"},
    "models": {"role": "answer", "model": "b-model", "reason": "a try"},
    "new_endpoint": {"name": "ours", "provider": "openai"},
    "endpoint": {"name": "ours", "provider": "openai"},
    "try_endpoint": {"model": "a-model"},
    "people": {"username": "bea", "role": "viewer"},
    "set_role": {"role": "editor"},
    "allow_training": {"is_allowed": "yes"},
    "proposers": {"example_reaction": "star"},
    "freeze_dataset": {"name": "second", "prompt": "short", "validation": "0.1", "refusals": "0.2"},
    "deploy_version": {"reason": "it sounds like us"},
    "retire_version": {"retires_on": "2027-01-14"},
    "register_model": {"model": "b-model"},
    "job": {"model": "c-model"},
    "freeze_cases": {"name": "second"},
    "promote_run": {"percent": "5"},
    "raise_rollout": {"override": "a test"},
    "halt_rollout": {"reason": "a test"},
}  # fmt: skip


def form(name: str) -> dict[str, Any]:
    """What is sent to an address, over the rows of the fixture."""
    endpoint = Endpoint.objects.get(provider="openai")
    collection = Collection.objects.first()
    assert collection is not None
    more: dict[str, dict[str, Any]] = {
        "upload": {"collection": collection.pk, "files": SimpleUploadedFile("a.md", b"# A\n\nText.")},
        "article": {"collection": collection.pk},
        "review_article": {"collection": collection.pk},
        "models": {"endpoint": endpoint.pk},
        **{key: {"endpoint": endpoint.pk} for key in ("register_model", "find_models", "job")},
        "register_found": {"endpoint": endpoint.pk, "model": ["ft:b:acme::1", "ft:c:acme::2"]},
        "bring_examples": {"file": SimpleUploadedFile("kept.csv", b"question,answer\nMay I?,You may.")},
        "order_job": {"token": orders.show(WantedJob(Dataset.objects.earliest("id"), "by_hand", "a-model")).token},
        "import_cases": {"file": SimpleUploadedFile("a.jsonl", b'{"question": "How long?"}')},
        "start_run": {"case_set": CaseSet.objects.get().pk},
    }
    return {**FORMS.get(name, {}), **more.get(name, {})}


def decided_by_another(item: TrainingExample, owner: User) -> None:
    other = make_user("somebody")
    reviewing.skip(item.pk, owner)
    reviewing.claim(other, pk=item.pk)
    reviewing.approve(item.pk, other)
    TrainingExample.objects.filter(pk=item.pk).update(second_opinion="wanted")
    second_looks.claim(owner, pk=item.pk)


@pytest.mark.parametrize("name", CHANGING)
def test_a_line_for_every_change(
    name: str,
    things: dict[str, dict[str, object]],
    client: Client,
    settings: Settings,
    tmp_path: object,
    fake_providers: FakeProviders,
) -> None:
    settings.PARLEY_HOME = tmp_path
    settings.SLACK_CLIENT_ID = "a-client"
    owner = make_user("root", is_superuser=True)
    client.force_login(owner)
    item = TrainingExample.objects.get()
    reviewing.claim(owner, pk=item.pk)
    if name in ("second_look", "second_draft"):
        decided_by_another(item, owner)
    if name == "export_examples":
        reviewing.approve(item.pk, owner)
    if name == "freeze_dataset":
        make_examples(12)
    if name == "take_back":
        deploying.serve(ServingRole.ANSWER, Endpoint.objects.get(provider="openai"), "new", reason="a try", by=owner)
    if name in ("voice", "own_words"):
        client.post(reverse("new_voice"), FORMS["new_voice"])
    reply = client.post(reverse(name, kwargs=things.get(name)), form(name))
    assert reply.status_code < 400, reply.content.decode()[:500]
    (entry,) = AuditEntry.objects.filter(action=name)
    assert entry.actor == "root"
    pks = {str(value) for value in things.get(name, {}).values()}
    assert not pks or entry.target in pks
