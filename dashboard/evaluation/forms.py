"""The forms of the pages about evaluations."""

from typing import Any

from django import forms

from dashboard.rendering.inputs import dress
from evaluation.models import CaseSet
from evaluation.promotion.promoting import STEPS
from evaluation.runs.starting import RunPlan
from knowledge.retrieval import audience
from llm.models import EVERYBODY
from llm.spending import money
from tuning.models import ModelVersion

AUDITED = "It is kept in the audit log with your name."


class CasesForm(forms.Form):
    file = forms.FileField(label="Cases", help_text="Ours (.jsonl, a case a line), or tests of promptfoo (.yaml).")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dress(self)


class FreezeCasesForm(forms.Form):
    name = forms.CharField(label="Name of the set", max_length=100)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dress(self)


class RunForm(forms.Form):
    case_set = forms.ModelChoiceField(CaseSet.objects.order_by("-id"), label="Cases", empty_label=None)
    candidate = forms.ModelChoiceField(
        ModelVersion.objects.select_related("endpoint").exclude(base="").order_by("-id"),
        required=False,
        empty_label="nobody: the live model alone",
    )
    budget = forms.DecimalField(
        required=False, min_value=money.CENTS, decimal_places=2, max_digits=10, label="Budget in USD",
        help_text="The run stops before it costs more. Empty: the budgets of the install alone.",
    )  # fmt: skip
    is_frozen = forms.BooleanField(required=False, label="Give every arm the same passages")
    is_batch = forms.BooleanField(
        required=False, label="Ask as a batch",
        help_text="At half the price, where the provider takes batches. It may take a day; no times are measured.",
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dress(self)

    def plan(self) -> RunPlan:
        """Over the public collections, as an unknown asker sees them."""
        asked = self.cleaned_data
        return RunPlan(
            collections=audience.collection_ids(),
            candidate=asked["candidate"],
            is_frozen=asked["is_frozen"],
            is_batch=asked["is_batch"],
            budget=asked["budget"],
        )


class PromoteForm(forms.Form):
    """How far, and why all the same where the gate does not go so far."""

    percent = forms.TypedChoiceField(
        choices=[(step, f"{step} % of the conversations" if step < EVERYBODY else "all") for step in STEPS],
        coerce=int,
        label="Let it answer",
    )
    override = forms.CharField(
        required=False,
        max_length=500,
        label="Why all the same",
        help_text=AUDITED,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dress(self)


class RaiseForm(forms.Form):
    """`percent` is the share at which the person saw it, so that pressed twice it is raised once."""

    percent = forms.IntegerField(widget=forms.HiddenInput)
    override = forms.CharField(required=False, max_length=500, label="Why sooner", help_text=AUDITED)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dress(self)


class HaltForm(forms.Form):
    reason = forms.CharField(max_length=500, label="Why", help_text="For those who come after.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dress(self)
