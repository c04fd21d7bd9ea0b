"""Questions that wait for a person."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from bot.models import Escalation, EscalationState, Question
from bot.team import escalations
from dashboard.escalations.forms import HumanAnswerForm
from dashboard.guard import loading, rules
from dashboard.guard.roles import Role

LISTED = 100


@rules.page(Role.VIEWER)
def board(request: loading.Request) -> HttpResponse:
    """Open, claimed and answered ones, the oldest open first."""
    rows = Escalation.objects.select_related("question__channel", "question__conversation", "question__answer")
    columns = [
        (EscalationState.OPEN.label, rows.filter(state=EscalationState.OPEN).order_by("created_at")[:LISTED]),
        (EscalationState.CLAIMED.label, rows.filter(state=EscalationState.CLAIMED).order_by("claimed_at")[:LISTED]),
        (EscalationState.ANSWERED.label, rows.filter(state=EscalationState.ANSWERED).order_by("-answered_at")[:20]),
    ]
    template = "_board.html" if "HX-Request" in request.headers else "escalations.html"
    return render(request, f"dashboard/escalations/{template}", {"page": "escalations", "columns": columns})


@rules.form(Role.REVIEWER)
def escalation(request: loading.Request, pk: int) -> HttpResponse:
    """One of them, to answer; a draft can be sent as it is or changed."""
    found = get_object_or_404(Escalation.objects.select_related("question__answer", "question__channel"), pk=pk)
    question = _question(found)
    initial = {"text": question.answer.text} if found.is_draft and question.answer else None
    form = HumanAnswerForm(request.POST or None, initial=initial)
    if form.is_valid():
        _answer(request, question, form.cleaned_data["text"])
        return redirect("escalations")
    context = {"page": "escalations", "escalation": found, "question": question, "form": form}
    return render(request, "dashboard/escalations/escalation.html", context)


def _answer(request: loading.Request, question: Question, text: str) -> None:
    who, name = _who(request), request.user.get_username()
    escalations.reply(question, by=who, name=name, text=text)
    messages.success(request, "The answer is on its way to the asker.")


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
    return f"{escalations.DASHBOARD}{request.user.get_username()}"[:64]
