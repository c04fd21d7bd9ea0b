"""Where the bot answers and how: the settings of channels, and voices."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from bot.answers import answering
from bot.answers.asking import QuestionError
from bot.answers.prompts import Manner
from bot.models import Channel, Message, Speaker, Voice, Workspace
from bot.voices import choosing, style
from bot.wording import phrases
from bot.wording.speech import ENGLISH
from dashboard.channels.forms import ChannelForm, ProposersForm, VoiceForm
from dashboard.guard import loading, rules
from dashboard.guard.roles import Role
from dashboard.rendering import words
from knowledge.models import Collection

QUESTIONS = 8  # real ones a voice can be tried on


@rules.page(Role.VIEWER)
def channels(request: loading.Request) -> HttpResponse:
    found = Channel.objects.select_related(
        "workspace__escalation_channel", "escalation_channel", "deployment__endpoint"
    ).prefetch_related("collections")
    workspaces = Workspace.objects.filter(removed_at=None).select_related("escalation_channel")
    context = {
        "page": "channels",
        "channels": found.filter(workspace__removed_at=None).order_by("workspace__platform", "workspace", "name"),
        "workspaces": workspaces.order_by("platform", "name"),
    }
    return render(request, "dashboard/channels/channels.html", context)


@rules.form(Role.VIEWER, Role.EDITOR)
def channel(request: loading.Request, pk: int) -> HttpResponse:
    found = get_object_or_404(Channel.objects.select_related("workspace__escalation_channel"), pk=pk)
    form = ChannelForm(request.POST or None, instance=found)
    if form.is_valid():
        request.audited = {name: str(form.cleaned_data[name]) for name in form.changed_data}
        form.save()
        messages.success(request, f"{found} answers like this from the next question on.")
        return redirect("channels")
    context = {"page": "channels", "channel": found, "form": form}
    return render(request, "dashboard/channels/channel.html", context, status=422 if form.errors else 200)


@rules.action(Role.EDITOR)
def escalate_to(request: loading.Request, pk: int) -> HttpResponse:
    """Where a workspace's questions for people go, unless a channel says otherwise."""
    workspace = loading.workspace(pk)
    wanted = request.POST.get("channel", "")
    target = get_object_or_404(Channel, pk=int(wanted)) if wanted.isdecimal() else None
    try:
        workspace.send_questions_to(target)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        request.audited = {"workspace": str(workspace), "channel": str(target)}
        messages.success(request, f"Questions for people go to {target or 'this dashboard alone'}.")
    return redirect("channels")


@rules.form(Role.VIEWER, Role.EDITOR)
def proposers(request: loading.Request, pk: int) -> HttpResponse:
    """Who may propose what was answered in a workspace as a training example, and by what."""
    workspace = loading.workspace(pk)
    form = ProposersForm(request.POST or None, instance=workspace)
    if form.is_valid():
        request.audited = {name: str(form.cleaned_data[name]) for name in form.changed_data}
        form.save()
        messages.success(request, f"Examples from {workspace} are proposed like this from the next minute on.")
        return redirect("channels")
    context = {"page": "channels", "workspace": workspace, "form": form}
    return render(request, "dashboard/channels/proposers.html", context, status=422 if form.errors else 200)


@rules.page(Role.VIEWER)
def voice_list(request: loading.Request) -> HttpResponse:
    context = {"page": "channels", "voices": Voice.objects.newest(), "has_default": choosing.default() is not None}
    return render(request, "dashboard/channels/voices.html", context)


@rules.form(Role.EDITOR)
def new_voice(request: loading.Request) -> HttpResponse:
    form = VoiceForm(request.POST or None, is_new=True)
    return _edited(request, form, None)


@rules.form(Role.VIEWER, Role.EDITOR)
def voice(request: loading.Request, name: str) -> HttpResponse:
    found = Voice.objects.current(name)
    if found is None:
        return redirect("voices")
    return _edited(request, VoiceForm(request.POST or None, instance=Voice.objects.current(name)), found)


def _edited(request: loading.Request, form: VoiceForm, found: Voice | None) -> HttpResponse:
    if form.is_valid():
        changes = form.changes()
        try:
            kept = choosing.next_version(found.name if found else changes["name"], changes)
        except ValidationError as error:
            form.add_error(None, " ".join(error.messages))
        else:
            request.audited = {"voice": str(kept)}
            messages.success(request, f"{kept} speaks from the next answer on.")
            return redirect("voices")
    asked = Message.objects.filter(speaker=Speaker.ASKER).order_by("-id").values_list("text", flat=True)[:QUESTIONS]
    versions = Voice.objects.filter(name=found.name).order_by("-version")[:20] if found else []
    context = {"page": "channels", "form": form, "voice": found, "versions": versions, "asked": list(asked)}
    context["refusal"] = ENGLISH.say(phrases.WELCOME)
    return render(request, "dashboard/channels/voice.html", context, status=422 if form.errors else 200)


@rules.question(Role.EDITOR)
def preview_voice(request: loading.Request) -> HttpResponse:
    """How a real question would be answered in the voice as the form has it. It is asked of the live model."""
    form = VoiceForm(request.POST, is_new="name" in request.POST)
    question = request.POST.get("question", "").strip()
    if not form.is_valid() or not question:
        error = "Choose a question and mend what is marked."
        return render(request, "dashboard/channels/_preview.html", {"error": error})
    draft = form.draft()
    collections = Collection.objects.public().values_list("pk", flat=True)
    try:
        answer = answering.compose(question, collections=collections, manner=Manner(draft)).finish()
    except QuestionError as refused:
        return render(request, "dashboard/channels/_preview.html", {"error": str(refused)})
    request.audited = {"question": question[:200]}
    context = {
        "answer": answer,
        "outcome": words.OUTCOMES[answer.outcome][0],
        "rules": style.rules(draft),
        "faults": style.faults(draft, answer.text),
    }
    return render(request, "dashboard/channels/_preview.html", context)
