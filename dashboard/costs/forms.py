"""The forms of costs, models and keys."""

from typing import Any

from django import forms
from django.utils import timezone

from dashboard.forms_channels import dress
from llm.endpoints import ADDRESSES
from llm.models import Budget, Endpoint, ModelPrice, Role

PROVIDERS = [(name, name) for name in ADDRESSES]


class BudgetForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Budget
        fields = ("period", "limit", "is_hard")
        labels = {"limit": "At most (USD)", "is_hard": "Stop calls when it is used up"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dress(self)

    def validate_unique(self) -> None:
        """A budget of the same period takes the place of the one before."""


class PriceForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = ModelPrice
        fields = (
            "provider",
            "model",
            "input_per_million",
            "cached_input_per_million",
            "output_per_million",
            "valid_from",
            "note",
        )
        labels = {
            "input_per_million": "Input, USD per million tokens",
            "cached_input_per_million": "Cached input",
            "output_per_million": "Output",
            "valid_from": "In force from (UTC)",
            "note": "Where it is stated, and when it was verified",
        }
        help_texts = {"model": "May end in * for all that begin like this."}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["provider"] = forms.ChoiceField(choices=PROVIDERS)
        self.fields["valid_from"].initial = timezone.now().replace(second=0, microsecond=0)
        dress(self)


class WhatIfForm(forms.Form):
    model = forms.ChoiceField()
    volume = forms.IntegerField(min_value=0, max_value=1_000_000_000, label="Answers a month")
    k = forms.IntegerField(min_value=0, max_value=100, label="Passages")
    passage_tokens = forms.IntegerField(min_value=0, max_value=100_000, label="Tokens of a passage")
    prompt_tokens = forms.IntegerField(min_value=0, max_value=1_000_000, label="Tokens of the rest of the prompt")
    output_tokens = forms.IntegerField(min_value=0, max_value=1_000_000, label="Tokens of an answer")

    def __init__(self, *args: Any, models: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["model"].choices = [(name, name) for name in models]  # type: ignore[attr-defined]
        dress(self)


class Address(forms.URLField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"assume_scheme": "https", **kwargs})


class EndpointForm(forms.ModelForm):  # type: ignore[type-arg]
    key = forms.CharField(
        required=False,
        max_length=500,
        strip=True,
        label="Key",
        help_text="Kept encrypted and never shown again but for its last four signs. Empty: it stays as it is.",
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )

    class Meta:
        model = Endpoint
        fields = ("name", "provider", "base_url", "is_private_allowed")
        field_classes = {"base_url": Address}
        labels = {"base_url": "Address", "is_private_allowed": "It may be on this machine or in its network"}
        help_texts = {"base_url": "Empty: the provider's own. Any server that speaks OpenAI's protocol will do."}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["provider"] = forms.ChoiceField(choices=PROVIDERS)
        dress(self)


class DeployForm(forms.Form):
    role = forms.ChoiceField(choices=[(role.value, role.label) for role in (Role.ANSWER, Role.FALLBACK, Role.JUDGE)])
    endpoint = forms.ModelChoiceField(Endpoint.objects.order_by("name"), empty_label=None)
    model = forms.CharField(max_length=200)
    reason = forms.CharField(max_length=300, label="Why")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dress(self)
