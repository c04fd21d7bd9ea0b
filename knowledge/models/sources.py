"""Where documents keep coming from."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from knowledge.models.collections import Collection


class SourceKind(models.TextChoices):
    FOLDER = "folder"
    PAGES = "pages"
    SITEMAP = "sitemap"
    SITE = "site"
    GIT = "git"


class Source(models.Model):
    """Where documents keep coming from. A sync makes the documents of a source say what the source says."""

    collection = models.ForeignKey(Collection, on_delete=models.PROTECT)
    kind = models.CharField(max_length=10, choices=SourceKind)
    location = models.TextField(help_text="A folder, an address, or for pages one address per line.")
    include = ArrayField(models.CharField(max_length=500), default=list, blank=True)
    exclude = ArrayField(models.CharField(max_length=500), default=list, blank=True)
    schedule = models.CharField(max_length=100, blank=True, help_text="Five fields as in cron; empty: only by hand.")
    next_sync_at = models.DateTimeField(null=True, blank=True, db_index=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["collection", "kind", "location"], name="source_once")]

    def __str__(self) -> str:
        return self.location.splitlines()[0]
