"""The playground: ask, read the answer, open its sources, say what it was worth."""

from typing import Any

from django.http import HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse

from bot.answers import conversations
from bot.models import Conversation, Message, Platform
from bot.team import feedback as opinions
from dashboard.ask import streaming
from dashboard.ask.forms import FeedbackForm, QuestionForm
from dashboard.guard import loading, rules
from dashboard.rendering import markdown, turns
from llm.models import Deployment


@rules.form(None)
def ask(request: loading.Request) -> HttpResponseBase:
    """An empty playground, or the answer to a question: streamed to scripts, as a page to everybody else."""
    if request.method != "POST":
        return render(request, "dashboard/ask/ask.html", _page(request, QuestionForm(user=request.user)))
    form = QuestionForm(request.POST, user=request.user)
    if not form.is_valid():
        return _refuse(request, form)
    try:
        events = conversations.ask(
            form.cleaned_data["question"],
            platform=Platform.WEB,
            collections=[collection.pk for collection in form.cleaned_data["collections"]],
            user=request.user,
            conversation=form.cleaned_data["conversation"],
        )
    except Deployment.DoesNotExist as error:
        form.add_error(None, str(error))
        return _refuse(request, form)
    if _wants_stream(request):
        return streaming.response(request, events)
    return redirect(_address(streaming.answer(events)))


@rules.page(None)
def conversation(request: loading.Request, pk: int) -> HttpResponse:
    found = loading.conversation(request.user, pk)
    form = QuestionForm(user=request.user, conversation=found)
    return render(request, "dashboard/ask/ask.html", _page(request, form, found))


@rules.page(None)
def passage(request: loading.Request, pk: int) -> HttpResponse:
    """A cited passage as it was when the answer was written: a page, or only its inside for the panel."""
    citation = loading.citation(request.user, pk)
    html = markdown.passage(citation.passage, citation.quote)
    template = "dashboard/ask/_passage.html" if "HX-Request" in request.headers else "dashboard/ask/passage.html"
    source_url = citation.url if citation.url.startswith(("https://", "http://")) else ""
    return render(request, template, {"citation": citation, "html": html, "source_url": source_url, "page": "ask"})


@rules.action(None)
def feedback(request: loading.Request, pk: int) -> HttpResponse:
    """Keep or change what a person thinks of an answer."""
    message = loading.answer(request.user, pk)
    form = FeedbackForm(request.POST)
    if not form.is_valid():
        return HttpResponse("Say yes or no.", status=422, content_type="text/plain")
    opinions.keep(message, opinions.Opinion(**form.cleaned_data), user=request.user)
    if "HX-Request" not in request.headers:
        return redirect(_address(message))
    return render(request, "dashboard/ask/_feedback.html", {"turn": turns.of_answer(message, request.user)})


def _page(request: loading.Request, form: QuestionForm, found: Conversation | None = None) -> dict[str, Any]:
    return {
        "page": "ask",
        "form": form,
        "turns": turns.of_conversation(found, request.user) if found else [],
        "current": found.pk if found else None,
        "recent": loading.conversations(request.user)[: loading.RECENT],
    }


def _refuse(request: loading.Request, form: QuestionForm) -> HttpResponse:
    """Say what is wrong with a question, in the form it was asked in."""
    if _wants_stream(request):
        return JsonResponse({"errors": form.all_errors()}, status=422)
    found = form.cleaned_data.get("conversation")
    return render(request, "dashboard/ask/ask.html", _page(request, form, found), status=422)


def _wants_stream(request: loading.Request) -> bool:
    return request.get_preferred_type(["text/html", streaming.MEDIA_TYPE]) == streaming.MEDIA_TYPE


def _address(message: Message) -> str:
    return f"{reverse('conversation', args=[message.conversation_id])}#answer-{message.pk}"
