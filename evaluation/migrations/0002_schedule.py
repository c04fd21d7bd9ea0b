"""The job that adds up past days is called by its new name; the row of the old one would fail for ever."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def forget(apps: Apps, _schema: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("django_q", "Schedule").objects.filter(func="dashboard.tasks.roll_up").delete()


class Migration(migrations.Migration):
    dependencies = [("evaluation", "0001_daily_figures"), ("django_q", "0018_task_success_index")]

    operations = [migrations.RunPython(forget, migrations.RunPython.noop)]
