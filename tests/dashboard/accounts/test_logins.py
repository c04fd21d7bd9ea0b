"""Guessing is stopped, a second factor is asked for, and a new password ends the sessions of before."""

import statistics
import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from dashboard.models import AuditEntry
from tests.rows.web_rows import make_user

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def _fresh(db: None) -> None:
    cache.clear()


def log_in(client: Client, password: str = PASSWORD, name: str = "ada", address: str = "10.0.0.1") -> int:
    form = {"login": name, "password": password}
    return client.post("/login/", form, REMOTE_ADDR=address, headers={"X-Forwarded-For": "203.0.113.9"}).status_code


def code_of(secret: str) -> str:
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30)))


def test_five_guesses_lock_a_name_from_wherever_they_come() -> None:
    make_user("ada", PASSWORD)
    make_user("bob", PASSWORD)
    for number in range(5):
        assert log_in(Client(), f"guess {number}", address=f"10.0.{number}.1") == 200
    assert log_in(Client(), address="10.9.9.9") == 200, "the right password is not looked at any more"
    page = Client().post("/login/", {"login": "ada", "password": PASSWORD}).content.decode()
    assert "Too many attempts for this name" in page
    assert log_in(Client(), name="bob") == 302, "others are not locked out with it"


def test_the_time_of_an_answer_does_not_tell_names_apart(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    settings.ACCOUNT_RATE_LIMITS = False
    make_user("ada", PASSWORD)
    times: dict[str, list[float]] = {"ada": [], "nobody": []}
    for _ in range(5):
        for name, taken in times.items():
            started = time.perf_counter()
            log_in(Client(), "wrong", name=name)
            taken.append(time.perf_counter() - started)
    known, unknown = (statistics.median(taken) for taken in times.values())
    assert 0.5 < known / unknown < 2, "one of them is not hashed at all"


def test_a_second_factor_is_asked_for_and_its_secret_is_encrypted() -> None:
    user = make_user("ada", PASSWORD)
    client = Client()
    assert log_in(client) == 302
    assert client.post(reverse("account_reauthenticate"), {"password": PASSWORD}).status_code == 302
    page = client.get(reverse("mfa_activate_totp"))
    assert page.status_code == 200, page.headers
    secret = page.context["form"].secret
    assert client.post(reverse("mfa_activate_totp"), {"code": code_of(secret)}).status_code == 302
    assert secret not in str(list(Authenticator.objects.filter(user=user).values_list("data", flat=True)))
    second = Client()
    assert log_in(second) == 302
    assert "_auth_user_id" not in second.session
    cache.clear()  # a code works once
    assert second.post(reverse("mfa_authenticate"), {"code": "000000"}).status_code == 200
    codes = client.get(reverse("mfa_view_recovery_codes")).context["unused_codes"]
    assert second.post(reverse("mfa_authenticate"), {"code": codes[0]}).status_code == 302
    assert second.session["_auth_user_id"] == str(user.pk)


def test_a_new_password_ends_the_other_sessions() -> None:
    make_user("ada", PASSWORD)
    here, there = Client(), Client()
    assert (log_in(here), log_in(there)) == (302, 302)
    new = "another horse battery"
    form = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    assert here.post(reverse("account_change_password"), form).status_code == 302
    assert there.get("/").status_code == 302
    assert log_in(Client(), new) == 302


def test_who_logs_in_is_in_the_audit_log() -> None:
    make_user("ada", PASSWORD)
    log_in(Client())
    assert AuditEntry.objects.get().action == "logged_in"
    assert User.objects.count() == 1


@pytest.mark.chaos
def test_a_thousand_guesses_over_many_names_and_addresses_let_nobody_in() -> None:
    for number in range(20):
        make_user(f"user{number}", f"guess {number + 5}")  # what the sixth guess at a name would be, and later ones
    refused = 0
    for number in range(1000):
        name, guess = f"user{number % 20}", f"guess {number // 20 + number % 20}"
        client = Client()
        assert log_in(client, guess, name=name, address=f"10.{number % 250}.{number // 250}.7") == 200, (name, guess)
        refused += "_auth_user_id" not in client.session
    assert refused == 1000
