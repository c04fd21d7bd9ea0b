"""Whether tuning is worth it here, with everything that says so, and the calculators."""

from django.http import HttpResponse
from django.shortcuts import render

from dashboard.evaluation.calculator_forms import CalculatorForm
from dashboard.evaluation.next_pages import next_page
from dashboard.guard import loading, rules
from dashboard.guard.roles import Role
from evaluation.advice import advisor, figure_words, live_figures
from evaluation.advice.advisor import Layer
from evaluation.figures import sums

TITLES = {"query": "An answer", "context": "Passages", "break-even": "Break-even"}


@rules.page(Role.VIEWER)
def advice(request: loading.Request) -> HttpResponse:
    found = advisor.advise(live_figures.read())

    def shown(name: str, about: str, layer: Layer) -> dict[str, object]:
        trace = [(asked, *figure_words.of_asked(asked, found.inputs)) for asked in layer.trace]
        return {"name": name, "about": about, "layer": layer, "trace": trace, "go": next_page(request.user, layer)}

    layers = [
        shown("Knowledge", "Where facts come from", found.knowledge),
        shown("Behaviour", "How answers sound, look and refuse", found.behaviour),
    ]
    figures = list(figure_words.told(found.inputs))
    context = {"page": "advice", "advice": found, "layers": layers, "figures": figures}
    return render(request, "dashboard/evaluation/advice.html", context)


@rules.page(Role.VIEWER)
def calculators(request: loading.Request) -> HttpResponse:
    asked = request.GET.get("calculator", "")
    name = asked if asked in sums.OPTIONS else "query"
    now = sums.present()
    form = CalculatorForm(name, request.GET, now)
    context = {
        "page": "advice",
        "name": name,
        "titles": TITLES,
        "form": form,
        "found": form.work_out(),
        "taken": now.taken,
    }
    return render(request, "dashboard/evaluation/calculators.html", context)
