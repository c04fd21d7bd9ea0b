"""The sample help centre in an install: told from documents of one's own, and taken away by a button."""

from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from knowledge.models import Collection, Document, DocumentState
from knowledge.sample import samples
from tests.rows.make import make_collection
from tests.rows.web_rows import make_user

pytestmark = pytest.mark.django_db


def make_row(origin: Path, state: DocumentState = DocumentState.INDEXED) -> Document:
    collection = Collection.objects.first() or make_collection()
    return Document.objects.create(collection=collection, origin=str(origin), path=origin.name, state=state)


def test_the_sample_goes_by_a_button_and_nothing_else_does(client: Client) -> None:
    client.force_login(make_user("root", is_superuser=True))
    make_row(settings.SAMPLE_DIR / "public" / "refunds.md")
    assert "1 document of a fictional company is here" in client.get(reverse("install")).content.decode()
    own = make_row(Path("/there/own.md"))
    client.post(reverse("remove_sample"))
    assert list(Document.objects.all()) == [own]
    assert (settings.SAMPLE_DIR / "public").is_dir()


def test_only_what_is_indexed_and_no_sample_counts_as_documents_of_ones_own() -> None:
    make_row(settings.SAMPLE_DIR / "public" / "refunds.md")
    assert (samples.has_others(), samples.has_other_indexed()) == (False, False)
    waiting = make_row(Path("/there/own.md"), DocumentState.PENDING)
    assert (samples.has_others(), samples.has_other_indexed()) == (True, False)
    Document.objects.filter(pk=waiting.pk).update(state=DocumentState.INDEXED)
    assert samples.has_other_indexed()
