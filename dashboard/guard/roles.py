"""Who may do what in the dashboard: four roles, each of which may do what those before it may.

An owner is Django's superuser; the others are groups of these names. An account without a role may only ask, and of
public collections alone.
"""

from enum import IntEnum

from django.contrib.auth.models import Group, User
from django.db import transaction


class Role(IntEnum):
    """Viewers read, reviewers correct and approve answers, editors change what the bot knows, owners everything."""

    VIEWER = 1
    REVIEWER = 2
    EDITOR = 3
    OWNER = 4

    @property
    def label(self) -> str:
        return self.name.lower()


class LastOwnerError(ValueError):
    """Somebody has to be able to give roles."""


def of(user: User) -> Role | None:
    """The role of a user, looked up once per user object."""
    if user.is_superuser:
        return Role.OWNER
    if not hasattr(user, "_parley_role"):
        names = set(user.groups.values_list("name", flat=True))
        user._parley_role = max((role for role in Role if role.label in names), default=None)  # type: ignore[attr-defined]
    found: Role | None = user._parley_role  # type: ignore[attr-defined]
    return found


def has(user: User, least: Role | None) -> bool:
    """Whether a user may do what takes `least`; None takes no role, only an account."""
    if least is None:
        return True
    role = of(user)
    return role is not None and role >= least


@transaction.atomic
def give(user: User, role: Role | None) -> None:
    """Make this the one role of a user. Raises LastOwnerError."""
    owners = User.objects.select_for_update().filter(is_superuser=True, is_active=True)
    if role != Role.OWNER and [owner.pk for owner in owners] == [user.pk]:
        raise LastOwnerError("There has to be an owner: make somebody else an owner first.")
    user.is_superuser = role == Role.OWNER
    user.is_staff = role is not None
    user.save(update_fields=["is_superuser", "is_staff"])
    user.groups.remove(*user.groups.filter(name__in=[each.label for each in Role]))
    if role not in (None, Role.OWNER):
        user.groups.add(Group.objects.get_or_create(name=role.label)[0])
    if hasattr(user, "_parley_role"):
        del user._parley_role
