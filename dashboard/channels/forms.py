"""The forms of channels and voices."""

from typing import Any

from django import forms

from bot.models import Channel, Platform, Voice, Workspace
from bot.team import circles
from bot.voices import choosing
from dashboard.rendering.inputs import dress
from knowledge.models import Collection
from llm.models import Deployment, ServingRole

# What each setting does, in the words of whoever sets it.
LABELS = {
    "is_enabled": "The bot answers here",
    "mode": "It answers",
    "collections": "It searches",
    "voice_name": "In the voice",
    "deployment": "With the model",
    "language": "In the language",
    "escalation_channel": "Questions for people go to",
    "escalation_mention": "and call",
    "refusal_text": "When the documents hold no answer it says",
    "least_answerable": "It only answers from this certainty on (0 to 1)",
    "daily_limit": "Questions of one person in 24 hours",
    "has_feedback": "Answers have thumbs",
    "is_drafting": "Draft mode: the bot drafts for the team, a person sends",
}


class ChannelForm(forms.ModelForm):  # type: ignore[type-arg]
    voice_name = forms.ChoiceField(required=False)

    class Meta:
        model = Channel
        fields = tuple(LABELS)
        labels = LABELS
        help_texts = {
            "deployment": "One that answered before. It takes part in no rollout. Where it gives nothing, as when it "
            "is gone, whoever stands in answers: the live one, if nobody else."
        }
        widgets = {"refusal_text": forms.Textarea(attrs={"rows": 2})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        channel = self.instance
        names = Voice.objects.order_by("name").values_list("name", flat=True).distinct()
        fields: dict[str, Any] = self.fields
        fields["voice_name"].choices = [("", "the one called default, if any"), *((name, name) for name in names)]
        fields["voice_name"].label = LABELS["voice_name"]
        fields["collections"].queryset = Collection.objects.order_by("-visibility", "name")
        fields["escalation_channel"].queryset = Channel.objects.filter(workspace=channel.workspace_id).order_by("name")
        fields["escalation_channel"].empty_label = f"{channel.workspace.escalation_channel or 'nobody has said'}"
        fields["deployment"].queryset = _deployments()
        fields["deployment"].empty_label = "the live one"
        dress(self)


class ProposersForm(forms.ModelForm):  # type: ignore[type-arg]
    """Who may propose answers of a workspace as training examples, and by what."""

    proposers = forms.CharField(
        required=False,
        label="May propose examples",
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    class Meta:
        model = Workspace
        fields = ("proposers", "example_reaction", "is_proposing")
        labels = {
            "example_reaction": "This reaction of theirs proposes an answer",
            "is_proposing": "What people answered or changed is proposed by itself",
        }
        help_texts = {
            "example_reaction": "An emoji or its name, such as star or ⭐; empty: only the menu of a message does.",
            "is_proposing": "Answers to questions for people, drafts that were changed, corrections, better answers.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        workspace = self.instance
        team = workspace.escalation_channel
        nobody = f"whoever is in {team}" if team else "nobody, as no channel says where questions for people go"
        example = circles.EXAMPLES[Platform(workspace.platform)]
        self.fields["proposers"].help_text = f"Ids such as {example}, one per line. Empty: {nobody}."
        self.initial["proposers"] = "\n".join(workspace.proposers)
        dress(self)

    def clean_proposers(self) -> list[str]:
        return circles.read(self.instance.platform, self.cleaned_data["proposers"])

    def clean_example_reaction(self) -> str:
        return str(self.cleaned_data["example_reaction"]).strip().strip(":")


def _deployments() -> Any:
    """The newest row of every model that was ever deployed for answers."""
    newest = Deployment.objects.filter(role=ServingRole.ANSWER).order_by("endpoint", "model", "-id")
    return Deployment.objects.select_related("endpoint").filter(
        pk__in=[row.pk for row in newest.distinct("endpoint", "model")]
    )


class VoiceForm(forms.ModelForm):  # type: ignore[type-arg]
    banned = forms.CharField(
        required=False, label="Words it never uses", help_text="One per line.", widget=forms.Textarea(attrs={"rows": 3})
    )

    class Meta:
        model = Voice
        fields = ("name", "style_guide", "opening", "closing", "person", "has_emoji", "most_words")
        labels = {
            "style_guide": "Style guide",
            "opening": "Every answer begins with",
            "closing": "Every answer ends with",
            "person": "It speaks as",
            "has_emoji": "It may use emoji",
            "most_words": "At most this many words",
        }
        help_texts = {
            "style_guide": "Said to the model in these words. A phrase in quotes is one of the voice's own.",
            "opening": "Added where a model left it out, and to what is quoted; in these words, whatever the language.",
            "closing": "Added like the opening. Neither stands around a refusal, a question back or an error.",
        }
        widgets = {"style_guide": forms.Textarea(attrs={"rows": 6})}

    def __init__(self, *args: Any, is_new: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not is_new:
            del self.fields["name"]
        self.fields["banned"].initial = "\n".join(self.instance.banned_phrases or [])
        dress(self)

    def changes(self) -> dict[str, Any]:
        """What the next version is to say."""
        cleaned = dict(self.cleaned_data)
        lines = str(cleaned.pop("banned", "")).splitlines()
        return {**cleaned, "banned_phrases": [line.strip() for line in lines if line.strip()]}

    def draft(self) -> Voice:
        """The voice as the form has it, not kept."""
        return Voice(**{"name": choosing.DEFAULT, **self.changes(), "version": 0})
