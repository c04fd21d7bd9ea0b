"""The files of a Git repository are documents: those of one branch, as the server says they are now."""

import httpx2
import pytest
from pytest_django.fixtures import Settings

from foundation.egress import EgressError
from knowledge.models import Document, SourceKind
from knowledge.originals.base import OriginalError, UnmodifiedError
from knowledge.originals.repositories import clones
from knowledge.originals.repositories.__main__ import CheckedGitClient
from knowledge.originals.repositories.clones import RepositoryError, files
from knowledge.sources import adding, syncing
from knowledge.sources.adding import Wanted
from tests.fakes.git_server import LINK, SUBMODULE, GitServer
from tests.fakes.web_server import LOOPBACK, Web, redirect
from tests.rows.make import make_deployment

HELP = {
    "README.md": b"# Help\n\nAsk us.",
    "docs/refunds.md": b"# Refunds\n\nWithin 30 days.",
    "docs/logo.png": b"\x89PNG",
}


def said(location: str, *include: str) -> dict[str, bytes]:
    return {file.path: file.read().data for file in files(location, include)}


@pytest.fixture(params=["http", "disk"])
def location(git: GitServer, request: pytest.FixtureRequest) -> str:
    git.commit(HELP)
    return git.url if request.param == "http" else str(git.place)


def test_files_that_can_be_read_are_those_of_the_branch(git: GitServer, location: str) -> None:
    git.commit({"old.md": b"# Old"}, branch="v1/fixes")
    assert said(location) == {"README.md": b"# Help\n\nAsk us.", "docs/refunds.md": b"# Refunds\n\nWithin 30 days."}
    assert said(location, "docs/*") == {"docs/refunds.md": b"# Refunds\n\nWithin 30 days."}
    assert said(f"{location}#v1/fixes") == {"old.md": b"# Old"}


def test_a_branch_that_has_not_moved_is_not_fetched_again(git: GitServer) -> None:
    git.commit(HELP)
    first = said(git.url)
    asked = len(git.requests)
    assert said(git.url) == first
    assert set(git.requests[asked:]) <= {"/help.git/info/refs", "/help.git/git-upload-pack"}
    assert len(git.requests) - asked < asked
    git.commit({"README.md": b"# New"})
    assert said(git.url) == {"README.md": b"# New"}


def test_a_file_says_by_its_hash_that_it_is_what_it_was(git: GitServer, location: str) -> None:
    before = {file.path: file.read().validators for file in files(location)}
    git.commit(HELP | {"README.md": b"# Changed"})
    readme, refunds = files(location)
    assert readme.read(before["README.md"]).data == b"# Changed"
    with pytest.raises(UnmodifiedError):
        refunds.read(before["docs/refunds.md"])


def test_only_plain_files_that_are_not_hidden_are_taken(git: GitServer) -> None:
    named = {"a.md": b"# A", ".github/b.md": b"# B", "link.md": b"/etc/passwd", "module.md": b"x"}
    git.commit(named, modes={"link.md": LINK, "module.md": SUBMODULE})
    assert said(git.url) == {"a.md": b"# A"}


def test_names_in_a_repository_never_say_where_something_is_written(git: GitServer, settings: Settings) -> None:
    git.commit({"..": b"", "a.md": b"# A", "C:\\x.md": b"# C", "\x1b[2J.md": b"# E"})
    assert sorted(said(git.url)) == ["C:\\x.md", "\\x1b[2J.md", "a.md"]
    home = settings.PARLEY_HOME / "git"
    assert all(len(place.name) == 40 for place in home.glob("*/files/*"))


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://github.com/acme/help.git", "https://github.com/acme/help/blob/main/docs/a%20b.md"),
        ("https://gitlab.acme.example/x/help", "https://gitlab.acme.example/x/help/-/blob/main/docs/a%20b.md"),
        ("https://bitbucket.org/acme/help", "https://bitbucket.org/acme/help/src/main/docs/a%20b.md"),
        ("https://git.acme.example/help.git", ""),
        ("/srv/github.com/help.git", ""),
    ],
)
def test_files_are_shown_where_hosts_show_them(address: str, expected: str) -> None:
    assert clones._shown_at(address, "main", "docs/a b.md") == expected


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        ("{url}#nowhere", "The repository has no branch nowhere."),
        ("{url}x", "There is no repository that everybody may read: the server answered 404."),
        ("{place}/none", "There is no Git repository."),
        ("ssh://127.0.0.1/help.git", "Repositories are read from http and https addresses only."),
        ("http://ada:secret@127.0.0.1/help.git", "The address holds a user name or a password; those are not sent."),
        ("http://127.0.0.1:9/help.git", "The server cannot be reached"),
    ],
)
def test_repository_that_cannot_be_read_is_a_sentence(git: GitServer, wanted: str, sentence: str) -> None:
    git.commit(HELP)
    with pytest.raises(RepositoryError) as raised:
        files(wanted.format(url=git.url, place=git.place))
    assert str(raised.value).startswith(sentence)


