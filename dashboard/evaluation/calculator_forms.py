"""The calculators as forms: every option a field, filled in with what is known of this install."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django import forms

from dashboard.rendering.inputs import SuggestedInput, dress
from evaluation.figures import sums
from evaluation.figures.calculators import Calculation, CalculationError
from evaluation.figures.sums import Option, Present

MOST = 1_000_000_000_000


@dataclass(frozen=True)
class FieldGroup:
    title: str
    fields: list[forms.BoundField]


class CalculatorForm(forms.Form):
    """What was asked for counts; what was not is as it is now. Nothing has to be filled in that is known."""

    def __init__(self, calculator: str, asked: Mapping[str, str], now: Present) -> None:
        self._calculator, self._options = calculator, sums.OPTIONS[calculator]
        known = sums.begun(calculator, now)
        said = {option.name: asked[option.name] for option in self._options if option.name in asked}
        super().__init__({**known, **said} if said or self._is_whole(known) else None, initial=known)
        self.fields.update({option.name: _field(option, now.models) for option in self._options})
        dress(self)

    def _is_whole(self, known: Mapping[str, object]) -> bool:
        """Whether there is a result before anybody has asked."""
        return self._calculator != "break-even" and "context" in known and "queries" in known

    def work_out(self) -> Calculation | None:
        """None where nothing was asked yet, or it cannot be worked out, which the form then says."""
        if not self.is_valid():
            return None
        try:
            return sums.work_out(self._calculator, self.cleaned_data)
        except CalculationError as error:
            self.add_error(None, str(error))
            return None

    def groups(self) -> Iterator[FieldGroup]:
        """The fields under what they are about."""
        titles = {
            "base": "The model now",
            "tuned": "The tuned model",
            "answer": "An answer",
            "effort": "What tuning takes",
        }
        if self._calculator != "break-even":
            titles = {"answer": "An answer", "effort": "An answer"}
        found: dict[str, list[forms.BoundField]] = {}
        for option in self._options:
            found.setdefault(titles[_group(option)], []).append(self[option.name])
        return (FieldGroup(title, fields) for title, fields in found.items())


def _group(option: Option) -> str:
    first = option.name.split("_")[0]
    if first in ("base", "tuned"):
        return first
    is_of_answer = option.kind in ("tokens", "model") or option.name.endswith("_price") or option.name == "queries"
    return "answer" if is_of_answer else "effort"


def _field(option: Option, models: list[str]) -> forms.Field:
    found: forms.Field
    if option.kind == "model":
        found = forms.CharField(max_length=250, widget=SuggestedInput(models, f"models-{option.name}"))
    elif option.kind == "tokens" or option.name == "queries":
        found = forms.IntegerField(min_value=0, max_value=MOST)
    else:
        found = forms.DecimalField(min_value=0, max_value=MOST, max_digits=24)
    found.label, found.help_text, found.required = option.label, option.help, False
    found.widget.is_required = False
    return found
