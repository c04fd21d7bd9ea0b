"""What stands around a question, who belongs to a conversation, and when it began and was silent."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import migrations, models
from django.utils import timezone

DISCORD_EPOCH = 1420070400000  # its ids count milliseconds from here


def _begin(apps: Any, schema_editor: Any) -> None:
    """What woke a conversation was known by its message; from now on by its time."""
    conversations = apps.get_model("bot", "Conversation").objects.using(schema_editor.connection.alias)
    lately = timezone.now() - timedelta(days=2)  # history reaches back one
    for each in conversations.exclude(resumed_from="").filter(last_active_at__gt=lately):
        conversations.filter(pk=each.pk).update(begun_at=_moment(each.resumed_from))


def _moment(message_id: str) -> datetime | None:
    """When a message was written, by its id; None where that does not tell."""
    try:
        if "." in message_id:
            return datetime.fromtimestamp(float(message_id), UTC)
        return datetime.fromtimestamp(((int(message_id) >> 22) + DISCORD_EPOCH) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None


class Migration(migrations.Migration):
    dependencies = [("bot", "0006_own_words")]

    operations = [
        migrations.AddField(
            model_name="conversation",
            name="begun_at",
            field=models.DateTimeField(
                blank=True,
                help_text="What was said in its thread before is not for the bot; empty: nothing was.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="conversation",
            name="past_silences",
            field=models.JSONField(
                default=list, help_text="From when until when it was silent before, as pairs of times; the newest last."
            ),
        ),
        migrations.AddField(
            model_name="conversation",
            name="silenced_by",
            field=models.CharField(
                blank=True, default="", help_text="The person who took over; empty: nobody did.", max_length=64
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="question",
            name="is_called",
            field=models.BooleanField(db_default=True, default=True, help_text="Did it name the bot, or go on?"),
        ),
        migrations.AddField(model_name="question", name="quoted", field=models.JSONField(default=list)),
        migrations.AddField(
            model_name="question",
            name="read_thread",
            field=models.CharField(
                blank=True,
                default="",
                help_text="The thread whose messages belong to what is asked; empty: none.",
                max_length=64,
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="question",
            name="replies_to",
            field=models.CharField(
                blank=True,
                default="",
                help_text="The message it answers, where the platform did not bring its words.",
                max_length=64,
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="question",
            name="pointed_author",
            field=models.CharField(
                blank=True,
                default="",
                help_text="Who wrote the message that somebody else asked about.",
                max_length=64,
            ),
            preserve_default=False,
        ),
        migrations.RunPython(_begin, migrations.RunPython.noop),
        migrations.RemoveField(model_name="conversation", name="resumed_from"),
    ]
