"""The child process of clones: fetches the newest commit of a branch and lays out its files.

What a server sends is read here, within limits of memory, size and number, so that it can harm nothing else. An order
comes in and a reply goes out as one JSON object each. Django is never imported.
"""

import contextlib
import json
import os
import resource
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpcore2
import httpx2
from dulwich.client import AbstractHttpGitClient
from dulwich.errors import GitProtocolError, HangupException, NotGitRepository, ObjectFormatException
from dulwich.objects import Blob, Commit, ObjectID, Tag, Tree
from dulwich.refs import HEADREF, Ref
from dulwich.repo import BaseRepo, Repo

from foundation import egress
from foundation.egress import EgressError
from knowledge import parsers

MEMORY_BYTES = 1_500_000_000
CPU_SECONDS = 240
MAX_FETCHED = 300_000_000  # bytes
MAX_LAID_OUT = 1_000_000_000
MAX_FILES = 20_000
MAX_ENTRIES = 200_000  # of all folders, whatever they hold
MAX_NESTED = 50
MAX_REDIRECTS = 3
READ_SECONDS = 60.0
PORTS = {80, 443}
_TOO_BIG = f"The repository is bigger than {MAX_FETCHED // 1_000_000} MB."


class GitRefusedError(Exception):
    """The repository is not read; the message is a sentence for the person who named it."""


class CheckedGitClient(AbstractHttpGitClient):
    """Git's protocol over the connections that everything here goes out by."""

    def __init__(self, base_url: str, *, is_private_allowed: bool) -> None:
        super().__init__(base_url)
        self.is_private_allowed = is_private_allowed
        self.http = egress.client(is_private_allowed=is_private_allowed)
        self.left = MAX_FETCHED

    def _http_request(
        self,
        url: str,
        headers: dict[str, str] | None = None,
        data: bytes | Iterator[bytes] | None = None,
        raise_for_status: bool = True,
    ) -> tuple[Any, Callable[[int], bytes]]:
        response = self._sent(url, {"Accept-Encoding": "gzip", "Pragma": "no-cache", **(headers or {})}, data)
        if raise_for_status and response.status_code != httpx2.codes.OK:
            response.close()
            raise GitRefusedError(_said(response.status_code))
        reply = _HttpReply(response, url)
        return reply, _Reader(self, response).read

    def _sent(self, url: str, headers: dict[str, str], data: bytes | Iterator[bytes] | None) -> httpx2.Response:
        """The reply, unread. Only questions are asked again where a redirect says so, each address checked anew."""
        for _ in range(MAX_REDIRECTS + 1):
            self._check(httpx2.URL(url))
            request = self.http.build_request(
                "GET" if data is None else "POST", url, headers=headers, content=data, timeout=READ_SECONDS
            )
            response = self.http.send(request, stream=True)
            if data is not None or response.next_request is None:
                return response
            response.close()
            url = urljoin(url, str(response.next_request.url))
        raise GitRefusedError(f"The repository redirects more than {MAX_REDIRECTS} times.")

    def _check(self, url: httpx2.URL) -> None:
        if url.scheme not in {"http", "https"} or not url.host:
            raise GitRefusedError("Repositories are read from http and https addresses only.")
        if url.userinfo:
            raise GitRefusedError("The address holds a user name or a password; those are not sent.")
        if (url.port or 443) not in PORTS and not self.is_private_allowed:
            raise GitRefusedError(f"Port {url.port} is not one that repositories are read from.")


class _HttpReply:
    """What dulwich looks at in a reply."""

    def __init__(self, response: httpx2.Response, asked: str) -> None:
        self.status = response.status_code
        self.content_type = response.headers.get("content-type")
        found = str(response.url)
        self.redirect_location = found if found != asked else ""
        self.close = response.close


class _Reader:
    """The body of a reply, in as many bytes as are asked for, counted as they are unpacked."""

    def __init__(self, client: CheckedGitClient, response: httpx2.Response) -> None:
        self.client = client
        self.parts = response.iter_bytes()
        self.waiting = b""

    def read(self, size: int = -1) -> bytes:
        while size < 0 or len(self.waiting) < size:
            part = next(self.parts, b"")
            if not part:
                break
            self.client.left -= len(part)
            if self.client.left < 0:
                raise GitRefusedError(_TOO_BIG)
            self.waiting += part
        size = len(self.waiting) if size < 0 else size
        found, self.waiting = self.waiting[:size], self.waiting[size:]
        return found


def main() -> None:
    order = json.loads(sys.stdin.buffer.read())
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # nothing that a library prints may look like a reply
    _limit()
    with contextlib.suppress(BrokenPipeError):
        replies.write(json.dumps(_reply(order)).encode())
        replies.flush()


def _reply(order: dict[str, Any]) -> dict[str, Any]:
    try:
        return _told(order)
    except (GitRefusedError, EgressError) as error:
        return {"error": str(error)}
    except httpx2.InvalidURL:
        return {"error": "This is not an http or https address."}
    except NotGitRepository:
        return {"error": "There is no Git repository."}
    except MemoryError:
        return {"error": f"The repository needs more than {MEMORY_BYTES // 1_000_000:,} MB of memory to read."}
    except (httpx2.TimeoutException, httpcore2.TimeoutException):
        return {"error": f"The server was silent for {READ_SECONDS:g} seconds."}
    except (httpx2.HTTPError, httpcore2.NetworkError, httpcore2.ProtocolError, HangupException) as error:
        return {"error": f"The server cannot be reached: {str(error) or type(error).__name__}."}
    except (GitProtocolError, ObjectFormatException, ValueError, KeyError, AssertionError, OSError) as error:
        return {"error": f"The repository cannot be read: {str(error) or type(error).__name__}."}


