"""Collections: who may see what."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now


class Visibility(models.TextChoices):
    PUBLIC = "public"
    INTERNAL = "internal"


class CollectionQuerySet(models.QuerySet["Collection"]):
    def public(self) -> "CollectionQuerySet":
        return self.filter(visibility=Visibility.PUBLIC)


class Collection(models.Model):
    """A shelf of documents that share an audience."""

    name = models.CharField(max_length=100, unique=True)
    visibility = models.CharField(max_length=10, choices=Visibility, default=Visibility.PUBLIC)
    created_at = models.DateTimeField(db_default=Now())

    objects = CollectionQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name


class SynonymSet(models.Model):
    """Words and phrases that this company uses for the same thing; a question with one is searched with all."""

    phrases = ArrayField(models.CharField(max_length=100))
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return " = ".join(self.phrases)
