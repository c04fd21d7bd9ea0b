"""How the inputs of forms look, and what several offer."""

from django import forms

from llm import vendors


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
