"""The web process: gunicorn with threads, so that a streamed answer is a plain generator."""

from typing import Any

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.core.wsgi import get_wsgi_application
from django.db import connections
from gunicorn.app.base import BaseApplication


class Web(BaseApplication):  # type: ignore[misc]
    """gunicorn configured from Django's settings; its own command line and files are not read."""

    def load_config(self) -> None:
        options = {
            "bind": f"{settings.HOST}:{settings.PORT}",
            "worker_class": "gthread",
            "workers": settings.WEB_WORKERS,
            "threads": settings.WEB_THREADS,
            "preload_app": True,
            "timeout": 120,
            "graceful_timeout": 8,
            "worker_tmp_dir": None,
            "loglevel": "warning",
            "proc_name": "parley-web",
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> WSGIHandler:
        return get_wsgi_application()


class Command(BaseCommand):
    help = "Serve the web pages (behind `manage.py up`, or by itself in production)."

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("collectstatic", verbosity=0, interactive=False)
        connections.close_all()  # the workers are forked and must not share one
        Web().run()
