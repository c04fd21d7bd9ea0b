"""The accounts of the dashboard: made, given a role, shut."""

from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils import timezone

from dashboard.accounts import login_links
from dashboard.guard import roles
from dashboard.guard.roles import Role


@transaction.atomic
def invite(name: str, role: Role | None) -> str:
    """A new account without a password; returns the link that lets its person in once."""
    user = User(username=name)
    user.set_unusable_password()
    user.save()
    roles.give(user, role)
    return login_links.address(user)


@transaction.atomic
def shut(user: User) -> None:
    """Nobody gets in by this account any more, nor stays in. Raises LastOwnerError."""
    roles.give(user, None)
    user.is_active = False
    user.set_unusable_password()
    user.save(update_fields=["is_active", "password"])
    end_sessions(user)


def end_sessions(user: User) -> int:
    """Log somebody out everywhere; how many sessions there were."""
    live = Session.objects.filter(expire_date__gt=timezone.now())
    mine = [row.pk for row in live.iterator() if row.get_decoded().get("_auth_user_id") == str(user.pk)]
    Session.objects.filter(pk__in=mine).delete()
    return len(mine)
