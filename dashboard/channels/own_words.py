"""What Parley says by itself, in a voice's own words: a page with every phrase, a language at a time."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from bot.models import OwnWords, Voice
from bot.wording import phrases
from bot.wording.speech import Speech
from dashboard.guard import loading, rules
from dashboard.guard.roles import Role
from dashboard.rendering.inputs import dress

LINE = 60  # characters; a longer phrase gets a larger field
EVERY = ""  # the language of words that are said whatever the asker's
LANGUAGES = {EVERY: "Every language", **dict(settings.LANGUAGES)}


class OwnWordsForm(forms.Form):
    """A field for each phrase, named by its key; what is left empty is said as Parley says it."""

    def __init__(self, *args: Any, voice_name: str, language: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._kept = OwnWords.objects.filter(voice_name=voice_name, language=language)
        self._new: dict[str, Any] = {"voice_name": voice_name, "language": language}
        known = {each.key: each.text for each in self._kept}
        spoken = Speech(language or "en")
        for phrase in phrases.every():
            usual = spoken.translated(phrase)
            self.fields[phrase.key] = forms.CharField(
                required=False,
                max_length=600,
                label=usual,
                initial=known.get(phrase.key, ""),
                widget=forms.Textarea(attrs={"rows": 2}) if len(usual) > LINE else forms.TextInput(),
            )
        dress(self)

    def clean(self) -> dict[str, str]:
        said = {phrase: str(self.cleaned_data.get(phrase.key, "")) for phrase in phrases.every()}
        for phrase, text in said.items():
            if fault := phrase.fault_of(text):
                self.add_error(phrase.key, fault)
        return self.cleaned_data

    def save(self) -> None:
        """Keep what was changed; an emptied field gives the phrase back to Parley."""
        for key in self.changed_data:
            if text := self.cleaned_data[key].strip():
                OwnWords.objects.update_or_create(key=key, **self._new, defaults={"text": text})
            else:
                self._kept.filter(key=key).delete()


@rules.form(Role.VIEWER, Role.EDITOR)
def own_words(request: loading.Request, name: str) -> HttpResponse:
    """Every phrase of Parley's own, with what the voice says in its place."""
    language = request.GET.get("language", EVERY)
    if language not in LANGUAGES:
        raise Http404
    if Voice.objects.current(name) is None:
        return redirect("voices")
    form = OwnWordsForm(request.POST or None, voice_name=name, language=language)
    if form.is_valid():
        request.audited = {"voice": name, "language": language, "phrases": form.changed_data}
        form.save()
        messages.success(request, f"The voice {name} says it like this from the next answer on.")
        return redirect(reverse("own_words", args=[name], query={"language": language}))
    context = {"page": "channels", "voice_name": name, "form": form, "language": language, "languages": LANGUAGES}
    context["language_name"] = LANGUAGES[language]
    return render(request, "dashboard/channels/own_words.html", context, status=422 if form.errors else 200)
