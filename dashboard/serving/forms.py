"""The forms of models and their endpoints."""

from collections.abc import Iterable
from typing import Any, cast

from django import forms
from django.contrib.auth.models import User
from django.urls import reverse_lazy

from dashboard.rendering.inputs import PROVIDERS, dress
from llm.models import Deployment, Endpoint, ServingRole
from tuning.registry import deploying

# An embedding model takes an index first.
ROLES = (ServingRole.ANSWER, ServingRole.FALLBACK, ServingRole.RESTYLE, ServingRole.JUDGE)


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
    role = forms.ChoiceField(
        choices=[(role.value, role.label) for role in ROLES],
        label="For",
        help_text="Restyle: a small model, tuned to put quoted answers into the voice and to do nothing else.",
    )
    endpoint = forms.ModelChoiceField(Endpoint.objects.order_by("name"), empty_label=None)
    model = forms.CharField(
        max_length=200,
        widget=forms.TextInput(
            attrs={
                "list": "names-live",
                "autocomplete": "off",
                "hx-post": reverse_lazy("list_models"),
                "hx-trigger": "focus once, change from:#id_endpoint",
                "hx-target": "#listed-live",
                "hx-vals": '{"list": "names-live"}',
            }
        ),
    )
    reason = forms.CharField(max_length=300, label="Why")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dress(self)

    def offer(self, endpoints: Iterable[Endpoint]) -> None:
        """Spare a query where they are read already."""
        field = cast("forms.ModelChoiceField[Endpoint]", self.fields["endpoint"])
        field.choices = [(each.pk, str(each)) for each in endpoints]

    def serve(self, by: User) -> Deployment:
        """Let it serve, one that was tuned in the words that it was trained on. Raises RegistryError."""
        said = self.cleaned_data
        return deploying.serve(
            ServingRole(said["role"]), said["endpoint"], said["model"], reason=said["reason"], by=by
        )  # fmt: skip
