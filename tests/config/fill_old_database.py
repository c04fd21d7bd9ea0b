"""Makes old_database.sql.gz: a filled database of commit b2ee1d3, the last before modules and tables changed rooms.

At the root of a checkout of that commit, with its environment: `PYTHONPATH=. python .../fill_old_database.py FILE`.
Commands fill what commands fill; rows that only platforms, reviewers or days of use make are written one by one.
"""

import contextlib
import gzip
import os
import subprocess
import sys
import tempfile
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any

AT = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
QUESTIONS = ("How long do I have to ask for a refund?", "Which plans are there?", "Who won the cup in 1974?")
FOLDER = "/srv/help"  # in place of that of the machine it was made on


def make(model: str, /, **fields: Any) -> Any:
    return import_module("django.apps").apps.get_model(model).objects.create(**fields)


def every(model: str) -> Any:
    return import_module("django.apps").apps.get_model(model).objects


def command(*words: str) -> None:
    import_module("django.core.management").call_command(*words)


def fill() -> None:
    _documents()
    admin = every("auth.User").get(username="admin")
    _people(admin)
    for question in QUESTIONS:
        command("ask", question)
    shelf = every("knowledge.Collection").order_by("id").first()
    channel = _platform(shelf)
    answer = _conversation(channel)
    _opinions(admin, answer)
    _training(admin, answer)
    _money(admin)
    _upkeep(shelf)
    for action in ("login", "set_visibility", "export_conversations"):
        import_module("dashboard.audit").write(admin, action, "1", {"name": "Public", "number": 7})
    every("llm.UsageRecord").update(created_at=AT)
    every("bot.Message").update(created_at=AT)
    import_module("dashboard.rollups").roll_up()


def _documents() -> None:
    source = Path("knowledge/sample/help_centre")
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder)
        for name in ("refund-policy.md", "plans-and-pricing.md"):
            (kept / name).write_bytes((source / "public" / name).read_bytes())
        command("setup")
        command("ingest", folder, "--public")
        (kept / "inside").mkdir()
        (kept / "inside" / "voice.md").write_text("# Voice\n\nWe say you to everybody.\n")
        command("ingest", str(kept / "inside"), "--internal")
        (kept / "inside" / "voice.md").unlink()
        changed = kept / "refund-policy.md"
        changed.write_text(changed.read_text() + "\n\nThis was added later.\n")
        command("ingest", folder, "--public")
        for document in every("knowledge.Document").all():
            document.origin = f"{FOLDER}/{Path(document.origin).name}"
            document.save()
    make("knowledge.Document", collection_id=1, origin=f"{FOLDER}/torn.pdf", path="torn.pdf", state="failed",
         reason="It is torn.")  # fmt: skip
    source_row = make("knowledge.Source", collection_id=1, kind="pages", location="https://help.example.com/",
                      schedule="0 3 * * *")  # fmt: skip
    sync = make("knowledge.Sync", source=source_row, state="done", trace_id="5" * 32, documents_total=1, finished_at=AT)
    make("knowledge.SyncChange", sync=sync, kind="added", path="https://help.example.com/")


def _people(admin: Any) -> None:
    groups = every("auth.Group")
    ann = make("auth.User", username="ann", first_name="Ann", email="ann@example.com", is_staff=True, password="!")
    ann.groups.add(groups.first() or groups.create(name="reviewers"))
    ann.user_permissions.add(every("auth.Permission").first())
    groups.first().permissions.add(every("auth.Permission").first())
    address = make("account.EmailAddress", user=ann, email=ann.email, verified=True, primary=True)
    make("account.EmailConfirmation", email_address=address, key="0" * 64, created=AT)
    make("mfa.Authenticator", user=ann, type="recovery_codes", data={"seed": "none", "used_mask": 0})
    account = make("socialaccount.SocialAccount", user=ann, provider="company", uid="ann", extra_data={})
    app = make("socialaccount.SocialApp", provider="openid_connect", name="company", client_id="c")
    make("socialaccount.SocialToken", app=app, account=account, token="nothing")
    make("sessions.Session", session_key="k" * 32, session_data="e30:nothing", expire_date=AT)
    import_module("django.core.cache").cache.set("kept", "value", None)


def _platform(shelf: Any) -> Any:
    encrypt = import_module("llm.secrets").encrypt
    voice = {"style_guide": "Be kind.", "banned_phrases": ["as an AI"], "person": "we", "most_words": 90}
    make("bot.Voice", name="default", version=1, **voice)
    make("bot.Voice", name="default", version=2, **voice, closing="Your team")
    workspace = make("bot.Workspace", platform="slack", external_id="T1", name="Acme", bot_user_id="U0", bot_id="B0",
                     token=encrypt("made up"), installed_at=AT, is_training_allowed=True)  # fmt: skip
    team = make("bot.Channel", workspace=workspace, external_id="C2", name="team", has_outsiders=False)
    workspace.escalation_channel = team
    workspace.save()
    channel = make("bot.Channel", workspace=workspace, external_id="C1", name="support", voice_name="default",
                   mode="questions", escalation_channel=team, least_answerable=0.4)  # fmt: skip
    channel.collections.add(shelf)
    make("bot.BotProcess", name="host:1", platform="slack", is_connected=True)
    return channel


