"""Freezing: what gets in, what does not, and that it stays as it is."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.utils import timezone

from bot.answers import prompts
from bot.models import Voice, Workspace
from bot.voices import restyling
from knowledge.models import Chunk, Document, DocumentVersion
from llm.models import PromptVariant
from tests.rows.examples import SUBJECTS, make_example, make_examples
from tests.rows.make import make_collection, make_deployment, make_endpoint
from tests.rows.web_rows import make_answer, make_document, make_question, make_user
from tuning.datasets import formats, freezing
from tuning.datasets.freezing import FreezeError, freeze
from tuning.examples import erasing
from tuning.models import Dataset, DatasetLine, ExamplePassage, ExampleState, Split, TrainingExample
from tuning.registry import versions

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _embedding(db: None) -> None:
    make_deployment()


def texts(dataset: Dataset, split: Split = Split.TRAIN) -> set[str]:
    return {line.messages[-1]["content"] for line in dataset.lines.filter(split=split)}


def test_what_is_approved_is_frozen_in_clusters_that_stay_whole() -> None:
    make_examples(20)
    make_example(
        "annual plans", answer="Hello! The guide tells about annual plans, too [1]."
    )  # the same question once more
    dataset = freeze("first", validation=0.2)
    counts = dataset.counts()
    assert counts["train"] + counts["validation"] == 21
    assert dataset.clusters == 20
    assert 2 <= counts["validation"] <= 5
    splits: dict[int, set[str]] = {}
    for line in dataset.lines.all():
        splits.setdefault(line.cluster, set()).add(line.split)
    assert all(len(each) == 1 for each in splits.values())


def test_too_few_and_unfit_lines_are_refused_each_with_its_place() -> None:
    make_examples(3)
    make_example("webhooks", answer="It is in the second passage [2].")
    make_example("invoices", answer="Write to ann@example.com [1].")
    with pytest.raises(FreezeError) as refused:
        freeze("first")
    said = [str(problem) for problem in refused.value.problems]
    assert any("no fewer than 10" in sentence for sentence in said)
    assert any("messages[2].content: cites a passage that is not there: [2]" in sentence for sentence in said)
    assert any("still holds what must not be learnt: e-mail" in sentence for sentence in said)
    assert not Dataset.objects.exists()


def test_examples_made_for_another_wording_are_refused() -> None:
    make_examples(12)
    TrainingExample.objects.update(template_hash="0" * 64)
    with pytest.raises(FreezeError, match="another wording"):
        freeze("first")


def test_what_an_evaluation_asks_is_left_out_with_all_that_says_the_same() -> None:
    make_examples(15)
    make_example("annual plans", state=ExampleState.BARRED)
    dataset = freeze("first")
    assert (dataset.barred, dataset.lines.count()) == (1, 14)
    assert not any("annual plans" in text for text in texts(dataset) | texts(dataset, Split.VALIDATION))


def test_a_workspace_that_does_not_allow_training_keeps_its_examples() -> None:
    workspace = Workspace.objects.create(platform="slack", external_id="T1", name="Acme", is_training_allowed=False)
    make_examples(12)
    kept = make_example("seats of the closed workspace", workspace=workspace)
    assert freeze("first").lines.count() == 12
    dataset = Dataset.objects.get()
    row = DatasetLine(dataset=dataset, example=kept, ordinal=99, split="train", cluster=99, messages=kept.messages)
    with pytest.raises(IntegrityError), transaction.atomic():
        DatasetLine.objects.create(**{**_fields(row), "checksum": kept.checksum})


def _fields(row: DatasetLine) -> dict[str, Any]:
    return {name: getattr(row, name) for name in ("dataset", "example", "ordinal", "split", "cluster", "messages")}


def test_nobody_changes_what_is_frozen_but_an_erased_example_is_forgotten() -> None:
    make_examples(12)
    dataset = freeze("first")
    before = formats.write(dataset.lines.all(), "openai")
    changes: tuple[Callable[[], int], ...] = (
        lambda: Dataset.objects.update(name="other"),
        lambda: DatasetLine.objects.update(split="validation"),
        lambda: DatasetLine.objects.update(ordinal=F("ordinal") + 100),
    )
    for change in changes:
        with pytest.raises(IntegrityError), transaction.atomic():
            change()
    assert formats.write(dataset.lines.all(), "openai") == before
    assert freezing.checksum(list(dataset.lines.all())) == dataset.checksum
    TrainingExample.objects.all().delete()
    assert formats.write(dataset.lines.all(), "openai") == before


def test_what_a_person_said_is_emptied_and_the_models_that_learnt_it_are_named() -> None:
    make_examples(12)
    answer = make_answer(make_question(make_user()))
    example = TrainingExample.objects.order_by("id")[0]
    TrainingExample.objects.filter(pk=example.pk).update(message=answer)
    dataset = freeze("first", validation=0)
    endpoint = make_endpoint("openai")
    versions.register(endpoint, "ft:voice", base="base", dataset=dataset)
    erased = erasing.erase([answer.pk])
    assert (erased.deleted, erased.emptied, erased.versions) == (1, 0, ["openai:ft:voice"])
    line = dataset.lines.get(example=None)
    assert (line.messages, line.rejected) == ([], "")
    assert len(formats.write(dataset.lines.all(), "openai").splitlines()) == 11
    with pytest.raises(IntegrityError), transaction.atomic():
        DatasetLine.objects.filter(pk=line.pk).update(messages=[{"role": "user", "content": "back again"}])


def test_the_short_prompt_is_the_production_prompt_without_the_voice() -> None:
    make_examples(12)
    full, short = freeze("full"), freeze("short", prompt=PromptVariant.SHORT)
    assert full.template_hash == prompts.template_hash()
    assert short.template_hash == prompts.template_hash(PromptVariant.SHORT) != full.template_hash
    manner = prompts.Manner(Voice(style_guide="Warm."))
    first = short.lines.first()
    assert first is not None
    built = prompts.build("?", [], may_search=True, manner=manner, variant=PromptVariant.SHORT)
    assert first.messages[0]["content"] == built.system
    assert short.tokens < full.tokens


def test_the_same_bytes_come_out_whenever_they_are_asked_for() -> None:
    make_examples(12)
    dataset = freeze("first")
    for name in formats.FORMATS:
        data = formats.write(dataset.lines.all(), name)
        assert data == formats.write(Dataset.objects.get().lines.all(), name)
        assert all(json.loads(line) for line in data.splitlines())
    preference = json.loads(formats.write(dataset.lines.all(), "openai-dpo").splitlines()[0])
    assert preference["preferred_output"][0]["content"].startswith("Hello!")
    assert not preference["non_preferred_output"][0]["content"].startswith("Hello!")
    with pytest.raises(formats.FormatError, match="known are openai"):
        formats.write(dataset.lines.all(), "gemini")


def test_a_name_is_taken_once() -> None:
    make_examples(12)
    freeze("first")
    with pytest.raises(FreezeError, match="called first already"):
        freeze(" first ")
    with pytest.raises(FreezeError, match="needs a name"):
        freeze("  ")


def test_it_warns_of_what_will_disappoint() -> None:
    make_examples(12)
    warnings = " ".join(freeze("first").warnings)
    assert "12 different questions are few" in warnings
    assert "learns to answer everything" in warnings
    connection.check_constraints()


def test_a_restyler_learns_to_say_the_same_and_nothing_else() -> None:
    for subject in SUBJECTS[:12]:
        make_example(subject, answer=f"Hello! The guide tells about {subject} [1]. Happy to help!")
    make_example("the sky", answer="The guide tells about the sky and about the sea [1].")
    make_example("the sun", answer="The guide tells about the sun [1].")
    make_example("the moon", answer=prompts.NOT_FOUND, is_refusal=True)
    dataset = freeze("first", prompt=PromptVariant.RESTYLE)
    assert dataset.template_hash == restyling.template_hash()
    assert dataset.statistics["left_out"] == {
        "the answer says something else than the one before": 1, "nothing was said otherwise": 1,
        "a refusal is not said again": 1,
    }  # fmt: skip
    assert (dataset.lines.count(), dataset.clusters, dataset.statistics["made_refusals"]) == (12, 12, 0)
    assert any("1 left out: nothing was said otherwise." in warning for warning in dataset.warnings)
    assert not any("say that the documents do not" in warning for warning in dataset.warnings)
    for line in dataset.lines.select_related("example"):
        assert line.example is not None
        asked = restyling.messages(line.example.original_answer)
        assert line.messages == [*asked, {"role": "assistant", "content": line.example.answer}]
        assert line.rejected == ""


def test_too_few_to_restyle_are_refused() -> None:
    make_examples(12)  # whose answers say more than the ones before
    with pytest.raises(FreezeError, match="There are 0 examples to train on"):
        freeze("first", prompt=PromptVariant.RESTYLE)


def test_what_cites_a_document_that_has_changed_goes_back_to_its_reviewer() -> None:
    examples = make_examples(12)
    document = make_document(make_collection())
    document.refresh_from_db()
    ExamplePassage.objects.create(
        example=examples[3],
        number=1,
        document=document,
        version=document.live_version_id,
        title="Refunds",
        heading="Refunds",
        text=Chunk.objects.get().text,
    )
    assert freeze("first").lines.count() == 12
    version = DocumentVersion.objects.create(
        document=document, number=2, fingerprint="g", byte_count=1, chunk_count=1, created_at=timezone.now()
    )
    Document.objects.filter(pk=document.pk).update(live_version=version)
    Chunk.objects.update(text="Annual plans are refunded within 14 days.", version=version)
    second = freeze("second")
    assert second.lines.count() == 11
    assert "1 went back into review" in second.warnings[0]
    examples[3].refresh_from_db()
    assert (examples[3].state, "Refunds" in examples[3].stale_reason) == (ExampleState.IN_REVIEW, True)


def test_ten_lines_are_left_to_train_on() -> None:
    make_examples(10)
    assert freeze("first", validation=0.5).counts() == {"train": 10, "validation": 0}
    make_example(SUBJECTS[11])
    assert freeze("second", validation=0.5).counts() == {"train": 10, "validation": 1}


def test_it_says_what_the_lines_are() -> None:
    make_examples(12)
    make_example("the sea", answer=prompts.NOT_FOUND, is_refusal=True)
    statistics = freeze("first").statistics
    assert statistics["refusals"] == 1
    assert statistics["documents"] == [{"title": "Guide", "lines": 12}]
    assert statistics["languages"] == {"en": 12, "unknown": 1}
    assert statistics["edits"] == {"edited": 13}
    assert sum(topic["lines"] for topic in statistics["topics"]) == 13
    assert sum(statistics["lengths"].values()) == 13
    assert statistics["questions_in_a_conversation"] == {"1": 13}
    assert statistics["preferences"] == 13
