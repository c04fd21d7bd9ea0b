"""What the pages of advice and evaluations read, beside the messages of benchmarks.dashboard."""

from datetime import timedelta

from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from evaluation.models import (
    CaseSet,
    CaseSetLine,
    CaseSource,
    EvaluationArm,
    EvaluationCase,
    EvaluationResult,
    EvaluationRun,
    HumanGrade,
    PrimaryMeasure,
    RunState,
)
from knowledge.models import Collection
from llm.models import Deployment, Endpoint, PromptVariant, ServingRole
from tuning.models import ExampleState, ModelVersion, TrainingExample

CASES = 1_000
EXAMPLES = 3_000
LAYERS = ("", "", "", "style", "retrieval_miss", "", "over_refusal", "")
# 400 documents, each changed once a month or never; every answer of the newest tenth cites two, older ones one.
CITED = """
INSERT INTO knowledge_document (collection_id, origin, path, url, title, state, reason, etag, last_modified, created_at,
  updated_at)
SELECT c.id, 'd' || n, 'd' || n || '.md', '', 'Document ' || n, 'indexed', '', '', '', now() - interval '200 days',
  now()
FROM (SELECT min(id) AS id FROM knowledge_collection) c, generate_series(1, 400) n;
INSERT INTO knowledge_documentversion (document_id, number, fingerprint, byte_count, chunk_count, language,
  added_chunks, removed_chunks, warning, created_at)
SELECT d.id, v, 'f', 100, 1, 'english', 1, 0, '', now() - interval '30 days' * (7 - v)
FROM knowledge_document d, generate_series(1, 6) v WHERE v = 1 OR d.id % 3 = 0;
INSERT INTO bot_citation (message_id, number, document_id, title, heading, path, url, quote, passage)
SELECT m.id, n, (SELECT min(id) FROM knowledge_document) + (m.id * 7 + n) % 400, 'Document', 'Refunds', 'd.md', '',
  'Within 30 days.', repeat('Passage. ', 40)
FROM bot_message m, generate_series(1, 2) n
WHERE m.speaker = 'bot' AND m.outcome = 'answered' AND (n = 1 OR m.id % 10 = 0);
"""


def fill() -> None:
    """Documents, citations, approved examples, a tuned model beside the live one, and a run that people have graded."""
    Collection.objects.create(name="Bench")
    with connection.cursor() as cursor:
        cursor.execute(CITED)
    endpoint, _ = Endpoint.objects.get_or_create(name="openai", defaults={"provider": "openai"})
    live = Deployment.objects.create(
        role=ServingRole.ANSWER, endpoint=endpoint, model="gpt-4o-mini", reason="a benchmark"
    )
    ModelVersion.objects.create(
        endpoint=endpoint, model="ft:gpt-4o-mini-2024-07-18:acme::1", base="gpt-4o-mini", prompt=PromptVariant.SHORT
    )
    _examples()
    _run(live)


def _examples() -> None:
    now = timezone.now()
    TrainingExample.objects.bulk_create(
        TrainingExample(
            state=ExampleState.APPROVED, reviewed_at=now, review_seconds=40, messages=[], answer="Yes.",
            question=f"What should I know about subject {place} before we buy plan {place % 7}?",
            original_answer="Yes.", template_hash="h", checksum=f"{place:064x}",
        )
        for place in range(EXAMPLES)
    )  # fmt: skip


def _run(live: Deployment) -> None:
    """Written past the trigger that freezes sets: it lets lines in with their set alone."""
    cases = EvaluationCase.objects.bulk_create(
        EvaluationCase(question=f"Question {n}?", source=CaseSource.FILE, checksum=f"{n:064x}") for n in range(CASES)
    )
    case_set = CaseSet.objects.create(name="large", checksum="c" * 64, size=CASES, clusters=CASES)
    CaseSetLine.objects.bulk_create(
        CaseSetLine(case_set=case_set, case=case, ordinal=n, cluster=n, checksum=case.checksum)
        for n, case in enumerate(cases, start=1)
    )
    run = EvaluationRun.objects.create(
        state=RunState.DONE, case_set=case_set, arms=[EvaluationArm.RAG], primary=PrimaryMeasure.PASSED, live=live,
        collections=[1], total=CASES, finished_at=timezone.now() - timedelta(days=1),
    )  # fmt: skip
    results = EvaluationResult.objects.bulk_create(
        EvaluationResult(
            run=run, case=case, arm=EvaluationArm.RAG, trace_id=f"{n:032x}", outcome="answered", answer="Yes [1].",
            trace={"passages": [{"text": "Passage. " * 60}] * 6}, total_ms=900, layer=LAYERS[n % 8],
            has_passed=not LAYERS[n % 8], scores={"citations": {"validity": 1.0, "precision": 1.0, "recall": 1.0}},
        )
        for n, case in enumerate(cases)
    )  # fmt: skip
    grader = User.objects.get(username="root")
    HumanGrade.objects.bulk_create(HumanGrade(result=each, grader=grader, is_factual=True) for each in results)
