"""What was refused before the words in its place were kept: undoing it gives back the original answer, as it did then."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import F


def keep_original(apps: Apps, _schema: BaseDatabaseSchemaEditor) -> None:
    refused = apps.get_model("tuning", "TrainingExample").objects.filter(is_refusal=True, set_aside="")
    refused.exclude(original_answer=F("answer")).update(set_aside=F("original_answer"))


class Migration(migrations.Migration):
    dependencies = [("tuning", "0004_dataset_guards")]

    operations = [migrations.RunPython(keep_original, migrations.RunPython.noop)]
