"""The forms of accounts."""

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.contrib.auth.validators import UnicodeUsernameValidator

from dashboard.guard.roles import Role
from dashboard.rendering.inputs import dress

MEANINGS = {
    Role.VIEWER: "viewer: reads everything",
    Role.REVIEWER: "reviewer: corrects answers, answers for the bot",
    Role.EDITOR: "editor: changes documents, channels, voices",
    Role.OWNER: "owner: everything, models and accounts too",
}
CHOICES = [("", "no role: may only ask"), *((role.label, MEANINGS[role]) for role in Role)]


def _role(label: str) -> Role | None:
    return Role[label.upper()] if label else None


class RoleForm(forms.Form):
    role = forms.TypedChoiceField(required=False, choices=CHOICES, coerce=_role, empty_value=None)


class InviteForm(RoleForm):
    username = forms.CharField(max_length=150, validators=[UnicodeUsernameValidator()], label="Name")

    field_order = ("username", "role")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dress(self)

    def clean_username(self) -> str:
        name: str = self.cleaned_data["username"]
        if User.objects.filter(username__iexact=name).exists():
            raise forms.ValidationError("There is an account of this name.")
        return name
