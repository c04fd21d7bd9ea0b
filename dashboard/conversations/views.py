"""What was asked and answered everywhere: found, read as it looked, traced, corrected, exported."""

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse

from bot.answers import replays
from bot.models import Message
from bot.team import articles, corrections
from dashboard.conversations import comparing, exchanges, export, transcripts
from dashboard.conversations.filters import ConversationFilter
from dashboard.conversations.forms import AnswerForm, ArticleForm
from dashboard.guard import audit, loading, roles, rules
from dashboard.guard.roles import Role
from dashboard.rendering import words
from evaluation.cases import collecting
from llm.completion import ProviderError
from tuning.examples import bulk, proposing

SENT = "The correction is on its way to where the question was asked."
KEPT = "The correction is kept for training; what was asked on a page has no thread to send it to."
FORMATS = {"csv": (export.as_csv, "text/csv; charset=utf-8"), "jsonl": (export.as_jsonl, "application/jsonl")}


@rules.page(Role.VIEWER)
def conversations(request: loading.Request) -> HttpResponse:
    form = ConversationFilter(request.GET)
    answers = Message.objects.matching(form.wanted())
    if "newer" in request.GET:
        newer = answers.filter(pk__gt=_number(request.GET["newer"]))[: exchanges.PER_PAGE].count()
        return render(request, "dashboard/conversations/_newer.html", {"newer": newer, "query": _query(request)})
    page = exchanges.page(answers, before=_number(request.GET.get("before", "")) or None)
    context = {"page": "conversations", "form": form, "found": page, "query": _query(request)}
    if roles.has(request.user, Role.REVIEWER):
        context |= {"choice": exchanges.choice(answers, most=bulk.MOST), "most_cases": collecting.MOST}
    return render(request, "dashboard/conversations/conversations.html", context)


@rules.page(Role.REVIEWER)
def export_conversations(request: loading.Request, kind: str) -> HttpResponseBase:
    """A file of everything that fits; who took it is in the audit log."""
    write, media_type = FORMATS[kind]
    wanted = ConversationFilter(request.GET).wanted()
    audit.write(request.user, "conversations_exported", kind, {name: str(value) for name, value in wanted.items()})
    response = StreamingHttpResponse(write(exchanges.each(Message.objects.matching(wanted))), content_type=media_type)
    response["Content-Disposition"] = f'attachment; filename="conversations.{kind}"'
    return response


@rules.page(Role.VIEWER)
def transcript(request: loading.Request, pk: int) -> HttpResponse:
    context = {"page": "conversations", "transcript": transcripts.read(loading.transcript(pk), request.user)}
    return render(request, "dashboard/conversations/transcript.html", context)


@rules.question(Role.REVIEWER)
def promote(request: loading.Request, pk: int) -> HttpResponse:
    """Put an answer into the review queue, in a reviewer's own words where there are any."""
    message = loading.any_answer(pk)
    form = AnswerForm(request.POST)
    answer = form.cleaned_data["answer"] if form.is_valid() else ""
    try:
        example = proposing.propose(message, by=request.user, answer=answer)
    except (proposing.ExampleError, ProviderError) as error:
        messages.error(request, str(error))
        return redirect(_address(message))
    messages.success(request, "It is in the review queue now.")
    return redirect("review_item", example.pk)


@rules.form(Role.REVIEWER)
def correct(request: loading.Request, pk: int) -> HttpResponse:
    """What the answer should have said: sent to the asker where there is a thread, and kept for training."""
    message = loading.any_answer(pk)
    form = AnswerForm(request.POST or None, initial={"answer": message.text})
    if form.is_valid():
        is_sent = corrections.correct(message, form.cleaned_data["answer"], by=request.user)
        messages.success(request, SENT if is_sent else KEPT)
        return redirect(_address(message))
    context = {"page": "conversations", "form": form, "message": message, "asked": message.asked}
    return render(request, "dashboard/conversations/correct.html", context)


@rules.question(Role.REVIEWER)
def again(request: loading.Request, pk: int) -> HttpResponse:
    """Ask the same now and show both answers side by side; nothing is sent to anybody."""
    message = loading.any_answer(pk)
    compared = comparing.ask_again(message)
    request.audited = {"cost": compared.cost}
    return render(request, "dashboard/conversations/again.html", {"page": "conversations", "compared": compared})


@rules.page(Role.VIEWER)
def prompt(request: loading.Request, pk: int) -> HttpResponse:
    message = loading.any_answer(pk)
    built = replays.replay(message)
    context = {
        "page": "conversations",
        "message": message,
        "prompt": built.prompt.messages(),
        "fidelity": words.FIDELITIES[built.fidelity],
    }
    return render(request, "dashboard/conversations/prompt.html", context)


@rules.form(Role.EDITOR)
def article(request: loading.Request, pk: int) -> HttpResponse:
    """What an answer says, or should have said, as a document."""
    message = loading.any_answer(pk)
    title, text = articles.of_answer(message, message.asked.text)
    form = ArticleForm(request.POST or None, initial={"title": title, "text": text})
    if form.is_valid():
        wanted = form.cleaned_data
        articles.add(wanted["collection"], title=wanted["title"], text=wanted["text"], key=message.pk)
        messages.success(request, "The article is being indexed; questions find it in a moment.")
        return redirect(_address(message))
    return render(request, "dashboard/conversations/article.html", {"page": "conversations", "form": form})


def _address(message: Message) -> str:
    return f"{reverse('transcript', args=[message.conversation_id])}#answer-{message.pk}"


def _number(written: str) -> int:
    return int(written) if written.isdecimal() and len(written) < 19 else 0


def _query(request: loading.Request) -> str:
    """The filter as it stands, to go on with."""
    kept = request.GET.copy()
    for name in ("before", "newer"):
        kept.pop(name, None)
    return kept.urlencode()
