"""The web process: gunicorn with threads, so that a streamed answer is a plain generator."""

import logging
import socket
import struct
import threading
from typing import Any

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.core.wsgi import get_wsgi_application
from django.db import connection, connections
from gunicorn.app.base import BaseApplication
from gunicorn.workers.base import Worker
from gunicorn.workers.gthread import TConn, ThreadWorker

from bot.wording import speech
from knowledge.embedders import embedding
from llm import client
from llm.models import Deployment

log = logging.getLogger(__name__)

SOCKET_SECONDS = 10  # how long one read or write may wait for the client


class Threads(ThreadWorker):  # type: ignore[misc]
    """gunicorn's threads, which would wait for ever for a client that stops in the middle of a request or a reply.

    A client that is slow on purpose can still hold a thread for long: anything but this machine and its network
    should reach the web process through a proxy that buffers requests (nginx, Caddy).
    """

    def enqueue_req(self, conn: TConn) -> None:
        for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            conn.sock.setsockopt(socket.SOL_SOCKET, option, struct.pack("@ll", SOCKET_SECONDS, 0))
        super().enqueue_req(conn)


class Web(BaseApplication):  # type: ignore[misc]
    """gunicorn configured from Django's settings; its own command line and files are not read."""

    def load_config(self) -> None:
        options = {
            "bind": f"{settings.HOST}:{settings.PORT}",
            "worker_class": Threads,
            "workers": settings.WEB_WORKERS,
            "threads": settings.WEB_THREADS,
            "preload_app": True,
            "timeout": 120,
            "graceful_timeout": 8,
            "worker_tmp_dir": None,
            "loglevel": "warning",
            "proc_name": "parley-web",
            "post_worker_init": _load_model,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> WSGIHandler:
        return get_wsgi_application()


def _load_model(_worker: Worker) -> None:
    """Load what answers beside the first requests; threads do not survive a fork, so not before it."""
    threading.Thread(target=_load, name="load-model").start()


def _load() -> None:
    try:
        embedding.load()
        client.load()
        speech.load()
    except Deployment.DoesNotExist as error:  # a web process of its own, started before set-up
        log.warning("Nothing is loaded beforehand: %s", error)
    finally:
        connection.close()


class Command(BaseCommand):
    help = "Serve the web pages (behind `manage.py up`, or by itself in production)."

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("collectstatic", verbosity=0, interactive=False)
        connections.close_all()  # the workers are forked and must not share one
        Web().run()
