from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("knowledge", "0002_search")]

    operations = [
        migrations.AlterField(
            model_name="document",
            name="state",
            field=models.CharField(
                choices=[("pending", "Pending"), ("indexed", "Indexed"), ("opened", "Opened"), ("failed", "Failed")],
                default="pending",
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="document",
            name="reason",
            field=models.CharField(
                blank=True, help_text="Why it failed, or what it held, for a person.", max_length=1000
            ),
        ),
    ]
