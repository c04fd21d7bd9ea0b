"""A way in for whoever has a shell on the machine."""

from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from dashboard.accounts import login_links


class Command(BaseCommand):
    help = "Print a link that logs a user in once. Without a name: the first administrator."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", nargs="?")

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(login_links.address(_user(options["username"])))


def _user(username: str | None) -> User:
    active = User.objects.filter(is_active=True)
    if username is None:
        admin = active.filter(is_superuser=True).order_by("pk").first()
        if admin is None:
            raise CommandError("There is no administrator yet. Make one: manage.py createsuperuser")
        return admin
    user = active.filter(username=username).first()
    if user is None:
        names = ", ".join(active.order_by("username").values_list("username", flat=True)[:20]) or "none yet"
        raise CommandError(f"There is no active user {username!r}. Users: {names}.")
    return user
