"""One-time login links. Nothing is stored: a link is signed and bound to the last login, so using it ends it."""

from typing import TypedDict

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.models import User
from django.core import signing
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.crypto import constant_time_compare, salted_hmac

SALT = "parley.login_link"


class LoginLinkError(Exception):
    """The link is used, expired, forged or of a user who may not log in; which of these is nobody's business."""


class _Content(TypedDict):
    user: int
    state: str


def make(user: User) -> str:
    """The path of a link that logs `user` in once, within settings.LOGIN_LINK_SECONDS.

    Any login or password change of the user ends all links made before it.
    """
    content = _Content(user=user.pk, state=_state(user))
    return reverse("login_link", args=[signing.dumps(content, salt=SALT)])


def address(user: User) -> str:
    """The link as somebody is given it."""
    return f"{settings.PUBLIC_URL}{make(user)}"


def find(token: str) -> User:
    """The user a link would log in; does not use the link up. Raises LoginLinkError."""
    return _user(token, User.objects.all())


@transaction.atomic
def use(request: HttpRequest, token: str) -> User:
    """Log the link's user in, which ends the link. Of two who press at once, one gets in. Raises LoginLinkError."""
    user = _user(token, User.objects.select_for_update())
    login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
    return user


def _user(token: str, users: QuerySet[User]) -> User:
    try:
        content: _Content = signing.loads(token, salt=SALT, max_age=settings.LOGIN_LINK_SECONDS)
    except signing.BadSignature as error:
        raise LoginLinkError("The link is not valid.") from error
    user = users.filter(pk=content["user"], is_active=True).first()
    if user is None or not constant_time_compare(content["state"], _state(user)):
        raise LoginLinkError("The link is no longer valid.")
    return user


def _state(user: User) -> str:
    """What every login and every new password changes."""
    last_login = user.last_login.isoformat() if user.last_login else "never"
    return salted_hmac(SALT, f"{user.pk}:{user.password}:{last_login}").hexdigest()[:32]
