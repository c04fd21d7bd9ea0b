"""Datasets on their pages: frozen or refused line by line, shown as they are, taken away as the same bytes."""

import inspect
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from bot.answers import prompts
from dashboard.guard import roles
from dashboard.guard.roles import Role
from dashboard.models import AuditEntry
from dashboard.training.forms import SAID_OTHERWISE, FreezeForm
from tests.rows.examples import make_dataset, make_examples, make_tuned
from tests.rows.make import make_collection, make_deployment
from tests.rows.web_rows import make_user
from tuning.datasets.freezing import freeze
from tuning.models import Dataset, ExampleState, TrainingExample

pytestmark = pytest.mark.django_db


@pytest.fixture
def editor(client: Client) -> User:
    user = make_user("ed")
    roles.give(make_user("keeper", is_superuser=True), Role.OWNER)
    roles.give(user, Role.EDITOR)
    client.force_login(user)
    make_deployment()
    return user


def text_of(client: Client, name: str, *args: object, query: str = "") -> str:
    reply = client.get(reverse(name, args=args) + query)
    assert reply.status_code == 200, reply.status_code
    return " ".join(reply.content.decode().split())


def test_the_form_has_a_field_for_every_option_of_freezing() -> None:
    options = [name for name in inspect.signature(freeze).parameters if name not in SAID_OTHERWISE]
    assert list(FreezeForm().fields) == ["name", *options]


def test_what_is_approved_is_frozen_as_chosen(client: Client, editor: User) -> None:
    make_examples(12)
    sent = {"name": "voice", "prompt": "short", "validation": "0.3", "refusals": "0.2"}
    reply = client.post(reverse("freeze_dataset"), sent)
    made = Dataset.objects.get()
    assert reply.headers["Location"] == reverse("dataset", args=[made.pk])
    assert (made.name, made.prompt, made.created_by) == ("voice", "short", editor)
    assert made.lines.filter(split="validation").count() >= 2
    entry = AuditEntry.objects.get(action="freeze_dataset")
    assert (entry.actor, entry.details["checksum"]) == ("ed", made.checksum)
    page = text_of(client, "dataset", made.pk)
    assert made.checksum in page
    assert "What should I know about webhooks before we buy?" in page


def test_a_refusal_names_line_field_and_example_and_writes_nothing(client: Client, editor: User) -> None:
    made = make_examples(12)
    wrong = made[3]
    TrainingExample.objects.filter(pk=wrong.pk).update(template_hash="another")
    reply = client.post(
        reverse("freeze_dataset"), {"name": "voice", "prompt": "full", "validation": "0.1", "refusals": "0.2"}
    )
    page = " ".join(reply.content.decode().split())
    assert reply.status_code == 200
    assert "Was made with another wording of the prompt; propose it anew" in page
    assert "messages[0].content" in page
    assert f'href="{reverse("example", args=[wrong.pk])}"' in page
    assert not Dataset.objects.exists()
    assert not AuditEntry.objects.filter(action="freeze_dataset").exists()


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"name": "", "prompt": "full", "validation": "0.1"}, "This field is required."),
        (
            {"name": "v", "prompt": "full", "validation": "0.9"},
            "share for validation has to be from 0 to 0.5",
        ),
        ({"name": "v", "prompt": "loud", "validation": "0.1"}, "Select a valid choice"),
        ({"name": "v", "prompt": "full", "validation": "x"}, "Enter a number."),
    ],
)
def test_what_cannot_be_frozen_is_said(client: Client, editor: User, sent: dict[str, str], said: str) -> None:
    make_examples(11)
    assert said.lower() in client.post(reverse("freeze_dataset"), {"refusals": "0.2", **sent}).content.decode().lower()
    assert not Dataset.objects.exists()


def test_emptiness_says_what_comes_first(client: Client, editor: User) -> None:
    assert "It takes 10 approved examples; there are 0." in text_of(client, "datasets")
    assert "A model is trained on a dataset" in text_of(client, "jobs")
    assert "A base model answers now" in text_of(client, "training")


def test_a_file_is_the_same_bytes_as_of_the_command(client: Client, editor: User, tmp_path: Path) -> None:
    make_examples(12)
    dataset = freeze("voice")
    for kind in ("openai", "openai-dpo", "trl", "axolotl"):
        file = tmp_path / f"{kind}.jsonl"
        call_command("dataset", "export", str(dataset.pk), "--format", kind, "--output", str(file))
        reply = client.get(reverse("export_dataset", args=[dataset.pk, "train", kind]))
        assert reply.content == file.read_bytes()
        assert f'filename="dataset-{dataset.pk}-train.{kind}.jsonl"' in reply.headers["Content-Disposition"]
    assert AuditEntry.objects.filter(action="dataset_exported").count() == 4
    for wrong in (("test", "openai"), ("train", "gemini")):
        assert client.get(reverse("export_dataset", args=[dataset.pk, *wrong])).status_code == 404


