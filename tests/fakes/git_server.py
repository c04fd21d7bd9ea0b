"""A Git repository that a test writes, and a Git server on 127.0.0.1 that hands it out."""

import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from dulwich.objects import Blob, Commit, ObjectID, Tree
from dulwich.refs import Ref
from dulwich.repo import Repo
from dulwich.server import BackendRepo, DictBackend
from dulwich.web import make_wsgi_chain
from pytest_django.fixtures import Settings

FILE = 0o100644
LINK = 0o120000
FOLDER = 0o040000
SUBMODULE = 0o160000


class GitServer:
    """The repository `help.git`, at `url` and on the disk at `place`; it remembers the requests."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.repository = Repo.init_bare(place, mkdir=True)
        self.requests: list[str] = []
        held: dict[str, BackendRepo] = {"/help.git": self.repository}
        chain = make_wsgi_chain(DictBackend(held))
        server = self

        class Quiet(WSGIRequestHandler):
            def log_message(self, *_: object) -> None:
                server.requests.append(self.path.partition("?")[0])

        self.server = make_server("127.0.0.1", 0, chain, handler_class=Quiet)
        self.url = f"http://127.0.0.1:{self.server.server_port}/help.git"

    def commit(self, files: Mapping[str, bytes], branch: str = "main", modes: Mapping[str, int] | None = None) -> None:
        """Make `files` all that the branch holds."""
        tree: dict[str, object] = {}
        for path, data in files.items():
            folder = tree
            *folders, name = path.split("/")
            for each in folders:
                folder = folder.setdefault(each, {})  # type: ignore[assignment]
            folder[name] = data
        commit = Commit()
        commit.tree = self._tree(tree, modes or {})
        commit.author = commit.committer = b"Ada <ada@example.com>"
        commit.author_time = commit.commit_time = 1_760_000_000
        commit.author_timezone = commit.commit_timezone = 0
        commit.message = b"Write"
        self.repository.object_store.add_object(commit)
        self.repository.refs[Ref(f"refs/heads/{branch}".encode())] = commit.id
        if branch == "main":
            self.repository.refs.set_symbolic_ref(Ref(b"HEAD"), Ref(b"refs/heads/main"))

    def _tree(self, files: Mapping[str, object], modes: Mapping[str, int]) -> ObjectID:
        tree = Tree()
        for name, data in files.items():
            if isinstance(data, dict):
                tree.add(name.encode(), FOLDER, self._tree(data, modes))
            else:
                assert isinstance(data, bytes)
                blob = Blob.from_string(data)
                self.repository.object_store.add_object(blob)
                tree.add(name.encode(), modes.get(name, FILE), blob.id)
        self.repository.object_store.add_object(tree)
        return tree.id


@pytest.fixture
def git(settings: Settings, tmp_path: Path) -> Iterator[GitServer]:
    settings.ALLOW_PRIVATE_HOSTS = True
    settings.PARLEY_HOME = tmp_path / "home"
    server = GitServer(tmp_path / "help.git")
    threading.Thread(target=server.server.serve_forever, args=(0.05,), daemon=True).start()
    yield server
    server.server.shutdown()
    server.server.server_close()
    server.repository.close()
