"""Collections: who may see what."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now


class Visibility(models.TextChoices):
    """Whether everybody who may ask is answered from a collection, or the team alone."""

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

    @property
    def other_visibility(self) -> Visibility:
        """What a change would make it."""
        return Visibility.INTERNAL if self.visibility == Visibility.PUBLIC else Visibility.PUBLIC

    def show_to(self, visibility: Visibility) -> None:
        """Change who may read it, from the next question on."""
        Collection.objects.filter(pk=self.pk).update(visibility=visibility)
        self.visibility = visibility


class SynonymSet(models.Model):
    """Words and phrases that this company uses for the same thing; a question with one is searched with all."""

    phrases = ArrayField(models.CharField(max_length=100))
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return " = ".join(self.phrases)
