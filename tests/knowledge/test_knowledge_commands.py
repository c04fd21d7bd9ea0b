"""ingest, documents, remove and search as people and scripts meet them."""

import io
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from knowledge.models import Collection, Document
from tests.rows.make import make_deployment, make_file

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Ran:
    status: int
    output: str
    complaints: str

    @property
    def json(self) -> Any:
        return json.loads(self.output)


def run(*words: str) -> Ran:
    """Run a command as manage.py would; an error becomes its sentence and exit status 1."""
    output, complaints = io.StringIO(), io.StringIO()
    status = 0
    try:
        call_command(*words, stdout=output, stderr=complaints)
    except CommandError as error:
        status = 1
        complaints.write(str(error))
    except SystemExit as leaving:
        status = int(leaving.code or 0)
    return Ran(status, output.getvalue(), complaints.getvalue())


@pytest.fixture
def help_centre(db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of documents, not ingested yet, in the working directory."""
    make_deployment()
    folder = tmp_path / "help"
    make_file(folder, "b/refunds.md", "# Refunds\n\nAnnual plans are refunded within thirty days.")
    make_file(folder, "a.html", "<h1>Webhooks</h1><p>A webhook is retried for two days.</p>")
    make_file(folder, ".hidden.md", "secret")
    make_file(folder, "logo.png", b"\x89PNG")
    make_file(tmp_path, "outside.md", "outside")
    (folder / "link.md").symlink_to(tmp_path / "outside.md")
    monkeypatch.chdir(tmp_path)
    return folder


def test_folder_is_ingested_in_order_and_says_what_it_passed_over(help_centre: Path) -> None:
    ran = run("ingest", "help", "--json")
    assert ran.status == 0
    assert [(each["path"], each["state"], each["reason"]) for each in ran.json["documents"]] == [
        ("a.html", "indexed", None),
        ("b/refunds.md", "indexed", None),
    ]
    assert all(each["chunks"] == 1 and each["seconds"] >= 0 for each in ran.json["documents"])
    assert ran.complaints == "Passed over 3: 1 .png, 1 hidden, 1 links out of the folder.\n"


def test_second_run_is_unchanged_and_a_bad_file_fails_the_exit_status_only(help_centre: Path) -> None:
    run("ingest", "help")
    make_file(help_centre, "c.pdf", "no PDF")
    ran = run("ingest", "help", "nowhere.md", "--json")
    assert ran.status == 1
    assert [(each["path"], each["state"], each["reason"]) for each in ran.json["documents"]] == [
        ("a.html", "unchanged", None),
        ("b/refunds.md", "unchanged", None),
        ("c.pdf", "failed", "The file is called .pdf but is not a PDF."),
        ("nowhere.md", "failed", "There is no file or folder of that name."),
    ]
    assert not Document.objects.filter(path="nowhere.md").exists()


def test_named_file_keeps_the_path_it_was_given(help_centre: Path) -> None:
    ran = run("ingest", "help/b/refunds.md", "help/logo.png", "--json")
    first, second = ran.json["documents"]
    assert (first["path"], first["state"]) == ("help/b/refunds.md", "indexed")
    assert second["reason"].startswith("Files of the type .png are not read")


def test_people_read_a_short_table(help_centre: Path) -> None:
    make_file(help_centre, "c.md", b"")
    ran = run("ingest", "help", "--internal")
    assert ran.output.splitlines()[:3] == [
        "indexed   a.html        1 passage",
        "indexed   b/refunds.md  1 passage",
        "failed    c.md          The file is empty.",
    ]
    assert ran.output.splitlines()[3].startswith("2 indexed, 1 failed in collection Internal (")
    listed = run("documents").output.splitlines()
    assert listed[0].split() == ["path", "collection", "state", "version", "chunks"]
    assert listed[1].split() == ["a.html", "Internal", "indexed", "1", "1"]
    assert listed[-2:] == ["    The file is empty.", "3 documents: 1 failed, 2 indexed"]


def test_name_too_long_for_a_row_fails_alone(help_centre: Path) -> None:
    ran = run("ingest", "http://127.0.0.1/" + "x" * 2_000, "help/a.html", "--json")
    assert [each["reason"] for each in ran.json["documents"]] == ["The name is longer than 2,000 characters.", None]


def test_address_that_holds_a_password_leaves_no_trace(help_centre: Path) -> None:
    signed_in = ["http://ada:secret@127.0.0.1/x", "http://ada:secret@[::1/x", "ftp://ada:secret@127.0.0.1/x"]
    ran = run("ingest", *signed_in, "http://ada:secret", "help/a.html", "--json")
    assert [each["state"] for each in ran.json["documents"]] == ["failed"] * 4 + ["indexed"]
    assert ran.json["documents"][0]["path"] == "http://127.0.0.1/x"
    assert Document.objects.get().path == "help/a.html"
    assert "secret@" not in ran.output + ran.complaints


def test_names_and_reasons_send_no_orders_to_the_terminal(help_centre: Path) -> None:
    make_file(help_centre, os.fsdecode(b"\x1b[31m\xff.md"), "# Refunds\n\nThirty days.")
    make_file(help_centre, "\x1b]0;title\x07.pdf", "no")
    make_file(help_centre, "x.\x1b[2J", "no")
    named = str(make_file(help_centre, "y.\x1b[2J", "no").place)
    ran = run("ingest", "help", named)
    shown = [ran, run("documents"), run("search", "refunds"), run("remove", os.fsdecode(b"\x1b[31m\xff.md"))]
    for each in shown:
        assert (each.output + each.complaints).replace("\n", "").isprintable()
    assert r"\x1b[31m\xff.md" in shown[-1].output


def test_bytes_that_are_no_text_are_names_of_nothing(help_centre: Path) -> None:
    odd = os.fsdecode(b"a\xff\x1b")
    run("ingest", "help")
    for words in (["remove", odd], ["ingest", odd], ["ingest", "help", "--collection", odd]):
        assert run(*words).status == 1
    assert run("search", "--queries", odd, "--output", "o").complaints.startswith(r"a\xff\x1b cannot be read")


def test_same_file_named_twice_is_indexed_once(help_centre: Path) -> None:
    ran = run("ingest", "help/a.html", "help/../help/a.html", str(help_centre), "help/", "--json")
    assert [each["path"] for each in ran.json["documents"]] == ["help/a.html", "b/refunds.md"]


def test_documents_are_listed_for_scripts(help_centre: Path) -> None:
    run("ingest", "help")
    first, second = run("documents", "--json").json
    assert {key: second[key] for key in ("path", "collection", "state", "reason", "chunks", "version")} == {
        "path": "b/refunds.md",
        "collection": "Public",
        "state": "indexed",
        "reason": None,
        "chunks": 1,
        "version": 1,
    }
    assert first["title"] == "Webhooks"


def test_no_documents_is_said() -> None:
    assert run("documents").output.startswith("There are no documents yet")


def test_removed_document_is_not_found_any_more(help_centre: Path) -> None:
    run("ingest", "help")
    run("ingest", "help", "--internal")
    ran = run("remove", "b/refunds.md")
    assert (ran.status, ran.output.count("removed  b/refunds.md  from collection")) == (0, 2)
    assert [hit["path"] for hit in run("search", "refunds", "--json").json] == ["a.html"]
    again = run("remove", "b/refunds.md", "a.html")
    assert again.status == 1
    assert again.complaints.startswith("There is no document 'b/refunds.md'")
    assert again.output.count("removed  a.html") == 2


def test_unknown_askers_see_public_documents_only(help_centre: Path) -> None:
    run("ingest", "help/a.html")
    run("ingest", "help/b", "--internal", "--collection", "Runbooks")
    assert [hit["path"] for hit in run("search", "refunds", "--json").json] == ["help/a.html"]
    (hit,) = run("search", "refunds", "--collection", "Runbooks", "--json").json
    assert set(hit) >= {"path", "url", "heading", "document_id", "chunk_id", "score", "text"}
    assert hit["path"] == "refunds.md"
    both = run("search", "refunds", "--collection", "Runbooks", "--collection", "Public", "-k", "1", "--json").json
    assert [hit["path"] for hit in both] == ["refunds.md"]


def test_people_read_hits_with_their_place(help_centre: Path) -> None:
    make_file(help_centre, "b/refunds.md", "# Refunds\n\nWe like you. Annual plans are refunded within thirty days.")
    run("ingest", "help")
    lines = run("search", "refund of annual plans").output.splitlines()
    assert lines[0].startswith("1. Refunds  (b/refunds.md, score ")
    assert lines[1] == "   … Annual plans are refunded within thirty days."
    assert lines[-1].startswith("answerable ")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["search", " "], "The query is empty."),
        (["search", "x" * 100_000], "The query is longer than 4,000 characters."),
        (["search", "x", "--collection", "HR"], "There is no collection 'HR'. Collections: none yet."),
        (["search"], "Give either a QUERY, or both --queries FILE and --output FILE."),
        (["search", "x", "--queries", "q"], "Give either a QUERY, or both --queries FILE and --output FILE."),
        (["search", "--queries", "nowhere", "--output", "o"], "nowhere cannot be read: No such file or directory."),
        (["search", "x", "-k", "0"], "Error: argument -k: give a whole number from 1 to 1000"),
    ],
)
def test_search_that_cannot_be_done_is_one_sentence(words: list[str], sentence: str) -> None:
    make_deployment()
    ran = run(*words)
    assert (ran.status, ran.output, ran.complaints) == (1, "", sentence)


def test_emoji_find_nothing_and_that_is_no_error(help_centre: Path) -> None:
    assert run("search", "🎉🎉").output == "Nothing found.\n"
    run("ingest", "help")
    assert run("search", "🎉🎉", "--json").status == 0


@pytest.mark.parametrize("command", [["ingest", "x.md"], ["search", "x"]])
def test_before_set_up_a_sentence_says_so(db: None, command: list[str]) -> None:
    ran = run(*command)
    assert (ran.status, ran.output) == (1, "")
    assert ran.complaints.startswith("No model is live for the role embed")


@pytest.fixture
def batch(help_centre: Path, tmp_path: Path) -> Callable[[str], Ran]:
    run("ingest", "help")

    def search(lines: str) -> Ran:
        (tmp_path / "queries.jsonl").write_text(lines)
        return run("search", "--queries", "queries.jsonl", "--output", "answers.jsonl", "-k", "1")

    return search


def test_batch_answers_line_by_line_in_order(batch: Callable[[str], Ran], tmp_path: Path) -> None:
    ran = batch('{"id": "q\\ud800", "text": "webhook"}\n\n{"id": 1, "text": "refund"}\n{"id": "q3", "text": ""}\n')
    assert ran.status == 0
    answers = [json.loads(line) for line in (tmp_path / "answers.jsonl").read_text().splitlines()]
    assert [(answer["id"], [hit["path"] for hit in answer["hits"]]) for answer in answers] == [
        ("q\ud800", ["a.html"]),
        (1, ["b/refunds.md"]),
        ("q3", []),
    ]
    assert all(0 <= answer["answerable"] <= 1 and answer["latency_ms"] >= 0 for answer in answers)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("{not json}", "queries.jsonl, line 2: this is not JSON (Expecting property name enclosed in double quotes)."),
        ('{"id": "q2"}', 'queries.jsonl, line 2: a query looks like {"id": "q1", "text": "..."}.'),
        ("[1]", 'queries.jsonl, line 2: a query looks like {"id": "q1", "text": "..."}.'),
    ],
)
def test_bad_line_is_named_and_nothing_is_written(
    batch: Callable[[str], Ran], tmp_path: Path, line: str, sentence: str
) -> None:
    (tmp_path / "answers.jsonl").write_text("what was there before")
    ran = batch(f'{{"id": "q1", "text": "webhook"}}\n{line}\n')
    assert (ran.status, ran.complaints) == (1, sentence)
    assert (tmp_path / "answers.jsonl").read_text() == "what was there before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["answers.jsonl", "help", "outside.md", "queries.jsonl"]


def test_collection_of_another_audience_is_refused(help_centre: Path) -> None:
    run("ingest", "help", "--internal", "--collection", "HR")
    ran = run("ingest", "help", "--public", "--collection", "HR")
    assert ran.status == 1
    assert ran.complaints == "The collection 'HR' is internal; for public documents name another one."


def test_an_empty_name_removes_and_ingests_nothing(help_centre: Path) -> None:
    run("ingest", "help")
    before = run("documents").output
    assert run("remove", "").status == 1
    assert run("ingest", "").status == 1
    assert run("documents").output == before


def test_a_failed_ingest_leaves_no_collection_behind(help_centre: Path) -> None:
    assert run("ingest", "nothing.md", "--collection", "Typo").status == 1
    assert not Collection.objects.filter(name="Typo").exists()
