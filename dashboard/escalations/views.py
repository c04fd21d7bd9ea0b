"""Questions that wait for a person."""

from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from bot.models import Escalation, EscalationState, Question
from bot.team import escalations, relaying, talking
from dashboard.escalations.forms import HumanAnswerForm
from dashboard.guard import loading, rules
from dashboard.guard.roles import Role

LISTED = 100


@rules.page(Role.VIEWER)
def board(request: loading.Request) -> HttpResponse:
    """Open, claimed and answered ones, the oldest open first."""
    rows = Escalation.objects.select_related("question__channel", "question__conversation", "question__answer")
    rows = rows.annotate(said=Count("remarks"))
    columns = [
        (EscalationState.OPEN.label, rows.filter(state=EscalationState.OPEN).order_by("created_at")[:LISTED]),
        (EscalationState.CLAIMED.label, rows.filter(state=EscalationState.CLAIMED).order_by("claimed_at")[:LISTED]),
        (EscalationState.ANSWERED.label, rows.filter(state=EscalationState.ANSWERED).order_by("-answered_at")[:20]),
    ]
    template = "_board.html" if "HX-Request" in request.headers else "escalations.html"
    untold = Escalation.objects.told_nobody().count()
    context = {"page": "escalations", "columns": columns, "untold": untold}
    return render(request, f"dashboard/escalations/{template}", context)


@rules.form(Role.REVIEWER)
def escalation(request: loading.Request, pk: int) -> HttpResponse:
    """One of them, with what was said since, to answer; a draft can be sent as it is or changed."""
    found = get_object_or_404(Escalation.objects.select_related("question__answer", "question__channel"), pk=pk)
    question = _question(found)
    initial = {"text": question.answer.text} if found.is_draft and question.answer else None
    form = HumanAnswerForm(request.POST or None, initial=initial)
    if form.is_valid():
        return _answer(request, question, form.cleaned_data["text"])
    talk = found.remarks.select_related("delivery")
    context = {"page": "escalations", "escalation": found, "question": question, "form": form, "talk": talk}
    return render(request, "dashboard/escalations/escalation.html", context)


def _answer(request: loading.Request, question: Question, text: str) -> HttpResponse:
    """Go on here while the talk does."""
    who, name = _who(request), request.user.get_username()
    goes_on = request.POST.get("then") == "go_on" and talking.say(question, by=who, name=name, text=text)
    if not goes_on:
        escalations.reply(question, by=who, name=name, text=text)
    messages.success(request, "The answer is on its way to the asker.")
    return redirect("escalation", question.escalation.pk) if goes_on else redirect("escalations")


@rules.action(Role.REVIEWER)
def conclude(request: loading.Request, pk: int) -> HttpResponse:
    """Close one without a word, or open one again that is closed: what was asked for, however often it is sent."""
    found = get_object_or_404(Escalation.objects.select_related("question"), pk=pk)
    question, who, name = _question(found), _who(request), request.user.get_username()
    if request.POST.get("then") == "reopen":
        escalations.reopen(question, by=who, name=name)
        return redirect("escalation", pk)
    escalations.answer(question, by=who, name=name, text="")
    return redirect("escalations")


@rules.action(Role.REVIEWER)
def claim(request: loading.Request, pk: int) -> HttpResponse:
    found = get_object_or_404(Escalation.objects.select_related("question"), pk=pk)
    if not escalations.claim(_question(found), by=_who(request), name=request.user.get_username()):
        messages.error(request, "Somebody has it already.")
        return redirect("escalations")
    return redirect("escalation", pk)


def _question(found: Escalation) -> Question:
    return Question.objects.select_related("conversation", "channel__workspace", "answer", "escalation").get(
        pk=found.question_id
    )


def _who(request: loading.Request) -> str:
    return f"{relaying.DASHBOARD}{request.user.get_username()}"[:64]
