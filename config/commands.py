"""How a command starts: which database it runs over, and what a person reads when there is none."""

import os
import sys

from django.core.management import execute_from_command_line

from config import environment, postgres

# These never touch the database, so no server is started for them.
WITHOUT_DATABASE = {"help", "version", "--help", "-h", "--version", "collectstatic", "makemessages", "startapp"}


def main(arguments: list[str]) -> int:
    """Run `arguments` as manage.py would. Returns the exit status; Django exits by itself on its own errors."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    command = arguments[1] if len(arguments) > 1 else "help"
    if command in WITHOUT_DATABASE or environment.database_url():
        execute_from_command_line(arguments)
        return 0
    try:
        with postgres.running(environment.home()) as url:
            environment.use_database(url)
            execute_from_command_line(arguments)
    except postgres.PostgresError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0
