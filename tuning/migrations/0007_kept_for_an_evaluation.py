"""What is kept for an evaluation was never learnt; and the passages of older examples, as their traces have them."""

from collections.abc import Mapping
from typing import Any

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

FORWARDS = """
CREATE FUNCTION tuning_barred_was_not_learnt() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM tuning_datasetline WHERE example_id = NEW.id)
       OR EXISTS (SELECT 1 FROM tuning_exportline WHERE example_id = NEW.id) THEN
        RAISE EXCEPTION 'Example % was given to a trainer already: it can not be kept for an evaluation.', NEW.id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER barred_was_not_learnt BEFORE INSERT OR UPDATE OF state ON tuning_trainingexample
    FOR EACH ROW WHEN (NEW.state = 'barred') EXECUTE FUNCTION tuning_barred_was_not_learnt();
"""
BACKWARDS = """
DROP TRIGGER barred_was_not_learnt ON tuning_trainingexample;
DROP FUNCTION tuning_barred_was_not_learnt();
"""


def keep_passages(apps: Apps, _schema: BaseDatabaseSchemaEditor) -> None:
    examples = apps.get_model("tuning", "TrainingExample").objects.filter(message__isnull=False)
    documents = dict(apps.get_model("knowledge", "Document").objects.values_list("pk", "live_version"))
    row = apps.get_model("tuning", "ExamplePassage")
    for pk, trace in examples.values_list("pk", "message__trace").iterator():
        row.objects.bulk_create(
            row(example_id=pk, number=number, **_passage(hit, documents))
            for number, hit in enumerate((trace or {}).get("passages", ()), start=1)
        )


def _passage(hit: dict[str, Any], documents: Mapping[int, int | None]) -> dict[str, Any]:
    """Today's version is taken for the one that was seen: what changed before is not known."""
    known = hit.get("document_id") if hit.get("document_id") in documents else None
    return {
        "document_id": known,
        "version": documents.get(known) if known else None,
        "title": str(hit.get("title", ""))[:500],
        "heading": str(hit.get("heading", "")),
        "url": str(hit.get("url", ""))[:2000],
        "text": str(hit.get("text", "")),
    }


class Migration(migrations.Migration):
    dependencies = [("tuning", "0006_edit_kinds_and_reviews")]

    operations = [
        migrations.RunSQL(FORWARDS, BACKWARDS),
        migrations.RunPython(keep_passages, migrations.RunPython.noop),
    ]