def _told(order: dict[str, Any]) -> dict[str, Any]:
    """What the branch holds; nothing but the commit when that is the known one."""
    if "://" not in order["location"]:
        with Repo(order["location"]) as repository:
            head = repository.refs.get_symrefs().get(HEADREF, Ref(b""))
            commit, branch = _chosen(repository.refs.as_dict(), head, order["branch"])
            return _changed(repository, commit, branch, order)
    client = CheckedGitClient(order["location"], is_private_allowed=order["is_private_allowed"])
    found = client.get_refs("")
    refs = {name: commit for name, commit in found.refs.items() if commit is not None}
    commit, branch = _chosen(refs, found.symrefs.get(HEADREF, Ref(b"")), order["branch"])
    if commit.decode() == order["known"]:
        return {"commit": order["known"]}
    with tempfile.TemporaryDirectory(dir=order["folder"]) as place, Repo.init_bare(place) as repository:
        client.fetch("", repository, determine_wants=lambda _refs, depth=None: [commit], depth=1)  # noqa: ARG005
        return _changed(repository, commit, branch, order)


def _chosen(refs: dict[Any, ObjectID], head: bytes, wanted: str) -> tuple[ObjectID, str]:
    """The commit and the name of the branch or tag that is wanted, or of the one the repository shows first."""
    if not wanted:
        if HEADREF not in refs:
            raise GitRefusedError("The repository is empty, or names no branch to begin with.")
        return refs[HEADREF], head.removeprefix(b"refs/heads/").decode("utf-8", "replace")
    for kind in ("heads", "tags"):
        if (name := f"refs/{kind}/{wanted}".encode()) in refs:
            return refs[name], wanted
    raise GitRefusedError(f"The repository has no branch {wanted}.")


def _changed(repository: BaseRepo, commit: ObjectID, branch: str, order: dict[str, Any]) -> dict[str, Any]:
    if commit.decode() == order["known"]:
        return {"commit": order["known"]}
    place = Path(order["folder"]) / "files"
    place.mkdir(exist_ok=True)
    files, left = [], MAX_LAID_OUT
    for path, name in _files(repository, commit):
        size = _lay_out(repository, name, place / name.decode())
        left -= size or 0
        if left < 0:
            raise GitRefusedError(_TOO_BIG)
        files.append((path, "" if size is None else name.decode()))
    return {"commit": commit.decode(), "branch": branch, "files": sorted(files)}


def _lay_out(repository: BaseRepo, name: ObjectID, target: Path) -> int | None:
    """Write what a blob says to `target`; returns its bytes, None when they are too many."""
    if target.exists():
        return target.stat().st_size
    blob = repository[name]
    if not isinstance(blob, Blob):
        raise GitRefusedError("The repository is damaged: a file of it is none.")
    data = blob.as_raw_string()
    if len(data) > parsers.MAX_FILE_BYTES:
        return None
    draft = target.with_suffix(".new")
    draft.write_bytes(data)
    draft.rename(target)
    return len(data)


def _files(repository: BaseRepo, commit: ObjectID) -> Iterator[tuple[str, ObjectID]]:
    """Path and blob of each file that can be read; links, submodules and what is hidden are passed over."""
    waiting = [("", _tree(repository, commit))]
    entries = files = 0
    while waiting:
        folder, name = waiting.pop()
        tree = repository[name]
        if not isinstance(tree, Tree) or folder.count("/") > MAX_NESTED:
            raise GitRefusedError(f"The repository is damaged, or nested deeper than {MAX_NESTED} folders.")
        for entry in tree.iteritems():
            called = (entry.path or b"").decode("utf-8", "surrogateescape")
            entries += 1
            if called.startswith(".") or "/" in called:
                continue
            if stat.S_ISDIR(entry.mode or 0):
                waiting.append((f"{folder}{called}/", entry.sha))
            elif stat.S_ISREG(entry.mode or 0) and parsers.is_supported(called):
                files += 1
                yield folder + called, entry.sha
        if files > MAX_FILES or entries > MAX_ENTRIES:
            raise GitRefusedError(
                f"The repository has more than {MAX_FILES:,} files that can be read; choose a smaller."
            )


def _tree(repository: BaseRepo, name: ObjectID) -> ObjectID:
    """The tree of a commit, or of the commit that a tag names."""
    found = repository[name]
    for _ in range(MAX_REDIRECTS):
        if isinstance(found, Tag):
            found = repository[found.object[1]]
    if not isinstance(found, Commit):
        raise GitRefusedError("The branch names no commit.")
    tree: ObjectID = found.tree
    return tree


def _said(status: int) -> str:
    if status in {401, 403, 404}:
        return f"There is no repository that everybody may read: the server answered {status}."
    return f"The server answered {status}."


def _limit() -> None:
    """Bound what a repository can make this process do."""
    for what, limit in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, MAX_FETCHED * 2),
    ):
        with contextlib.suppress(ValueError):  # the administrator set a lower one, or macOS knows none
            resource.setrlimit(what, (limit, limit))


if __name__ == "__main__":
    main()
