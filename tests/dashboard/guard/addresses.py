"""Every address of the dashboard, and rows that each can be opened with."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from bot.models import Channel, Conversation, Escalation, Platform, Workspace
from dashboard import urls as dashboard_urls
from dashboard.guard.rules import Rule
from knowledge.models import Collection, Source
from llm.models import Budget, Deployment, ServingRole
from tests.rows.cases import make_case, make_case_set, make_run
from tests.rows.examples import make_tuned
from tests.rows.questions import make_question_row
from tests.rows.rollouts import make_rollout
from tests.rows.web_rows import make_answer, make_citation, make_document, make_models, make_question, make_user
from tuning.examples import bulk, proposing
from tuning.models import FineTuneJob, JobState

REVIEWED = (
    "review_item", "review_draft", "review_passages", "review_attach", "review_article", "review_article_state",
    "review_settle", "review_article_answer", "review_learn_too", "second_look", "second_draft",
)  # fmt: skip


def views() -> Iterator[tuple[str, Any]]:
    """Our own; those of the library that logs people in are tried below."""
    for each in dashboard_urls.urlpatterns:
        yield str(each.name), each.callback


def rule_of(view: Any) -> Rule:
    assert hasattr(view, "rule"), f"{view.__name__} has no rule: see dashboard.rules"
    found: Rule = view.rule
    return found


@pytest.fixture
def things(db: None) -> dict[str, dict[str, object]]:
    """The arguments of every address that takes some, of rows that are there and belong to another account."""
    other = make_user("other")
    make_models()
    answer = make_answer(make_question(other))
    workspace = Workspace.objects.create(platform=Platform.SLACK, external_id="T1", name="Acme")
    channel = Channel.objects.create(workspace=workspace, external_id="C1", name="help")
    conversation = Conversation.objects.create(platform="slack")
    question = make_question_row(None, channel, conversation=conversation, message_id="1", trace_id="2" * 32)
    document = make_document(Collection.objects.create(name="Public"))
    source = Source.objects.create(collection=document.collection, kind="folder", location="/there")
    tuned = make_tuned(Deployment.objects.live(ServingRole.ANSWER).endpoint)
    assert tuned.dataset is not None
    order = {"trainer": "by_hand", "base": "a-model", "key": uuid4(), "state": JobState.RUNNING}
    job = FineTuneJob.objects.create(dataset=tuned.dataset, **order)
    run = make_run(make_case_set([make_case()]), candidate=tuned)
    rows: dict[str, object] = {
        "conversation": answer.conversation_id,
        "transcript": answer.conversation_id,
        "passage": make_citation(answer).pk,
        **dict.fromkeys(("feedback", "prompt", "promote", "correct", "article", "again", "add_case"), answer.pk),
        **dict.fromkeys(("run", "stop_run", "resume_run", "grade_run", "judge_run", "stop_judging"), run.pk),
        **dict.fromkeys(("raise_rollout", "halt_rollout"), make_rollout(tuned, 5).pk),
        "promote_run": run.pk,
        **dict.fromkeys((*REVIEWED, "example"), proposing.propose(answer, by=None).pk),
        **dict.fromkeys(
            ("escalation", "claim", "conclude"), Escalation.objects.create(question=question, reason="why").pk
        ),
        **dict.fromkeys(("document", "remove_document"), document.pk),
        **dict.fromkeys(("source", "sync_source", "remove_source"), source.pk),
        **dict.fromkeys(("allow_training", "escalate_to", "proposers"), workspace.pk),
        **dict.fromkeys(("endpoint", "try_endpoint"), Deployment.objects.live(ServingRole.ANSWER).endpoint_id),
        **dict.fromkeys(("set_role", "shut_account", "new_link"), other.pk),
        **dict.fromkeys(("dataset",), tuned.dataset_id),
        **dict.fromkeys(("job", "cancel_job", "look_at_job"), job.pk),
        **dict.fromkeys(("version", "deploy_version", "retire_version"), tuned.pk),
        "proposal": bulk.request([answer.pk], by=None).pk,
        "set_visibility": document.collection_id,
        "channel": channel.pk,
        **dict.fromkeys(("roll_back", "switch_off"), Deployment.objects.live(ServingRole.ANSWER).pk),
        "remove_budget": Budget.objects.create(period="day", limit=1).pk,
    }
    words: dict[str, dict[str, object]] = {
        "export_conversations": {"kind": "csv"},
        "run_case": {"pk": run.pk, "case": run.case_set.cases.get().pk},
        **{name: {"name": "default"} for name in ("voice", "own_words")},
        "export_dataset": {"pk": tuned.dataset_id, "split": "train", "kind": "openai"},
        "login_link": {"token": "x"},
    }
    return {**{name: {"pk": pk} for name, pk in rows.items()}, **words}
