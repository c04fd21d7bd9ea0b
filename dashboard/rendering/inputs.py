"""How the inputs of forms look, and what several offer."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from llm import vendors


class SuggestedInput(forms.TextInput):
    """A line of text with suggestions; anything else may be written too. `list_id` is the id of their list."""

    def __init__(self, suggestions: Iterable[str], list_id: str) -> None:
        super().__init__(attrs={"list": list_id})
        self._suggestions, self._list_id = tuple(suggestions), list_id

    def render(
        self, name: str, value: Any, attrs: Mapping[str, Any] | None = None, renderer: Any | None = None
    ) -> SafeString:
        options = format_html_join("", '<option value="{}"></option>', ((each,) for each in self._suggestions))
        field = super().render(name, value, dict(attrs or {}), renderer)
        return format_html('{}<datalist id="{}">{}</datalist>', field, self._list_id, options)


def dress(form: forms.BaseForm) -> None:
    """Give every input the look of the dashboard."""
    for field in form.fields.values():
        if isinstance(field.widget, forms.CheckboxInput):
            field.widget.attrs["class"] = "form-check-input"
        elif isinstance(field.widget, forms.Select):
            field.widget.attrs["class"] = "form-select"
        else:
            field.widget.attrs["class"] = "form-control"


PROVIDERS = [(name, name) for name in vendors.remote()]
