"""Archives, exports and articles that are handed in by a page become documents; their rows say what came of them."""

import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django.fixtures import Settings

from bot import tasks as bot_tasks
from bot.team import articles
from knowledge import tasks
from knowledge.index import reconciling, removing
from knowledge.models import Chunk, Collection, Document, DocumentVersion
from knowledge.sources import uploads
from tests.rows.make import make_collection
from tests.rows.web_rows import make_models, make_user

pytestmark = pytest.mark.django_db

INTERCOM = {
    "type": "list",
    "data": [
        {"id": "1", "title": "Plans", "body": "<h2>Team</h2><p>Twelve seats.</p>", "state": "published"},
        {"id": "2", "title": "Secret plans", "body": "<p>Not yet.</p>", "state": "draft"},
    ],
}
ZENDESK = {
    "articles": [
        {"id": 7, "title": "Refunds", "body": "<p>Thirty days.</p>", "html_url": "https://help.example.com/7"},
        {"id": 8, "title": "Returns", "body": "<p>By post.</p>", "html_url": "https://help.example.com/8"},
    ]
}
NO_EXPORT = "This JSON is no export of a help centre: it has no articles with a title and a text."
HELP = {"help/refunds.md": "# Refunds\n\nThirty days.", "help/plans.md": "# Plans\n\nTwelve seats.", "logo.png": "x"}


@pytest.fixture
def shelf(client: Client, settings: Settings, tmp_path: Path) -> Collection:
    settings.PARLEY_HOME = tmp_path
    make_models()
    client.force_login(make_user("root", is_superuser=True))
    return make_collection()


def zipped(files: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return buffer.getvalue()


def hand_in(client: Client, shelf: Collection, name: str, data: bytes) -> Document:
    """The row of a file that was sent by the page and read by its job."""
    sent = {"files": [SimpleUploadedFile(name, data)], "collection": shelf.pk}
    assert client.post(reverse("upload"), sent).status_code == 302
    document = Document.objects.get(path=name)
    assert document.state == "pending"
    tasks.upload(document.pk)
    document.refresh_from_db()
    return document


def paths(**wanted: str) -> list[str]:
    return list(Document.objects.filter(**wanted).order_by("path").values_list("path", flat=True))


def test_a_zip_becomes_its_documents_and_the_page_says_what_was_left_out(client: Client, shelf: Collection) -> None:
    held = hand_in(client, shelf, "export.zip", zipped(HELP))
    said = "It holds 2 documents. Passed over 1: 1 .png."
    assert (held.state, held.reason) == ("opened", said)
    assert paths(state="indexed") == ["export.zip/help/plans.md", "export.zip/help/refunds.md"]
    assert said in client.get(reverse("documents")).content.decode()
    assert said in client.get(reverse("document", args=[held.pk])).content.decode()


def test_what_cannot_be_read_in_a_zip_is_counted_and_has_a_row(client: Client, shelf: Collection) -> None:
    held = hand_in(client, shelf, "export.zip", zipped({"a.md": "# A\n\nRead.", "b.pdf": "no PDF"}))
    assert held.reason == "It holds 2 documents; 1 of them could not be read."
    assert paths(state="failed") == ["export.zip/b.pdf"]


@pytest.mark.parametrize(
    ("export", "found", "said"),
    [
        (INTERCOM, ["export.json/Plans"], "It holds 1 document. Passed over 1: 1 drafts."),
        (ZENDESK, ["export.json/Refunds", "export.json/Returns"], "It holds 2 documents."),
    ],
)
def test_an_export_becomes_its_articles(
    client: Client, shelf: Collection, export: object, found: list[str], said: str
) -> None:
    held = hand_in(client, shelf, "export.json", json.dumps(export).encode())
    assert (held.state, held.reason) == ("opened", said)
    assert paths(state="indexed") == found


def test_an_export_in_a_zip_is_opened_too(client: Client, shelf: Collection) -> None:
    held = hand_in(client, shelf, "all.zip", zipped({"zendesk.json": json.dumps(ZENDESK), "package.json": "{}"}))
    assert held.reason == "It holds 2 documents. Passed over 1: 1 .json."
    assert paths(state="indexed") == ["all.zip/zendesk.json/Refunds", "all.zip/zendesk.json/Returns"]


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.zip", b"PK\x03\x04 cut off", "The archive is damaged or cut off."),
        ("a.zip", zipped({"logo.png": "x"}), "It holds nothing that can be read. Passed over 1: 1 .png."),
        ("a.json", b'{"name": "x"}', NO_EXPORT),
    ],
)
def test_what_opens_to_nothing_says_why(client: Client, shelf: Collection, name: str, data: bytes, reason: str) -> None:
    held = hand_in(client, shelf, name, data)
    assert (held.state, held.reason) == ("failed", reason)
    assert paths() == [name]


