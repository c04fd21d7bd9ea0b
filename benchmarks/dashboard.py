"""The pages of the dashboard over a million messages, beside Django's admin: python -m benchmarks.dashboard

Makes a database of its own with `--messages` messages and twice as many calls, over 180 days; asks for every page again
and again through Django, and prints milliseconds on the server, queries, and how the list compares with a plain
changelist over the same table.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from config import postgres

ROOT = Path(__file__).resolve().parent.parent
ROWS = """
INSERT INTO bot_workspace (platform, external_id, name, bot_user_id, bot_id, scopes, token, refresh_token,
  is_training_allowed, example_reaction, is_proposing, proposers)
VALUES ('slack', 'T1', 'Acme', '', '', '', '', '', true, '', false, '{{}}');
INSERT INTO bot_channel (workspace_id, external_id, name, kind, has_outsiders, is_enabled, mode, voice_name, language,
  escalation_mention, refusal_text, daily_limit, has_feedback, is_drafting)
SELECT w.id, 'C' || n, 'channel-' || n, 'channel', false, true, 'mention', '', '', '', '', 100, true, false
FROM bot_workspace w, generate_series(1, 20) n;
INSERT INTO bot_conversation (platform, channel_id, thread_id, silenced_by, past_silences)
SELECT 'slack', c.id, 'thread-' || c.id || '-' || n, '', '[]'
FROM generate_series(1, {answers} / 20) n, bot_channel c;
INSERT INTO bot_message (conversation_id, speaker, text, trace_id, outcome, is_truncated, provider, model,
  first_token_ms, total_ms, style_faults, sent_text, cost, trace, created_at)
SELECT v.id, s.speaker,
  CASE s.speaker WHEN 'asker' THEN 'How are plans of kind ' || (v.id % 997) || ' refunded, and by whom?'
    ELSE 'Plans of kind ' || (v.id % 997) || ' are refunded within 30 days [1]. ' || repeat('More words. ', 20) END,
  lpad(to_hex(v.id), 32, '0'),
  CASE WHEN s.speaker = 'asker' THEN '' WHEN v.id % 9 = 0 THEN 'not_in_docs' WHEN v.id % 997 = 1 THEN 'provider_error'
    ELSE 'answered' END,
  false, CASE s.speaker WHEN 'asker' THEN '' ELSE 'openai' END,
  CASE WHEN s.speaker = 'asker' THEN '' WHEN v.id % 5 = 0 THEN 'b-model' ELSE 'a-model' END,
  CASE s.speaker WHEN 'asker' THEN NULL ELSE 300 + v.id % 900 END,
  CASE s.speaker WHEN 'asker' THEN NULL ELSE 900 + v.id % 5000 END, '[]', '',
  CASE s.speaker WHEN 'asker' THEN NULL ELSE 0.0004 + (v.id % 100) * 0.00001 END,
  CASE s.speaker WHEN 'asker' THEN '{{"collections": [1]}}'::jsonb ELSE jsonb_build_object(
    'question', 'How?', 'passages', jsonb_build_array(jsonb_build_object(
      'title', 'Refunds', 'heading', 'Refunds', 'text', repeat('Passage. ', 60),
      'score', 0.9, 'scores', '{{}}'::jsonb)), 'stages_ms', '{{}}'::jsonb, 'answerable', 0.9) END,
  now() - interval '180 days' * (1 - v.id::float / {answers}) - interval '1 second'
FROM bot_conversation v, (VALUES ('asker'), ('bot')) s (speaker) ORDER BY v.id, s.speaker;
INSERT INTO bot_feedback (message_id, person, is_positive, reason, better_answer, right_document, updated_at)
SELECT id, 'U' || id, id % 3 > 0, '', '', '', created_at FROM bot_message WHERE speaker = 'bot' AND id % 20 = 0;
INSERT INTO llm_usagerecord (trace_id, purpose, provider, model, input_tokens, cached_input_tokens, output_tokens,
  is_estimated, cost, latency_ms, finish_reason, attempts, error, created_at)
SELECT m.trace_id, p.purpose, 'openai', CASE p.purpose WHEN 'answer' THEN m.model ELSE 'an-embedder' END,
  2000, 300, 130, false, CASE p.purpose WHEN 'answer' THEN m.cost ELSE 0.00000001 END, 900, 'stop', 1, '', m.created_at
FROM bot_message m, (VALUES ('answer'), ('embed_question'), ('rewrite'), ('judge')) p (purpose) WHERE m.speaker = 'bot';
ANALYZE;
"""
PAGES = {
    "overview": "/",
    "conversations": "/conversations/",
    "conversations, far back": "/conversations/?before={middle}",
    "… of one channel": "/conversations/?channel={channel}",
    "… not in the documents": "/conversations/?outcome=not_in_docs",
    "… failed (one in a thousand)": "/conversations/?outcome=provider_error",
    "… thumbs down": "/conversations/?rating=down",
    "… words": "/conversations/?text=kind+613",
    "… dear and slow": "/conversations/?least_cost=0.0013&least_seconds=5",
    "transcript": "/conversations/{conversation}/",
    "review": "/review/",
    "training data": "/training/",
    "escalations": "/escalations/",
    "documents": "/documents/",
    "channels": "/channels/",
    "costs, 30 days": "/costs/?days=30",
    "costs, 90 days": "/costs/?days=90",
    "models": "/models/",
    "audit log": "/audit/",
    "advice": "/advice/",
    "calculators, break-even": "/advice/calculators/?calculator=break-even",
    "evaluations": "/evaluations/",
    "a run of 1,000 cases": "/runs/{run}/",
}
PEER = {"Django admin, list": "/admin/bot/message/", "Django admin, far back": "/admin/bot/message/?p={number}",
        "Django admin, words": "/admin/bot/message/?q=kind+613"}  # fmt: skip


class Queries:
    """Counts what is asked of the database."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, execute: Callable[..., Any], *arguments: Any) -> Any:
        self.count += 1
        return execute(*arguments)