def _conversation(channel: Any) -> Any:
    """A question on Slack, what was posted, and that it went to a person; the answer is that of a command before."""
    answer = every("bot.Message").filter(speaker="bot", outcome="answered").first()
    answer.voice = every("bot.Voice").last()
    answer.style_faults = ["says 91 words"]
    answer.save()
    held = answer.conversation
    held.platform, held.channel, held.thread_id = "slack", channel, "1700000000.000100"
    held.save()
    question = make("bot.Question", platform="slack", channel=channel, conversation=held, asker="U1", asker_name="Cy",
                    message_id="1700000000.000100", text=QUESTIONS[0], state="done", trace_id=answer.trace_id,
                    answer=answer, ranked_at=AT, finished_at=AT)  # fmt: skip
    make("bot.Question", platform="slack", channel=channel, conversation=held, asker="U1", text="And then?",
         message_id="1700000000.000200", state="waiting", trace_id="6" * 32, ranked_at=AT)  # fmt: skip
    make("bot.Receipt", key="slack:Ev1", question=question)
    body = {"blocks": [], "text": answer.text}
    make("bot.Delivery", question=question, kind="answer", channel=channel, key="a" * 32, state="sent", sent_at=AT,
         message_id="1700000000.000101", body=body)  # fmt: skip
    make("bot.Delivery", question=question, kind="escalation", channel=channel.escalation_channel, key="b" * 32,
         state="sent", sent_at=AT, message_id="1700000000.000102", body=body)  # fmt: skip
    make("bot.Escalation", question=question, state="answered", reason="asked for", requested_by="U1", claimed_by="U2",
         answered_by="U2", answer="30 days.", claimed_at=AT, answered_at=AT)  # fmt: skip
    return answer


def _opinions(admin: Any, answer: Any) -> None:
    make("bot.Feedback", message=answer, person="U1", is_positive=False, reason="wrong", better_answer="30 days.")
    make("bot.Feedback", message=answer, user=admin, is_positive=True)


def _training(admin: Any, answer: Any) -> None:
    examples = import_module("tuning.examples")
    example = examples.propose(answer, by=admin)
    example.state, example.reviewer, example.reviewed_at, example.review_seconds = "approved", admin, AT, 12.5
    example.save()
    other = every("bot.Message").filter(speaker="bot").exclude(pk=answer.pk).exclude(outcome="clarify").first()
    examples.propose(other, by=admin)
    export = make("tuning.Export", lines=1, checksum="c" * 64, created_by=admin)
    make("tuning.ExportLine", export=export, example=example, checksum=example.checksum)


def _money(admin: Any) -> None:
    endpoint = make("llm.Endpoint", name="openai", provider="openai", key_hint="made",
                    encrypted_key=import_module("llm.secrets").encrypt("made up"))  # fmt: skip
    live = every("llm.Deployment").filter(role="answer").last()
    paid = make(
        "llm.Deployment", role="answer", endpoint=endpoint, model="gpt-6-luna", reason="tried", created_by=admin
    )
    make("llm.Deployment", role="answer", endpoint=live.endpoint, model=live.model, reason="back")
    for cost, trace in (
        (Decimal("0.0125"), every("bot.Message").filter(speaker="bot").first().trace_id),
        (None, "7" * 32),
    ):
        make("llm.UsageRecord", trace_id=trace, purpose="answer", provider="openai", model="gpt-6-luna", cost=cost,
             deployment=paid, input_tokens=900, cached_input_tokens=100, output_tokens=80, latency_ms=900)  # fmt: skip
    make("llm.Budget", period="month", limit=Decimal(50), is_hard=True)
    make("llm.Budget", period="day", limit=Decimal(5), is_hard=False)
    make(
        "llm.BudgetPeriod", period="month", starts_on=date(2026, 11, 1), spent=Decimal("1.5"), reserved=Decimal("0.25")
    )
    make("llm.Reservation", trace_id="8" * 32, purpose="answer", provider="openai", model="gpt-6-luna", made_at=AT,
         amount=Decimal("0.25"), input_tokens=900, output_tokens=80, expires_at=AT + timedelta(minutes=2))  # fmt: skip
    make("llm.ModelPrice", provider="openai", model="gpt-6*", input_per_million=1, output_per_million=4, valid_from=AT)
    make("llm.Breaker", provider="openai", model="gpt-6-luna", opened_at=AT, probe_at=AT)


def _upkeep(shelf: Any) -> None:
    make("knowledge.SynonymSet", phrases=["invoice", "bill"])
    make("knowledge.IndexBuild", endpoint=every("llm.Endpoint").first(), model="all-MiniLM-L6-v2", dimensions=384,
         state="cancelled", trace_id="9" * 32, finished_at=AT)  # fmt: skip
    make("django_q.Task", id="1" * 32, name="a", func="bot.tasks.forget", started=AT, stopped=AT, success=True)
    import_module("django_q.tasks").async_task("knowledge.tasks.tick")


def _dump(url: str) -> bytes:
    program = import_module("config.postgres").binaries() / "pg_dump"
    options = ["--inserts", "--rows-per-insert=100", "--no-owner"]
    dumped = subprocess.run([str(program), *options, url], check=True, capture_output=True).stdout
    return b"".join(line for line in dumped.splitlines(keepends=True) if not line.startswith(b"\\"))


def main(target: Path) -> None:
    """Everything but this stands in the checkout that is the working folder."""
    with tempfile.TemporaryDirectory() as home, contextlib.ExitStack() as stack:
        Path(home).chmod(0o755)
        os.environ |= {
            "DATABASE_URL": stack.enter_context(import_module("config.postgres").running(Path(home))),
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "PARLEY_HOME": home,
            "SECRET_KEY": "only-for-tests",
        }
        import_module("django").setup()
        fill()
        empty = [
            model._meta.db_table
            for model in import_module("django.apps").apps.get_models()
            if not model._meta.proxy and not model.objects.exists()
        ]
        sys.stderr.write(f"Empty: {empty}\n")
        target.write_bytes(gzip.compress(_dump(os.environ["DATABASE_URL"]), mtime=0))
        import_module("django.db").connections.close_all()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
