"""The forms of the pages about documents."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from knowledge.models import Collection, SourceKind, Visibility
from knowledge.sources import adding

INPUT = {"class": "form-control"}
SELECT = {"class": "form-select"}


class ManyFilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class ManyFilesField(forms.FileField):
    widget = ManyFilesInput

    def clean(self, data: Any, initial: Any = None) -> "list[UploadedFile[Any]]":
        files = data if isinstance(data, list | tuple) else [data]
        return [super(ManyFilesField, self).clean(each, initial) for each in files]


class UploadForm(forms.Form):
    files = ManyFilesField(  # type: ignore[assignment]  # stubs take the name for the files of a form
        widget=ManyFilesInput(attrs={"multiple": True, **INPUT}),
        allow_empty_file=True,  # said by name when it is taken
        error_messages={"required": "Choose a file."},
    )
    collection = forms.ModelChoiceField(
        Collection.objects.order_by("-visibility", "name"), empty_label=None, widget=forms.Select(attrs=SELECT)
    )


class SourceForm(forms.Form):
    location = forms.CharField(
        max_length=5000,
        label="Where the documents are",
        help_text="A folder on this machine, a web address, a sitemap, a help centre, or a Git repository.",
        widget=forms.TextInput(attrs=INPUT),
    )
    kind = forms.ChoiceField(
        choices=[("", "by its look"), *SourceKind.choices], required=False, widget=forms.Select(attrs=SELECT)
    )
    collection = forms.CharField(
        max_length=100,
        required=False,
        help_text="Empty: the one for who may read it.",
        widget=forms.TextInput(attrs=INPUT),
    )
    visibility = forms.ChoiceField(
        choices=Visibility.choices, label="Who may read it", widget=forms.Select(attrs=SELECT)
    )
    schedule = forms.CharField(
        required=False,
        initial=adding.NIGHTLY,
        help_text="Five fields as in cron; empty: only by hand.",
        widget=forms.TextInput(attrs=INPUT),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if location := cleaned.get("location"):
            kind = SourceKind(cleaned.get("kind") or adding.kind_of(location))
            cleaned["wanted"] = adding.Wanted(location, kind, schedule=cleaned.get("schedule", ""))
        return cleaned


class CollectionForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Collection
        fields = ("name", "visibility")
        widgets = {"name": forms.TextInput(attrs=INPUT), "visibility": forms.Select(attrs=SELECT)}


class VisibilityForm(forms.Form):
    visibility = forms.ChoiceField(choices=Visibility.choices)


class BenchForm(forms.Form):
    question = forms.CharField(max_length=2000, widget=forms.TextInput(attrs=INPUT))
    collections = forms.ModelMultipleChoiceField(
        Collection.objects.order_by("-visibility", "name"),
        required=False,
        widget=forms.SelectMultiple(attrs={**SELECT, "size": 4}),
        help_text="None chosen: all.",
    )
    k = forms.IntegerField(
        min_value=1, max_value=50, initial=10, required=False, label="Passages", widget=forms.NumberInput(attrs=INPUT)
    )