def measure(rounds: int, only: str = "") -> list[dict[str, Any]]:
    """One row per page: milliseconds on the server and queries. To be run with Django set up over the database."""
    from django.contrib.auth.models import User  # noqa: PLC0415  after set-up
    from django.db import connection  # noqa: PLC0415
    from django.test import Client  # noqa: PLC0415

    from bot.models import Channel, Conversation, Message  # noqa: PLC0415
    from evaluation.models import EvaluationRun  # noqa: PLC0415

    client = Client()
    client.force_login(User.objects.get(username="root"))
    last = Message.objects.order_by("-id").values_list("pk", flat=True)[0]
    places = {
        "middle": last // 2,
        "number": last // 100,
        "channel": Channel.objects.order_by("id")[3].pk,
        "run": EvaluationRun.objects.latest("id").pk,
        "conversation": Conversation.objects.order_by("-id")[100].pk,
    }
    rows = []
    for name, address in {**PAGES, **PEER}.items():
        if only and only not in name:
            continue
        asked = address.format(**places)
        queries = Queries()
        with connection.execute_wrapper(queries):
            assert client.get(asked).status_code == 200, name
        times = []
        for _ in range(rounds if name in PAGES else max(rounds // 4, 3)):
            started = time.perf_counter()
            client.get(asked)
            times.append((time.perf_counter() - started) * 1000)
        p95 = statistics.quantiles(times, n=20)[18] if len(times) >= 20 else max(times)
        rows.append({"page": name, "median": statistics.median(times), "p95": p95, "queries": queries.count})
    return rows


def agree() -> tuple[str, str]:
    """The cost of everything by the page's own reading, and by the ledger."""
    from django.db.models import Sum  # noqa: PLC0415

    from evaluation.figures import costs  # noqa: PLC0415
    from llm.models import UsageRecord  # noqa: PLC0415

    return str(costs.read(200).total.cost), str(UsageRecord.objects.aggregate(sum=Sum("cost"))["sum"])


def _prepare(answers: int) -> None:
    from django.contrib.auth.models import User  # noqa: PLC0415
    from django.core.management import call_command  # noqa: PLC0415
    from django.db import connection  # noqa: PLC0415

    from benchmarks import evaluation_rows  # noqa: PLC0415
    from evaluation.figures import rollups  # noqa: PLC0415

    call_command("setup", verbosity=0)
    call_command("migrate", verbosity=0)
    User.objects.create_superuser("root")
    started = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(ROWS.format(answers=answers))
        evaluation_rows.fill()
        cursor.execute("VACUUM ANALYZE")
    sys.stderr.write(f"made in {time.perf_counter() - started:.0f} s; ")
    started = time.perf_counter()
    sys.stderr.write(f"{rollups.roll_up()} days rolled up in {time.perf_counter() - started:.0f} s\n")


def inside(messages: int, rounds: int, only: str) -> None:
    import django  # noqa: PLC0415

    django.setup()
    _prepare(messages // 2)
    sys.stdout.write("| page | median ms | p95 ms | queries |\n|---|---|---|---|\n")
    rows = measure(rounds, only)
    for row in rows:
        sys.stdout.write(f"| {row['page']} | {row['median']:.0f} | {row['p95']:.0f} | {row['queries']} |\n")
    if only:
        return
    by_name = {row["page"]: row["median"] for row in rows}
    ratio = by_name["conversations"] / by_name["Django admin, list"]
    sys.stdout.write(f"\nThe list takes {ratio:.2f} of the time of Django's own. Costs, page and ledger: {agree()}\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--only", default="", metavar="WORDS", help="only pages whose names hold these words")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        inside(options.messages, options.rounds, options.only)
        return
    with tempfile.TemporaryDirectory(prefix="parley-dashboard-", ignore_cleanup_errors=True) as made:
        folder = Path(made)
        folder.chmod(0o755)
        with postgres.running(folder / "home") as url:
            environment = {
                **os.environ, "DATABASE_URL": url, "PARLEY_HOME": str(folder / "state"),
                "SECRET_KEY": "only-to-measure",
                "DJANGO_SETTINGS_MODULE": "benchmarks.dashboard_settings",
            }  # fmt: skip
            again = [sys.executable, "-m", "benchmarks.dashboard", "--inside", f"--messages={options.messages}"]
            again += [f"--rounds={options.rounds}", f"--only={options.only}"]
            subprocess.run(again, env=environment, cwd=ROOT, check=True)


if __name__ == "__main__":
    main()
