"""The forms under an answer."""

from django import forms

from knowledge.models import Collection


class AnswerForm(forms.Form):
    answer = forms.CharField(
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 10, "class": "form-control"}),
        error_messages={"required": "Write what the answer should have said."},
    )


class ArticleForm(forms.Form):
    title = forms.CharField(max_length=150, widget=forms.TextInput(attrs={"class": "form-control"}))
    text = forms.CharField(max_length=100_000, widget=forms.Textarea(attrs={"rows": 14, "class": "form-control"}))
    collection = forms.ModelChoiceField(
        Collection.objects.order_by("-visibility", "name"),
        empty_label=None,
        widget=forms.Select(attrs={"class": "form-select"}),
    )