def test_the_next_file_of_a_name_takes_the_place_of_the_one_before(client: Client, shelf: Collection) -> None:
    hand_in(client, shelf, "export.zip", zipped(HELP))
    hand_in(client, shelf, "export.zip", zipped({"help/plans.md": "# Plans\n\nTen seats."}))
    assert paths() == ["export.zip", "export.zip/help/plans.md"]
    hand_in(client, shelf, "export.zip", b"PK\x03\x04 cut off")
    assert paths(state="indexed") == ["export.zip/help/plans.md"], "what was read before goes on answering"


def test_removing_it_takes_away_what_came_out_of_it(client: Client, shelf: Collection) -> None:
    held = hand_in(client, shelf, "export.zip", zipped(HELP))
    client.post(reverse("remove_document", args=[held.pk]))
    assert (paths(), list(uploads.folder().rglob("*.zip"))) == ([], [])
    hand_in(client, shelf, "export.zip", zipped(HELP))
    assert len(removing.remove("export.zip")) == 3
    assert paths() == []


def test_one_document_of_a_zip_can_be_removed(client: Client, shelf: Collection) -> None:
    hand_in(client, shelf, "export.zip", zipped(HELP))
    plans = Document.objects.get(path="export.zip/help/plans.md")
    client.post(reverse("remove_document", args=[plans.pk]))
    assert paths() == ["export.zip", "export.zip/help/refunds.md"]


def test_reconciling_lets_an_opened_file_be(client: Client, shelf: Collection) -> None:
    held = hand_in(client, shelf, "export.zip", zipped(HELP))
    reconciling.reconcile()
    held.refresh_from_db()
    assert held.state == "opened"


def test_what_older_code_read_is_read_anew_and_what_was_taken_out_stays_out(client: Client, shelf: Collection) -> None:
    held = hand_in(client, shelf, "export.zip", zipped(HELP))
    single = hand_in(client, shelf, "a.md", b"# A\n\nSee [b](https://b.example/c).")
    assert uploads.outdated() == []
    Document.objects.get(path="export.zip/help/plans.md").delete()
    DocumentVersion.objects.update(fingerprint="of:6.1")
    Chunk.objects.update(links=[])
    assert sorted(uploads.outdated()) == [held.pk, single.pk]
    tasks.reconcile()
    for job in OrmQ.objects.all():
        assert job.func() == "knowledge.tasks.read_again"
        tasks.read_again(*job.args())
    assert Chunk.objects.get(document=single).links == ["https://b.example/c"]
    assert (paths(), uploads.outdated()) == (["a.md", "export.zip", "export.zip/help/refunds.md"], [])


def test_a_worker_that_is_killed_half_way_through_a_zip_loses_nothing(client: Client, shelf: Collection) -> None:
    held = hand_in(client, shelf, "export.zip", zipped(HELP))
    Document.objects.filter(path="export.zip/help/plans.md").delete()
    Document.objects.update(state="pending", updated_at=timezone.now() - timedelta(minutes=6))
    assert uploads.lost() == [held.pk]
    tasks.upload(held.pk)
    assert paths(state="indexed") == ["export.zip/help/plans.md", "export.zip/help/refunds.md"]


def test_an_article_waits_as_a_row_until_it_is_read(
    client: Client, shelf: Collection, django_capture_on_commit_callbacks: object
) -> None:
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        articles.add(shelf, title="Old plans", text="Fourteen days.", key=3)
    document = Document.objects.get()
    assert (document.path, document.state) == ("articles/old-plans-3.md", "pending")
    assert [(job.func(), job.args()) for job in OrmQ.objects.all()] == [("knowledge.tasks.upload", (document.pk,))]
    OrmQ.objects.all().delete()  # its worker was killed
    Document.objects.update(updated_at=timezone.now() - timedelta(minutes=6))
    assert uploads.lost() == [document.pk]
    tasks.upload(document.pk)
    assert paths(state="indexed", title="Old plans") == ["articles/old-plans-3.md"]
    articles.add(shelf, title="Old plans", text="Fifteen days.", key=3)
    tasks.upload(document.pk)
    assert Document.objects.get().chunks.get().text == "Fifteen days."


def test_a_job_that_an_older_install_queued_loses_no_article(shelf: Collection, tmp_path: Path) -> None:
    (tmp_path / "articles").mkdir()
    (tmp_path / "articles" / "old-1.md").write_text("# Old\n\nFourteen days.")
    bot_tasks.index_article(shelf.pk, "old-1.md")
    assert paths(state="indexed") == ["articles/old-1.md"]
