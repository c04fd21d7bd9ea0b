"""The forms of questions and answers."""

from typing import Any

from django import forms
from django.contrib.auth.models import User

from bot.answers import asking
from bot.models import Conversation
from bot.team import feedback
from dashboard.guard import loading
from knowledge.models import Collection


class QuestionForm(forms.Form):
    """A question, where to look for its answer, and the conversation it continues. Public collections are ticked."""

    question = forms.CharField(
        error_messages={"required": "The question is empty."}, widget=forms.Textarea(attrs={"rows": 1})
    )
    collections = forms.ModelMultipleChoiceField(
        Collection.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Tick at least one collection to search."},
    )
    conversation = forms.ModelChoiceField(
        Conversation.objects.none(),
        required=False,
        widget=forms.HiddenInput,
        error_messages={"invalid_choice": "This conversation is not there any more. Start a new one."},
    )

    def __init__(self, *args: Any, user: User, conversation: Conversation | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "ask-%s", **kwargs})
        self.fields["collections"].queryset = loading.collections(user)  # type: ignore[attr-defined]
        self.fields["conversation"].queryset = loading.conversations(user)  # type: ignore[attr-defined]
        self.initial = {"collections": Collection.objects.public(), "conversation": conversation}

    def clean_question(self) -> str:
        question: str = self.cleaned_data["question"]
        try:
            asking.check(question)
        except asking.QuestionError as error:
            raise forms.ValidationError(str(error)) from error
        return question

    def all_errors(self) -> list[str]:
        return [str(message) for messages in self.errors.values() for message in messages]


class FeedbackForm(forms.Form):
    """A thumb, and what was wrong where it points down."""

    is_positive = forms.TypedChoiceField(choices=[("yes", "yes"), ("no", "no")], coerce=lambda value: value == "yes")
    reason = forms.ChoiceField(required=False, choices=[("", ""), *((code, code) for code in feedback.REASONS)])
    right_document = forms.CharField(required=False, max_length=2000)