@pytest.mark.parametrize("host", LOOPBACK)
def test_private_network_is_not_asked(git: GitServer, monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    port = git.server.server_port
    monkeypatch.setattr("knowledge.originals.repositories.__main__.PORTS", {port})
    with pytest.raises((EgressError, httpx2.InvalidURL)):
        CheckedGitClient(f"http://{host}:{port}/help.git", is_private_allowed=False).get_refs("")
    assert git.requests == []


def test_the_switch_for_private_hosts_reaches_the_child(git: GitServer, settings: Settings) -> None:
    settings.ALLOW_PRIVATE_HOSTS = False
    with pytest.raises(RepositoryError, match=r"127\.0\.0\.1 is an address of a private network"):
        files("http://127.0.0.1/help.git")


def test_redirects_are_followed_to_checked_addresses_only(git: GitServer, web: Web) -> None:
    git.commit(HELP)
    query = "/info/refs?service=git-upload-pack"
    web.pages[f"/moved.git{query}"] = redirect(f"{git.url}{query}")
    assert len(said(f"{web.url}/moved.git")) == 2
    web.pages[f"/away.git{query}"] = redirect(f"http://169.254.1.1/x.git{query}")
    with pytest.raises(RepositoryError, match=r"169\.254\.1\.1 is an address of a private network"):
        files(f"{web.url}/away.git")


def test_file_that_is_too_big_fails_alone(git: GitServer, monkeypatch: pytest.MonkeyPatch) -> None:
    git.commit({"big.md": b"# Big\n" + bytes(51_000_000), "a.md": b"# A"})
    small, big = files(git.url)
    assert small.read().data == b"# A"
    with pytest.raises(OriginalError, match="bigger than 50 MB"):
        big.read()


@pytest.mark.chaos
def test_repository_that_unpacks_to_more_than_memory_harms_nothing(git: GitServer) -> None:
    git.commit({"bomb.md": bytes(1_200_000_000)})
    with pytest.raises(RepositoryError, match="damaged, or too big to be read"):
        files(str(git.place))


@pytest.mark.django_db
def test_a_sync_follows_the_repository(git: GitServer) -> None:
    make_deployment()
    git.commit(HELP)
    source = adding.add(Wanted(git.url, SourceKind.GIT))

    def report() -> list[tuple[str, str]]:
        done = syncing.run(syncing.request(source).pk)
        assert done is not None
        return sorted(done.changes.values_list("kind", "path"))

    assert report() == [("added", "README.md"), ("added", "docs/refunds.md")]
    assert report() == []
    git.commit({"README.md": b"# Help\n\nChanged.", "new.md": b"# New\n\nIt is new."})
    assert report() == [("added", "new.md"), ("changed", "README.md"), ("removed", "docs/refunds.md")]
    assert set(Document.objects.values_list("origin", flat=True)) == {f"{git.url}/README.md", f"{git.url}/new.md"}


def test_what_was_kept_of_a_repository_goes_with_its_source(git: GitServer, settings: Settings) -> None:
    git.commit(HELP)
    files(git.url)
    assert clones.forget_others([git.url]) == 0
    assert clones.forget_others([]) == 1
    assert list((settings.PARLEY_HOME / "git").iterdir()) == []
