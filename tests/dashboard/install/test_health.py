"""What machines read about an install, and what people read when something is down."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ, Task

from tests.rows.web_rows import make_user

LONG_AGO = timedelta(hours=2)


def test_healthz_needs_no_database(client: Client) -> None:
    assert client.get("/healthz").content == b"ok"


@pytest.mark.django_db
def test_readyz_tells_that_database_and_queue_work(client: Client) -> None:
    reply = client.get("/readyz")
    assert reply.status_code == 200
    assert reply.json() == {
        "ready": True,
        "checks": {
            "database": {"ok": True, "detail": "PostgreSQL answers."},
            "queue": {"ok": True, "detail": "0 jobs wait."},
        },
    }


@pytest.mark.django_db
def test_readyz_fails_while_jobs_wait_and_nobody_takes_them(client: Client) -> None:
    OrmQ.objects.create(key="parley", payload="x", lock=timezone.now() - LONG_AGO)
    reply = client.get("/readyz")
    assert reply.status_code == 503
    assert "no worker takes them" in reply.json()["checks"]["queue"]["detail"]


@pytest.mark.django_db
@pytest.mark.parametrize("sign_of_life", ["a job runs", "a job has just ended"])
def test_a_long_queue_is_no_failure_while_a_worker_works(client: Client, sign_of_life: str) -> None:
    now = timezone.now()
    OrmQ.objects.create(key="parley", payload="x", lock=now - LONG_AGO)
    if sign_of_life == "a job runs":
        OrmQ.objects.create(key="parley", payload="y", lock=now + timedelta(minutes=20))
    else:
        Task.objects.create(id="1" * 32, name="t", func="f", started=now, stopped=now, success=True)
    assert client.get("/readyz").status_code == 200


def _broken(*_: object, **__: object) -> None:
    raise OperationalError("connection to server failed: Connection refused\nIs the server running?")


def test_readyz_says_when_the_database_is_down(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "ensure_connection", _broken)
    reply = client.get("/readyz")
    assert reply.status_code == 503
    assert reply.json()["checks"]["database"] == {
        "ok": False,
        "detail": "PostgreSQL says: connection to server failed: Connection refused",
    }


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/", "/ask/", "/ask/1/"])
def test_a_person_gets_a_plain_page_when_the_database_is_down(
    client: Client, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    client.force_login(make_user())
    client.raise_request_exception = False
    monkeypatch.setattr(connection, "cursor", _broken)
    reply = client.get(address)
    assert reply.status_code == 503
    assert "The database cannot be reached" in reply.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("error", "status", "title"),
    [
        (RuntimeError("secret detail"), 500, "Something went wrong"),
        (PermissionDenied("secret detail"), 403, "This is not for you"),
        (SuspiciousOperation("secret detail"), 400, "This request makes no sense"),
    ],
)
def test_a_person_gets_a_page_for_every_failure(
    client: Client, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, title: str
) -> None:
    def fail(*_: object) -> None:
        raise error

    client.force_login(make_user())
    client.raise_request_exception = False
    monkeypatch.setattr("dashboard.home.overview.read", fail)
    reply = client.get("/")
    assert reply.status_code == status
    page = reply.content.decode()
    assert title in page
    assert "secret detail" not in page


def test_nothing_is_there_at_an_unknown_address(client: Client) -> None:
    reply = client.get("/nowhere/")
    assert reply.status_code == 404
    assert "There is nothing here" in reply.content.decode()


@pytest.mark.django_db
def test_a_form_from_elsewhere_is_told_to_reload() -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(make_user())
    reply = strict.post("/ask/", {"question": "Hello?"})
    assert reply.status_code == 403
    assert "This page was open for too long" in reply.content.decode()