def test_a_format_with_nothing_to_say_says_so(client: Client, editor: User) -> None:
    for example in make_examples(11):
        TrainingExample.objects.filter(pk=example.pk).update(original_answer=example.answer)
    dataset = freeze("voice")
    reply = client.get(reverse("export_dataset", args=[dataset.pk, "train", "openai-dpo"]), follow=True)
    assert "there are no preferences to learn" in reply.content.decode()


def test_what_was_erased_is_said_and_who_learnt_it(client: Client, editor: User) -> None:
    make_examples(12)
    dataset = freeze("voice")
    tuned = make_tuned(make_deployment(provider="openai", model="m", dimensions=None).endpoint, dataset=dataset)
    line = dataset.lines.filter(split="train")[0]
    example = line.example
    assert example is not None
    page = text_of(client, "example", example.pk)
    assert f"Line {line.ordinal} of" in page
    assert f'Learnt by <a href="{reverse("version", args=[tuned.pk])}">openai:ft:a-model:acme::1</a>' in page
    dataset.lines.filter(pk=line.pk).update(messages=[], rejected="")
    assert "1 line was erased since" in text_of(client, "dataset", dataset.pk)
    assert "1 of them was erased since" in text_of(client, "version", tuned.pk)


def test_lines_are_paged_and_told_apart_by_split(client: Client, editor: User) -> None:
    made = make_examples(12)
    for number in range(60):
        fields = {"question": f"Number {number}?", "state": ExampleState.APPROVED, "checksum": f"{number}" * 8}
        TrainingExample.objects.create(
            **fields, messages=[], original_answer="", answer="", template_hash="", reviewed_at=made[0].reviewed_at
        )
    dataset = freeze_rows(60)
    assert "1 to 50 of 60" in text_of(client, "dataset", dataset.pk)
    assert "51 to 60 of 60" in text_of(client, "dataset", dataset.pk, query="?page=2")
    assert "51 to 60 of 60" in text_of(client, "dataset", dataset.pk, query="?page=99")
    assert "None." in text_of(client, "dataset", dataset.pk, query="?split=validation")


def freeze_rows(count: int) -> Dataset:
    dataset = make_dataset()
    found = TrainingExample.objects.filter(question__startswith="Number")[:count]
    for number, example in enumerate(found, start=1):
        dataset.lines.create(
            example=example, ordinal=number, split="train", cluster=number, checksum=example.checksum,
            messages=[{"role": "user", "content": "?"}, {"role": "assistant", "content": f"Answer {number}."}],
        )  # fmt: skip
    return dataset


def test_a_dataset_for_another_wording_is_said_to_be_of_no_use(
    client: Client, editor: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_examples(12)
    dataset = freeze("voice")
    assert "(today's)" in text_of(client, "dataset", dataset.pk)
    monkeypatch.setattr(prompts, "PASSAGE", "<{number}> {heading}\n{text}")
    assert "for another wording of the prompt" in text_of(client, "dataset", dataset.pk)


def test_a_file_becomes_examples_in_review_and_a_bad_line_is_named(client: Client, editor: User) -> None:
    make_collection()
    good = b"question,answer\nMay I cancel?,You may.\nMay I wait?,You may.\n"
    reply = client.post(reverse("bring_examples"), {"file": SimpleUploadedFile("kept.csv", good)}, follow=True)
    assert "2 examples wait for review; 0 were there already." in reply.content.decode()
    assert set(TrainingExample.objects.values_list("state", flat=True)) == {ExampleState.IN_REVIEW}
    line = b'{"messages": [{"role": "user", "content": "A?"}, {"role": "assistant", "content": "B."}]}\n'
    for name, data, said in (
        ("old.jsonl", line + b'{"messages": [{"role": "user", "content": "A?"}]}\n', "Line 2 does not end with"),
        ("old.jsonl", line + b"{'messages': []}", "Line 2 is no JSON object"),
        ("old.txt", b"hello", "has to be .jsonl"),
        ("old.csv", "question,answer\nö,ä".encode("latin-1"), "is not UTF-8"),
        ("old.jsonl", line * 501, "more than the 500 that a page can wait for"),
    ):
        reply = client.post(reverse("bring_examples"), {"file": SimpleUploadedFile(name, data)})
        assert said in reply.content.decode(), name
    assert TrainingExample.objects.count() == 2
    assert AuditEntry.objects.filter(action="bring_examples").count() == 1
