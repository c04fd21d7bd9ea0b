"""What a list of conversations is asked for. Every field may be empty."""

from typing import Any

from django import forms

from bot.models import Channel, Outcome, Platform
from bot.team import feedback
from dashboard.rendering import words
from dashboard.rendering.inputs import dress
from knowledge.models import Document
from llm.models import Deployment, ServingRole

RATINGS = [
    ("", "any rating"),
    ("up", words.THUMBS[True][1].lower()),
    ("down", words.THUMBS[False][1].lower()),
    ("none", "no rating"),
    (feedback.OVER_REFUSAL, "refused, though we have it"),
]


class ConversationFilter(forms.Form):
    text = forms.CharField(required=False, max_length=200, label="Words, or an incident id")
    platform = forms.ChoiceField(required=False, choices=[("", "any platform"), *Platform.choices])
    channel = forms.ModelChoiceField(Channel.objects.none(), required=False, empty_label="any channel")
    outcome = forms.ChoiceField(
        required=False, choices=[("", "any outcome"), *((each.value, words.OUTCOMES[each][0]) for each in Outcome)]
    )
    rating = forms.ChoiceField(required=False, choices=RATINGS)
    claims = forms.ChoiceField(
        required=False, choices=[("", "any"), ("caught", "fault caught")], label="Claims checked"
    )
    model = forms.ChoiceField(required=False)
    least_cost = forms.DecimalField(required=False, min_value=0, decimal_places=8, label="Costs at least (USD)")
    least_seconds = forms.FloatField(required=False, min_value=0, label="Took at least (seconds)")
    document = forms.ModelChoiceField(
        Document.objects.all(),
        required=False,
        widget=forms.HiddenInput,
        error_messages={"invalid_choice": "It is gone."},
    )
    since = forms.DateField(required=False, widget=forms.DateInput(attrs={"type": "date"}), label="From")
    until = forms.DateField(required=False, widget=forms.DateInput(attrs={"type": "date"}), label="To")

    MAIN = ("text", "outcome", "rating", "channel")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "filter-%s", **kwargs})
        channels = Channel.objects.select_related("workspace").order_by("name", "pk")
        self.fields["channel"].queryset = channels  # type: ignore[attr-defined]
        answering = Deployment.objects.filter(role__in=(ServingRole.ANSWER, ServingRole.FALLBACK)).exclude(model="")
        names = sorted(set(answering.values_list("model", flat=True)))
        self.fields["model"].choices = [("", "any model"), *((name, name) for name in names)]  # type: ignore[attr-defined]
        dress(self)

    def wanted(self) -> dict[str, Any]:
        """What was asked for that makes sense; the rest is said beside its field."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value not in (None, "")}

    @property
    def main(self) -> list[forms.BoundField]:
        return [self[name] for name in self.MAIN]

    @property
    def more(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name not in (*self.MAIN, "document")]
