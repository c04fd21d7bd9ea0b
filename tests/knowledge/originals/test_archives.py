"""Archives and exports become one document for each file or article in them."""

import io
import json
import stat
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from knowledge.index import removing
from knowledge.models import Document, SourceKind
from knowledge.originals.base import OriginalError
from knowledge.originals.folders import Found, files
from knowledge.sources import adding, syncing
from tests.rows.make import make_collection, make_deployment, make_file, make_indexed

PAGE = b"# Refunds\n\nThirty days."


def packed(members: Mapping[str, bytes], **options: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            entry = zipfile.ZipInfo(name, (2026, 11, 25, 8, 0, 0))
            entry.external_attr = options.get("mode", 0o644) << 16
            archive.writestr(entry, data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def listed(folder: Path, name: str, data: bytes) -> Found:
    return files(str(make_file(folder, name, data).place))


def reasons(found: Found) -> list[str]:
    said = []
    for original in found.originals:
        try:
            original.read()
        except OriginalError as error:
            said.append(str(error))
    return said


def test_each_file_of_an_archive_is_read_under_its_own_name(tmp_path: Path) -> None:
    found = listed(
        tmp_path, "help.zip", packed({"a/refunds.md": PAGE, "b.png": b"x", "__MACOSX/._b.md": b"x", "c/": b""})
    )
    (file,) = found.originals
    assert (file.path, file.origin) == (f"{tmp_path}/help.zip/a/refunds.md", f"{tmp_path}/help.zip!/a/refunds.md")
    content = file.read()
    assert (content.name, content.data, str(content.modified_at)) == ("refunds.md", PAGE, "2026-11-25 08:00:00+00:00")
    assert found.skipped == {".png": 1}


def test_archives_in_a_folder_are_opened_and_one_inside_another_too_but_no_deeper(tmp_path: Path) -> None:
    inner = packed({"c.md": PAGE, "deepest.zip": packed({"d.md": PAGE})})
    make_file(tmp_path, "help/all.zip", packed({"a.md": PAGE, "inner.zip": inner}))
    found = files(str(tmp_path / "help"))
    assert [file.path for file in found.originals] == ["all.zip/a.md", "all.zip/inner.zip/c.md"]
    assert found.skipped == {".zip": 1}


def bomb() -> bytes:
    return packed({f"{number}.txt": bytes(40_000_000) for number in range(9)})


def overlapping() -> bytes:
    """Two names in the directory for the same packed bytes."""
    data = packed({"a.md": PAGE})
    end = data.rfind(b"PK\x05\x06")
    start = struct.unpack_from("<I", data, end + 16)[0]
    directory = data[start:end]
    closing = bytearray(data[end:])
    struct.pack_into("<HHI", closing, 8, 2, 2, len(directory) * 2)
    return data[:start] + directory + directory.replace(b"a.md", b"b.md") + bytes(closing)


def locked() -> bytes:
    data = bytearray(packed({"a.md": PAGE}))
    data[6] |= 1
    data[data.find(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"PK\x03\x04 cut off", "The archive is damaged or cut off."),
        (bomb(), "The archive is too big when unpacked."),
        (overlapping(), "The files in the archive lie upon one another, so it is not read."),
        (packed({f"{number}.md": b"x" for number in range(2_001)}), "The archive has more than 2,000 files."),
        (packed({"../../etc/a.md": PAGE}), "The name of the file leads out of the archive, so it is not read."),
        (packed({"/etc/a.md": PAGE}), "The name of the file leads out of the archive, so it is not read."),
        (packed({"C:\\a.md": PAGE}), "The name of the file leads out of the archive, so it is not read."),
        (locked(), "The file is protected by a password."),
    ],
    ids=["cut", "bomb", "overlap", "many", "dots", "absolute", "drive", "locked"],
)
def test_what_an_archive_may_not_hold_is_said(tmp_path: Path, data: bytes, sentence: str) -> None:
    assert reasons(listed(tmp_path, "a.zip", data)) == [sentence]
    assert not list(tmp_path.rglob("*.md"))


def test_a_damaged_member_fails_alone(tmp_path: Path) -> None:
    data = bytearray(packed({"a.md": PAGE * 50, "b.md": PAGE}))
    data[50:54] = b"\xff" * 4
    assert reasons(listed(tmp_path, "a.zip", bytes(data))) == ["The file in the archive is damaged."]


def test_links_in_archives_are_passed_over(tmp_path: Path) -> None:
    found = listed(tmp_path, "a.zip", packed({"a.md": b"/etc/passwd"}, mode=stat.S_IFLNK | 0o777))
    assert (found.originals, found.skipped) == ([], {"links in archives": 1})


def test_pages_of_notion_lose_their_numbers_and_tables_are_taken_once(tmp_path: Path) -> None:
    number = "0123456789abcdef0123456789abcdef"
    members = {
        f"Help {number}/Refunds {number}.md": PAGE,
        f"Plans {number}.csv": b"a,b",
        f"Plans {number}_all.csv": b"a,b",
    }
    export = packed({"ExportBlock-Part-1.zip": packed(members)})
    make_file(tmp_path, "x/notion.zip", export)
    paths = [
        file.path.removeprefix("notion.zip/ExportBlock-Part-1.zip/") for file in files(str(tmp_path / "x")).originals
    ]
    assert paths == ["Help/Refunds.md", "Plans_all.csv"]


ZENDESK = {
    "articles": [
        {"id": 7, "title": "Refunds", "body": "<p>Thirty <b>days</b>.</p>", "html_url": "https://help.example.com/7",
         "draft": False, "updated_at": "2026-11-25T08:00:00Z"},
        {"id": 8, "title": "Not yet", "body": "<p>x</p>", "draft": True},
        {"id": 9, "title": "Empty", "body": ""},
    ]
}  # fmt: skip
INTERCOM = {
    "type": "list",
    "data": [
        {
            "id": "1",
            "title": "Plans",
            "body": "<h2>Team</h2><p>Twelve.</p>",
            "state": "published",
            "updated_at": 1764000000,
        },
        {"id": "2", "title": "Draft", "body": "<p>x</p>", "state": "draft"},
    ],
}


@pytest.mark.django_db
def test_articles_of_a_help_centre_are_documents_with_their_own_address(tmp_path: Path) -> None:
    make_deployment()
    shelf = make_collection()
    make_file(tmp_path, "zendesk.json", json.dumps(ZENDESK))
    make_file(tmp_path, "intercom.json", json.dumps(INTERCOM))
    make_file(tmp_path, "package.json", '{"name": "x", "version": "1"}')
    found = files(str(tmp_path))
    assert found.skipped == {"drafts": 2, ".json": 1}
    make_indexed(shelf, *found.originals)
    assert list(Document.objects.order_by("path").values_list("path", "title", "url")) == [
        ("intercom.json/Plans", "Plans", ""),
        ("zendesk.json/Refunds", "Refunds", "https://help.example.com/7"),
    ]
    refunds = Document.objects.get(title="Refunds")
    assert refunds.live_version is not None
    assert str(refunds.live_version.modified_at) == "2026-11-25 08:00:00+00:00"
    assert refunds.chunks.get().text == "Thirty days."


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"{", "The JSON is damaged."),
        (b"[" * 100_000, "The JSON is damaged."),
        (b'{"a": 1}', "This JSON is no export of a help centre: it has no articles with a title and a text."),
    ],
    ids=["cut", "deep", "other"],
)
def test_json_that_a_person_names_and_is_no_export_says_so(tmp_path: Path, data: bytes, sentence: str) -> None:
    assert reasons(listed(tmp_path, "a.json", data)) == [sentence]


@pytest.mark.django_db
def test_an_archive_is_removed_with_all_that_was_in_it(tmp_path: Path) -> None:
    make_deployment()
    shelf = make_collection()
    make_indexed(shelf, *listed(tmp_path, "a.zip", packed({"a.md": PAGE, "b.md": b"# Plans\n\nTwo."})).originals)
    assert Document.objects.count() == 2
    assert len(removing.remove(str(tmp_path / "a.zip"))) == 2


@pytest.mark.django_db
def test_an_archive_that_broke_takes_nothing_out(tmp_path: Path) -> None:
    make_deployment()
    make_file(tmp_path, "a.zip", packed({"a.md": PAGE}))
    source = adding.add(adding.Wanted(str(tmp_path), SourceKind.FOLDER))
    syncing.run(syncing.request(source).pk)
    make_file(tmp_path, "a.zip", b"PK\x03\x04")
    sync = syncing.run(syncing.request(source).pk)
    assert sync is not None
    assert "Nothing was taken out" in sync.reason
    assert Document.objects.filter(path="a.zip/a.md", state="indexed").exists()
