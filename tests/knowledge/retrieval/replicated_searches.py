"""Searches over a primary and its replica, for tests.replication; imported once Django is set up."""

import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.db import connections

from knowledge.index import removing
from knowledge.models import Chunk, Collection
from knowledge.retrieval import replicas, search
from tests.rows.make import make_collection, make_deployment, make_file, make_indexed

CLIENTS = 4


class Searches:
    """Documents, and clients that ask for them; which server answered is told by where the rows were read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        call_command("migrate", verbosity=0)
        make_deployment()
        self.shelf: Collection = make_collection()
        self.answered: Counter[str] = Counter()
        real = search._rows

        def counted(name: str, parameters: list[Any]) -> list[dict[str, Any]]:
            rows = real(name, parameters)
            self.answered[name] += 1
            return rows

        search._rows = counted

    def fill(self) -> None:
        for name in ("refunds", "plans", "keys"):
            self.write(name)

    def write(self, name: str) -> None:
        make_indexed(self.shelf, make_file(self.folder, f"{name}.md", f"# All about {name}\n\nThe {name} are here."))

    def remove(self, name: str) -> None:
        removing.remove(str(self.folder / f"{name}.md"))

    def finds(self, name: str) -> bool:
        hits = search.retrieve(f"about {name}", collections=[self.shelf.pk]).hits
        return any(hit.path == f"{name}.md" for hit in hits)

    def seen(self, name: str, server: str) -> int:
        try:
            return Chunk.objects.using(server).filter(text__contains=name).count()
        except Exception:  # noqa: BLE001  the tables may not have arrived yet
            connections[server].close()
            return 0

    def forget_failures(self) -> None:
        """As if the time in which a replica is not asked had passed."""
        replicas._watch.skipped_until.clear()

    def load(self, seconds: float) -> dict[str, Any]:
        """Clients that search all the time: who answered, how many failed or found nothing."""
        self.answered.clear()
        failed: list[str] = []
        deadline = time.monotonic() + seconds

        def client() -> None:
            while time.monotonic() < deadline:
                try:
                    if not search.retrieve("about refunds", collections=[self.shelf.pk]).hits:
                        failed.append("nothing found")
                except Exception as error:  # noqa: BLE001  the test says what failed
                    failed.append(repr(error))
            connections.close_all()

        clients = [threading.Thread(target=client) for _ in range(CLIENTS)]
        for each in clients:
            each.start()
        for each in clients:
            each.join()
        return {"answered": dict(self.answered), "failed": failed[:3]}
