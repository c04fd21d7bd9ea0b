"""A Git repository as a source: the files of one branch, as they are in its newest commit.

A child process fetches that commit alone and lays out what it holds as files named by their hash; nothing of the
repository ever decides where something is written. What is laid out is kept under PARLEY_HOME/git, so that a branch
that has not moved costs one question to the server.
"""

import hashlib
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from django.conf import settings

from knowledge import parsers
from knowledge.originals.base import (
    NO_VALIDATORS,
    Content,
    OriginalError,
    UnmodifiedError,
    Validators,
    is_address,
    origin_of,
    readable,
)
from knowledge.originals.patterns import is_wanted

WALL_SECONDS = 300.0
_ROOT = Path(__file__).resolve().parents[3]
_COMMAND = (sys.executable, "-m", "knowledge.originals.repositories")
# Where hosts show a file of a branch, by the end or the start of their name.
_SHOWN_AT = {
    "github.com": "{repository}/blob/{branch}/{path}",
    "gitlab.com": "{repository}/-/blob/{branch}/{path}",
    "bitbucket.org": "{repository}/src/{branch}/{path}",
    "codeberg.org": "{repository}/src/branch/{branch}/{path}",
}


class RepositoryError(OriginalError):
    """The repository cannot be read; the message says why."""


@dataclass(frozen=True)
class RepositoryFile:
    """A file of a branch. `hash` is Git's name for what it says, empty where it is too big to be kept."""

    location: str
    path: str
    url: str
    place: Path
    hash: str

    @property
    def origin(self) -> str:
        return f"{self.location}/{self.path}"

    def read(self, known: Validators = NO_VALIDATORS) -> Content:
        if not self.hash:
            raise OriginalError(f"The file is bigger than {parsers.MAX_FILE_BYTES // 1_000_000} MB.")
        if known.etag == self.hash:
            raise UnmodifiedError
        try:
            data = self.place.read_bytes()
        except OSError as error:
            raise OriginalError("The copy of the repository is not there any more; the next sync makes it.") from error
        return Content(self.path.rpartition("/")[2], data, Validators(self.hash), url=self.url)


def files(location: str, include: Sequence[str] = (), exclude: Sequence[str] = ()) -> list[RepositoryFile]:
    """The wanted files of a repository, an https address or a place on the disk, and after "#" the branch.

    Raises RepositoryError when it cannot be read, or is bigger than the limits of `__main__`.
    """
    kept = _folder(location)
    kept.mkdir(parents=True, exist_ok=True)
    index = _index(kept)
    told = _told(location, kept, index.get("commit", ""))
    if "files" in told:
        index = told
        _write(kept, index)
    address, named = _parted(location)
    return [
        RepositoryFile(
            readable(location),
            readable(path),
            _shown_at(address, named or index["branch"], path),
            kept / "files" / name,
            name,
        )
        for path, name in index["files"]
        if is_wanted(path, include, exclude)
    ]


def forget_others(locations: Collection[str]) -> int:
    """Delete what is kept of repositories that are no sources any more; returns of how many."""
    wanted = {_folder(location).name for location in locations}
    forgotten = [place for place in (settings.PARLEY_HOME / "git").glob("*") if place.name not in wanted]
    for place in forgotten:
        shutil.rmtree(place, ignore_errors=True)
    return len(forgotten)


def forget_drafts(age: timedelta) -> int:
    """Delete what downloads that were killed left behind, `age` ago or longer; returns how much."""
    before = time.time() - age.total_seconds()
    drafts = [place for place in (settings.PARLEY_HOME / "git").glob("*/tmp*") if place.stat().st_mtime < before]
    for place in drafts:
        shutil.rmtree(place, ignore_errors=True)
    return len(drafts)


def _folder(location: str) -> Path:
    kept: Path = settings.PARLEY_HOME / "git" / hashlib.sha256(location.encode()).hexdigest()[:32]
    return kept


def _parted(location: str) -> tuple[str, str]:
    """Address or place, and branch."""
    address, _, branch = location.partition("#")
    return (address if is_address(address) else origin_of(address)), branch


def _told(location: str, kept: Path, commit: str) -> dict[str, Any]:
    """What the child process tells. Raises RepositoryError."""
    address, branch = _parted(location)
    order = {
        "location": address,
        "branch": branch,
        "known": commit,
        "folder": str(kept),
        "is_private_allowed": settings.ALLOW_PRIVATE_HOSTS,
    }
    environment = {"LC_ALL": "C.UTF-8", "HOME": str(kept)}  # no keys, and no settings of Git's
    try:
        done = subprocess.run(
            _COMMAND,
            cwd=_ROOT,
            env=environment,
            input=json.dumps(order).encode(),
            capture_output=True,
            timeout=WALL_SECONDS,
            check=False,
        )
        told: dict[str, Any] = json.loads(done.stdout)
    except subprocess.TimeoutExpired as error:
        raise RepositoryError(f"Reading the repository took longer than {WALL_SECONDS:g} seconds.") from error
    except ValueError as error:
        raise RepositoryError("The repository is damaged, or too big to be read.") from error
    if "error" in told:
        raise RepositoryError(told["error"])
    return told


def _index(kept: Path) -> dict[str, Any]:
    """What was laid out the last time; nothing where some of it is missing."""
    try:
        index: dict[str, Any] = json.loads((kept / "index.json").read_text(encoding="utf-8"))
        there = {place.name for place in (kept / "files").iterdir()}
    except (OSError, ValueError):
        return {}
    return index if all(name in there for _, name in index["files"] if name) else {}


def _write(kept: Path, index: dict[str, Any]) -> None:
    """Say what is laid out now, and delete what was before."""
    draft = kept / "index.new"
    draft.write_text(json.dumps(index), encoding="utf-8")
    draft.replace(kept / "index.json")
    wanted = {name for _, name in index["files"]}
    for place in (kept / "files").iterdir():
        if place.name not in wanted:
            place.unlink(missing_ok=True)


def _shown_at(address: str, branch: str, path: str) -> str:
    """The address where people can read a file; empty where that cannot be told."""
    parts = urlsplit(address)
    host = "gitlab.com" if (parts.hostname or "").startswith("gitlab.") else parts.hostname
    if parts.scheme not in {"http", "https"} or host not in _SHOWN_AT or not branch:
        return ""
    repository = address.rstrip("/").removesuffix(".git")
    return _SHOWN_AT[host].format(repository=repository, branch=quote(branch), path=quote(path))
