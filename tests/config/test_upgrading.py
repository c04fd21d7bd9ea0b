"""A filled database of an earlier version, brought up to date by `manage.py setup`: nothing is lost."""

import gzip
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils.module_loading import import_string
from django_q.models import Schedule
from psycopg import sql
from pytest_django.plugin import DjangoDbBlocker

from bot.models import Message, Outcome, Speaker
from config import setup
from dashboard.guard import audit
from evaluation.models import DailyAnswers, DailyUsage
from llm.models import UsageRecord
from tests.harness.processes import database_url

pytestmark = pytest.mark.django_db
DUMP = Path(__file__).with_name("old_database.sql.gz")  # see fill_old_database.py
# What belongs to the schema, and so grows with it.
OF_THE_SCHEMA = {"django_migrations", "django_content_type", "auth_permission", "django_q_schedule"}

Rows = dict[str, int]


@dataclass(frozen=True)
class Upgrade:
    """The number of rows of each table, before and after."""

    before: Rows
    after: Rows


@pytest.fixture(scope="module")
def upgrade(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Upgrade]:
    """The old database in a database of its own, in the place of the test database and brought up to date."""
    usual = connection.settings_dict["NAME"]
    old = f"{usual}_old"
    with django_db_blocker.unblock(), psycopg.connect(database_url(), autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(old)))
        connection.close()
        connection.settings_dict["NAME"] = old
        try:
            with psycopg.connect(database_url()) as loading:
                loading.execute(gzip.decompress(DUMP.read_bytes()))
            before = counts()
            setup.migrate()
            yield Upgrade(before, counts())
        finally:
            connection.close()
            connection.settings_dict["NAME"] = usual
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(old)))


def counts() -> Rows:
    with connection.cursor() as cursor:
        names = connection.introspection.table_names(cursor)
        statement = " UNION ALL ".join(f"SELECT '{name}', count(*) FROM \"{name}\"" for name in names)
        cursor.execute(statement)
        return dict(cursor.fetchall())


def test_every_table_was_filled_and_keeps_its_rows(upgrade: Upgrade) -> None:
    assert [name for name, count in upgrade.before.items() if not count] == []
    kept = {name: count for name, count in upgrade.before.items() if name not in OF_THE_SCHEMA}
    assert {name: upgrade.after.get(name) for name in kept} == kept


@pytest.mark.usefixtures("upgrade")
def test_the_models_ask_for_no_further_change() -> None:
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


@pytest.mark.usefixtures("upgrade")
def test_past_days_are_still_added_up() -> None:
    ledger = sum(record.cost or 0 for record in UsageRecord.objects.all())
    assert ledger > 0
    assert sum(row.cost for row in DailyUsage.objects.all()) == ledger
    assert sum(row.answers for row in DailyAnswers.objects.all()) == Message.objects.filter(speaker=Speaker.BOT).count()


@pytest.mark.usefixtures("upgrade")
def test_the_audit_log_is_whole() -> None:
    assert (audit.verify().entries, audit.verify().broken_at) == (3, None)


@pytest.mark.usefixtures("upgrade")
def test_every_job_that_comes_again_can_be_called() -> None:
    called = list(Schedule.objects.values_list("func", flat=True))
    assert len(called) == len(set(called))
    for name in called:
        assert callable(import_string(name))


@pytest.mark.usefixtures("upgrade")
def test_its_documents_answer(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("ask", "How long do I have to ask for a refund?")
    assert "refund-policy.md" in capsys.readouterr().out


@pytest.mark.usefixtures("upgrade")
def test_its_pages_open() -> None:
    client = Client()
    client.force_login(User.objects.get(username="admin"))
    answer = Message.objects.filter(outcome=Outcome.ANSWERED).earliest("id")
    pages = {
        reverse("costs"): "gpt-6-luna",
        reverse("conversations"): "refund",
        reverse("transcript", args=[answer.conversation_id]): answer.text.splitlines()[0][:40],
        reverse("prompt", args=[answer.pk]): "refund",
        reverse("review"): "",
        reverse("examples"): "",
        reverse("documents"): "Refund policy",
        reverse("audit"): "export_conversations",
    }
    for page, word in pages.items():
        shown = client.get(page)
        assert shown.status_code == 200, page
        assert word in re.sub(r"<[^>]+>", "", shown.content.decode()), page
