"""The forms of datasets, jobs and the registry."""

import inspect
import json
import re
from collections.abc import Iterator
from datetime import date
from enum import Enum
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

from django import forms
from django.core.exceptions import ValidationError

from dashboard.rendering import words
from dashboard.rendering.inputs import dress
from llm.models import Endpoint
from tuning.datasets import freezing
from tuning.examples import importing
from tuning.jobs import submitting
from tuning.models import Dataset, ModelVersion

SAID_OTHERWISE = ("name", "by")  # parameters of freezing that are no option
MOST_BYTES = 20 * 1024 * 1024  # of an imported file
_SETTING = re.compile(r"([A-Za-z_]\w*)\s*[=:]\s*(.+)")

# What is said beside an option of freezing; one that stands in no line is shown by its own name.
OPTIONS = {
    "prompt": ("Words the model is asked in", "A model that is to learn the voice's rules needs not be told them."),
    "validation": ("Share kept for validation", "From 0 to 0.5. Questions about the same stay together."),
}


class FreezeForm(forms.Form):
    """A field for every option that tuning.datasets.freezing takes, in its order and with its own default."""

    name = forms.CharField(max_length=100, help_text="What the dataset is called, such as voice-2026-12.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, kind, default in _options():
            self.fields[name] = _field(name, kind, default)
        dress(self)

    def options(self) -> dict[str, Any]:
        """What was chosen; what was left empty stays as freezing has it."""
        chosen = {name: value for name, value in self.cleaned_data.items() if name not in SAID_OTHERWISE}
        return {name: value for name, value in chosen.items() if value not in (None, "")}


def _options() -> Iterator[tuple[str, Any, Any]]:
    """Name, type and default of each option."""
    hints = get_type_hints(freezing.freeze)
    for name, parameter in inspect.signature(freezing.freeze).parameters.items():
        if name not in SAID_OTHERWISE:
            yield name, hints[name], parameter.default


def _field(name: str, kind: Any, default: Any) -> forms.Field:
    label, hint = OPTIONS.get(name, (name.replace("_", " ").capitalize(), ""))
    given: dict[str, Any] = {"label": label, "help_text": hint, "initial": default}
    if get_origin(kind) is UnionType:
        kind = next(each for each in get_args(kind) if each is not NoneType)
        given["required"] = False
    if kind is bool:
        return forms.BooleanField(**{**given, "required": False})
    if isinstance(kind, type) and issubclass(kind, Enum):
        return forms.TypedChoiceField(choices=getattr(kind, "choices", ()), coerce=kind, **given)
    if kind is float:
        return forms.FloatField(min_value=0, max_value=1, widget=_number(), **given)
    if kind is int:
        return forms.IntegerField(min_value=0, **given)
    return forms.CharField(max_length=200, **given)


def _number() -> forms.NumberInput:
    return forms.NumberInput(attrs={"step": "0.01"})


class JobForm(forms.Form):
    """What is to be trained on what, where. `places` are the offers of submitting.offers that can be had."""

    dataset = forms.ModelChoiceField(Dataset.objects.order_by("-id"), empty_label=None)
    place = forms.ChoiceField(label="Where it is trained")
    base = forms.CharField(
        max_length=200, label="Base model", help_text="As its trainer calls it, such as Qwen/Qwen3-8B."
    )
    epochs = forms.IntegerField(
        min_value=1, max_value=50, initial=submitting.EPOCHS, help_text="How often each line is gone through."
    )
    parameters = forms.CharField(
        required=False,
        max_length=2000,
        label="The trainer's own parameters",
        help_text="One a line, such as learning_rate_multiplier = 1.8. Empty: the trainer's own choice.",
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
    )
    replaces = forms.ModelChoiceField(ModelVersion.objects.all(), required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, places: list[tuple[str, Endpoint | None]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._places = {place_of(*each): each for each in places}
        self.fields["place"].choices = [(key, _called(*each)) for key, each in self._places.items()]  # type: ignore[attr-defined]
        dress(self)

    def clean_parameters(self) -> dict[str, Any]:
        found = {}
        for number, line in enumerate(self.cleaned_data["parameters"].splitlines(), start=1):
            if not line.strip():
                continue
            match = _SETTING.fullmatch(line.strip())
            if match is None:
                raise ValidationError(f"Line {number} does not say NAME = VALUE.")
            found[match[1]] = _value(match[2].strip())
        if "n_epochs" in found:
            raise ValidationError("The epochs have a field of their own.")
        return found

    def wanted(self) -> submitting.WantedJob:
        said = self.cleaned_data
        trainer, endpoint = self._places[said["place"]]
        return submitting.WantedJob(
            dataset=said["dataset"],
            trainer=trainer,
            base=said["base"].strip(),
            endpoint=endpoint,
            epochs=said["epochs"],
            parameters=said["parameters"],
            replaces=said["replaces"],
        )


def place_of(trainer: str, endpoint: Endpoint | None) -> str:
    return f"{trainer}:{endpoint.pk if endpoint else ''}"


def _called(trainer: str, endpoint: Endpoint | None) -> str:
    name = words.TRAINERS.get(trainer, trainer)
    return f"{endpoint}: {name}" if endpoint else name


def _value(written: str) -> Any:
    """A number, true, false or null where it reads as one, and text where it does not."""
    try:
        found = json.loads(written)
    except ValueError:
        return written
    return found if isinstance(found, bool | int | float | str | NoneType) else written


class RegisterForm(forms.Form):
    endpoint = forms.ModelChoiceField(Endpoint.objects.order_by("name"), empty_label=None, label="Served at")
    model = forms.CharField(max_length=200, label="Model", help_text="As its endpoint calls it.")
    base = forms.CharField(
        required=False, max_length=200, label="Tuned from", help_text="Empty: it is a base model, no tune."
    )
    dataset = forms.ModelChoiceField(
        Dataset.objects.order_by("-id"), required=False, empty_label="none, or not known", label="Tuned on"
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dress(self)


class HandInForm(forms.Form):
    """Where a model is served that was trained by hand; what it was trained of is known by its job."""

    endpoint = forms.ModelChoiceField(Endpoint.objects.order_by("name"), empty_label=None, label="Served at")
    model = forms.CharField(max_length=200, label="Model", help_text="As its endpoint calls it.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dress(self)


class FindForm(forms.Form):
    endpoint = forms.ModelChoiceField(Endpoint.objects.order_by("name"), empty_label=None)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dress(self)


class ReasonForm(forms.Form):
    reason = forms.CharField(max_length=300, label="Why", help_text="For those who come after.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dress(self)


class RetirementForm(forms.Form):
    retires_on = forms.DateField(
        required=False,
        label="Not served any more from",
        help_text="Empty: nobody knows. A day that its provider tells takes the place of this one.",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dress(self)

    def clean_retires_on(self) -> date | None:
        day: date | None = self.cleaned_data["retires_on"]
        if day is not None and not 2020 <= day.year <= 2100:
            raise ValidationError("That is no day on which a model ends.")
        return day


class ImportForm(forms.Form):
    file = forms.FileField(
        label="File",
        help_text="JSONL in OpenAI's chat format, or CSV with the columns question and answer.",
        widget=forms.ClearableFileInput(attrs={"accept": ".jsonl,.csv"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dress(self)

    def exchanges(self) -> list[importing.ImportedExchange]:
        """What the file holds. Raises importing.ImportFileError."""
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise importing.ImportFileError(f"The file is larger than {MOST_BYTES // 2**20} MB; please split it.")
        return importing.read(file.name, file.read())
