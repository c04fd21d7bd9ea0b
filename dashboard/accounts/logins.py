"""How people get in, as django-allauth asks: nobody signs up by themselves, and no answer tells which names exist."""

from typing import Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in
from django.http import HttpRequest

from dashboard.guard import audit
from foundation import secrets

MISMATCH = "This name and password do not go together."


class Logins(DefaultAccountAdapter):  # type: ignore[misc]
    error_messages: ClassVar = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": MISMATCH,
        "account_inactive": MISMATCH,
        "too_many_login_attempts": "Too many attempts for this name. Wait a quarter of an hour, or use a login link.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002  owners make accounts
        return False

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """An account that is shut is answered like one that does not exist."""
        user: User | None = super().authenticate(request, **credentials)
        return user if user is not None and user.is_active else None


class CompanyLogins(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Whoever the company's identity provider knows gets an account without a role: it may only ask."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:  # noqa: ARG002
        return bool(settings.OIDC_ISSUER)


class Secrets(DefaultMFAAdapter):  # type: ignore[misc]
    """What codes are made from is encrypted like every other key."""

    def encrypt(self, text: str) -> str:
        return secrets.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        return secrets.decrypt(encrypted_text)


def note_login(sender: object, user: User, **_: object) -> None:  # noqa: ARG001  as signals are called
    audit.write(user, "logged_in")


def connect() -> None:
    user_logged_in.connect(note_login, dispatch_uid="dashboard.accounts.logins")
