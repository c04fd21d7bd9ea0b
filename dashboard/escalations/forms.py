"""What a person answers."""

from django import forms


class HumanAnswerForm(forms.Form):
    text = forms.CharField(
        max_length=10_000,
        label="Your answer",
        widget=forms.Textarea(attrs={"rows": 5, "class": "form-control"}),
        error_messages={"required": "Write the answer."},
    )
