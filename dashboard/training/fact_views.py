"""A fact becomes an article: the example is decided when that can be found, and what is answered then is shown."""

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from bot.answers import conversations
from dashboard.guard import loading, rules
from dashboard.guard.roles import Role
from dashboard.training.review_views import may_edit
from knowledge.models import Collection, DocumentState
from llm.completion import ProviderError
from llm.models import Deployment
from llm.spending import money
from tuning.examples.proposing import ExampleError
from tuning.models import TrainingExample
from tuning.reviews import routing


class FactForm(forms.Form):
    title = forms.CharField(max_length=150, widget=forms.TextInput(attrs={"class": "form-control"}))
    text = forms.CharField(
        max_length=100_000, widget=forms.Textarea(attrs={"rows": 10, "class": "form-control", "autofocus": True})
    )
    collection = forms.ModelChoiceField(
        Collection.objects.order_by("-visibility", "name"),
        empty_label=None,
        widget=forms.Select(attrs={"class": "form-select"}),
    )


@rules.form(Role.REVIEWER, Role.EDITOR)
def article(request: loading.Request, pk: int) -> HttpResponse:
    """Write the article of a fact, or see how far it is."""
    found = get_object_or_404(TrainingExample.objects.select_related("article"), pk=pk)
    title, text = routing.draft(found)
    home = routing.home(found)
    form = FactForm(request.POST or None, initial={"title": title, "text": text, "collection": home})
    if form.is_valid():
        wanted = form.cleaned_data
        try:
            document = routing.write(pk, request.user, wanted["collection"], title=wanted["title"], text=wanted["text"])
        except ExampleError as error:
            messages.error(request, str(error))
            return redirect("review")
        request.audited = {"document": document.pk}
        return redirect("review_article", pk)
    return render(request, "dashboard/training/article.html", {**_state(request, found), "form": form})


@rules.page(Role.REVIEWER)
def article_state(request: loading.Request, pk: int) -> HttpResponse:
    """How far the article is; asked again and again while it is read."""
    found = get_object_or_404(TrainingExample.objects.select_related("article"), pk=pk)
    return render(request, "dashboard/training/_article_state.html", _state(request, found))


@rules.action(Role.REVIEWER)
def settle(request: loading.Request, pk: int) -> HttpResponse:
    """The article can be found by now, so the example is decided."""
    get_object_or_404(TrainingExample, pk=pk)
    found = routing.settle(pk)
    request.audited = {"state": found.state}
    return render(request, "dashboard/training/_article_state.html", _state(request, found))


@rules.question(Role.REVIEWER)
def article_answer(request: loading.Request, pk: int) -> HttpResponse:
    """What the same question is answered now that the article is there."""
    found = get_object_or_404(TrainingExample.objects.select_related("message"), pk=pk)
    try:
        answer, problem = routing.ask_again(found), ""
        request.audited = {"cost": money.label(conversations.cost(answer.trace_id)) if answer else ""}
    except (ProviderError, Deployment.DoesNotExist) as error:
        answer, problem = None, str(error)
    return render(
        request, "dashboard/training/_article_answer.html", {"item": found, "answer": answer, "problem": problem}
    )


@rules.action(Role.REVIEWER)
def learn_too(request: loading.Request, pk: int) -> HttpResponse:
    """The fact is an article now; the way it was put may be learnt as well, or kept for an evaluation."""
    get_object_or_404(TrainingExample, pk=pk)
    is_evaluation = request.POST.get("as") == "evaluation"
    try:
        again = routing.keep_too if is_evaluation else routing.learn_too
        again(pk, request.user)
    except ExampleError as error:
        messages.error(request, str(error))
        return redirect("review_article", pk)
    request.audited = {"as": request.POST.get("as", "")}
    if is_evaluation:
        messages.success(request, "It is an article, and kept for an evaluation.")
        return redirect("review")
    return redirect("review_item", pk)


def _state(request: loading.Request, item: TrainingExample) -> dict[str, object]:
    document = item.article
    is_waiting = document is not None and document.state == DocumentState.PENDING
    return {
        "page": "review",
        "item": item,
        "document": document,
        "is_waiting": is_waiting,
        "is_there": document is not None and document.state == DocumentState.INDEXED,
        "may_write": may_edit(request) and (document is None or document.state == DocumentState.FAILED),
    }
