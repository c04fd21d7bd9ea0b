"""The forms of costs, models and keys."""

from typing import Any

from django import forms
from django.utils import timezone

from dashboard.rendering.inputs import PROVIDERS, SuggestedInput, dress
from llm import vendors
from llm.models import Budget, ModelPrice
from llm.spending import pricing


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
            "training_per_million",
            "valid_from",
            "note",
        )
        labels = {
            "input_per_million": "Input, USD per million tokens",
            "cached_input_per_million": "Cached input",
            "output_per_million": "Output",
            "training_per_million": "Training",
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
    model = forms.CharField(max_length=250, help_text="As provider:model; any of the price list will do.")
    volume = forms.IntegerField(min_value=0, max_value=1_000_000_000, label="Answers a month")
    k = forms.IntegerField(min_value=0, max_value=100, label="Passages")
    passage_tokens = forms.IntegerField(min_value=0, max_value=100_000, label="Tokens of a passage")
    prompt_tokens = forms.IntegerField(min_value=0, max_value=1_000_000, label="Tokens of the rest of the prompt")
    cached_tokens = forms.IntegerField(
        min_value=0, max_value=1_000_000, label="Of these from the cache", required=False
    )
    output_tokens = forms.IntegerField(min_value=0, max_value=1_000_000, label="Tokens of an answer")

    def __init__(self, *args: Any, models: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["model"].widget = SuggestedInput(models, "what-if-models")
        dress(self)

    def clean_model(self) -> str:
        """As provider:model. Raises ValidationError where nobody states its price."""
        name = str(self.cleaned_data["model"]).strip()
        provider, _, model = name.partition(":")
        if not vendors.runs_here(provider) and pricing.rates(provider, model, timezone.now()).input is None:
            raise forms.ValidationError(f"No price is known for {name}: write provider:model, or state its price.")
        return name

    def clean_cached_tokens(self) -> int:
        return int(self.cleaned_data["cached_tokens"] or 0)
