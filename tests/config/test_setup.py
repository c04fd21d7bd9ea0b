"""Set-up: what is live afterwards, what a person reads when it fails, and that repeating it changes nothing."""

import os
import subprocess
import sys

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django.fixtures import Settings

from config import schema, setup
from llm.models import Deployment, Endpoint, ServingRole
from tests.harness.processes import ROOT

pytestmark = pytest.mark.django_db


def live() -> list[str]:
    return [str(Deployment.objects.live(role)) for role in (ServingRole.ANSWER, ServingRole.EMBED)]


def test_without_any_key_everything_is_local() -> None:
    call_command("setup", verbosity=0)
    assert live() == ["extractive:best-sentences", "local:all-MiniLM-L6-v2"]


def test_repeating_it_changes_nothing() -> None:
    call_command("setup", verbosity=0)
    call_command("setup", verbosity=0)
    assert Deployment.objects.count() == 2
    assert User.objects.filter(is_superuser=True).count() == 1


@pytest.mark.parametrize(("key", "chosen"), [("OPENAI_API_KEY", "openai:"), ("ANTHROPIC_API_KEY", "anthropic:")])
def test_the_first_set_up_takes_the_provider_whose_key_is_there(settings: Settings, key: str, chosen: str) -> None:
    setattr(settings, key, "sk-test")
    setup.deploy_models()
    assert live()[0].startswith(chosen)


def test_a_key_that_comes_later_changes_nothing_by_itself(settings: Settings) -> None:
    setup.deploy_models()
    settings.OPENAI_API_KEY = "sk-test"
    setup.deploy_models()
    assert live()[0] == "extractive:best-sentences"


def test_the_model_that_is_asked_for_goes_live_and_back(settings: Settings) -> None:
    for wanted in ("openai:llama3:8b", "extractive:best-sentences"):
        settings.ANSWER_MODEL = wanted
        setup.deploy_models()
        assert live()[0] == wanted
    assert Deployment.objects.filter(role=ServingRole.ANSWER).count() == 2


def test_what_was_promoted_outlives_a_restart_and_a_changed_setting_is_one_more_row(settings: Settings) -> None:
    settings.ANSWER_MODEL = "openai:base"
    setup.deploy_models()
    endpoint = Endpoint.objects.get(name="openai")
    promoted = Deployment(role=ServingRole.ANSWER, endpoint=endpoint, model="ft:voice")
    Deployment.objects.append(promoted, reason="it is better", by=None)
    setup.deploy_models()
    assert live()[0] == "openai:ft:voice"
    settings.ANSWER_MODEL = "openai:other"
    setup.deploy_models()
    assert live()[0] == "openai:other"
    assert Deployment.objects.live(ServingRole.ANSWER).reason == "ANSWER_MODEL asks for it"
    Deployment.objects.append(promoted, reason="it still is", by=None)
    setup.deploy_models()
    assert live()[0] == "openai:ft:voice"


def test_a_fallback_chosen_on_a_page_outlives_a_restart(settings: Settings) -> None:
    settings.FALLBACK_MODEL = "extractive:best-sentences"
    setup.deploy_models()
    settings.FALLBACK_MODEL = setup.NOBODY
    setup.deploy_models()
    assert not Deployment.objects.live(ServingRole.FALLBACK).model
    chosen = Deployment(
        role=ServingRole.FALLBACK, endpoint=Endpoint.objects.get(name="extractive"), model="best-sentences"
    )
    Deployment.objects.append(chosen, reason="somebody has to answer", by=None)
    setup.deploy_models()
    assert Deployment.objects.live(ServingRole.FALLBACK).model == "best-sentences"


@pytest.mark.parametrize("wanted", ["opnai:gpt-6-luna", "openai:", "nonsense"])
def test_a_misspelt_model_is_refused_with_what_would_do(settings: Settings, wanted: str) -> None:
    settings.ANSWER_MODEL = wanted
    if wanted == "openai:":
        setup.deploy_models()
        assert live()[0] == f"openai:{setup.ANSWER_MODELS['openai']}"
        return
    with pytest.raises(CommandError, match="provider out of: anthropic, extractive, openai"):
        setup.deploy_models()


def test_the_length_of_an_unknown_models_vectors_must_be_told(settings: Settings) -> None:
    settings.EMBED_MODEL = "openai:nomic-embed-text"
    with pytest.raises(CommandError, match="EMBED_DIMENSIONS"):
        setup.deploy_models()
    settings.EMBED_DIMENSIONS = 768
    setup.deploy_models()
    assert Deployment.objects.live(ServingRole.EMBED).dimensions == 768


def test_a_server_that_will_not_do_is_named_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    schema.check_server()
    monkeypatch.setattr(schema, "PGVECTOR", (99, 0))
    with pytest.raises(CommandError, match=r"^pgvector \S+ is too old"):
        schema.check_server()
    monkeypatch.setattr(schema, "POSTGRES", 990_000)
    with pytest.raises(CommandError, match=r"^PostgreSQL 18\S* is too old"):
        schema.check_server()


def test_a_server_without_pgvector_is_named_in_one_sentence() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE VIEW pg_temp.pg_available_extensions AS SELECT * FROM pg_catalog.pg_available_extensions"
                       " WHERE name <> 'vector'")  # fmt: skip
        cursor.execute("SET LOCAL search_path = pg_temp, pg_catalog, public")
    with pytest.raises(CommandError, match=r"no pgvector"):
        schema.check_server()


def run(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "manage.py", *arguments], cwd=ROOT, env={**os.environ, **environment},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


@pytest.mark.parametrize("command", [["ask", "Why?"], ["search", "why"], ["documents"], ["setup"]])
def test_a_database_out_of_reach_is_one_sentence_and_status_1(command: list[str]) -> None:
    done = run(*command, DATABASE_URL="postgresql://nobody@127.0.0.1:9/none")
    assert done.returncode == 1
    assert done.stdout == ""
    assert "The database cannot be reached" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_setting_that_makes_no_sense_is_one_sentence_and_status_1() -> None:
    done = run("documents", PORT="eighty")
    assert (done.returncode, done.stderr) == (1, "PORT must be a whole number from 0 to 65535, not 'eighty'.\n")
